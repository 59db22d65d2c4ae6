import { describe, expect, it } from 'vitest';
import type { Calculation } from './query-spec';
import { formulaText, parseSelect, readSelect, selectText } from './select-text';

const parse = (text: string, taken: string[] = []) => parseSelect(text, () => undefined, taken);
const calculation = (text: string) => {
  const read = parse(text);
  return read && 'calculation' in read ? read.calculation : null;
};

describe('a calculation as text', () => {
  it.each<[string, Calculation]>([
    ['count', { op: 'COUNT' }],
    ['avg duration_ms', { op: 'AVG', column: 'duration_ms' }],
    ['concurrency', { op: 'CONCURRENCY' }],
    ['P95(duration_ms) as slow', { op: 'P95', column: 'duration_ms', name: 'slow' }],
    [
      'COUNT where error = true as errors',
      { op: 'COUNT', name: 'errors', filters: [{ column: 'error', op: '=', value: true }] },
    ],
    [
      'SUM(took) where name = "GET /a and b" or took > 5 as x',
      {
        op: 'SUM',
        column: 'took',
        name: 'x',
        filters: [
          { column: 'name', op: '=', value: 'GET /a and b' },
          { column: 'took', op: '>', value: 5 },
        ],
        filter_combination: 'OR',
      },
    ],
  ])('%s', (text, expected) => {
    expect(calculation(text)).toEqual(expected);
    expect(calculation(selectText(expected))).toEqual(expected);
  });
  it('with a filter gets a name that nobody has', () => {
    expect(parse('COUNT where error = true')).toMatchObject({ calculation: { name: 'count_error' } });
    expect(parse('COUNT where error = true', ['count_error'])).toMatchObject({
      calculation: { name: 'count_error_2' },
    });
  });
  it.each(['nothing', 'P95', 'COUNT where error', 'COUNT as ', 'CONCURRENCY(x)'])('%s is none', (text) =>
    expect(parse(text)).toBeNull(),
  );
});

describe('a formula as text', () => {
  it('keeps its expression, brackets and all', () => {
    const formula = { name: 'share', expression: 'DIV($errors, MUL($all, 1))' };
    expect(parse(formulaText(formula))).toEqual({ formula });
    expect(parse('= $a / $b')).toEqual({ formula: { name: 'formula', expression: '$a / $b' } });
    expect(parse('= ')).toBeNull();
  });
});

describe('completion', () => {
  it.each([
    ['p9', { stage: 'op', prefix: 'p9' }],
    ['P95(dur', { stage: 'column', op: 'P95', prefix: 'dur' }],
    ['P95(duration_ms)', { stage: 'tail', head: 'P95(duration_ms)' }],
    ['COUNT ', { stage: 'tail', head: 'COUNT' }],
    ['COUNT(err', { stage: 'column', op: 'COUNT', prefix: 'err' }],
    ['COUNT where err', { stage: 'filter', head: 'COUNT where ', text: 'err' }],
    ['COUNT where a = 1 and b', { stage: 'filter', head: 'COUNT where a = 1 and ', text: 'b' }],
    ['COUNT where a = 1 as x', { stage: 'name', head: 'COUNT where a = 1 as ', prefix: 'x' }],
    ['= DIV($er', { stage: 'formula', head: '= DIV(', prefix: '$er' }],
  ])('%s', (text, expected) => expect(readSelect(text)).toEqual(expected));
});
