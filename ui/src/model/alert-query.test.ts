// Queries that become triggers and SLOs.
import { describe, expect, it } from 'vitest';
import { conditionText, triggerQuery } from './alert-query';
import { FILTER_OPS } from './query-spec';

describe('the query of a trigger', () => {
  it('asks the same over its own range, without what only eyes want', () => {
    const spec = {
      filters: [{ column: 'error', op: '=', value: true }],
      breakdowns: ['route'],
      orders: [{ op: 'COUNT', order: 'ascending' as const }],
      limit: 10,
      granularity: 60,
      start_time: 1,
      end_time: 2,
      compare_time_offset_seconds: 3600,
    };
    expect(triggerQuery(spec, 900)).toEqual({
      calculations: [{ op: 'COUNT' }],
      breakdowns: ['route'],
      filters: spec.filters,
      time_range: 900,
    });
  });
});

describe('the conditions of a query as an expression', () => {
  it('have a form for every operator', () => {
    for (const { op, arity } of FILTER_OPS) {
      const value = arity === 'list' ? [1, 'a'] : 1;
      expect(conditionText([{ column: 'c', op, ...(arity === 'none' ? {} : { value }) }]), op).toContain('$"c"');
    }
  });
  it('keep how they are joined, names and values as they are', () => {
    const filters = [
      { column: 'a "b"', op: '=', value: 'x"y' },
      { column: 'n', op: 'in', value: [1, 2] },
    ];
    expect(conditionText(filters, 'OR')).toBe('OR(EQUALS($"a \\"b\\"", "x\\"y"), IN($"n", 1, 2))');
    expect(conditionText(filters.slice(1))).toBe('IN($"n", 1, 2)');
    expect(conditionText([])).toBe('');
  });
});
