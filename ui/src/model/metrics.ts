// Datasets of type metrics: a row is a point of a series there, so some calculations mean nothing and others follow a metric through time.
// The server has the last word on all of it; these are the words that come before.
import { calculationOp, CALCULATION_OPS, type Calculation, type CalculationOp, type QuerySpec } from './query-spec';

export interface Metric {
  name: string;
  /** `gauge`, `sum(cumulative,monotonic)`, `histogram(delta)` and so on. */
  type: string;
  /** How a calculation over it follows its series; null for a summary, which is several columns. */
  default: string | null;
}

const isHistogram = ({ type }: Metric): boolean => type.startsWith('histogram');
/** With columns below its name, `.count`, `.p99` and so on. */
const isParted = (m: Metric): boolean => m.type === 'summary' || isHistogram(m);
/** Whether a calculation can be asked of a metric, perhaps followed in another way than its own. */
export function takes(m: Metric, op: string, follow?: string): boolean {
  if (op === 'HISTOGRAM_COUNT') return isParted(m);
  if (op === 'COUNT_DATAPOINTS') return true;
  // A summary is its columns and nothing else; of a histogram there are counts of values, and no growth per second.
  return m.type !== 'summary' && !(isHistogram(m) && (op === 'COUNT_DISTINCT' || follow === 'RATE'));
}

const KINDS: Record<string, string> = {
  'sum(cumulative,monotonic)': 'counter',
  'sum(delta,monotonic)': 'counter of deltas',
  'sum(cumulative)': 'up-down counter',
  'sum(delta)': 'up-down counter of deltas',
  'histogram(cumulative)': 'histogram',
  'histogram(delta)': 'histogram of deltas',
};
const FOLLOWS: Record<string, string> = {
  LAST: 'newest value',
  INCREASE: 'growth',
  SUMMARIZE: 'sum',
  RATE: 'growth per second',
};
/** `counter, INCREASE: growth`. */
export function metricText({ type, default: follows }: Metric): string {
  const kind = KINDS[type] ?? type;
  return follows ? `${kind}, ${follows}: ${FOLLOWS[follows] ?? ''}` : kind;
}

/** The metric that a column belongs to: itself, or the histogram or summary of which it is a part. */
export function metricOf(metrics: readonly Metric[], column: string): Metric | undefined {
  const parent = /^(.+)\.(count|sum|avg|min|max|p\d+)$/.exec(column)?.[1];
  return (
    metrics.find((m) => m.name === column) ??
    (parent ? metrics.find((m) => m.name === parent && isParted(m)) : undefined)
  );
}

/** The calculations that can be asked of a dataset: of metrics, or of events. */
export const opsOf = (isMetrics: boolean): CalculationOp[] =>
  CALCULATION_OPS.filter((c) => c.of === undefined || (c.of === 'metrics') === isMetrics).map((c) =>
    // There are no events to count: it asks for the column that is.
    isMetrics && c.op === 'COUNT' ? { ...c, needs: 'any', help: 'points that have the column' } : c,
  );
/** Why a calculation can't be asked of such a dataset, with what to ask instead. */
export function whyNot(c: Pick<Calculation, 'op' | 'column'>, isMetrics: boolean): string | undefined {
  const of = calculationOp(c.op)?.of;
  if (!isMetrics) return of === 'metrics' ? `${c.op} is for datasets of metrics: here it is COUNT(column)` : undefined;
  if (c.op === 'COUNT' && !c.column)
    return 'A dataset of metrics has no events to count: COUNT_DATAPOINTS(metric) or COUNT(column)';
  if (of !== 'events') return undefined;
  return c.op === 'CONCURRENCY'
    ? 'Points have no duration, so CONCURRENCY means nothing here: MAX or SUM of a gauge'
    : `${c.op} is for events: here it is ${c.op.slice(5)}(RATE(metric))`;
}

/** The ways to follow a metric other than its own, as one types them: `RATE(requests, 300)`. */
export const FOLLOW_FUNCTIONS = ['RATE', 'INCREASE', 'LAST', 'SUMMARIZE'] as const;
const FOLLOWED = /^(RATE|INCREASE|LAST|SUMMARIZE)\(\s*([^\s()](?:[^()]*[^\s(),])?)\s*\)$/i;
interface Followed {
  /** The column's name in the query. */
  name: string;
  metric: string;
  expression: string;
}
/** A column that is a metric followed in another way than its own. */
export function readFollowed(column: string): Followed | undefined {
  const match = FOLLOWED.exec(column);
  if (!match) return undefined;
  const [, metric, window] = /^(.*?)(?:\s*,\s*(\d+))?$/.exec(match[2]!)!;
  const name = match[1]!.toUpperCase();
  const rest = window ? `, ${window}` : '';
  return {
    name: `${name}(${metric}${rest})`,
    metric: metric!,
    expression: `${name}($${JSON.stringify(metric)}${rest})`,
  };
}
/** The query with a calculated field for each such column it names, and without those it names no more. */
export function withFollowed(spec: QuerySpec): QuerySpec {
  const named = [
    ...(spec.calculations ?? []).flatMap((c) => [c.column, ...(c.filters ?? []).map((f) => f.column)]),
    ...(spec.filters ?? []).map((f) => f.column),
    ...(spec.breakdowns ?? []),
  ];
  const wanted = new Map(
    named.flatMap((column) => {
      const followed = column ? readFollowed(column) : undefined;
      return followed && followed.name === column ? [[column, followed.expression] as const] : [];
    }),
  );
  const kept = (spec.calculated_fields ?? []).filter((f) => readFollowed(f.name) === undefined || wanted.has(f.name));
  const there = new Set(kept.map((f) => f.name));
  const added = [...wanted].filter(([name]) => !there.has(name));
  return { ...spec, calculated_fields: [...kept, ...added.map(([name, expression]) => ({ name, expression }))] };
}

/** The metrics that a query looks at: its own columns, and what its calculated fields are made of. */
export function metricsOf(metrics: readonly Metric[], spec: QuerySpec): string[] {
  const expressions = new Map((spec.calculated_fields ?? []).map((f) => [f.name, f.expression]));
  const columns = (spec.calculations ?? []).flatMap(({ column }) => {
    const expression = column ? expressions.get(column) : undefined;
    return expression === undefined ? [column ?? ''] : columnsOf(expression);
  });
  const found = columns.flatMap((column) => metricOf(metrics, column)?.name ?? []);
  return [...new Set(found)];
}
function columnsOf(expression: string): string[] {
  const found = expression.matchAll(/\$(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`|([\w./:=+?-]+))/g);
  return [...found].map(([, quoted, raw, plain]) =>
    quoted !== undefined ? (JSON.parse(`"${quoted}"`) as string) : (raw ?? plain ?? ''),
  );
}

/** Whether a query can't be asked of a dataset of metrics because it calculates nothing. */
export const isUnasked = (spec: QuerySpec): boolean => !spec.calculations?.length && !spec.formulas?.length;

/** A question to begin with for each of some metrics. */
export function metricStarters(metrics: readonly Metric[], count: number): Calculation[] {
  return metrics
    .filter((m) => m.type !== 'summary')
    .slice(0, count)
    .map((m) => ({ op: isHistogram(m) ? 'HEATMAP' : m.type === 'gauge' ? 'AVG' : 'SUM', column: m.name }));
}
