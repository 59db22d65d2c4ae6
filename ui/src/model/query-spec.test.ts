import { describe, expect, it } from 'vitest';
import {
  calculationKey,
  filterText,
  havingText,
  orderText,
  parseFilter,
  parseFilterLines,
  parseHaving,
  parseOrder,
  parseSpec,
  prune,
  readFilter,
  type ColumnType,
  type Filter,
  withPasted,
  type QuerySpec,
} from './query-spec';
import { parseSelect } from './select-text';

const parseCalculation = (text: string) => {
  const read = parseSelect(text, () => undefined);
  return read && 'calculation' in read ? read.calculation : null;
};

const types: Record<string, ColumnType> = { duration_ms: 'float', name: 'string', error: 'boolean', code: 'integer' };
const typeOf = (column: string) => types[column];

describe('filters', () => {
  const cases: [string, Filter][] = [
    ['duration_ms > 100', { column: 'duration_ms', op: '>', value: 100 }],
    ['duration_ms>100', { column: 'duration_ms', op: '>', value: 100 }],
    ['name = GET /', { column: 'name', op: '=', value: 'GET /' }],
    ['name = 42', { column: 'name', op: '=', value: '42' }],
    ['code = 42', { column: 'code', op: '=', value: 42 }],
    ['error = true', { column: 'error', op: '=', value: true }],
    ['service.name = api', { column: 'service.name', op: '=', value: 'api' }],
    ['unknown != 7', { column: 'unknown', op: '!=', value: 7 }],
    ['name contains 5', { column: 'name', op: 'contains', value: '5' }],
    ['code in 1, 2,3', { column: 'code', op: 'in', value: [1, 2, 3] }],
    ['name in a, "b, c"', { column: 'name', op: 'in', value: ['a', 'b, c'] }],
    ['name does-not-exist', { column: 'name', op: 'does-not-exist' }],
    ['"my column" >= 5', { column: 'my column', op: '>=', value: 5 }],
    ['id = 90071992547409931', { column: 'id', op: '=', value: '90071992547409931' }],
  ];
  it.each(cases)('%s', (text, filter) => {
    expect(parseFilter(text, typeOf)).toEqual(filter);
    expect(parseFilter(filterText(filter), typeOf)).toEqual(filter);
  });
  it.each(['', 'name', 'name =', 'name = ', 'name like x', 'name exists x'])('%j is not finished', (text) => {
    expect(parseFilter(text, typeOf)).toBeNull();
  });
  it('says how far the text has come', () => {
    expect(readFilter('dur')).toEqual({ stage: 'column', prefix: 'dur' });
    expect(readFilter('name ')).toEqual({ stage: 'op', column: 'name', prefix: '' });
    expect(readFilter('name does')).toEqual({ stage: 'op', column: 'name', prefix: 'does' });
    expect(readFilter('name = G')).toEqual({ stage: 'value', column: 'name', op: '=', prefix: 'G' });
    expect(readFilter('name >=5')).toEqual({ stage: 'value', column: 'name', op: '>=', prefix: '5' });
  });
});

describe('calculations, orders and havings', () => {
  const spec: QuerySpec = {
    calculations: [{ op: 'COUNT' }, { op: 'P95', column: 'duration_ms' }, { op: 'HEATMAP', column: 'duration_ms' }],
    breakdowns: ['name'],
  };
  it.each([
    ['count', 'COUNT'],
    ['P95(duration_ms)', 'P95(duration_ms)'],
    ['p95 duration_ms', 'P95(duration_ms)'],
    ['avg(duration_ms', 'AVG(duration_ms)'],
    ['COUNT(error)', 'COUNT(error)'],
  ])('%s', (text, key) => {
    expect(calculationKey(parseCalculation(text)!)).toBe(key);
  });
  it.each(['P95', 'nonsense', 'SUM()', ''])('%j is no calculation', (text) =>
    expect(parseCalculation(text)).toBeNull(),
  );
  it('order by what the query has, calculations descending', () => {
    expect(orderText(parseOrder('count', spec)!)).toBe('COUNT desc');
    expect(orderText(parseOrder('name', spec)!)).toBe('name asc');
    expect(orderText(parseOrder('P95(duration_ms) asc', spec)!)).toBe('P95(duration_ms) asc');
    expect(parseOrder('HEATMAP(duration_ms)', spec)).toBeNull();
    expect(parseOrder('other', spec)).toBeNull();
  });
  it('compare a calculation of the query with a number', () => {
    expect(havingText(parseHaving('count>100', spec)!)).toBe('COUNT > 100');
    expect(parseHaving('SUM(x) > 1', spec)).toBeNull();
    expect(parseHaving('COUNT > many', spec)).toBeNull();
  });
  it('drops what an edit has orphaned', () => {
    const edited = prune({
      ...spec,
      breakdowns: [],
      orders: [{ column: 'name' }, { op: 'COUNT' }],
      havings: [{ calculate_op: 'SUM', column: 'x', op: '>', value: 1 }],
    });
    expect(edited.orders).toEqual([{ op: 'COUNT' }]);
    expect(edited).not.toHaveProperty('havings');
    expect(edited).not.toHaveProperty('breakdowns');
  });
});

describe('a query written as JSON', () => {
  it.each([
    ['[]', undefined],
    ['{"filters":[{"column":"a","op":"like","value":1}]}', 'filters[0].op'],
    ['{"filters":[{"column":"a","op":"in","value":1}]}', 'filters[0].value'],
    ['{"breakdowns":"name"}', 'breakdowns'],
    ['{"breakdowns":[1]}', 'breakdowns[0]'],
    ['{"orders":[{"column":"x"}]}', 'orders[0]'],
    ['{"havings":[{"calculate_op":"SUM","column":"x","op":">","value":1}]}', 'havings[0]'],
    ['{"limit":"10"}', 'limit'],
    ['{"start_time":1,"end_time":2,"time_range":3}', 'time_range'],
    ['{', undefined],
  ])('%s is refused with its place', (text, field) => {
    const read = parseSpec(text);
    expect(read).toHaveProperty('error');
    if ('error' in read) expect(read.field).toBe(field);
  });
  it('keeps members it does not know', () => {
    expect(parseSpec('{"calculated_fields":[{"name":"x","expression":"1"}]}')).toEqual({
      spec: { calculated_fields: [{ name: 'x', expression: '1' }] },
    });
  });
});

describe('pasted filters', () => {
  const cases: [string, Filter[], ('AND' | 'OR')?][] = [
    ['service.name = api', [{ column: 'service.name', op: '=', value: 'api' }]],
    [
      'duration_ms > 100\nname = GET /\n',
      [
        { column: 'duration_ms', op: '>', value: 100 },
        { column: 'name', op: '=', value: 'GET /' },
      ],
    ],
    [
      `WHERE name == 'a and b' OR code >= 500 or error exists`,
      [
        { column: 'name', op: '=', value: 'a and b' },
        { column: 'code', op: '>=', value: 500 },
        { column: 'error', op: 'exists' },
      ],
      'OR',
    ],
    [`name == "a == b"`, [{ column: 'name', op: '=', value: 'a == b' }]],
    [`name=='it is "a"'`, [{ column: 'name', op: '=', value: 'it is "a"' }]],
    [
      `"my name" == "it is 'a'" and url = /x?a==b`,
      [
        { column: 'my name', op: '=', value: "it is 'a'" },
        { column: 'url', op: '=', value: '/x?a==b' },
      ],
      'AND',
    ],
  ];
  it.each(cases)('%s', (text, filters, joined) => {
    const read = parseFilterLines(text, typeOf);
    expect(read?.filters).toEqual(filters);
    expect(read?.joined).toBe(joined);
  });
  it.each(['', 'hello', 'code = 1 and name = x or code = 2'])('leaves %j to the field', (text) =>
    expect(parseFilterLines(text, typeOf)).toBe(null),
  );

  const a: Filter = { column: 'a', op: '=', value: 1 };
  const b: Filter = { column: 'b', op: '=', value: 2 };
  const other: Filter = { column: 'root.name', op: '=', value: 'GET /' };
  it('stand behind those that are there, and never change how these are joined', () => {
    expect(withPasted({}, { filters: [a, b], joined: 'OR' })).toEqual({ filters: [a, b], filter_combination: 'OR' });
    expect(withPasted({ filters: [a] }, { filters: [b] })?.filters).toEqual([a, b]);
    expect(withPasted({ filters: [a] }, { filters: [b, b], joined: 'AND' })?.filter_combination).toBe('AND');
    expect(withPasted({ filters: [a] }, { filters: [b, b], joined: 'OR' })).toBe(null);
    const isOr: QuerySpec = { filters: [a, b], filter_combination: 'OR' };
    expect(withPasted(isOr, { filters: [a, b], joined: 'OR' })?.filters).toHaveLength(4);
    expect(withPasted(isOr, { filters: [a, b], joined: 'AND' })).toBe(null);
  });
  it('on other spans of the trace are not joined by OR', () => {
    expect(withPasted({}, { filters: [a, other], joined: 'OR' })).toBe(null);
    expect(withPasted({ filters: [a, b], filter_combination: 'OR' }, { filters: [other] })).toBe(null);
    expect(withPasted({ filters: [a] }, { filters: [other] })?.filters).toEqual([a, other]);
  });
});
