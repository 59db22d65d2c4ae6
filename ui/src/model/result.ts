// From a query's answer to lines, table rows and the filters that lead back to the raw rows behind a point.
import { rfc3339ToNs, valueText } from './format';
import { assignStyles, type SeriesStyle } from './palette';
import {
  calculationKey,
  calculationsOf,
  type ColumnType,
  type Filter,
  type QuerySpec,
  type Scalar,
} from './query-spec';

export type Cells = Record<string, Scalar | null | undefined>;
export interface HeatmapData {
  min_value: number;
  max_value: number;
  step_size: number;
  bins: number;
  times: string[];
  counts: number[][];
  /** Of a map that was cut: what lies at or above `from`, per time. */
  above?: { from: number; max_value: number; counts: number[] };
}
export interface QueryStats {
  rows_read?: number;
  bytes_read?: number;
  blocks_read?: number;
  elapsed_ms?: number;
  sample_rate_applied?: boolean;
  approximate?: string[];
}
export interface QueryAnswer {
  query_id?: string;
  result_id?: string;
  query: QuerySpec;
  start_time: number;
  end_time: number;
  granularity: number;
  calculations: string[];
  breakdowns: string[];
  results: { data: Cells }[];
  series: { time: string; data: Cells }[];
  total: Cells | null;
  total_series: { time: string; data: Cells }[];
  other: Cells | null;
  group_count: number;
  heatmaps?: Record<string, HeatmapData>;
  stats: QueryStats;
  /** The same an earlier time ago. */
  compare?: Omit<QueryAnswer, 'query' | 'query_id' | 'result_id' | 'compare'>;
}

export interface Group {
  key: string;
  label: string;
  values: (Scalar | null)[];
  data: Cells;
  style: SeriesStyle;
}
export interface Line {
  group: Group;
  calculation: string;
  ys: (number | null)[];
  /** The same an earlier time ago, moved to the present times. */
  past?: (number | null)[];
}
export interface ChartData {
  /** Title and test id: the calculation, or several on one chart. */
  calculation: string;
  xs: number[];
  lines: Line[];
}
/** A marker as charts draw it. */
export interface ChartMarker {
  id: string;
  start: number;
  end?: number;
  message: string;
  color?: string;
}

export const groupKey = (breakdowns: readonly string[], data: Cells): string =>
  JSON.stringify(breakdowns.map((b) => data[b] ?? null));

export function groupsOf(answer: QueryAnswer): Group[] {
  const keyed = answer.results.map((r) => ({ key: groupKey(answer.breakdowns, r.data), data: r.data }));
  const styles = assignStyles(keyed.map((k) => `${answer.breakdowns.join()}=${k.key}`));
  return keyed.map(({ key, data }) => ({
    key,
    data,
    values: answer.breakdowns.map((b) => data[b] ?? null),
    label: answer.breakdowns.length === 0 ? 'all events' : answer.breakdowns.map((b) => valueText(data[b])).join(', '),
    style: styles.get(`${answer.breakdowns.join()}=${key}`)!,
  }));
}

const COUNTING = /^(COUNT|SUM|COUNT_DISTINCT)$/;

export interface AnsweredCalculation {
  key: string;
  /** `FORMULA` for a formula. */
  op: string;
  column?: string | null;
}
/** Their values have the unit of their column. */
const SCALED = /^(SUM|AVG|MIN|MAX|P\d+)$/;
/** The column whose unit the values of a calculation have; empty when they have that of none. */
export const unitColumnOf = (c: AnsweredCalculation): string => (SCALED.test(c.op) ? (c.column ?? '') : '');
/** The values of an answer in their order; calculations that only formulas use are not among them. */
export function calculationsOfAnswer(answer: QueryAnswer): AnsweredCalculation[] {
  const all: AnsweredCalculation[] = [
    ...calculationsOf(answer.query).map((c) => ({ op: c.op, column: c.column, key: calculationKey(c) })),
    ...(answer.query.formulas ?? []).map((f) => ({ op: 'FORMULA', key: f.name })),
  ];
  const shown = new Set(answer.calculations);
  return shown.size === 0 ? all : all.filter((c) => shown.has(c.key));
}

/** Bucket starts of the whole range, in Unix seconds. */
export function bucketTimes(answer: QueryAnswer): number[] {
  const { granularity, start_time, end_time } = answer;
  const first = answer.series[0] ?? answer.total_series[0];
  if (!(granularity > 0)) return [];
  // Buckets are aligned to wherever the server put the one it sent; without any, to multiples of their size.
  const known = first ? Date.parse(first.time) / 1000 : Math.floor(start_time / granularity) * granularity;
  const start = known - Math.floor((known - start_time) / granularity + 1e-9) * granularity;
  const aligned = start > start_time + 1e-6 ? start - granularity : start;
  const count = Math.min(20_000, Math.ceil((end_time - aligned) / granularity - 1e-9));
  return Array.from({ length: count }, (_, i) => aligned + i * granularity);
}

/** One set of lines per calculation that can be drawn as lines, all over the same bucket times. */
export function chartsOf(
  answer: QueryAnswer,
  groups: readonly Group[],
  joined: (index: number) => boolean,
): ChartData[] {
  const xs = bucketTimes(answer);
  const x0 = xs[0] ?? 0;
  const index = new Map(groups.map((g, i) => [g.key, i]));
  const earlier = answer.compare && answer.start_time - answer.compare.start_time;
  const charts = calculationsOfAnswer(answer).flatMap((c, at) => {
    if (c.op === 'HEATMAP') return [];
    // An empty bucket has counted nothing, but it has no mean and no percentile.
    const empty = COUNTING.test(c.op) && !joined(at) ? 0 : null;
    const blank = () => new Array<number | null>(xs.length).fill(empty);
    return {
      calculation: c.key,
      xs,
      lines: groups.map((group): Line => ({
        group,
        calculation: c.key,
        ys: blank(),
        ...(earlier === undefined ? {} : { past: blank() }),
      })),
    };
  });
  const fill = (
    from: Pick<QueryAnswer, 'series' | 'total_series'>,
    shift: number,
    valuesOf: (line: Line) => (number | null)[],
  ) => {
    const rows = answer.breakdowns.length === 0 && from.series.length === 0 ? from.total_series : from.series;
    for (const row of rows) {
      const group = index.get(groupKey(answer.breakdowns, row.data));
      const at = Math.round((Date.parse(row.time) / 1000 + shift - x0) / answer.granularity);
      if (group === undefined || at < 0 || at >= xs.length) continue;
      for (const chart of charts) {
        const value = row.data[chart.calculation];
        if (typeof value === 'number') valuesOf(chart.lines[group]!)[at] = value;
      }
    }
  };
  fill(answer, 0, (line) => line.ys);
  if (answer.compare && earlier !== undefined) fill(answer.compare, earlier, (line) => line.past!);
  return charts;
}
/** What each group was an earlier time ago, by its key; the total under an empty key. */
export function pastValues(answer: QueryAnswer): Map<string, Cells> | null {
  if (!answer.compare) return null;
  const past = new Map(answer.compare.results.map((r) => [groupKey(answer.breakdowns, r.data), r.data]));
  if (answer.compare.total) past.set('', answer.compare.total);
  return past;
}

/** The rows behind a point, a cell or a table row: a half-open time range, a group, and a range of values for a heat map. */
export interface Behind {
  start_ns: string;
  end_ns: string;
  group?: Record<string, Scalar | null>;
  range?: { column: string; from: number; to: number };
  /** Those that the calculation of the point looks at. */
  filters?: Filter[];
}
/**
 * The values of an area of a heat map, as far as filters find them: what a text column has on it are histograms, and the values in
 * their buckets are those of no row. Its rows are then all of the time.
 */
export const valuesBehind = (
  type: ColumnType | undefined,
  range: NonNullable<Behind['range']>,
): Pick<Behind, 'range'> => (type === 'string' ? {} : { range });
const NS = 1_000_000_000n;
const secondsToNs = (seconds: number): bigint => BigInt(Math.round(seconds * 1000)) * 1_000_000n;
export const nsToSeconds = (ns: string): number => Number(BigInt(ns) / 1000n) / 1e6;

export function behindBucket(answer: QueryAnswer, bucketStart: number, group?: Group): Behind {
  const start = secondsToNs(Math.max(bucketStart, answer.start_time));
  const end = secondsToNs(Math.min(bucketStart + answer.granularity, answer.end_time));
  return { start_ns: String(start), end_ns: String(end), group: groupValues(answer, group) };
}
export function behindGroup(answer: QueryAnswer, group: Group | undefined): Behind {
  return {
    start_ns: String(BigInt(answer.start_time) * NS),
    end_ns: String(BigInt(answer.end_time) * NS),
    group: groupValues(answer, group),
  };
}
function groupValues(answer: QueryAnswer, group: Group | undefined): Behind['group'] {
  return group && answer.breakdowns.length > 0
    ? Object.fromEntries(answer.breakdowns.map((b, i) => [b, group.values[i] ?? null]))
    : undefined;
}
const filterFor = (column: string, value: Scalar | null): Filter =>
  value === null ? { column, op: 'does-not-exist' } : { column, op: '=', value };

/** What a calculation's own filters leave, as far as one request can say it: filters joined by OR are not among those of AND. */
export function ownFilters(answer: QueryAnswer, key: string): Filter[] {
  const calculation = calculationsOf(answer.query).find((c) => calculationKey(c) === key);
  if (!calculation || !canFilter(answer.query)) return [];
  const { op, column, filters = [], filter_combination } = calculation;
  const said = filter_combination === 'OR' && filters.length > 1 ? [] : filters;
  return [...said, ...(op === 'COUNT' && column ? [{ column, op: 'exists' }] : [])];
}
export const behindFilters = (behind: Behind): Filter[] => [
  ...(behind.filters ?? []),
  ...Object.entries(behind.group ?? {}).map(([column, value]) => filterFor(column, value)),
  ...(behind.range
    ? [
        { column: behind.range.column, op: '>=', value: behind.range.from },
        { column: behind.range.column, op: '<', value: behind.range.to },
      ]
    : []),
];

export interface RowsRequest {
  filters: Filter[];
  filter_combination: 'AND' | 'OR';
  start_time_ns: string;
  end_time_ns: string;
  /** Computed columns that follow metrics do so in the steps of the chart: rows then have the values that it shows. */
  granularity: number;
  calculated_fields?: QuerySpec['calculated_fields'];
  usage_mode?: boolean;
}
/** What the filters of a query may name besides the columns there are. */
export const fieldsOfQuery = ({
  calculated_fields,
  usage_mode,
}: QuerySpec): Pick<RowsRequest, 'calculated_fields' | 'usage_mode'> => ({
  ...(calculated_fields?.length ? { calculated_fields } : {}),
  ...(usage_mode ? { usage_mode } : {}),
});
/**
 * What to ask for, and what is left to check here: one request joins all its filters by one word, so with two or more filters
 * joined by OR the group cannot travel with them and is checked row by row.
 */
export function rowsRequest(
  answer: QueryAnswer,
  behind: Behind | undefined,
): { request: RowsRequest; check: Filter[] } {
  const filters = answer.query.filters ?? [];
  const extra = behind ? behindFilters(behind) : [];
  const range = behind ?? behindGroup(answer, undefined);
  const rest = {
    start_time_ns: range.start_ns,
    end_time_ns: range.end_ns,
    granularity: answer.granularity,
    ...fieldsOfQuery(answer.query),
  };
  if (answer.query.filter_combination === 'OR' && filters.length > 1) {
    return { request: { filters, filter_combination: 'OR', ...rest }, check: extra };
  }
  return { request: { filters: [...filters, ...extra], filter_combination: 'AND', ...rest }, check: [] };
}
export function rowMatches(data: Cells, check: readonly Filter[]): boolean {
  return check.every((f) => {
    const value = data[f.column ?? ''];
    if (f.op === 'does-not-exist') return value === undefined || value === null;
    if (f.op === '=')
      return value === f.value || (value !== undefined && value !== null && String(value) === String(f.value));
    if (typeof value !== 'number' || typeof f.value !== 'number') return false;
    return f.op === '>=' ? value >= f.value : value < f.value;
  });
}

/** Adds filters that keep only (or leave out) one group. With OR the words would change their meaning, so it becomes AND. */
export function onlyGroup(spec: QuerySpec, breakdowns: readonly string[], group: Group): QuerySpec {
  const kept = (spec.filters ?? []).filter((f) => !(breakdowns.includes(f.column ?? '') && f.op === '='));
  return {
    ...spec,
    filters: [...kept, ...breakdowns.map((b, i) => filterFor(b, group.values[i] ?? null))],
    filter_combination: 'AND',
  };
}
export function withoutGroup(spec: QuerySpec, breakdowns: readonly string[], group: Group): QuerySpec {
  const extra = breakdowns.map((column, i): Filter => {
    const value = group.values[i] ?? null;
    return value === null ? { column, op: 'exists' } : { column, op: '!=', value };
  });
  return { ...spec, filters: [...(spec.filters ?? []), ...extra], filter_combination: 'AND' };
}
/** Leaving out one combination of several breakdowns needs brackets, which the query has not; offered for one breakdown only. */
export const canExclude = (breakdowns: readonly string[], spec: QuerySpec): boolean =>
  breakdowns.length === 1 && !(spec.filter_combination === 'OR' && (spec.filters?.length ?? 0) > 1);
export const canFilter = (spec: QuerySpec): boolean =>
  !(spec.filter_combination === 'OR' && (spec.filters?.length ?? 0) > 1);

export type SortKey = { column: string; descending: boolean };
export function sortGroups(groups: readonly Group[], sort: SortKey | undefined): Group[] {
  if (!sort) return [...groups];
  const sign = sort.descending ? -1 : 1;
  return [...groups].sort((a, b) => {
    const x = a.data[sort.column];
    const y = b.data[sort.column];
    if (x === undefined || x === null) return y === undefined || y === null ? 0 : 1;
    if (y === undefined || y === null) return -1;
    if (typeof x === 'number' && typeof y === 'number') return sign * (x - y);
    return sign * String(x).localeCompare(String(y));
  });
}

export interface EventRow {
  timestamp: string;
  timestamp_ns: string;
  dataset: string;
  sample_rate: number;
  data: Cells;
  /** What its dataset's definition says of it, by the names that are usual for that, where `data` says something else by these names. */
  by_definition?: Cells;
}
/** The fields of an event by what they mean: trace, span, service, duration. */
export const meantOf = (row: EventRow): Cells => (row.by_definition ? { ...row.data, ...row.by_definition } : row.data);
export const TRACE_ID = 'trace.trace_id';
export const SPAN_ID = 'trace.span_id';
export const PARENT_ID = 'trace.parent_id';

/** The trace a row belongs to and the span to select there: its own, or its parent for a span event. */
export function traceOf(row: EventRow): { trace_id: string; span?: string; start: number; end: number } | null {
  const data = meantOf(row);
  const id = data[TRACE_ID];
  if (typeof id !== 'string' || id === '') return null;
  const span = data[SPAN_ID] ?? data[PARENT_ID];
  const seconds = Number(rfc3339ToNs(row.timestamp) / NS);
  // A trace may have begun well before one of its rows; an hour either side finds all but the very long ones.
  return {
    trace_id: id,
    span: typeof span === 'string' ? span : undefined,
    start: seconds - 3600,
    end: seconds + 3600,
  };
}
const PREFERRED = [
  'name',
  'service.name',
  'duration_ms',
  'status_code',
  'error',
  'http.route',
  'http.request.method',
  'http.method',
  'http.response.status_code',
  'http.status_code',
  'severity',
  'body',
  'exception.message',
  'trace.trace_id',
];
/** Every field that the rows have: the best known first, then by how many rows have it. */
export function fieldsOf(rows: readonly EventRow[]): string[] {
  const seen = new Map<string, number>();
  for (const row of rows) for (const key of Object.keys(row.data)) seen.set(key, (seen.get(key) ?? 0) + 1);
  const first = PREFERRED.filter((p) => seen.has(p));
  const rest = [...seen.keys()]
    .filter((k) => !PREFERRED.includes(k))
    .sort((a, b) => seen.get(b)! - seen.get(a)! || a.localeCompare(b));
  return [...first, ...rest];
}
