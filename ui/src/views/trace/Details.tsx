// The selected span: its fields with what can be asked about them, where it stands among spans like it, its events and links.
import { CircleAlert } from 'lucide-react';
import { lazy, Suspense, useEffect, useState, type Ref } from 'react';
import type { TraceSession } from '../../api/trace-client';
import { durationText, middleCut, numberText, rowTimeText } from '../../model/format';
import { meantOf, type EventRow } from '../../model/result';
import { aboveLeftOut, eventsOf, FLAG_ERROR, FLAG_LEFT_OUT, FLAG_MISSING, idOf, type Trace } from '../../model/trace';
import { TRACE_COLUMNS_MAX, type TraceSearch } from '../../model/url-state';
import { copyText, Empty, Skeleton, Tabs } from '../../widgets/basic';
import { FieldList, JsonView } from '../../widgets/FieldList';
import { Link } from '../../widgets/Link';
import { PointMenu } from '../../widgets/popup';
import { datasetPath, useGo, useSetSearch, type Place } from '../../widgets/route';
import css from './trace.module.css';

const Breakdown = lazy(() => import('./Breakdown').then((m) => ({ default: m.Breakdown })));
const MiniGraph = lazy(() => import('./MiniGraph').then((m) => ({ default: m.MiniGraph })));
const SegmentView = lazy(() => import('./SegmentView').then((m) => ({ default: m.SegmentView })));

export type DetailTab = 'fields' | 'segment' | 'events' | 'links' | 'json' | 'trace';

export function Details({
  trace,
  session,
  node,
  place,
  dataset,
  utc,
  fields,
  tab,
  onTab,
  panel,
}: {
  trace: Trace;
  session: TraceSession;
  node: number;
  place: Place;
  dataset: string;
  utc: boolean;
  fields: readonly string[];
  tab: DetailTab;
  onTab: (tab: DetailTab) => void;
  panel: Ref<HTMLElement>;
}) {
  const go = useGo();
  const setSearch = useSetSearch<TraceSearch>();
  const [rows, setRows] = useState<{ own: EventRow | null; events: EventRow[]; links: EventRow[] } | null>(null);
  const [menu, setMenu] = useState<{ x: number; y: number; field: string } | null>(null);
  const [eventFrom, eventTo] = eventsOf(trace.eventNode, node);
  const [linkFrom, linkTo] = eventsOf(trace.linkNode, node);
  useEffect(() => {
    let isCurrent = true;
    const own = node >= 0 ? trace.row[node]! : -1;
    const events = Array.from(trace.eventRow.subarray(eventFrom, eventTo));
    const links = Array.from(trace.linkRow.subarray(linkFrom, linkTo));
    void session.rows([...(own >= 0 ? [own] : []), ...events, ...links]).then((all) => {
      if (!isCurrent) return;
      const first = own >= 0 ? 1 : 0;
      setRows({
        own: first ? all[0]! : null,
        events: all.slice(first, first + events.length),
        links: all.slice(first + events.length),
      });
    });
    return () => {
      isCurrent = false;
    };
  }, [trace, session, node, eventFrom, eventTo, linkFrom, linkTo]);

  if (node < 0) return <aside className={css.details} />;
  const flags = trace.flags[node]!;
  const name = trace.names[trace.name[node]!]!;
  const startNs = BigInt(trace.startNs);
  const above = aboveLeftOut(trace, node);
  const own = rows?.own;
  const ask = (query: object) => go(datasetPath(place, dataset), { query });
  const value = menu && own ? own.data[menu.field] : undefined;
  return (
    <aside ref={panel} tabIndex={-1} className={css.details} aria-label="Selected span" data-testid="span-details">
      <header>
        <h2 title={name}>
          {(flags & FLAG_ERROR) !== 0 && <CircleAlert size={14} className={css.errorMark} aria-label="error" />}
          {name}
        </h2>
        <p className="num">
          {trace.services[trace.service[node]!] && `${trace.services[trace.service[node]!]} · `}
          {durationText(trace.duration[node]!)} · starts at {durationText(trace.start[node]!)}
        </p>
        {above !== undefined && (
          <button type="button" className={css.textButton} onClick={() => setSearch({ around: above, span: above })}>
            Show these spans
          </button>
        )}
        {trace.children[node]! > 0 && idOf(trace, node) && (
          <button type="button" className={css.textButton} onClick={() => setSearch({ root: idOf(trace, node) })}>
            Show only this span and the {numberText(trace.below[node]!)} below
          </button>
        )}
      </header>
      {flags & FLAG_LEFT_OUT && tab !== 'trace' ? (
        above === undefined && (
          <Empty title="No span above these is here">A query for the id of the trace has them.</Empty>
        )
      ) : flags & FLAG_MISSING && tab !== 'trace' ? (
        <Empty title="This span has not arrived">
          Other spans name <code>{idOf(trace, node)}</code> as their parent.
        </Empty>
      ) : (
        <>
          <Tabs<DetailTab>
            label="Span"
            value={tab}
            onChange={onTab}
            tabs={[
              { id: 'fields', label: 'Fields' },
              ...(fields.includes('xray.type') ? [{ id: 'segment' as const, label: 'Segment' }] : []),
              { id: 'events', label: `Events ${eventTo - eventFrom}` },
              { id: 'links', label: `Links ${linkTo - linkFrom}` },
              { id: 'json', label: 'JSON' },
              { id: 'trace', label: 'In this trace' },
            ]}
          />
          <div className={css.detailBody}>
            {tab === 'trace' && (
              <Suspense fallback={<Skeleton lines={6} />}>
                <Breakdown trace={trace} session={session} fields={fields} />
              </Suspense>
            )}
            {tab === 'segment' && own && (
              <Suspense fallback={<Skeleton lines={6} />}>
                <SegmentView data={own.data} trace={trace} node={node} />
              </Suspense>
            )}
            {tab === 'fields' && own && (
              <Suspense fallback={<div className={css.mini} />}>
                <MiniGraph
                  key={`${own.dataset} ${name}`}
                  place={place}
                  row={own}
                  service={trace.services[trace.service[node]!]!}
                />
              </Suspense>
            )}
            {tab === 'fields' && own && (
              <FieldList
                data={own.data}
                extra={[
                  ['time', rowTimeText(own.timestamp, utc)],
                  ['dataset', own.dataset],
                  ['sample rate', String(own.sample_rate)],
                ]}
                onValue={(field, at) => setMenu({ ...at, field })}
              />
            )}
            {tab === 'events' &&
              (eventTo === eventFrom ? (
                <Empty title="No span events" />
              ) : (
                <ol className={css.events}>
                  {rows?.events.map((event, i) => (
                    <li key={i}>
                      <details open={rows.events.length <= 3}>
                        <summary>
                          <strong>{String(meantOf(event)['name'] ?? '(no name)')}</strong>
                          <span className="num">
                            +{durationText(Number(BigInt(event.timestamp_ns) - startNs) - trace.start[node]!)}
                          </span>
                        </summary>
                        <FieldList data={event.data} />
                      </details>
                    </li>
                  ))}
                </ol>
              ))}
            {tab === 'links' &&
              (linkTo === linkFrom ? (
                <Empty title="No links" />
              ) : (
                <ol className={css.events}>
                  {rows?.links.map((link, i) => {
                    const target = String(meantOf(link)['trace.link.trace_id'] ?? '');
                    const span = String(meantOf(link)['trace.link.span_id'] ?? '');
                    return (
                      <li key={i}>
                        <Link
                          to={datasetPath(place, dataset, '/trace')}
                          search={{ trace_id: target, span: span || undefined }}
                        >
                          Trace <code>{middleCut(target, 20)}</code>
                        </Link>
                        <FieldList data={link.data} />
                      </li>
                    );
                  })}
                </ol>
              ))}
            {tab === 'json' && own && (
              <JsonView
                value={{ time: own.timestamp, samplerate: own.sample_rate, dataset: own.dataset, data: own.data }}
              />
            )}
          </div>
        </>
      )}
      {menu && value !== undefined && value !== null && (
        <PointMenu
          at={menu}
          title={menu.field}
          onClose={() => setMenu(null)}
          list={[
            {
              id: 'filter',
              label: 'Events with this value',
              onSelect: () =>
                ask({ calculations: [{ op: 'COUNT' }], filters: [{ column: menu.field, op: '=', value }] }),
            },
            {
              id: 'group',
              label: `COUNT by ${menu.field}`,
              onSelect: () => ask({ calculations: [{ op: 'COUNT' }], breakdowns: [menu.field] }),
            },
            ...(typeof value === 'number'
              ? [
                  {
                    id: 'heat',
                    label: `HEATMAP(${menu.field})`,
                    onSelect: () => ask({ calculations: [{ op: 'HEATMAP', column: menu.field }] }),
                  },
                ]
              : []),
            null,
            { id: 'colour', label: 'Colour spans by this field', onSelect: () => setSearch({ colour: menu.field }) },
            {
              id: 'column',
              label: 'Show as a column',
              onSelect: () =>
                setSearch((old) => ({
                  columns: [...(old.columns ?? []).filter((c) => c !== menu.field), menu.field].slice(
                    -TRACE_COLUMNS_MAX,
                  ),
                })),
            },
            { id: 'find', label: 'Find in this trace', onSelect: () => setSearch({ find: String(value) }) },
            { id: 'copy', label: 'Copy value', onSelect: () => void copyText(String(value)) },
          ]}
        />
      )}
    </aside>
  );
}
