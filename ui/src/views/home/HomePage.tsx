// Home: how the services do, which traces came last, which are slow or failed, and what is kept of alerts.
import { useQuery } from '@tanstack/react-query';
import { Fragment, useEffect, useMemo } from 'react';
import { datasetsOptions, meantOptions } from '../../api/options';
import { Sparkline } from '../../chart/Sparkline';
import { numberText } from '../../model/format';
import type { Filter } from '../../model/query-spec';
import {
  GRAPH_CALCULATIONS,
  msOf,
  overviewOf,
  overviewSpec,
  rateOf,
  REQUESTS,
  SERVICE,
  shareOf,
  type Line,
} from '../../model/services';
import { spanText } from '../../model/time-range';
import type { HomeSearch } from '../../model/url-state';
import { ErrorBox, Progress, Skeleton, Tabs } from '../../widgets/basic';
import { Link } from '../../widgets/Link';
import { datasetPath, environmentPath, useGo, usePlace, useSetSearch, useTypedSearch } from '../../widgets/route';
import { AlertLists } from './AlertLists';
import css from './home.module.css';
import { RecentQueries } from './RecentQueries';
import { TraceLists } from './TraceLists';

/** The page has traces below; a query shows all. */
const ROWS_MAX = 12;
const RANGES = [900, 3600, 7200, 86_400];
const FIELDS: [string, string][] = [
  [SERVICE, 'Service'],
  ['http.route', 'Route'],
  ['http.response.status_code', 'Status'],
  ['name', 'Span name'],
  ['user.id', 'User'],
  ['error', 'Error'],
];

export default function HomePage() {
  const place = usePlace();
  const search = useTypedSearch<HomeSearch>();
  const setSearch = useSetSearch<HomeSearch>();
  const go = useGo();
  const { team, env } = place;
  const datasets = useQuery(datasetsOptions(env));
  const isEmpty = datasets.data !== undefined && datasets.data.every((d) => d.event_count === 0);
  useEffect(() => {
    // A link with a query but without a dataset asks the whole environment.
    if (search.query) go(datasetPath({ team, env }, '__all__'), { query: search.query }, { replace: true });
    else if (isEmpty) go(environmentPath({ team, env }, '/send-data'), {}, { replace: true });
  }, [search.query, isEmpty, team, env, go]);

  const range = search.range ?? 3600;
  const field = search.by ?? SERVICE;
  const about = search.dataset ?? '__all__';
  const isAsked = datasets.data !== undefined && !isEmpty && !search.query;
  const requests = useQuery({
    ...meantOptions(env, about, overviewSpec(field, range, REQUESTS), 60_000),
    enabled: isAsked,
  });
  // Events that are no spans of servers: whoever sends only such sees them all.
  const hasNone = requests.data !== undefined && (requests.data.total?.COUNT ?? 0) === 0;
  const everything = useQuery({
    ...meantOptions(env, about, overviewSpec(field, range, []), 60_000),
    enabled: isAsked && hasNone,
  });
  const shown = hasNone ? everything : requests;
  // What is drawn while another field or time is asked about is of the field and time asked about before.
  const by = shown.data?.breakdowns[0] ?? field;
  const seconds = shown.data?.query.time_range ?? range;
  const overview = useMemo(() => (shown.data ? overviewOf(shown.data) : null), [shown.data]);
  const isLoading = !overview || (overview.lines.length === 0 && shown.isPlaceholderData);

  if (datasets.error) {
    return (
      <ErrorBox
        what="The datasets could not be loaded"
        error={datasets.error}
        onRetry={() => void datasets.refetch()}
      />
    );
  }
  const filters: Filter[] = hasNone ? [] : REQUESTS;
  const queryOf = (graph: keyof typeof GRAPH_CALCULATIONS) => ({
    ...overviewSpec(field, range, filters),
    calculations: GRAPH_CALCULATIONS[graph],
    orders: undefined,
  });
  const all = datasetPath(place, about);
  return (
    <div className={css.page} data-testid="home" data-state={isLoading ? 'loading' : 'ready'}>
      <header className={css.head}>
        <h1>Home</h1>
        <Tabs
          label="By"
          value={field}
          onChange={(by) => setSearch({ by: by === SERVICE ? undefined : by })}
          tabs={FIELDS.map(([id, label]) => ({ id, label }))}
        />
        <label>
          of
          <select value={about} onChange={(e) => setSearch({ dataset: asDataset(e.target.value) })}>
            <option value="__all__">all datasets</option>
            {datasets.data?.map((d) => (
              <option key={d.slug} value={d.slug}>
                {d.name}
              </option>
            ))}
          </select>
        </label>
        <label>
          in the last
          <select value={range} onChange={(e) => setSearch({ range: Number(e.target.value) })}>
            {RANGES.map((seconds) => (
              <option key={seconds} value={seconds}>
                {spanText(seconds)}
              </option>
            ))}
          </select>
        </label>
        <Link to={all} search={{ query: { time_range: range }, tab: 'raw' }}>
          Explore data
        </Link>
      </header>
      <Progress active={shown.isFetching} />
      {shown.error && (
        <ErrorBox what="The services could not be asked" error={shown.error} onRetry={() => void shown.refetch()} />
      )}
      {isLoading && !shown.error && <Skeleton lines={9} />}
      {!isLoading && (
        <>
          <div className={css.cards}>
            <Card
              to={all}
              search={{ query: queryOf('requests') }}
              title={hasNone ? 'Events' : 'Requests'}
              value={rateOf(overview.total.count, seconds)}
              ys={overview.total.counts}
              kind="calm"
            />
            <Card
              to={all}
              search={{ query: queryOf('errors') }}
              title="Errors"
              value={shareOf(overview.total)}
              ys={overview.total.errorCounts}
              kind="error"
            />
            <Card
              to={all}
              search={{ query: queryOf('durations') }}
              title="Duration, P95"
              value={msOf(overview.total.p95)}
              ys={overview.total.p95s}
              kind="slow"
            />
          </div>
          {overview.lines.length === 0 ? (
            <p className={css.none}>No events in the last {spanText(seconds)}.</p>
          ) : (
            <div className={css.tableBox}>
              <table className={css.table} aria-label="Rate, errors and duration">
                <thead>
                  <tr>
                    <th scope="col">{FIELDS.find(([id]) => id === by)?.[1] ?? by}</th>
                    {['Rate', 'Errors', 'P95'].map((head) => (
                      <Fragment key={head}>
                        <td className={css.spark} />
                        <th scope="col">{head}</th>
                      </Fragment>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {overview.lines.slice(0, ROWS_MAX).map((line, i) => (
                    <Row
                      key={line.name}
                      line={line}
                      range={seconds}
                      most={overview.lines[0]!.count}
                      to={all}
                      search={{
                        query: {
                          calculations: [{ op: 'COUNT' }, { op: 'HEATMAP', column: 'duration_ms' }],
                          filters: [...filters, filterOf(by, shown.data!.results[i]!.data[by])],
                          time_range: range,
                        },
                      }}
                    />
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </>
      )}
      {isAsked && <TraceLists place={place} dataset={about} range={range} />}
      <div className={css.lists}>
        <RecentQueries place={place} />
        <AlertLists place={place} />
      </div>
    </div>
  );
}

const asDataset = (slug: string) => (slug === '__all__' ? undefined : slug);
const filterOf = (column: string, value: unknown): Filter =>
  value === null || value === undefined
    ? { column, op: 'does-not-exist' }
    : { column, op: '=', value: value as string | number | boolean };
interface CardProps {
  to: string;
  search: object;
  title: string;
  value: string;
  ys: readonly (number | null)[];
  kind: 'calm' | 'error' | 'slow';
}
function Card({ to, search, title, value, ys, kind }: CardProps) {
  return (
    <Link to={to} search={search} className={css.card} title="Open as a query">
      <span>{title}</span>
      <strong className="num">{value}</strong>
      <Sparkline ys={ys} width={300} height={44} kind={kind} />
    </Link>
  );
}
interface RowProps {
  line: Line;
  range: number;
  /** Events of the busiest line. */
  most: number;
  to: string;
  search: object;
}
function Row({ line, range, most, to, search }: RowProps) {
  return (
    <tr>
      <th scope="row">
        <Link to={to} search={search}>
          {line.name}
        </Link>
      </th>
      <td className={css.spark}>
        <Sparkline ys={line.counts} />
      </td>
      <td className="num">{rateOf(line.count, range, most)}</td>
      <td className={css.spark}>
        <Sparkline ys={line.errorCounts} kind="error" />
      </td>
      <td className="num" data-bad={line.errors > 0 || undefined} title={`${numberText(line.errors)} errors`}>
        {shareOf(line)}
      </td>
      <td className={css.spark}>
        <Sparkline ys={line.p95s} kind="slow" />
      </td>
      <td className="num">{msOf(line.p95)}</td>
    </tr>
  );
}
