// The query as the UI holds it: Honeycomb's query specification, its text form in the builder's boxes, and its checks.

export type Scalar = string | number | boolean;
export interface Calculation {
  op: string;
  column?: string | null;
  name?: string;
  /** Looked at by this calculation alone; it needs a name then. */
  filters?: Filter[];
  filter_combination?: 'AND' | 'OR';
}
/** A value computed from named calculations: `DIV($errors, $all)`. */
export interface Formula {
  name: string;
  expression: string;
}
export interface Filter {
  column?: string | null;
  op: string;
  value?: Scalar | Scalar[] | null;
}
export interface Order {
  column?: string | null;
  op?: string | null;
  order?: 'ascending' | 'descending';
}
export interface Having {
  calculate_op: string;
  column?: string | null;
  op: (typeof HAVING_OPS)[number];
  value: number;
}
export interface QuerySpec {
  calculations?: Calculation[];
  breakdowns?: string[];
  filters?: Filter[];
  filter_combination?: 'AND' | 'OR';
  granularity?: number;
  orders?: Order[];
  limit?: number;
  start_time?: number;
  end_time?: number;
  time_range?: number;
  havings?: Having[];
  formulas?: Formula[];
  compare_time_offset_seconds?: number;
  /** Columns computed for this query alone. */
  calculated_fields?: { name: string; expression: string }[];
  /** Every stored event counts once, and its sample rate is a column. */
  usage_mode?: boolean;
  [other: string]: unknown;
}

export type ColumnType = 'string' | 'integer' | 'float' | 'boolean' | 'histogram';

export const DEFAULT_TIME_RANGE = 7200;
export const LIMIT_MAX = 1000;

export interface CalculationOp {
  op: string;
  needs: 'none' | 'optional' | 'any' | 'number' | 'metric';
  help: string;
  /** The only type of dataset of which it can be asked. */
  of?: 'events' | 'metrics';
}
const percentile = (op: string, share: string): CalculationOp => ({
  op,
  needs: 'number',
  help: `${share} of events are at or below this value (within 0.8 %)`,
});
export const CALCULATION_OPS: readonly CalculationOp[] = [
  { op: 'COUNT', needs: 'optional', help: 'number of events; with a column: events that have it' },
  { op: 'AVG', needs: 'number', help: 'mean' },
  { op: 'P50', needs: 'number', help: 'median (within 0.8 %)' },
  percentile('P95', '95 %'),
  percentile('P99', '99 %'),
  { op: 'HEATMAP', needs: 'number', help: 'distribution over time' },
  { op: 'MAX', needs: 'number', help: 'largest value' },
  { op: 'MIN', needs: 'number', help: 'smallest value' },
  { op: 'SUM', needs: 'number', help: 'sum' },
  { op: 'COUNT_DISTINCT', needs: 'any', help: 'number of different values (within 2 %)' },
  percentile('P001', '0.1 %'),
  percentile('P01', '1 %'),
  percentile('P05', '5 %'),
  percentile('P10', '10 %'),
  percentile('P20', '20 %'),
  percentile('P25', '25 %'),
  percentile('P75', '75 %'),
  percentile('P80', '80 %'),
  percentile('P90', '90 %'),
  percentile('P999', '99.9 %'),
  { op: 'CONCURRENCY', needs: 'none', help: 'spans in flight at once', of: 'events' },
  { op: 'RATE_SUM', needs: 'number', help: 'change of the sum per second', of: 'events' },
  { op: 'RATE_AVG', needs: 'number', help: 'change of the mean per second', of: 'events' },
  { op: 'RATE_MAX', needs: 'number', help: 'change of the largest value per second', of: 'events' },
  { op: 'COUNT_DATAPOINTS', needs: 'metric', help: 'points that a metric sent', of: 'metrics' },
  { op: 'HISTOGRAM_COUNT', needs: 'metric', help: 'values that a histogram counted', of: 'metrics' },
];
const CALCULATION_BY_OP = new Map(CALCULATION_OPS.map((c) => [c.op, c]));

export interface FilterOp {
  op: string;
  arity: 'none' | 'one' | 'list';
  types: readonly ColumnType[] | 'all';
  help: string;
}
export const FILTER_OPS: readonly FilterOp[] = [
  { op: '=', arity: 'one', types: 'all', help: 'equals' },
  { op: '!=', arity: 'one', types: 'all', help: 'does not equal' },
  { op: '>', arity: 'one', types: ['integer', 'float', 'string'], help: 'greater than' },
  { op: '>=', arity: 'one', types: ['integer', 'float', 'string'], help: 'at least' },
  { op: '<', arity: 'one', types: ['integer', 'float', 'string'], help: 'less than' },
  { op: '<=', arity: 'one', types: ['integer', 'float', 'string'], help: 'at most' },
  { op: 'contains', arity: 'one', types: ['string'], help: 'contains the text' },
  { op: 'does-not-contain', arity: 'one', types: ['string'], help: 'does not contain the text' },
  { op: 'starts-with', arity: 'one', types: ['string'], help: 'begins with the text' },
  { op: 'does-not-start-with', arity: 'one', types: ['string'], help: 'does not begin with the text' },
  { op: 'ends-with', arity: 'one', types: ['string'], help: 'ends with the text' },
  { op: 'does-not-end-with', arity: 'one', types: ['string'], help: 'does not end with the text' },
  { op: 'exists', arity: 'none', types: 'all', help: 'has a value' },
  { op: 'does-not-exist', arity: 'none', types: 'all', help: 'has no value' },
  { op: 'in', arity: 'list', types: 'all', help: 'is one of a, b, c' },
  { op: 'not-in', arity: 'list', types: 'all', help: 'is none of a, b, c' },
];
const FILTER_BY_OP = new Map(FILTER_OPS.map((f) => [f.op, f]));
export const HAVING_OPS = ['=', '!=', '>', '>=', '<', '<='] as const;

export const filterOp = (op: string): FilterOp | undefined => FILTER_BY_OP.get(op);
export const calculationOp = (op: string): CalculationOp | undefined => CALCULATION_BY_OP.get(op);
export const opsForType = (type: ColumnType | undefined): FilterOp[] =>
  FILTER_OPS.filter((f) => !type || f.types === 'all' || f.types.includes(type));
export const isNumeric = (type: ColumnType | undefined): boolean => type === 'integer' || type === 'float';

/** The key a calculation's value has in a result row: `COUNT`, `P95(duration_ms)`, or its own name. */
export function calculationKey(c: { op: string; column?: string | null; name?: string }): string {
  return c.name ? c.name : c.column ? `${c.op}(${c.column})` : c.op;
}
export const calculationsOf = (spec: QuerySpec): Calculation[] =>
  spec.calculations && spec.calculations.length > 0 ? spec.calculations : [{ op: 'COUNT' }];

// --- text form -------------------------------------------------------------------------------------------------

const quoteColumn = (name: string): string => (/[\s"]/.test(name) ? JSON.stringify(name) : name);

export function scalarText(value: Scalar): string {
  return typeof value === 'string' && (value === '' || /^\s|\s$|,/.test(value) || /^".*"$/.test(value))
    ? JSON.stringify(value)
    : String(value);
}
export function filterText(f: Filter): string {
  const head = `${quoteColumn(f.column ?? '')} ${f.op}`;
  if (filterOp(f.op)?.arity === 'none' || f.value === undefined || f.value === null) return head;
  return `${head} ${Array.isArray(f.value) ? f.value.map(scalarText).join(', ') : scalarText(f.value)}`;
}
export const orderText = (o: Order): string =>
  `${o.op ? calculationKey({ op: o.op, column: o.column }) : (o.column ?? '')} ${o.order === 'descending' ? 'desc' : 'asc'}`;
export const havingText = (h: Having): string =>
  `${calculationKey({ op: h.calculate_op, column: h.column })} ${h.op} ${h.value}`;

/** How far the typed text of a filter has come; the builder offers columns, operators or values accordingly. */
export type FilterStage =
  | { stage: 'column'; prefix: string }
  | { stage: 'op'; column: string; prefix: string }
  | { stage: 'value'; column: string; op: string; prefix: string };

export function readFilter(text: string): FilterStage {
  const quoted = /^\s*"((?:[^"\\]|\\.)*)"\s/.exec(text);
  const plain = /^\s*([^\s"=!<>][^\s=!<>]*)\s/.exec(text);
  const head = quoted ?? plain;
  if (!head) {
    // `duration_ms>100` without blanks, as one pastes it.
    const tight = /^\s*([^\s"=!<>]+)(!=|>=|<=|=|>|<)(.*)$/.exec(text);
    if (tight) return { stage: 'value', column: tight[1]!, op: tight[2]!, prefix: tight[3]!.trim() };
    return { stage: 'column', prefix: text.trim().replace(/^"/, '') };
  }
  const column = quoted ? (JSON.parse(`"${quoted[1]}"`) as string) : plain![1]!;
  const rest = text.slice(head[0].length).trimStart();
  const op = /^(\S+)\s/.exec(rest)?.[1]?.toLowerCase();
  if (op && FILTER_BY_OP.has(op)) return { stage: 'value', column, op, prefix: rest.slice(op.length).trim() };
  const symbol = /^(!=|>=|<=|=|>|<)(?!=)(.+)$/.exec(rest);
  if (symbol) return { stage: 'value', column, op: symbol[1]!, prefix: symbol[2]!.trim() };
  return { stage: 'op', column, prefix: rest };
}

/** Reads one typed value by the column's type; without a known type, numbers and booleans are recognised. */
export function readScalar(text: string, type: ColumnType | undefined): Scalar {
  const bare = text.trim();
  const isQuoted = /^"(?:[^"\\]|\\.)*"$/.test(bare);
  const unquoted = isQuoted ? (JSON.parse(bare) as string) : bare;
  if (type === 'string' || (isQuoted && !type)) return unquoted;
  if (type === 'boolean' || (!type && /^(true|false)$/.test(unquoted))) {
    if (/^(true|false)$/i.test(unquoted)) return unquoted.toLowerCase() === 'true';
  }
  const number = Number(unquoted);
  const keepsMeaning =
    unquoted !== '' &&
    Number.isFinite(number) &&
    (Math.abs(number) <= Number.MAX_SAFE_INTEGER || /[.e]/i.test(unquoted));
  return keepsMeaning && type !== 'boolean' ? number : unquoted;
}
export function readList(text: string, type: ColumnType | undefined): Scalar[] {
  const parts = text.match(/\s*"(?:[^"\\]|\\.)*"\s*(?=,|$)|[^,]+/g) ?? [];
  return parts
    .map((p) => p.trim())
    .filter((p) => p !== '')
    .map((p) => readScalar(p, type));
}
/** A finished filter, or null when the text is not one yet. */
export function parseFilter(text: string, typeOf: (column: string) => ColumnType | undefined): Filter | null {
  const read = readFilter(`${text.trimEnd()} `);
  if (read.stage !== 'value') return null;
  const { column, op, prefix } = read;
  const known = FILTER_BY_OP.get(op);
  if (!known) return null;
  if (known.arity === 'none') return prefix === '' ? { column, op } : null;
  if (prefix === '') return null;
  if (known.arity === 'list') return { column, op, value: readList(prefix, typeOf(column)) };
  // Text operators take text, whatever the column holds.
  const wantsText = known.types !== 'all' && known.types.length === 1;
  return { column, op, value: readScalar(prefix, wantsText ? 'string' : typeOf(column)) };
}

/**
 * Filters of a pasted text: one a line, or several on a line with one of the words between; null when some part is none. `joined` is
 * the word between them, where there was one.
 */
export function parseFilterLines(
  text: string,
  typeOf: (column: string) => ColumnType | undefined,
): { filters: Filter[]; joined?: 'AND' | 'OR' } | null {
  // As other tools write them: `==`, texts in single quotes.
  const bare = text
    .trim()
    .replace(/^where\s+/i, '')
    .replace(/"(?:[^"\\]|\\.)*"|(?<=[\s=])'([^'\n]*)'/g, (all, single?: string) =>
      single === undefined ? all : JSON.stringify(single),
    );
  const words = new Set<string>();
  // Words within quotes belong to a value.
  const lines = bare.replace(/"(?:[^"\\]|\\.)*"|\s+(and|or)\s+/gi, (all, word?: string) => {
    if (!word) return all;
    words.add(word.toUpperCase());
    return '\n';
  });
  const parts = lines.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  const filters = parts.map((part) =>
    parseFilter(part.replace(/^(\s*(?:"(?:[^"\\]|\\.)*"|[^\s"=!<>]+)\s*)==/, '$1= '), typeOf),
  );
  if (words.size > 1 || filters.length === 0 || filters.some((f) => f === null)) return null;
  const [joined] = words as Set<'AND' | 'OR'>;
  return { filters: filters as Filter[], ...(joined ? { joined } : {}) };
}
/**
 * The query with pasted filters behind its own; null when they cannot stand there as they were written: joined by another word than the
 * filters that are there, or by OR beside conditions on other spans.
 */
export function withPasted(
  spec: QuerySpec,
  { filters, joined }: { filters: Filter[]; joined?: 'AND' | 'OR' },
): QuerySpec | null {
  const own = spec.filters ?? [];
  if (own.length > 0 && joined && joined !== (spec.filter_combination ?? 'AND')) return null;
  const next = { ...spec, filters: [...own, ...filters], filter_combination: joined ?? spec.filter_combination };
  return next.filter_combination === 'OR' && isRelational(next) ? null : next;
}

/** The things a query can be ordered by: its calculations (except heat maps), formulas and breakdowns. */
export function orderables(spec: QuerySpec): Order[] {
  return [
    ...calculationsOf(spec)
      .filter((c) => c.op !== 'HEATMAP')
      .map((c): Order => (c.name ? { column: c.name } : c.column ? { op: c.op, column: c.column } : { op: c.op })),
    ...(spec.formulas ?? []).map((f): Order => ({ column: f.name })),
    ...(spec.breakdowns ?? []).map((column): Order => ({ column })),
  ];
}
/** The values of a group that HAVING can compare, by the text that stands for them. */
export function comparables(spec: QuerySpec): { key: string; having: Pick<Having, 'calculate_op' | 'column'> }[] {
  return [
    ...calculationsOf(spec)
      .filter((c) => c.op !== 'HEATMAP')
      .map((c) => ({
        key: calculationKey(c),
        having: c.name
          ? { calculate_op: c.name }
          : c.column
            ? { calculate_op: c.op, column: c.column }
            : { calculate_op: c.op },
      })),
    ...(spec.formulas ?? []).map((f) => ({ key: f.name, having: { calculate_op: f.name } })),
  ];
}
export function parseOrder(text: string, spec: QuerySpec): Order | null {
  const match = /^\s*(.*?)(?:\s+(asc|desc|ascending|descending))?\s*$/i.exec(text);
  if (!match || !match[1]) return null;
  const wanted = match[1].toLowerCase();
  const found = orderables(spec).find((o) => orderText(o).replace(/ asc$/, '').toLowerCase() === wanted);
  if (!found) return null;
  const isValue = Boolean(found.op) || !spec.breakdowns?.includes(found.column ?? '');
  const isDescending = match[2] ? match[2].toLowerCase().startsWith('desc') : isValue;
  return { ...found, order: isDescending ? 'descending' : 'ascending' };
}
export function parseHaving(text: string, spec: QuerySpec): Having | null {
  const match = /^\s*(.+?)\s*(!=|>=|<=|=|>|<)\s*(-?[\d.]+(?:e-?\d+)?)\s*$/i.exec(text);
  if (!match) return null;
  const found = comparables(spec).find((c) => c.key.toLowerCase() === match[1]!.toLowerCase());
  const value = Number(match[3]);
  if (!found || !Number.isFinite(value)) return null;
  return { ...found.having, op: match[2] as Having['op'], value };
}

/** What orders and havings of a query may name, as `op|column`: a named calculation by its name or by what it calculates. */
function nameable(spec: QuerySpec): { orders: Set<string>; havings: Set<string> } {
  const calculations = calculationsOf(spec).filter((c) => c.op !== 'HEATMAP');
  const plain = calculations.map((c) => `${c.op}|${c.column ?? ''}`);
  const names = [...calculations.flatMap((c) => (c.name ? [c.name] : [])), ...(spec.formulas ?? []).map((f) => f.name)];
  return {
    orders: new Set([...plain, ...names.map((n) => `|${n}`), ...(spec.breakdowns ?? []).map((b) => `|${b}`)]),
    havings: new Set([...plain, ...names.map((n) => `${n}|`)]),
  };
}

/** Drops orders and havings that name what the query no longer has, so that an edit never leaves a broken query. */
export function prune(spec: QuerySpec): QuerySpec {
  const known = nameable(spec);
  const keep = { ...spec };
  if (spec.orders) keep.orders = spec.orders.filter((o) => known.orders.has(`${o.op ?? ''}|${o.column ?? ''}`));
  if (spec.havings) keep.havings = spec.havings.filter((h) => known.havings.has(`${h.calculate_op}|${h.column ?? ''}`));
  return tidy(keep);
}
/** Leaves out empty clauses and the id of a stored query, so that equal queries have equal links. */
export function tidy(spec: QuerySpec): QuerySpec {
  const out: QuerySpec = {};
  for (const [key, value] of Object.entries(spec)) {
    if (key === 'id' || value === undefined || value === null || (Array.isArray(value) && value.length === 0)) continue;
    out[key] = value;
  }
  if (out.usage_mode === false) delete out.usage_mode;
  if ((out.filters?.length ?? 0) === 0 || out.filter_combination === 'AND') delete out.filter_combination;
  return out;
}

// --- checks ----------------------------------------------------------------------------------------------------

const LISTS = ['calculations', 'breakdowns', 'filters', 'orders', 'havings', 'formulas'] as const;
const NUMBERS = [
  'granularity',
  'limit',
  'start_time',
  'end_time',
  'time_range',
  'compare_time_offset_seconds',
] as const;

/** Reads a query specification written by hand. The error names the place, as `filters[0].op`. */
export function parseSpec(text: string): { spec: QuerySpec } | { error: string; field?: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return { error: `Not JSON: ${cause instanceof Error ? cause.message : String(cause)}` };
  }
  return checkSpec(value);
}
export function checkSpec(value: unknown): { spec: QuerySpec } | { error: string; field?: string } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { error: 'A query is a JSON object' };
  const raw = value as Record<string, unknown>;
  for (const key of LISTS) {
    if (raw[key] !== undefined && raw[key] !== null && !Array.isArray(raw[key]))
      return { error: 'must be a list', field: key };
  }
  for (const key of NUMBERS) {
    if (raw[key] !== undefined && raw[key] !== null && typeof raw[key] !== 'number')
      return { error: 'must be a number', field: key };
  }
  const spec = raw as QuerySpec;
  for (const [i, c] of (spec.calculations ?? []).entries()) {
    if (typeof c?.op !== 'string') return { error: 'is missing', field: `calculations[${i}].op` };
    if (c.filters?.length && !c.name) return { error: 'is needed by its filters', field: `calculations[${i}].name` };
  }
  for (const [i, f] of (spec.formulas ?? []).entries()) {
    if (typeof f?.name !== 'string') return { error: 'is missing', field: `formulas[${i}].name` };
    if (typeof f?.expression !== 'string') return { error: 'is missing', field: `formulas[${i}].expression` };
  }
  for (const [i, b] of (spec.breakdowns ?? []).entries()) {
    if (typeof b !== 'string') return { error: 'must be a column name', field: `breakdowns[${i}]` };
  }
  for (const [i, f] of (spec.filters ?? []).entries()) {
    const op = filterOp(f?.op);
    if (!op) return { error: `“${String(f?.op)}” is no filter operator`, field: `filters[${i}].op` };
    if (op.arity === 'list' && !Array.isArray(f.value))
      return { error: 'must be a list', field: `filters[${i}].value` };
    if (op.arity === 'one' && (f.value === undefined || f.value === null))
      return { error: 'is missing', field: `filters[${i}].value` };
  }
  if (spec.filter_combination && !['AND', 'OR'].includes(spec.filter_combination)) {
    return { error: 'must be AND or OR', field: 'filter_combination' };
  }
  const known = nameable(spec);
  for (const [i, o] of (spec.orders ?? []).entries()) {
    if (!known.orders.has(`${o?.op ?? ''}|${o?.column ?? ''}`))
      return { error: 'must name a breakdown or a calculation of this query', field: `orders[${i}]` };
  }
  for (const [i, h] of (spec.havings ?? []).entries()) {
    if (!known.havings.has(`${h?.calculate_op ?? ''}|${h?.column ?? ''}`))
      return { error: 'must name a calculation of this query', field: `havings[${i}]` };
    if (typeof h.value !== 'number') return { error: 'must be a number', field: `havings[${i}].value` };
  }
  if (spec.start_time && spec.end_time && spec.time_range)
    return { error: 'give start_time, end_time and time_range no more than two at once', field: 'time_range' };
  return { spec: tidy(spec) };
}

/**
 * Words before a column's name that mean another span of the trace. Conditions take all of them; `isOne` marks those that stand for
 * one span, so that its value can be grouped and calculated with.
 */
export const RELATIONS: readonly { prefix: string; help: string; isOne?: boolean }[] = [
  { prefix: 'root.', help: 'the root span of the trace', isOne: true },
  { prefix: 'parent.', help: 'the parent span', isOne: true },
  { prefix: 'child.', help: 'a child span', isOne: true },
  { prefix: 'any.', help: 'some span of the trace' },
  { prefix: 'any2.', help: 'another span of the trace' },
  { prefix: 'any3.', help: 'a third span of the trace' },
  { prefix: 'none.', help: 'no span of the trace' },
];
export const relationOf = (column: string): string =>
  RELATIONS.find((r) => column.startsWith(r.prefix) && column.length >= r.prefix.length)?.prefix ?? '';
export const isRelational = (spec: QuerySpec): boolean =>
  [...(spec.filters ?? []), ...calculationsOf(spec).flatMap((c) => c.filters ?? [])].some(
    (f) => relationOf(f.column ?? '') !== '',
  );
