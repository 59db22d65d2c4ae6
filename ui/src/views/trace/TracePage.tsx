// One trace: what it is, its waterfall, and the fields, events and links of the selected span.
import {
  AlertTriangle,
  ArrowLeft,
  ChevronDown,
  ChevronUp,
  CircleAlert,
  FoldVertical,
  RotateCw,
  Search,
  UnfoldVertical,
} from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { ApiError } from '../../api/http';
import { TraceSession } from '../../api/trace-client';
import { durationText, middleCut, numberText, rowTimeText } from '../../model/format';
import type { EventRow } from '../../model/result';
import { eventsOf, FLAG_ERROR, FLAG_MISSING, type Trace } from '../../model/trace';
import type { TraceSearch } from '../../model/url-state';
import {
  Button,
  CopyButton,
  copyText,
  Empty,
  ErrorBox,
  IconButton,
  Progress,
  Skeleton,
  Tabs,
} from '../../widgets/basic';
import { FieldList, JsonView } from '../../widgets/FieldList';
import { Link } from '../../widgets/Link';
import { PointMenu } from '../../widgets/popup';
import { useUtc } from '../../widgets/prefs';
import {
  datasetPath,
  useGo,
  useHistory,
  usePlace,
  useSetSearch,
  useTypedSearch,
  type Place,
} from '../../widgets/route';
import { useThemeColours } from '../../widgets/theme';
import { useKeys } from '../../widgets/use-keys';
import { Waterfall, type WaterfallHandle } from '../../waterfall/Waterfall';
import css from './trace.module.css';

/** What the server gives at most; the page says when a trace has more. */
const ROWS_MAX = 32_000;

type Loaded = { key: string; trace?: Trace; session?: TraceSession; error?: ApiError };

/** Loads a trace through a worker of its own; leaving the page or asking again ends the worker and with it the request. */
function useTrace(env: string, id: string | undefined, start: number | undefined, end: number | undefined) {
  const [turn, setTurn] = useState(0);
  const key = JSON.stringify([env, id, start, end, turn]);
  const [state, setState] = useState<Loaded | null>(null);
  useEffect(() => {
    if (!id) return;
    const session = new TraceSession();
    let isCurrent = true;
    session.load(env, id, start, end, ROWS_MAX).then(
      (trace) => isCurrent && setState({ key, trace, session }),
      (cause: unknown) =>
        isCurrent && setState({ key, error: cause instanceof ApiError ? cause : new ApiError(0, String(cause)) }),
    );
    return () => {
      isCurrent = false;
      session.close();
    };
  }, [env, id, start, end, key]);
  return { loaded: state?.key === key ? state : null, reload: () => setTurn((t) => t + 1) };
}

export default function TracePage() {
  const place = usePlace();
  const search = useTypedSearch<TraceSearch>();
  const go = useGo();
  const { trace_id: id, trace_start_ts: start, trace_end_ts: end } = search;
  const { loaded, reload } = useTrace(place.env, id, start, end);
  const dataset = place.dataset ?? '__all__';
  if (!id) return <Empty title="This link names no trace">A trace link carries trace_id.</Empty>;
  if (loaded?.error) {
    return (
      <div className={css.page}>
        {loaded.error.status === 404 ? (
          <Empty title={`No spans of trace ${middleCut(id, 20)} were found`}>
            <p>
              {start === undefined
                ? 'It may be older than the retention, or not have arrived yet.'
                : 'They may lie outside the time range of this link.'}
            </p>
            {start !== undefined && (
              <Button onClick={() => go(datasetPath(place, dataset, '/trace'), { trace_id: id, span: search.span })}>
                Look at all times
              </Button>
            )}
            <Button icon={<RotateCw size={14} />} onClick={reload}>
              Look again
            </Button>
          </Empty>
        ) : (
          <ErrorBox what="The trace could not be loaded" error={loaded.error} onRetry={reload} />
        )}
      </div>
    );
  }
  if (!loaded?.trace || !loaded.session) {
    return (
      <div className={css.page}>
        <Progress active />
        <div className={css.pad}>
          <Skeleton lines={12} />
        </div>
      </div>
    );
  }
  return (
    <Loaded
      key={loaded.key}
      trace={loaded.trace}
      session={loaded.session}
      place={place}
      dataset={dataset}
      search={search}
      onReload={reload}
    />
  );
}

function Loaded({
  trace,
  session,
  place,
  dataset,
  search,
  onReload,
}: {
  trace: Trace;
  session: TraceSession;
  place: Place;
  dataset: string;
  search: TraceSearch;
  onReload: () => void;
}) {
  const utc = useUtc();
  const colours = useThemeColours();
  const setSearch = useSetSearch<TraceSearch>();
  const history = useHistory();
  const waterfall = useRef<WaterfallHandle>(null);
  const finder = useRef<HTMLInputElement>(null);
  const [matches, setMatches] = useState<{ text: string; marks: Uint8Array; count: number } | null>(null);
  const [onlyMatches, setOnlyMatches] = useState(false);

  const selected = useMemo(() => {
    if (!search.span) return trace.count > 0 ? 0 : -1;
    return Math.max(0, trace.spanIds.indexOf(search.span));
  }, [trace, search.span]);
  const select = useCallback(
    (node: number) => setSearch({ span: trace.spanIds[node] || undefined }, { replace: true }),
    [setSearch, trace],
  );
  // Logs have no span id; their selection cannot be in the URL and lives here.
  const [bare, setBare] = useState<number | null>(null);
  const current = bare ?? selected;
  const onSelect = useCallback(
    (node: number) => {
      setBare(trace.spanIds[node] ? null : node);
      if (trace.spanIds[node]) select(node);
    },
    [select, trace],
  );

  const find = search.find ?? '';
  useEffect(() => {
    if (find.trim() === '') return;
    let isCurrent = true;
    void session.find(find.trim()).then((marks) => {
      if (isCurrent) setMatches({ text: find, marks, count: marks.reduce((n, m) => n + m, 0) });
    });
    return () => {
      isCurrent = false;
    };
  }, [find, session]);
  const shownMatches = find.trim() !== '' ? matches : null;

  useEffect(() => waterfall.current?.focus(), []);
  useKeys({ close: () => search.find && setSearch({ find: undefined }, { replace: true }) });

  const root = trace.parent.indexOf(-1);
  const rootName = root >= 0 ? trace.names[trace.name[root]!] : trace.traceId;
  return (
    <div className={css.page}>
      <header className={css.head}>
        <IconButton label="Back" onClick={() => history.back()}>
          <ArrowLeft size={16} />
        </IconButton>
        <h1 title={rootName}>{rootName}</h1>
        <code className={css.id} title={trace.traceId}>
          {middleCut(trace.traceId, 20)}
        </code>
        <CopyButton compact text={trace.traceId} label="Copy trace id" />
        <dl className={css.facts}>
          <Fact label="start" value={rowTimeText(trace.startTime, utc).slice(0, -3)} />
          <Fact label="duration" value={durationText(trace.durationNs)} />
          <Fact label="spans" value={numberText(trace.spanCount)} />
          <Fact label="services" value={numberText(trace.services.filter(Boolean).length)} />
          <Fact label="errors" value={numberText(trace.errorCount)} isBad={trace.errorCount > 0} />
        </dl>
        <IconButton label="Reload" onClick={onReload}>
          <RotateCw size={14} />
        </IconButton>
      </header>
      {trace.missingCount > 0 && (
        <p className={css.warning}>
          <AlertTriangle size={14} aria-hidden />{' '}
          {trace.missingCount === 1 ? 'One parent span is' : `${trace.missingCount} parent spans are`} named by others
          but not here: still on the way, sampled out, or sent elsewhere. A dashed placeholder stands for{' '}
          {trace.missingCount === 1 ? 'it' : 'each'}.
        </p>
      )}
      {trace.totalRows > trace.rowCount && (
        <p className={css.warning}>
          <AlertTriangle size={14} aria-hidden /> Showing {numberText(trace.rowCount)} of {numberText(trace.totalRows)}{' '}
          rows of this trace.
        </p>
      )}
      <div className={css.split}>
        <section className={css.left} aria-label="Waterfall">
          <div className={css.tools}>
            <label className={css.find}>
              <Search size={14} aria-hidden />
              <span className="sr">Search this trace</span>
              <input
                ref={finder}
                placeholder="Search names and values ( / )"
                value={find}
                spellCheck={false}
                onChange={(e) => setSearch({ find: e.target.value || undefined }, { replace: true })}
                onKeyDown={(e) => {
                  if (e.key === 'Enter') {
                    e.preventDefault();
                    waterfall.current?.next('match', e.shiftKey ? -1 : 1);
                  } else if (e.key === 'Escape') waterfall.current?.focus();
                }}
              />
              {shownMatches && (
                <span className="num" role="status">
                  {numberText(shownMatches.count)} {shownMatches.count === 1 ? 'match' : 'matches'}
                </span>
              )}
            </label>
            {shownMatches && shownMatches.count > 0 && (
              <>
                <IconButton label="Previous match (Shift+F)" onClick={() => waterfall.current?.next('match', -1)}>
                  <ChevronUp size={16} />
                </IconButton>
                <IconButton label="Next match (f)" onClick={() => waterfall.current?.next('match', 1)}>
                  <ChevronDown size={16} />
                </IconButton>
                <Button kind="plain" aria-pressed={onlyMatches} onClick={() => setOnlyMatches(!onlyMatches)}>
                  {onlyMatches ? 'Show all spans' : 'Only matches'}
                </Button>
              </>
            )}
            <span className={css.gap} />
            {trace.errorCount > 0 && (
              <Button
                kind="plain"
                icon={<CircleAlert size={14} />}
                onClick={() => waterfall.current?.next('error', 1)}
                title="x"
              >
                Next error
              </Button>
            )}
            <IconButton label="Collapse all (Shift+←)" onClick={() => waterfall.current?.collapseAll(true)}>
              <FoldVertical size={14} />
            </IconButton>
            <IconButton label="Expand all (Shift+→)" onClick={() => waterfall.current?.collapseAll(false)}>
              <UnfoldVertical size={14} />
            </IconButton>
            {search.zoom && (
              <Button kind="plain" onClick={() => setSearch({ zoom: undefined })}>
                Show the whole trace
              </Button>
            )}
          </div>
          <Waterfall
            handle={waterfall}
            trace={trace}
            colours={colours}
            selected={current}
            matches={shownMatches?.marks ?? null}
            onlyMatches={onlyMatches}
            zoom={search.zoom ?? null}
            onSelect={onSelect}
            onZoom={(zoom) => setSearch({ zoom: zoom ? [Math.round(zoom[0]), Math.round(zoom[1])] : undefined })}
            onFind={() => finder.current?.focus()}
          />
        </section>
        <Details trace={trace} session={session} node={current} place={place} dataset={dataset} utc={utc} />
      </div>
    </div>
  );
}

function Fact({ label, value, isBad = false }: { label: string; value: string; isBad?: boolean }) {
  return (
    <div data-bad={isBad || undefined}>
      <dt>{label}</dt>
      <dd className="num">{value}</dd>
    </div>
  );
}

type DetailTab = 'fields' | 'events' | 'links' | 'json';
function Details({
  trace,
  session,
  node,
  place,
  dataset,
  utc,
}: {
  trace: Trace;
  session: TraceSession;
  node: number;
  place: Place;
  dataset: string;
  utc: boolean;
}) {
  const go = useGo();
  const [tab, setTab] = useState<DetailTab>('fields');
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
  const own = rows?.own;
  const ask = (query: object) => go(datasetPath(place, dataset), { query });
  const value = menu && own ? own.data[menu.field] : undefined;
  return (
    <aside className={css.details} aria-label="Selected span" data-testid="span-details">
      <header>
        <h2 title={name}>
          {(flags & FLAG_ERROR) !== 0 && <CircleAlert size={14} className={css.errorMark} aria-label="error" />}
          {name}
        </h2>
        <p className="num">
          {trace.services[trace.service[node]!]} · {durationText(trace.duration[node]!)} · starts at{' '}
          {durationText(trace.start[node]!)}
        </p>
      </header>
      {flags & FLAG_MISSING ? (
        <Empty title="This span has not arrived">
          Other spans name <code>{trace.spanIds[node]}</code> as their parent.
        </Empty>
      ) : (
        <>
          <Tabs<DetailTab>
            label="Span"
            value={tab}
            onChange={setTab}
            tabs={[
              { id: 'fields', label: 'Fields' },
              { id: 'events', label: `Events ${eventTo - eventFrom}` },
              { id: 'links', label: `Links ${linkTo - linkFrom}` },
              { id: 'json', label: 'JSON' },
            ]}
          />
          <div className={css.detailBody}>
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
                          <strong>{String(event.data['name'] ?? '(no name)')}</strong>
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
                    const target = String(link.data['trace.link.trace_id'] ?? '');
                    const span = String(link.data['trace.link.span_id'] ?? '');
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
            { id: 'copy', label: 'Copy value', onSelect: () => void copyText(String(value)) },
          ]}
        />
      )}
    </aside>
  );
}
