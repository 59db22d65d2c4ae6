// Ask a dataset a question and look at the answer: builder, charts, and behind the tabs the table, BubbleUp, traces and events.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import {
  Bell,
  Code2,
  Download,
  Eraser,
  Image,
  LayoutDashboard,
  Link2,
  MoreHorizontal,
  Pin,
  Play,
  Scale,
  Share2,
  Square,
  Tag,
  Target,
} from 'lucide-react';
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react';
import { ApiError } from '../../api/http';
import { getPicture } from '../../api/calls';
import { datasetsOptions } from '../../api/options';
import { agoText, bytesText, elapsedText, numberText } from '../../model/format';
import { DEFAULT_TIME_RANGE, tidy, type QuerySpec } from '../../model/query-spec';
import { groupsOf, sortGroups, traceOf, type EventRow, type QueryAnswer } from '../../model/result';
import { rangeText, shiftRange, withAbsolute, withRelative, zoomRange } from '../../model/time-range';
import { RESULT_TABS, type QuerySearch, type ResultTab } from '../../model/url-state';
import { withFlag } from '../../model/view-settings';
import { Button, copyText, Empty, ErrorBox, IconButton, Progress, Skeleton } from '../../widgets/basic';
import { DropMenu } from '../../widgets/popup';
import { useUtc } from '../../widgets/prefs';
import { Link } from '../../widgets/Link';
import { NoDataset } from '../../widgets/NoDataset';
import { datasetPath, environmentPath, hrefOf, useGo, useHistory, useSetSearch } from '../../widgets/route';
import { TopBar } from '../../widgets/slot';
import { useKeys } from '../../widgets/use-keys';
import { useNewest } from '../../widgets/use-newest';
import { Builder, focusClause } from './Builder';
import type { Actions } from './menus';
import css from './query.module.css';
import { RecentMenu } from './RecentMenu';
import { ResultView } from './ResultView';
import { Running } from './Running';
import { Starters } from './Starters';
import { TimePicker } from './TimePicker';
import { useQueryState } from './use-query-state';

// Wanted after a click only.
const JsonDialog = lazy(() => import('./JsonDialog'));
const Retained = lazy(() => import('./Retained'));
const Kept = lazy(() => import('./Kept'));
const SaveDialog = lazy(() => import('./SaveDialog'));
const TriggerDialog = lazy(() => import('./TriggerDialog'));
const SloDialog = lazy(() => import('./SloDialog'));

/** Nobody keeps less than this: seconds. */
const RETAINED_AT_LEAST = 86_400;

export default function QueryPage() {
  const state = useQueryState();
  const { place, dataset, search, draft, edit, run, answer, error, isRunning, isPrevious, isEdited } = state;
  const utc = useUtc();
  const client = useQueryClient();
  const go = useGo();
  const history = useHistory();
  const setSearch = useSetSearch<QuerySearch>();
  const select = useRef<HTMLInputElement>(null);
  const shown = useRef<HTMLDivElement>(null);
  const [opened] = useState(() => Date.now() / 1000);
  const [isJsonOpen, setJsonOpen] = useState(false);
  const [isTimeOpen, setTimeOpen] = useState(false);
  const [isRecentOpen, setRecentOpen] = useState(search.recent ?? false);
  const [saving, setSaving] = useState<'name' | 'board' | null>(null);
  const [alert, setAlert] = useState<'trigger' | 'slo' | null>(null);
  const [note, setNote] = useState('');
  // A blank query counts, and shows the events at once.
  const tab: ResultTab = search.tab ?? (isBlankQuery(answer?.query ?? draft) ? 'raw' : 'overview');

  const setTab = useCallback((next: ResultTab) => setSearch({ tab: next }), [setSearch]);
  const nextFind = useNewest();
  const now = () => Date.now() / 1000;
  const runNow = (spec: QuerySpec, change?: Partial<QuerySearch>) => edit(spec, { run: true, search: change });
  const cancel = () => void client.cancelQueries({ queryKey: state.cancelKey });
  const copy = (text: string, said: string) => void copyText(text).then(() => setNote(said));
  const copyLink = () => copy(location.href, 'Link copied');
  const copyResult = (picture?: string) => {
    if (!answer?.result_id) return;
    const { query: _q, query_error: _e, ...rest } = search;
    copy(
      location.origin + hrefOf(environmentPath(place, `/result/${answer.result_id}`), { ...rest, picture }),
      picture ? 'Link with a picture copied' : 'Link to this result copied',
    );
  };
  const copyPicture = () => {
    if (!answer?.result_id) return;
    getPicture(place.env, answer.result_id).then(
      ({ token }) => copyResult(token),
      (cause: Error) => setNote(cause.message),
    );
  };
  const save = async (format: 'csv' | 'json') => {
    if (!answer) return;
    const [{ download }, { resultCsv }] = await Promise.all([
      import('../../widgets/download'),
      import('../../model/export'),
    ]);
    const name = `${dataset}-${new Date(answer.end_time * 1000).toISOString().slice(0, 19).replaceAll(':', '')}`;
    if (format === 'json') return download(`${name}.json`, 'application/json', JSON.stringify(answer, null, 2));
    download(`${name}.csv`, 'text/csv', resultCsv(answer, sortGroups(groupsOf(answer), search.sort)));
  };
  const savePicture = async () => {
    const { downloadCharts } = await import('../../widgets/download');
    const done = await downloadCharts(shown.current ?? document, `${dataset}.png`);
    if (!done) setNote('There is no chart to download');
  };
  useKeys({
    run,
    builder: () => select.current?.focus(),
    clause: (e) => focusClause(e.key),
    time: () => setTimeOpen(true),
    earlier: () => runNow(shiftRange(draft, -1, now())),
    later: () => runNow(shiftRange(draft, 1, now())),
    'zoom-in': () => runNow(zoomRange(draft, 0.5, now())),
    'zoom-out': () => runNow(zoomRange(draft, 2, now())),
    'zoom-reset': () => runNow(withRelative(draft, draft.time_range ?? DEFAULT_TIME_RANGE)),
    undo: () => history.back(),
    redo: () => history.forward(),
    tab: () => setTab(RESULT_TABS[(RESULT_TABS.indexOf(tab) + 1) % RESULT_TABS.length]!),
    markers: () => setSearch({ view: withFlag(search.view, 'hide_markers') }),
    hovers: () => setSearch({ view: withFlag(search.view, 'hide_hovers') }),
    'copy-value': () => {
      const text = focusedText();
      if (text) copy(text, 'Copied');
    },
    json: () => setJsonOpen(true),
    recent: () => setRecentOpen(true),
    export: () => void save('csv'),
    save: () => answer?.query_id && setSaving('board'),
    'copy-link': copyLink,
  });
  useEffect(() => {
    if (note === '') return;
    const timer = setTimeout(() => setNote(''), 2500);
    return () => clearTimeout(timer);
  }, [note]);

  const openTrace = (row: EventRow) => {
    const trace = traceOf(row)!;
    go(datasetPath(place, dataset, '/trace'), {
      trace_id: trace.trace_id,
      span: trace.span,
      trace_start_ts: trace.start,
      trace_end_ts: trace.end,
    });
  };
  const actions: Omit<Actions, 'mark' | 'hide'> = {
    draft,
    answer,
    hidden: search.hidden,
    run: runNow,
    show: setSearch,
    openTrace,
    viewTrace: (request) => {
      if (!answer) return;
      const signal = nextFind();
      import('./find-trace')
        .then(({ findTrace }) => findTrace(place.env, dataset, answer, request, signal))
        .then(
          (row) => (row ? openTrace(row) : setNote('None of these events belongs to a trace')),
          (cause: Error) => signal.aborted || setNote(cause.message),
        );
    },
    copy,
  };

  const isMissing = error instanceof ApiError && error.status === 404 && !state.isStored;
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
          <Button kind="outline" icon={<Square size={12} />} onClick={cancel} className={css.run} data-testid="cancel">
            Cancel
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
              id: 'board',
              label: 'Add to a board',
              icon: <LayoutDashboard size={14} />,
              detail: 's',
              disabled: !answer?.query_id,
              onSelect: () => setSaving('board'),
            },
            {
              id: 'name',
              label: 'Name this query',
              icon: <Tag size={14} />,
              disabled: !answer?.query_id,
              onSelect: () => setSaving('name'),
            },
            {
              id: 'trigger',
              label: 'Make a trigger',
              icon: <Bell size={14} />,
              onSelect: () => setAlert('trigger'),
            },
            {
              id: 'slo',
              label: 'Make an SLO',
              icon: <Target size={14} />,
              disabled: dataset === '__all__',
              onSelect: () => setAlert('slo'),
            },
            null,
            { id: 'copy', label: 'Copy link to the query', icon: <Link2 size={14} />, detail: 'c', onSelect: copyLink },
            {
              id: 'copy-result',
              label: 'Copy link to this result',
              icon: <Pin size={14} />,
              disabled: !answer?.result_id,
              onSelect: () => copyResult(),
            },
            {
              id: 'copy-picture',
              label: 'Copy link with a picture',
              icon: <Share2 size={14} />,
              detail: 'chats show the chart',
              disabled: !answer?.result_id,
              onSelect: copyPicture,
            },
            null,
            {
              id: 'csv',
              label: 'Download the table as CSV',
              icon: <Download size={14} />,
              detail: 'e',
              disabled: !answer,
              onSelect: () => void save('csv'),
            },
            {
              id: 'json-file',
              label: 'Download the result as JSON',
              icon: <Download size={14} />,
              disabled: !answer,
              onSelect: () => void save('json'),
            },
            {
              id: 'png',
              label: 'Download the charts as PNG',
              icon: <Image size={14} />,
              disabled: !answer,
              onSelect: () => void savePicture(),
            },
            null,
            {
              id: 'json',
              label: 'View or edit as JSON',
              icon: <Code2 size={14} />,
              detail: 'j',
              onSelect: () => setJsonOpen(true),
            },
            {
              id: 'usage',
              label: draft.usage_mode ? 'Leave usage mode' : 'Usage mode',
              icon: <Scale size={14} />,
              detail: draft.usage_mode ? 'weigh by sample rate again' : 'count stored events',
              onSelect: () => runNow({ ...draft, usage_mode: !draft.usage_mode }),
            },
            { id: 'clear', label: 'Clear the query', icon: <Eraser size={14} />, onSelect: () => edit({}) },
          ]}
        />
        <RecentMenu
          place={place}
          draft={draft}
          shown={place.result ?? answer?.result_id}
          open={isRecentOpen}
          onOpenChange={(open) => {
            setRecentOpen(open);
            if (!open && search.recent) setSearch({ recent: undefined }, { replace: true });
          }}
        />
      </TopBar>

      <div className={css.sticky}>
        <Builder env={place.env} dataset={dataset} spec={draft} onEdit={edit} selectRef={select} problem={problem} />
        {isBlankQuery(draft) && <Starters env={place.env} dataset={dataset} spec={draft} onRun={runNow} />}
      </div>
      <Progress active={isRunning} />
      <div className={css.results} ref={shown}>
        {isRunning && <Running key={state.cancelKey.join()} env={place.env} onCancel={cancel} />}
        {search.query_error && (
          <ErrorBox what="The query of this link could not be read" error={{ message: search.query_error }} />
        )}
        {isMissing && !isRunning && <NoDataset place={place} dataset={dataset} />}
        {error && !isMissing && !isRunning && !(error instanceof DOMException) && (
          <ErrorBox what="The query failed" error={error as ApiError} onRetry={run} />
        )}
        {!answer && isRunning && <Skeleton lines={9} />}
        {state.needsMetric && (
          <Empty title="Choose a metric">
            Points of metrics are not counted: begin with one of those above, or calculate with one in SELECT.
          </Empty>
        )}
        {!answer && !isRunning && !error && !search.query_error && !state.needsMetric && (
          <Empty title="The query was cancelled before it had an answer">
            <Button onClick={run}>Run it again</Button>
          </Empty>
        )}
        {answer && !(error && !isRunning) && (
          <>
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
            {answer.query.usage_mode && (
              <p className={css.edited} role="status" data-testid="usage-mode">
                <Scale size={14} aria-hidden />
                <span>
                  <strong>Usage mode:</strong> every stored event counts once, whatever its sample rate, which is the
                  column <code>sample_rate</code>.
                </span>
                <Button kind="plain" onClick={() => runNow({ ...draft, usage_mode: false })}>
                  Weigh by sample rate
                </Button>
              </p>
            )}
            {opened - answer.start_time > RETAINED_AT_LEAST && (
              <Suspense fallback={null}>
                <Retained env={place.env} dataset={dataset} start={answer.start_time} utc={utc} />
              </Suspense>
            )}
            {state.isStored && (
              <p className={css.edited} data-testid="kept">
                <Suspense fallback={null}>
                  <Kept
                    env={place.env}
                    id={place.result!}
                    range={rangeText({ start_time: answer.start_time, end_time: answer.end_time }, utc)}
                    utc={utc}
                  />
                </Suspense>
                <Button kind="plain" onClick={run}>
                  Run it again
                </Button>
              </p>
            )}
            <div
              className={isRunning || isPrevious ? css.dim : undefined}
              data-testid="results"
              data-state={isRunning || isPrevious ? 'running' : 'ready'}
            >
              <ResultView
                place={place}
                dataset={dataset}
                answer={answer}
                isStored={state.isStored}
                search={search}
                tab={tab}
                utc={utc}
                actions={actions}
                onSearch={setSearch}
                onTab={setTab}
                emptyAction={
                  <EmptyAction team={place.team} env={place.env} dataset={dataset} draft={draft} onEdit={runNow} />
                }
              />
            </div>
            <Footer answer={answer} utc={utc} />
          </>
        )}
      </div>
      <Suspense fallback={null}>
        {isJsonOpen && (
          <JsonDialog open onOpenChange={setJsonOpen} spec={tidy(draft)} dataset={dataset} onApply={runNow} />
        )}
        {alert === 'trigger' && (
          <TriggerDialog place={place} dataset={dataset} spec={draft} onClose={() => setAlert(null)} />
        )}
        {alert === 'slo' && <SloDialog place={place} dataset={dataset} spec={draft} onClose={() => setAlert(null)} />}
        {saving && answer?.query_id && (
          <SaveDialog
            place={place}
            dataset={dataset}
            answer={answer}
            view={search.view}
            toBoard={saving === 'board'}
            onClose={() => setSaving(null)}
          />
        )}
      </Suspense>
      <p className={css.toast} role="status" data-on={note !== '' || undefined}>
        {note}
      </p>
    </div>
  );
}

/** What the chart that has the focus says of its point, or the cells of the row that is chosen in a table. */
function focusedText(): string {
  const active = document.activeElement;
  const point = active?.closest('[data-chart]')?.querySelector('[aria-live]')?.textContent;
  const row = active?.querySelector('[data-active] ')?.querySelectorAll('[role="gridcell"]');
  return (
    point ||
    [...(row ?? [])]
      .map((c) => c.textContent)
      .join('\t')
      .trim()
  );
}

/** Nothing but a time: no calculation but the COUNT that an empty one gets, no filter, no group. */
function isBlankQuery(spec: QuerySpec): boolean {
  const [first, second] = spec.calculations ?? [];
  const counts = !first || (first.op === 'COUNT' && !first.column && !first.name && !second);
  return counts && !spec.filters?.length && !spec.breakdowns?.length && !spec.formulas?.length;
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
