// Ask a dataset a question and look at the answer: builder, charts, table, raw events.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import {
  Ban,
  Code2,
  Eraser,
  EyeOff,
  Filter,
  Link2,
  ListTree,
  MoreHorizontal,
  Play,
  Rows3,
  Scissors,
  Square,
  Table2,
  ZoomIn,
} from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { getRows } from '../../api/calls';
import { ApiError } from '../../api/http';
import { datasetsOptions } from '../../api/options';
import { agoText, bytesText, elapsedText, numberText, valueText } from '../../model/format';
import { calculationsOf, tidy, type Filter as FilterClause, type QuerySpec } from '../../model/query-spec';
import {
  behindGroup,
  canExclude,
  canFilter,
  onlyGroup,
  rowMatches,
  rowsRequest,
  traceOf,
  withoutGroup,
  type EventRow,
  type Group,
  type QueryAnswer,
} from '../../model/result';
import { rangeText, shiftRange, withAbsolute, withRelative, zoomRange } from '../../model/time-range';
import type { QuerySearch } from '../../model/url-state';
import { Button, copyText, Empty, Elapsed, ErrorBox, IconButton, Progress, Skeleton, Tabs } from '../../widgets/basic';
import { DropMenu, PointMenu, type MenuItem } from '../../widgets/popup';
import { useUtc } from '../../widgets/prefs';
import { Link } from '../../widgets/Link';
import { datasetPath, environmentPath, useGo, useSetSearch } from '../../widgets/route';
import { TopBar } from '../../widgets/slot';
import { useKeys } from '../../widgets/use-keys';
import { Builder } from './Builder';
import { JsonDialog } from './JsonDialog';
import css from './query.module.css';
import { RawEvents } from './RawEvents';
import { Results, type MenuRequest } from './Results';
import { TimePicker } from './TimePicker';
import { useQueryState } from './use-query-state';

interface OpenMenu {
  x: number;
  y: number;
  title: string;
  list: (MenuItem | null)[];
}

export default function QueryPage() {
  const state = useQueryState();
  const { place, dataset, search, draft, edit, run, answer, error, isRunning, isPrevious, isEdited } = state;
  const utc = useUtc();
  const client = useQueryClient();
  const go = useGo();
  const setSearch = useSetSearch<QuerySearch>();
  const select = useRef<HTMLInputElement>(null);
  const [isJsonOpen, setJsonOpen] = useState(false);
  const [isTimeOpen, setTimeOpen] = useState(false);
  const [menu, setMenu] = useState<OpenMenu | null>(null);
  const [note, setNote] = useState('');
  const tab = search.tab ?? 'overview';

  const setTab = useCallback((next: string) => setSearch({ tab: next === 'raw' ? 'raw' : undefined }), [setSearch]);
  const now = () => Date.now() / 1000;
  const runNow = (spec: QuerySpec) => edit(spec, { run: true });
  const cancel = () => void client.cancelQueries({ queryKey: state.cancelKey });
  const copyLink = () => void copyText(location.href).then(() => setNote('Link copied'));
  useKeys({
    run,
    builder: () => select.current?.focus(),
    time: () => setTimeOpen(true),
    earlier: () => runNow(shiftRange(draft, -1, now())),
    later: () => runNow(shiftRange(draft, 1, now())),
    'zoom-in': () => runNow(zoomRange(draft, 0.5, now())),
    'zoom-out': () => runNow(zoomRange(draft, 2, now())),
    tab: () => setTab(tab === 'raw' ? 'overview' : 'raw'),
    json: () => setJsonOpen(true),
    'copy-link': copyLink,
  });
  useEffect(() => {
    if (note === '') return;
    const timer = setTimeout(() => setNote(''), 2500);
    return () => clearTimeout(timer);
  }, [note]);

  const viewTrace = async (request: MenuRequest) => {
    if (!answer) return;
    const { request: rows, check } = rowsRequest(answer, request.behind);
    try {
      const page = await getRows(place.env, dataset, { ...rows, limit: 1000, before: null });
      const withTrace = page.rows.filter((r) => rowMatches(r.data, check) && traceOf(r));
      const slowest = withTrace.sort(
        (a, b) => Number(b.data['duration_ms'] ?? 0) - Number(a.data['duration_ms'] ?? 0),
      )[0];
      if (slowest) openTrace(slowest);
      else setNote('None of these events belongs to a trace');
    } catch (cause) {
      setNote(cause instanceof Error ? cause.message : String(cause));
    }
  };
  const openTrace = (row: EventRow) => {
    const trace = traceOf(row)!;
    go(datasetPath(place, dataset, '/trace'), {
      trace_id: trace.trace_id,
      span: trace.span,
      trace_start_ts: trace.start,
      trace_end_ts: trace.end,
    });
  };
  const groupItems = (group: Group, breakdowns: readonly string[]): MenuItem[] =>
    breakdowns.length === 0
      ? []
      : [
          {
            id: 'only',
            label: 'Show only this group',
            icon: <Filter size={14} />,
            disabled: !canFilter(draft),
            onSelect: () => runNow(onlyGroup(draft, breakdowns, group)),
          },
          {
            id: 'exclude',
            label: 'Exclude this group',
            icon: <Ban size={14} />,
            disabled: !canExclude(breakdowns, draft),
            onSelect: () => runNow(withoutGroup(draft, breakdowns, group)),
          },
        ];
  const toggleHidden = (group: Group) => {
    const next = new Set(search.hidden ?? []);
    if (!next.delete(group.key)) next.add(group.key);
    setSearch({ hidden: next.size > 0 ? [...next] : undefined });
  };
  const openPointMenu = (request: MenuRequest) => {
    if (!answer) return;
    const { bucket, group } = request;
    setMenu({
      x: request.x,
      y: request.y,
      title: request.title,
      list: [
        {
          id: 'events',
          label: 'View events',
          icon: <Rows3 size={14} />,
          onSelect: () => setSearch({ tab: 'raw', behind: request.behind }),
        },
        {
          id: 'trace',
          label: 'View trace',
          icon: <ListTree size={14} />,
          detail: 'slowest',
          onSelect: () => void viewTrace(request),
        },
        ...(bucket === undefined
          ? []
          : [
              {
                id: 'zoom',
                label: 'Zoom to here',
                icon: <ZoomIn size={14} />,
                onSelect: () =>
                  runNow(withAbsolute(draft, bucket - 4 * answer.granularity, bucket + 5 * answer.granularity)),
              },
            ]),
        ...(group && answer.breakdowns.length > 0 ? [null, ...groupItems(group, answer.breakdowns)] : []),
        ...(group
          ? [
              {
                id: 'hide',
                label: search.hidden?.includes(group.key) ? 'Show this series' : 'Hide this series',
                icon: <EyeOff size={14} />,
                onSelect: () => toggleHidden(group),
              },
            ]
          : []),
      ],
    });
  };
  const openGroupMenu = (group: Group, at: { x: number; y: number }) => {
    if (answer) openPointMenu({ ...at, title: group.label, group, behind: behindGroup(answer, group) });
  };
  const openValueMenu = (field: string, row: EventRow, at: { x: number; y: number }) => {
    const value = row.data[field] ?? null;
    if (value === null) return;
    const add = (filter: FilterClause) => runNow({ ...draft, filters: [...(draft.filters ?? []), filter] });
    const isOr = !canFilter({ ...draft, filters: [...(draft.filters ?? []), { op: 'exists' }] });
    setMenu({
      ...at,
      title: `${field} = ${valueText(value).slice(0, 120)}`,
      list: [
        {
          id: 'only',
          label: isOr ? 'Or with this value' : 'Show only this value',
          icon: <Filter size={14} />,
          onSelect: () => add({ column: field, op: '=', value }),
        },
        {
          id: 'exclude',
          label: 'Exclude this value',
          icon: <Ban size={14} />,
          disabled: isOr,
          onSelect: () => add({ column: field, op: '!=', value }),
        },
        {
          id: 'group',
          label: `Group by ${field}`,
          icon: <Scissors size={14} />,
          disabled: draft.breakdowns?.includes(field),
          onSelect: () =>
            edit(
              { ...draft, breakdowns: [...(draft.breakdowns ?? []), field] },
              { run: true, search: { tab: undefined } },
            ),
        },
        ...(typeof value === 'number'
          ? [
              {
                id: 'heatmap',
                label: `HEATMAP(${field})`,
                icon: <Table2 size={14} />,
                onSelect: () =>
                  edit(
                    { ...draft, calculations: [...calculationsOf(draft), { op: 'HEATMAP', column: field }] },
                    { run: true, search: { tab: undefined } },
                  ),
              },
            ]
          : []),
        {
          id: 'copy',
          label: 'Copy value',
          icon: <Link2 size={14} />,
          onSelect: () => void copyText(valueText(value)).then(() => setNote('Value copied')),
        },
        ...(traceOf(row)
          ? [null, { id: 'trace', label: 'View trace', icon: <ListTree size={14} />, onSelect: () => openTrace(row) }]
          : []),
      ],
    });
  };

  const problem = error instanceof ApiError && error.field ? { field: error.field, message: error.message } : undefined;
  return (
    <div className={css.page}>
      <h1 className="sr">Query {dataset === '__all__' ? 'all datasets' : dataset}</h1>
      <TopBar>
        <TimePicker
          spec={draft}
          utc={utc}
          open={isTimeOpen}
          onOpenChange={setTimeOpen}
          granularity={isEdited ? undefined : answer?.granularity}
          onEdit={runNow}
        />
        {isRunning ? (
          <Button kind="outline" icon={<Square size={12} />} onClick={cancel} className={css.run}>
            Cancel <ElapsedSince key={state.cancelKey.join()} />
          </Button>
        ) : (
          <Button
            kind="primary"
            icon={<Play size={13} />}
            onClick={run}
            className={css.run}
            title="Run (Ctrl+Enter or Shift+Enter)"
            data-testid="run"
          >
            Run
          </Button>
        )}
        <DropMenu
          align="end"
          trigger={
            <IconButton label="More">
              <MoreHorizontal size={16} />
            </IconButton>
          }
          list={[
            {
              id: 'json',
              label: 'View or edit as JSON',
              icon: <Code2 size={14} />,
              detail: 'j',
              onSelect: () => setJsonOpen(true),
            },
            { id: 'copy', label: 'Copy link', icon: <Link2 size={14} />, detail: 'c', onSelect: copyLink },
            null,
            { id: 'clear', label: 'Clear the query', icon: <Eraser size={14} />, onSelect: () => edit({}) },
          ]}
        />
      </TopBar>

      <div className={css.sticky}>
        <Builder env={place.env} dataset={dataset} spec={draft} onEdit={edit} selectRef={select} problem={problem} />
      </div>
      <Progress active={isRunning} />
      <div className={css.results}>
        {search.query_error && (
          <ErrorBox what="The query of this link could not be read" error={{ message: search.query_error }} />
        )}
        {error && !isRunning && !(error instanceof DOMException) && (
          <ErrorBox what="The query failed" error={error as ApiError} onRetry={run} />
        )}
        {!answer && isRunning && <Skeleton lines={9} />}
        {!answer && !isRunning && !error && !search.query_error && (
          <Empty title="The query was cancelled before it had an answer">
            <Button onClick={run}>Run it again</Button>
          </Empty>
        )}
        {answer && !(error && !isRunning) && (
          <>
            <div className={css.tabs}>
              <Tabs
                label="Result"
                value={tab}
                onChange={setTab}
                tabs={[
                  { id: 'overview', label: 'Overview' },
                  { id: 'raw', label: 'Raw events' },
                ]}
              />
              {isEdited && !isRunning && (
                <p className={css.edited} role="status">
                  The query was edited since this result.{' '}
                  <Button kind="plain" onClick={run}>
                    Run it
                  </Button>
                </p>
              )}
              {isPrevious && !isRunning && (
                <p className={css.edited} role="status">
                  Cancelled. This is the result before.
                </p>
              )}
              {state.isStored && (
                <p className={css.edited}>
                  Kept result of {rangeText({ start_time: answer.start_time, end_time: answer.end_time }, utc)}
                </p>
              )}
            </div>
            <div
              className={isRunning || isPrevious ? css.dim : undefined}
              data-testid="results"
              data-state={isRunning || isPrevious ? 'running' : 'ready'}
            >
              {tab === 'overview' ? (
                <Results
                  answer={answer}
                  search={search}
                  utc={utc}
                  onSearch={setSearch}
                  onZoom={(start, end) => runNow(withAbsolute(draft, start, end))}
                  onMenu={openPointMenu}
                  onGroupMenu={openGroupMenu}
                  emptyAction={
                    <EmptyAction team={place.team} env={place.env} dataset={dataset} draft={draft} onEdit={runNow} />
                  }
                />
              ) : (
                <RawEvents
                  place={place}
                  dataset={dataset}
                  answer={answer}
                  search={search}
                  utc={utc}
                  onSearch={setSearch}
                  onValue={openValueMenu}
                />
              )}
            </div>
            <Footer answer={answer} utc={utc} />
          </>
        )}
      </div>
      {menu && (
        <PointMenu
          key={`${menu.x}-${menu.y}`}
          at={menu}
          title={menu.title}
          list={menu.list}
          onClose={() => setMenu(null)}
        />
      )}
      <JsonDialog
        key={String(isJsonOpen)}
        open={isJsonOpen}
        onOpenChange={setJsonOpen}
        spec={tidy(draft)}
        dataset={dataset}
        onApply={runNow}
      />
      <p className={css.toast} role="status" data-on={note !== '' || undefined}>
        {note}
      </p>
    </div>
  );
}

function ElapsedSince() {
  const [since] = useState(() => performance.now());
  return <Elapsed since={since} />;
}

function Footer({ answer, utc }: { answer: QueryAnswer; utc: boolean }) {
  const { stats } = answer;
  const parts = [
    rangeText({ start_time: answer.start_time, end_time: answer.end_time }, utc),
    stats.rows_read !== undefined && `${numberText(stats.rows_read)} rows read`,
    !!stats.bytes_read && bytesText(stats.bytes_read),
    stats.elapsed_ms !== undefined && elapsedText(stats.elapsed_ms),
    stats.sample_rate_applied && 'weighted by sample rate',
    stats.approximate && stats.approximate.length > 0 ? `approximate: ${stats.approximate.join(', ')}` : 'exact',
  ];
  return (
    <footer className={css.footer} data-testid="stats">
      {parts.filter(Boolean).map((part) => (
        <span key={String(part)}>{part}</span>
      ))}
    </footer>
  );
}

/** Why there is nothing, and the one thing to do about it. */
function EmptyAction({
  team,
  env,
  dataset,
  draft,
  onEdit,
}: {
  team: string;
  env: string;
  dataset: string;
  draft: QuerySpec;
  onEdit: (spec: QuerySpec) => void;
}) {
  const { data } = useQuery(datasetsOptions(env));
  const [now] = useState(() => Date.now());
  const last = data
    ?.filter((d) => dataset === '__all__' || d.slug === dataset)
    .reduce((latest, d) => Math.max(latest, d.last_written_at ? Date.parse(d.last_written_at) : 0), 0);
  if (draft.filters && draft.filters.length > 0) {
    return (
      <>
        <p>The filters may leave nothing over.</p>
        <Button onClick={() => onEdit({ ...draft, filters: [] })}>Run without filters</Button>
      </>
    );
  }
  if (!last) {
    return (
      <>
        <p>Nothing has been written to this dataset yet.</p>
        <Link to={environmentPath({ team, env }, '/send-data')}>Send data</Link>
      </>
    );
  }
  return (
    <>
      <p>The latest event was written {agoText(last, now)}.</p>
      <span className={css.row}>
        <Button onClick={() => onEdit(withAbsolute(draft, last / 1000 - 3600, last / 1000 + 60))}>Jump there</Button>
        <Button onClick={() => onEdit(withRelative(draft, 86400))}>Last 24 hours</Button>
      </span>
    </>
  );
}
