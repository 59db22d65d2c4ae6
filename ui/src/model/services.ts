// Services and who calls whom, from the answers of queries: what Home lists and the service map draws.
import { durationText, shortNumber } from './format';
import type { Filter, QuerySpec } from './query-spec';
import { chartsOf, groupsOf, type QueryAnswer } from './result';
import { rangeSeconds } from './time-range';

export const SERVICE = 'service.name';
const PARENT = 'parent.service.name';
const ERRORS = 'errors';
const P95 = 'P95(duration_ms)';
/** More circles tell nobody anything; the page asks for a filter then. */
export const SERVICES_MAX = 300;
/** Points of a small line. */
const POINTS = 60;

const CALCULATIONS = [
  { op: 'COUNT' },
  { op: 'COUNT', name: ERRORS, filters: [{ column: 'error', op: '=', value: true }] },
  { op: 'P95', column: 'duration_ms' },
];
/** Rate, errors and duration by a field, over time. */
export const overviewSpec = (field: string, seconds: number, filters: Filter[]): QuerySpec => ({
  calculations: CALCULATIONS,
  breakdowns: [field],
  filters,
  orders: [{ op: 'COUNT', order: 'descending' }],
  limit: 50,
  time_range: seconds,
  granularity: Math.max(1, Math.ceil(seconds / POINTS)),
});
/** Spans by which a request reaches a service: what others call, and what begins a trace. */
export const REQUESTS: Filter[] = [{ column: 'span.kind', op: 'in', value: ['server', 'consumer'] }];

export interface Flow {
  count: number;
  errors: number;
  /** Milliseconds; null when no span has a duration. */
  p95: number | null;
}
export interface Line extends Flow {
  name: string;
  counts: (number | null)[];
  errorCounts: (number | null)[];
  p95s: (number | null)[];
}
/** One line per group and one for all. */
export function overviewOf(answer: QueryAnswer, seconds: number): { total: Line; lines: Line[] } {
  const groups = groupsOf(answer);
  const charts = chartsOf(answer, groups, () => false);
  const ysOf = (calculation: string, at: number) =>
    charts.find((c) => c.calculation === calculation)?.lines[at]?.ys ?? [];
  const lines = groups.map((group, at) => ({
    name: group.label,
    ...flowOf(group.data),
    counts: ysOf('COUNT', at),
    errorCounts: ysOf(ERRORS, at),
    p95s: ysOf(P95, at),
  }));
  const totals = answer.total_series;
  const all = (calculation: string, empty: number | null) => {
    const step = answer.granularity * 1000;
    const first = totals[0] ? Date.parse(totals[0].time) : 0;
    const length = Math.min(POINTS + 1, Math.ceil((seconds * 1000) / Math.max(1, step)));
    const ys = new Array<number | null>(length).fill(empty);
    for (const row of totals) {
      const at = Math.round((Date.parse(row.time) - first) / step);
      const value = row.data[calculation];
      if (at >= 0 && at < length) ys[at] = typeof value === 'number' ? value : empty;
    }
    return ys;
  };
  return {
    lines,
    total: {
      name: 'all',
      ...flowOf(answer.total ?? {}),
      counts: all('COUNT', 0),
      errorCounts: all(ERRORS, 0),
      p95s: all(P95, null),
    },
  };
}

/** Spans whose caller is another service, or nobody. */
const ENTRY = { name: 'is_entry', expression: `NOT(EQUALS($${SERVICE}, $${PARENT}))` };
const mapSpec = (spec: QuerySpec, breakdowns: string[]): QuerySpec => ({
  calculated_fields: [ENTRY],
  calculations: CALCULATIONS,
  breakdowns,
  filters: [
    { column: 'trace.span_id', op: 'exists' },
    { column: SERVICE, op: 'exists' },
    { column: ENTRY.name, op: '=', value: true },
    ...(spec.filters ?? []),
  ],
  orders: [{ op: 'COUNT', order: 'descending' }],
  limit: 1000,
  ...(spec.start_time === undefined && spec.end_time === undefined
    ? { time_range: rangeSeconds(spec) }
    : { start_time: spec.start_time, end_time: spec.end_time }),
});
/** Each service and how the requests to it do; the filters and times are those of a query. */
export const nodesSpec = (spec: QuerySpec): QuerySpec => mapSpec(spec, [SERVICE]);
/** Each pair of services of which one calls the other, and the requests from nobody. */
export const edgesSpec = (spec: QuerySpec): QuerySpec => mapSpec(spec, [PARENT, SERVICE]);

export interface Node extends Flow {
  name: string;
  /** Requests that no service of the trace made. */
  entries: number;
}
export interface Edge extends Flow {
  from: string;
  to: string;
}
export interface ServiceMap {
  nodes: Node[];
  edges: Edge[];
}
export function serviceMap(nodes: QueryAnswer, edges: QueryAnswer): ServiceMap {
  const pairs = edges.results.map(({ data }) => ({
    from: data[PARENT] == null ? undefined : String(data[PARENT]),
    to: String(data[SERVICE]),
    ...flowOf(data),
  }));
  const entries = new Map(pairs.filter((p) => p.from === undefined).map((p) => [p.to, p.count]));
  const known = new Map<string, Node>();
  for (const { data } of nodes.results) {
    const name = String(data[SERVICE]);
    known.set(name, { name, ...flowOf(data), entries: entries.get(name) ?? 0 });
  }
  const calls = pairs.filter((p): p is Edge => p.from !== undefined && p.from !== p.to);
  // A caller that nobody calls and that begins no trace in the window still is a service.
  for (const { from } of calls)
    if (!known.has(from)) known.set(from, { name: from, count: 0, errors: 0, p95: null, entries: 0 });
  return { nodes: [...known.values()], edges: calls.filter((e) => known.has(e.to)) };
}
/** A service and those it calls or is called by. */
export function isolate(map: ServiceMap, name: string): ServiceMap {
  const edges = map.edges.filter((e) => e.from === name || e.to === name);
  const near = new Set([name, ...edges.flatMap((e) => [e.from, e.to])]);
  return { nodes: map.nodes.filter((n) => near.has(n.name)), edges };
}

/** `12 /s`, or per minute when that is more than nothing. */
export const rateOf = (count: number, seconds: number): string =>
  count / seconds >= 1 ? `${shortNumber(count / seconds)} /s` : `${shortNumber((count / seconds) * 60)} /min`;
/** Share of errors. */
export const shareOf = ({ count, errors }: { count: number; errors: number }): string =>
  count === 0 ? '–' : `${((errors / count) * 100).toFixed(errors === 0 ? 0 : 2)} %`;
/** Milliseconds with their unit. */
export const msOf = (ms: number | null): string => (ms === null ? '–' : durationText(Math.round(ms * 1e6)));

function flowOf(data: Record<string, unknown>): Flow {
  const number = (name: string) => (typeof data[name] === 'number' ? data[name] : null);
  return { count: number('COUNT') ?? 0, errors: number(ERRORS) ?? 0, p95: number(P95) };
}
