// Traces to begin with: the newest, the slowest, and those with an error.
import { useQuery } from '@tanstack/react-query';
import { meantOptions, rowsOptions } from '../../api/options';
import { agoText, durationText, middleCut } from '../../model/format';
import type { Filter } from '../../model/query-spec';
import type { Cells } from '../../model/result';
import { Link } from '../../widgets/Link';
import { datasetPath, type Place } from '../../widgets/route';
import css from './home.module.css';

const ROOTS: Filter[] = [
  { column: 'trace.trace_id', op: 'exists' },
  { column: 'trace.parent_id', op: 'does-not-exist' },
  { column: 'duration_ms', op: 'exists' },
];
const SHOWN = 8;

interface Entry {
  trace: string;
  span?: string;
  name: string;
  service: string;
  fact: string;
}
export function TraceLists({ place, dataset, range }: { place: Place; dataset: string; range: number }) {
  const body = (filters: Filter[]) => ({
    filters,
    filter_combination: 'AND' as const,
    time_range: range,
    limit: SHOWN,
    before: null,
  });
  const newest = useQuery(rowsOptions(place.env, dataset, body(ROOTS)));
  const failed = useQuery(
    rowsOptions(
      place.env,
      dataset,
      body([
        { column: 'error', op: '=', value: true },
        { column: 'trace.span_id', op: 'exists' },
      ]),
    ),
  );
  const slowest = useQuery(
    meantOptions(place.env, dataset, {
      calculations: [{ op: 'MAX', column: 'duration_ms' }],
      breakdowns: ['trace.trace_id', 'name', 'service.name'],
      filters: ROOTS,
      orders: [{ op: 'MAX', column: 'duration_ms', order: 'descending' }],
      limit: SHOWN,
      time_range: range,
    }),
  );
  const now = newest.dataUpdatedAt;
  const entry = (data: Cells, fact: string): Entry => ({
    trace: String(data['trace.trace_id'] ?? ''),
    name: String(data['name'] ?? '(no name)'),
    service: String(data['service.name'] ?? ''),
    fact,
  });
  const ms = (value: unknown) => (typeof value === 'number' ? durationText(Math.round(value * 1e6)) : '');
  return (
    <div className={css.lists}>
      <List
        place={place}
        title="Newest traces"
        entries={newest.data?.rows.map((r) =>
          entry(r.data, `${ms(r.data['duration_ms'])} · ${agoText(Date.parse(r.timestamp), now)}`),
        )}
        error={newest.error}
      />
      <List
        place={place}
        title="Slowest traces"
        entries={slowest.data?.results.map(({ data }) => entry(data, ms(data['MAX(duration_ms)'])))}
        error={slowest.error}
      />
      <List
        place={place}
        title="Recent errors"
        entries={failed.data?.rows.map((r) => ({
          ...entry(r.data, agoText(Date.parse(r.timestamp), now)),
          span: String(r.data['trace.span_id']),
        }))}
        error={failed.error}
      />
    </div>
  );
}

function List({
  place,
  title,
  entries,
  error,
}: {
  place: Place;
  title: string;
  entries: Entry[] | undefined;
  error: Error | null;
}) {
  return (
    <section className={css.list}>
      <h2>{title}</h2>
      {error && <p className={css.none}>{error.message}</p>}
      {!error && !entries && <p className={css.none}>…</p>}
      {entries?.length === 0 && <p className={css.none}>None in this time.</p>}
      <ol>
        {entries?.map((e, i) => (
          <li key={`${e.trace} ${e.span ?? ''} ${i}`}>
            <Link
              to={datasetPath(place, '__all__', '/trace')}
              search={{ trace_id: e.trace, span: e.span }}
              title={`Trace ${middleCut(e.trace, 20)}`}
            >
              <span>{e.name}</span>
              <small>{e.service}</small>
            </Link>
            <span className="num">{e.fact}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
