// One trace: what it is, its waterfall, and the fields, events and links of the selected span.
import {
  AlertTriangle,
  ArrowLeft,
  ChevronDown,
  ChevronUp,
  CircleAlert,
  Columns3,
  Group,
  Palette,
  Route,
  RotateCw,
  Search,
} from 'lucide-react';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { TraceSession } from '../../api/trace-client';
import { countText, durationText, middleCut, numberText, rowTimeText } from '../../model/format';
import {
  aboveLeftOut,
  eventsOf,
  FLAG_ERROR,
  idOf,
  isPart,
  marksOf,
  nextWith,
  nodeOf,
  spansText,
  withAncestors,
  type Trace,
} from '../../model/trace';
import { repeatsOf } from '../../model/repeat';
import { meantOf } from '../../model/result';
import { criticalPath } from '../../model/trace-time';
import { TRACE_COLUMNS_MAX, type TraceSearch } from '../../model/url-state';
import { Button, CopyButton, Empty, ErrorBox, IconButton, Progress, Skeleton } from '../../widgets/basic';
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
import { valueColours, type NodeValues } from '../../waterfall/draw';
import { Waterfall, type WaterfallHandle } from '../../waterfall/Waterfall';
import { Details, type DetailTab } from './Details';
import { FieldMenu } from './FieldMenu';
import { Chip, CompareButton, Fact, LevelsMenu, ViewSwitch } from './parts';
import css from './trace.module.css';
import { useFields, useLinked, useTrace, useValues } from './use-trace';

/** Few look at two traces; its table is large. */
const Compare = lazy(() => import('./Compare').then((m) => ({ default: m.Compare })));
const Flame = lazy(() => import('../../waterfall/Flame').then((m) => ({ default: m.Flame })));
const SpanList = lazy(() => import('./SpanList'));
const TraceMap = lazy(() => import('./TraceMap'));

export default function TracePage() {
  const place = usePlace();
  const search = useTypedSearch<TraceSearch>();
  const go = useGo();
  const { trace_id: id, trace_start_ts: start, trace_end_ts: end } = search;
  const linked = useLinked(id, search.span);
  const { loaded, reload } = useTrace(place.env, id, start, end, search.around ?? linked);
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
  if (search.compare) {
    return (
      <Suspense fallback={<Skeleton lines={12} />}>
        <Compare key={loaded.key} trace={loaded.trace} other={search.compare} place={place} dataset={dataset} />
      </Suspense>
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

const SERVICE = 'service.name';
/** So many values are named in the legend; the others are in the tab "In this trace". */
const LEGEND_MAX = 8;

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
  const go = useGo();
  const history = useHistory();
  const waterfall = useRef<WaterfallHandle>(null);
  const finder = useRef<HTMLInputElement>(null);
  const [matches, setMatches] = useState<{ text: string; marks: Uint8Array; count: number } | null>(null);
  const [isMapShown, setMapShown] = useState(true);
  const fields = useFields(session);

  const selected = useMemo(() => {
    if (!search.span) return trace.count > 0 ? 0 : -1;
    return Math.max(0, nodeOf(trace, search.span));
  }, [trace, search.span]);
  const select = useCallback(
    (node: number) => setSearch({ span: idOf(trace, node) || undefined }, { replace: true }),
    [setSearch, trace],
  );
  // Logs have no span id; their selection cannot be in the URL and lives here.
  const [bare, setBare] = useState<number | null>(null);
  const current = bare ?? selected;
  const onSelect = useCallback(
    (node: number) => {
      setBare(idOf(trace, node) ? null : node);
      if (idOf(trace, node)) select(node);
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

  const byService: NodeValues = useMemo(
    () => ({ field: SERVICE, index: trace.service, values: trace.services }),
    [trace],
  );
  const colourField = search.colour ?? SERVICE;
  const asked = useMemo(
    () => [...(search.columns ?? []), ...(colourField === SERVICE ? [] : [colourField])],
    [search.columns, colourField],
  );
  const values = useValues(session, asked);
  const columns = useMemo(
    () => values.filter((v) => (search.columns ?? []).includes(v.field)),
    [values, search.columns],
  );
  const colouring = values.find((v) => v.field === colourField) ?? byService;
  const repeats = useMemo(() => (search.group ? repeatsOf(trace) : null), [trace, search.group]);
  const critical = useMemo(() => (search.critical ? criticalPath(trace) : null), [trace, search.critical]);
  const wanted = useMemo(
    () =>
      marksOf(
        trace,
        search.service === undefined ? -1 : trace.services.indexOf(search.service),
        search.only === true && shownMatches ? shownMatches.marks : null,
      ),
    [trace, search.service, search.only, shownMatches],
  );
  const only = useMemo(() => wanted && withAncestors(trace, wanted), [trace, wanted]);
  const root = search.root ? nodeOf(trace, search.root) : -1;

  useEffect(() => waterfall.current?.focus(), []);
  const details = useRef<HTMLElement>(null);
  const [tab, setTab] = useState<DetailTab>('fields');
  useKeys({ close: () => search.find && setSearch({ find: undefined }, { replace: true }) });
  const followLink = (node: number) => {
    const [at] = eventsOf(trace.linkNode, node);
    void session.rows([trace.linkRow[at]!]).then(([link]) => {
      const meant = link ? meantOf(link) : {};
      const target = meant['trace.link.trace_id'];
      const span = meant['trace.link.span_id'];
      if (typeof target === 'string')
        go(datasetPath(place, dataset, '/trace'), { trace_id: target, ...(typeof span === 'string' ? { span } : {}) });
    });
  };

  const onZoom = (zoom: [number, number] | null) =>
    setSearch({ zoom: zoom ? [Math.round(zoom[0]), Math.round(zoom[1])] : undefined }, { replace: true });
  const nextNode = (kind: 'match' | 'error', step: 1 | -1) => {
    const node = nextWith(
      (n) => (kind === 'error' ? (trace.flags[n]! & FLAG_ERROR) !== 0 : shownMatches?.marks[n] === 1),
      trace.count,
      current,
      step,
    );
    if (node >= 0) onSelect(node);
  };

  const top = trace.parent.indexOf(-1);
  const rootName = top >= 0 ? trace.names[trace.name[top]!] : trace.traceId;
  const ofShown = isPart(trace) ? ' shown' : '';
  const view = search.view ?? 'waterfall';
  const toggle = (name: 'errors' | 'critical' | 'group') => setSearch({ [name]: search[name] ? undefined : true });
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
          <Fact label={`duration${ofShown}`} value={durationText(trace.durationNs)} />
          <Fact label="spans" value={spansText(trace)} />
          <Fact label={`services${ofShown}`} value={numberText(trace.services.filter(Boolean).length)} />
          <Fact label={`errors${ofShown}`} value={numberText(trace.errorCount)} isBad={trace.errorCount > 0} />
          {critical && <Fact label={`critical path${ofShown}`} value={durationText(Math.round(critical.total))} />}
        </dl>
        <IconButton label="Reload" onClick={onReload}>
          <RotateCw size={14} />
        </IconButton>
      </header>
      {trace.missingCount > 0 && (
        <p className={css.warning} data-testid="trace-missing">
          <AlertTriangle size={14} aria-hidden />{' '}
          {trace.isRootless
            ? trace.missingCount === 1
              ? 'The root span is not here'
              : `The root span and ${countText(trace.missingCount - 1, 'other parent span')} are not here`
            : trace.missingCount === 1
              ? 'One parent span is named by others but not here'
              : `${numberText(trace.missingCount)} parent spans are named by others but not here`}
          : still on the way, sampled out, or sent elsewhere. A dashed placeholder stands for{' '}
          {trace.missingCount === 1 ? 'it' : 'each'}.
        </p>
      )}
      {isPart(trace) && (
        <p className={css.warning} data-testid="trace-cut">
          <AlertTriangle size={14} aria-hidden /> Showing {numberText(trace.shownCount)} of{' '}
          {numberText(trace.totalCount)} spans,{' '}
          {search.around ? 'those below one span and those closest to the root' : 'those closest to the root'}. Open a
          line “more spans below” to see them.
          {search.around && (
            <button type="button" className={css.textButton} onClick={() => setSearch({ around: undefined })}>
              Back to the first view
            </button>
          )}
        </p>
      )}
      <div className={css.split}>
        <section className={css.left} aria-label="Waterfall">
          <div className={css.tools}>
            <ViewSwitch view={view} onView={(next) => setSearch({ view: next === 'waterfall' ? undefined : next })} />
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
                    nextNode('match', e.shiftKey ? -1 : 1);
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
                <IconButton label="Previous match (Shift+F)" onClick={() => nextNode('match', -1)}>
                  <ChevronUp size={16} />
                </IconButton>
                <IconButton label="Next match (f)" onClick={() => nextNode('match', 1)}>
                  <ChevronDown size={16} />
                </IconButton>
                <Button
                  kind="plain"
                  aria-pressed={search.only === true}
                  onClick={() => setSearch({ only: search.only ? undefined : true })}
                >
                  {search.only ? 'Show all spans' : 'Only matches'}
                </Button>
              </>
            )}
            <span className={css.gap} />
            {trace.errorCount > 0 && (
              <>
                <Button
                  kind="plain"
                  icon={<CircleAlert size={14} />}
                  title="Highlight errors"
                  aria-label={`Highlight ${trace.errorCount} errors`}
                  aria-pressed={search.errors === true}
                  onClick={() => toggle('errors')}
                >
                  {numberText(trace.errorCount)} {trace.errorCount === 1 ? 'error' : 'errors'}
                </Button>
                <IconButton label="Previous error (Shift+X)" onClick={() => nextNode('error', -1)}>
                  <ChevronUp size={16} />
                </IconButton>
                <IconButton label="Next error (x)" onClick={() => nextNode('error', 1)}>
                  <ChevronDown size={16} />
                </IconButton>
              </>
            )}
            <Button
              kind="plain"
              icon={<Route size={14} />}
              title="What the root waited for (p)"
              aria-pressed={search.critical === true}
              onClick={() => toggle('critical')}
            >
              Critical path
            </Button>
            <FieldMenu
              label="Colour"
              icon={<Palette size={14} />}
              fields={fields}
              chosen={[colourField]}
              onChoose={(field) => setSearch({ colour: field === SERVICE ? undefined : field })}
            />
            <FieldMenu
              label="Columns"
              icon={<Columns3 size={14} />}
              fields={fields}
              chosen={search.columns ?? []}
              many
              onChoose={(field) => {
                const rest = (search.columns ?? []).filter((c) => c !== field);
                const next = rest.length === (search.columns ?? []).length ? [...rest, field] : rest;
                setSearch({ columns: next.length > 0 ? next.slice(-TRACE_COLUMNS_MAX) : undefined });
              }}
            />
            {view === 'waterfall' && (
              <Button
                kind="plain"
                icon={<Group size={14} />}
                title="Siblings of one service and name as one row (r)"
                aria-pressed={search.group === true}
                onClick={() => toggle('group')}
              >
                Group
              </Button>
            )}
            <LevelsMenu onLevels={(levels) => waterfall.current?.showLevels(levels)} />
            <CompareButton onCompare={(other) => setSearch({ compare: other })} />
          </div>
          <div className={css.legend}>
            <span>{colouring.field}</span>
            {valueColours(colouring.field, colouring.values)
              .slice(0, LEGEND_MAX)
              .map((colour, i) => (
                <button
                  key={colouring.values[i]}
                  type="button"
                  title={colouring.field === SERVICE ? 'Only spans of this service' : 'Find this value'}
                  aria-pressed={colouring.field === SERVICE && search.service === colouring.values[i]}
                  onClick={() =>
                    colouring.field === SERVICE
                      ? setSearch({ service: search.service === colouring.values[i] ? undefined : colouring.values[i] })
                      : setSearch({ find: colouring.values[i] })
                  }
                >
                  <i data-series={colour + 1} /> {colouring.values[i] || '(missing)'}
                </button>
              ))}
            {colouring.values.length > LEGEND_MAX && (
              <span>and {numberText(colouring.values.length - LEGEND_MAX)} more</span>
            )}
            <span className={css.gap} />
            {root >= 0 && (
              <Chip label={`below ${trace.names[trace.name[root]!]}`} onClose={() => setSearch({ root: undefined })} />
            )}
            {search.service !== undefined && (
              <Chip label={`only ${search.service}`} onClose={() => setSearch({ service: undefined })} />
            )}
            {search.zoom && <Chip label="zoomed" onClose={() => setSearch({ zoom: undefined })} />}
          </div>
          <Suspense fallback={<Skeleton lines={10} />}>
            {view === 'flame' && (
              <Flame
                trace={trace}
                colours={colours}
                colouring={colouring}
                isErrorLit={search.errors === true}
                matches={shownMatches?.marks ?? null}
                only={only}
                root={root}
                selected={current}
                zoom={search.zoom ?? null}
                onSelect={onSelect}
                onZoom={onZoom}
              />
            )}
            {view === 'list' && (
              <SpanList
                trace={trace}
                columns={columns}
                only={wanted}
                sort={search.sort}
                selected={current}
                onSelect={onSelect}
              />
            )}
            {view === 'map' && (
              <TraceMap
                trace={trace}
                chosen={search.service}
                onChoose={(service) => setSearch({ service })}
                onOpen={() => setSearch({ view: undefined })}
              />
            )}
          </Suspense>
          {view === 'waterfall' && (
            <Waterfall
              handle={waterfall}
              trace={trace}
              colours={colours}
              label={`Waterfall of ${trace.count} spans`}
              colouring={colouring}
              columns={columns}
              critical={critical}
              repeats={repeats}
              isErrorLit={search.errors === true}
              isMapShown={isMapShown}
              selected={current}
              matches={shownMatches?.marks ?? null}
              only={only}
              root={root}
              endNs={trace.durationNs}
              zoom={search.zoom ?? null}
              onSelect={onSelect}
              onZoom={onZoom}
              onOpen={(node) => {
                const above = aboveLeftOut(trace, node);
                if (above === undefined) details.current?.focus();
                else setSearch({ around: above, span: above });
              }}
              onGroup={() => toggle('group')}
              onFind={() => finder.current?.focus()}
              onCritical={() => toggle('critical')}
              onMap={() => setMapShown(!isMapShown)}
              onLink={followLink}
              onMarks={setTab}
            />
          )}
        </section>
        <Details
          panel={details}
          trace={trace}
          session={session}
          node={current}
          place={place}
          dataset={dataset}
          utc={utc}
          fields={fields}
          tab={tab}
          onTab={setTab}
        />
      </div>
    </div>
  );
}
