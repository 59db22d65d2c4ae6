// What becomes of a query when it is to be watched: the part of it that a trigger may ask, and its conditions as the formula of an SLO.
import { calculationsOf, tidy, type Filter, type QuerySpec, type Scalar } from './query-spec';

/** The query of a trigger: the same question over the last `range` seconds, without what only a person's eyes want. */
export function triggerQuery(spec: QuerySpec, range: number): QuerySpec {
  const { calculations: _c, breakdowns, filters, filter_combination, havings, formulas, calculated_fields } = spec;
  return tidy({
    calculations: calculationsOf(spec),
    breakdowns,
    filters,
    filter_combination,
    havings,
    formulas,
    calculated_fields,
    time_range: range,
  });
}

const column = (name: string): string => `$${JSON.stringify(name)}`;
const literal = (value: Scalar): string => JSON.stringify(value);
/** How each operator of WHERE is written in an expression, of a column and its values. */
const WRITTEN: Record<string, (c: string, values: string[]) => string> = {
  '=': (c, [v]) => `EQUALS(${c}, ${v})`,
  '!=': (c, [v]) => `NOT(EQUALS(${c}, ${v}))`,
  '>': (c, [v]) => `GT(${c}, ${v})`,
  '>=': (c, [v]) => `GTE(${c}, ${v})`,
  '<': (c, [v]) => `LT(${c}, ${v})`,
  '<=': (c, [v]) => `LTE(${c}, ${v})`,
  contains: (c, [v]) => `CONTAINS(${c}, ${v})`,
  'does-not-contain': (c, [v]) => `NOT(CONTAINS(${c}, ${v}))`,
  'starts-with': (c, [v]) => `STARTS_WITH(${c}, ${v})`,
  'does-not-start-with': (c, [v]) => `NOT(STARTS_WITH(${c}, ${v}))`,
  'ends-with': (c, [v]) => `ENDS_WITH(${c}, ${v})`,
  'does-not-end-with': (c, [v]) => `NOT(ENDS_WITH(${c}, ${v}))`,
  exists: (c) => `EXISTS(${c})`,
  'does-not-exist': (c) => `NOT(EXISTS(${c}))`,
  in: (c, values) => `IN(${c}, ${values.join(', ')})`,
  'not-in': (c, values) => `NOT(IN(${c}, ${values.join(', ')}))`,
};
/** The conditions of a query as one expression; empty without any. */
export function conditionText(filters: readonly Filter[], combination: 'AND' | 'OR' = 'AND'): string {
  const parts = filters.flatMap((f) => {
    const values = Array.isArray(f.value) ? f.value : f.value === undefined || f.value === null ? [] : [f.value];
    const written = WRITTEN[f.op]?.(column(f.column ?? ''), values.map(literal));
    return written ? [written] : [];
  });
  return parts.length > 1 ? `${combination}(${parts.join(', ')})` : (parts[0] ?? '');
}
