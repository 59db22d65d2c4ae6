// Who asked what: one's own and the team's queries, searched by what one remembers of them, each a click from its answer.
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Play, Tag } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { getHistory, saveHistorySettings, type PastRun } from '../../api/calls';
import { datasetsOptions, historySettingsOptions, resultOptions, sessionOptions } from '../../api/options';
import { Sparkline } from '../../chart/Sparkline';
import { agoText, elapsedText, numberText } from '../../model/format';
import type { QuerySpec } from '../../model/query-spec';
import { queryChanges, queryClauses, queryText } from '../../model/query-text';
import { chartsOf, groupsOf, type QueryAnswer } from '../../model/result';
import { momentText } from '../../model/time-range';
import type { HistorySearch } from '../../model/url-state';
import { Button, Empty, ErrorBox, Progress, Skeleton, Tabs } from '../../widgets/basic';
import { Link } from '../../widgets/Link';
import { useUtc } from '../../widgets/prefs';
import { datasetPath, environmentPath, usePlace, useSetSearch, useTypedSearch } from '../../widgets/route';
import css from './history.module.css';

const DAY = 86400;
const PERIODS = [
  { id: '', label: 'Any time', seconds: 0 },
  { id: '1d', label: 'Last 24 hours', seconds: DAY },
  { id: '7d', label: 'Last 7 days', seconds: 7 * DAY },
  { id: '28d', label: 'Last 28 days', seconds: 28 * DAY },
];

export default function HistoryPage() {
  const place = usePlace();
  const search = useTypedSearch<HistorySearch>();
  const setSearch = useSetSearch<HistorySearch>();
  const datasets = useQuery(datasetsOptions(place.env));
  const [now] = useState(() => Date.now());
  const filter = useMemo(() => {
    const period = PERIODS.find((p) => p.id === search.period)?.seconds ?? 0;
    return {
      ...(search.who === 'team' ? {} : { mine: true }),
      ...(search.name ? { name: search.name } : {}),
      ...(search.column ? { column: search.column } : {}),
      ...(search.person ? { person: search.person } : {}),
      ...(search.dataset ? { dataset: search.dataset } : {}),
      ...(period > 0 ? { start_time: Math.floor(now / 1000 - period) } : {}),
    };
  }, [search, now]);
  const pages = useInfiniteQuery({
    queryKey: ['history', place.env, 'pages', JSON.stringify(filter)],
    queryFn: ({ pageParam, signal }) =>
      getHistory(place.env, { ...filter, limit: 50, ...(pageParam ? { after: pageParam } : {}) }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    staleTime: 2_000,
  });
  const runs = pages.data?.pages.flatMap((p) => p.runs) ?? [];
  const isSearched = Object.keys(filter).some((k) => k !== 'mine');
  const team = search.who === 'team';
  return (
    <div className={css.page}>
      <header className={css.head}>
        <h1>Query history</h1>
        <Tabs
          label="Whose queries"
          value={team ? 'team' : 'mine'}
          onChange={(who) => setSearch({ who: who === 'team' ? 'team' : undefined })}
          tabs={[
            { id: 'mine', label: 'Mine' },
            { id: 'team', label: 'Team' },
          ]}
        />
        <Privacy env={place.env} />
      </header>
      <div className={css.filters} role="search">
        <Field label="Column" value={search.column} onChange={(column) => setSearch({ column }, { replace: true })} />
        <Field label="Name" value={search.name} onChange={(name) => setSearch({ name }, { replace: true })} />
        {team && (
          <Field
            label="Person or key"
            value={search.person}
            onChange={(person) => setSearch({ person }, { replace: true })}
          />
        )}
        <label>
          Dataset
          <select value={search.dataset ?? ''} onChange={(e) => setSearch({ dataset: e.target.value || undefined })}>
            <option value="">All</option>
            <option value="__all__">Queries over all datasets</option>
            {(datasets.data ?? []).map((d) => (
              <option key={d.slug} value={d.slug}>
                {d.name}
              </option>
            ))}
          </select>
        </label>
        <label>
          When
          <select value={search.period ?? ''} onChange={(e) => setSearch({ period: e.target.value || undefined })}>
            {PERIODS.map((p) => (
              <option key={p.id} value={p.id}>
                {p.label}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Progress active={pages.isFetching} />
      {pages.error && (
        <ErrorBox what="The history could not be loaded" error={pages.error} onRetry={() => void pages.refetch()} />
      )}
      {pages.isPending && <Skeleton lines={10} />}
      {pages.data && runs.length === 0 && (
        <Empty title={isSearched ? 'No query matches' : 'Nothing has been asked yet'}>
          {isSearched ? (
            <Button
              onClick={() =>
                setSearch({
                  name: undefined,
                  column: undefined,
                  person: undefined,
                  dataset: undefined,
                  period: undefined,
                })
              }
            >
              Clear the search
            </Button>
          ) : (
            <Link to={datasetPath(place, '__all__')}>Ask something</Link>
          )}
        </Empty>
      )}
      <ol className={css.runs} data-testid="runs">
        {runs.map((run, i) => (
          <Run key={run.result_id} run={run} before={team ? undefined : runs[i + 1]?.query} now={now} />
        ))}
      </ol>
      {pages.hasNextPage && (
        <Button className={css.more} onClick={() => void pages.fetchNextPage()} disabled={pages.isFetchingNextPage}>
          {pages.isFetchingNextPage ? 'Loading…' : 'Older queries'}
        </Button>
      )}
    </div>
  );
}

/** Only people who are signed in have runs of their own to hide. */
function Privacy({ env }: { env: string }) {
  const client = useQueryClient();
  const session = useQuery(sessionOptions());
  const settings = useQuery({ ...historySettingsOptions(env), enabled: !!session.data?.user });
  // The choice shows with the click: a mutation says that it runs a moment later, and the box would jump back till then.
  const [wish, setWish] = useState<boolean | null>(null);
  const save = useMutation({
    mutationFn: (hidden: boolean) => saveHistorySettings(env, hidden),
    onSuccess: () => client.invalidateQueries({ queryKey: ['history-settings', env] }),
    onSettled: () => setWish(null),
  });
  if (!settings.data) return null;
  return (
    <label className={css.privacy} title="Administrators of the team see them all the same">
      <input
        type="checkbox"
        checked={wish ?? settings.data.hidden}
        disabled={wish !== null}
        onChange={(e) => {
          setWish(e.target.checked);
          save.mutate(e.target.checked);
        }}
      />
      Hide my queries from the team
      {save.error && <em role="alert">{save.error.message}</em>}
    </label>
  );
}

/** The shape of a kept answer, fetched when its row comes into sight. */
function Thumbnail({ run }: { run: PastRun }) {
  const place = usePlace();
  const box = useRef<HTMLSpanElement>(null);
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && setSeen(true));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  const { data } = useQuery({
    ...resultOptions(place.env, run.result_id),
    enabled: isSeen && run.state === 'kept',
    select: thumbnailOf,
  });
  return (
    <span ref={box} className={css.thumbnail}>
      {data && data.length > 1 && <Sparkline ys={data} width={96} height={22} />}
    </span>
  );
}
/** The total over time of the first calculation that has one. */
function thumbnailOf(answer: QueryAnswer): (number | null)[] {
  const [chart] = chartsOf(
    { ...answer, breakdowns: [], series: [] },
    groupsOf({ ...answer, breakdowns: [], results: [{ data: {} }] }),
    () => false,
  );
  if (chart) return chart.lines[0]?.ys ?? [];
  const [heat] = Object.values(answer.heatmaps ?? {});
  return (heat?.counts ?? []).map((column) => column.reduce((sum, count) => sum + count, 0));
}

function Run({ run, before, now }: { run: PastRun; before: QuerySpec | undefined; now: number }) {
  const place = usePlace();
  const utc = useUtc();
  const { id: _id, ...spec } = run.query as PastRun['query'] & { id?: string };
  const again = run.dataset && datasetPath(place, run.dataset);
  const name = run.names.at(-1);
  const asked = Date.parse(run.asked_at);
  const facts = [
    run.run_by.name ?? 'somebody who is gone',
    run.elapsed_ms === null ? 'running' : elapsedText(run.elapsed_ms),
    run.rows_read !== null && `${numberText(run.rows_read)} rows`,
  ].filter(Boolean);
  const text = (
    <>
      {name && (
        <strong>
          <Tag size={12} aria-hidden /> {name}
        </strong>
      )}
      <span className={css.clauses}>
        {queryClauses(spec).map(({ clause, text }) => (
          <span key={clause}>
            <b>{clause}</b> {text}
          </span>
        ))}
      </span>
    </>
  );
  const changes = before ? queryChanges(before, spec) : [];
  return (
    <li className={css.run} data-state={run.state}>
      <Thumbnail run={run} />
      {run.state === 'kept' ? (
        <Link to={environmentPath(place, `/result/${run.result_id}`)} className={css.query} title={queryText(spec)}>
          {text}
        </Link>
      ) : (
        <span className={css.query}>{text}</span>
      )}
      <span className={css.changes} title="What differs from the query before">
        {changes.flatMap(({ added, gone }) => [
          ...added.map((text) => <ins key={`+${text}`}>+ {text}</ins>),
          ...gone.map((text) => <del key={`-${text}`}>− {text}</del>),
        ])}
      </span>
      <span className={css.dataset}>
        {run.dataset === '__all__' ? 'all datasets' : (run.dataset ?? 'deleted dataset')}
      </span>
      <span className={css.facts}>
        {run.state === 'failed' ? <em title={run.failure ?? undefined}>failed: {run.failure}</em> : facts.join(' · ')}
        {run.state === 'forgotten' && ' · answer no longer kept'}
      </span>
      <time className="num" dateTime={run.asked_at} title={momentText(asked, utc)}>
        {agoText(asked, now)}
      </time>
      {again ? (
        <Link to={again} search={{ query: spec }} className={css.again} title="Run it again, now">
          <Play size={13} aria-hidden /> Run
        </Link>
      ) : (
        <span />
      )}
    </li>
  );
}

/** A text of the search: written into the link when one stops typing. */
function Field({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}) {
  const [text, setText] = useState(value ?? '');
  const [seen, setSeen] = useState(value);
  if (seen !== value) {
    setSeen(value);
    setText(value ?? '');
  }
  const settle = useCallback(() => {
    if (text.trim() !== (value ?? '')) onChange(text.trim() || undefined);
  }, [text, value, onChange]);
  useEffect(() => {
    const timer = setTimeout(settle, 300);
    return () => clearTimeout(timer);
  }, [settle]);
  return (
    <label>
      {label}
      <input value={text} onChange={(e) => setText(e.target.value)} spellCheck={false} />
    </label>
  );
}
