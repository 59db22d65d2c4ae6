// What datasets of metrics offer, refuse and add to a query.
import { describe, expect, it } from 'vitest';
import {
  metricOf,
  metricsOf,
  metricStarters,
  metricText,
  opsOf,
  readFollowed,
  takes,
  whyNot,
  withFollowed,
  type Metric,
} from './metrics';
import { prune, type QuerySpec } from './query-spec';
import { parseSelect, readSelect, selectText } from './select-text';

const METRICS: Metric[] = [
  { name: 'cpu', type: 'gauge', default: 'LAST' },
  { name: 'requests', type: 'sum(cumulative,monotonic)', default: 'INCREASE' },
  { name: 'latency', type: 'histogram(delta)', default: 'INCREASE' },
  { name: 'gc', type: 'summary', default: null },
];

describe('calculations', () => {
  it('are those of the type of dataset', () => {
    const names = (isMetrics: boolean) => opsOf(isMetrics).map((c) => c.op);
    expect(names(true)).toEqual(expect.arrayContaining(['COUNT_DATAPOINTS', 'HISTOGRAM_COUNT', 'HEATMAP', 'COUNT']));
    for (const op of ['CONCURRENCY', 'RATE_SUM', 'RATE_AVG', 'RATE_MAX']) {
      expect(names(true)).not.toContain(op);
      expect(names(false)).toContain(op);
    }
    expect(names(false)).not.toContain('COUNT_DATAPOINTS');
    expect(names(false)).not.toContain('HISTOGRAM_COUNT');
    expect(opsOf(true).find((c) => c.op === 'COUNT')!.needs).toBe('any');
  });
  it('that mean nothing there are refused with what to ask instead', () => {
    expect(whyNot({ op: 'COUNT' }, true)).toContain('COUNT_DATAPOINTS(metric)');
    expect(whyNot({ op: 'COUNT', column: 'host' }, true)).toBeUndefined();
    expect(whyNot({ op: 'RATE_MAX', column: 'requests' }, true)).toContain('MAX(RATE(metric))');
    expect(whyNot({ op: 'CONCURRENCY' }, true)).toContain('gauge');
    expect(whyNot({ op: 'SUM', column: 'requests' }, true)).toBeUndefined();
    expect(whyNot({ op: 'COUNT_DATAPOINTS', column: 'x' }, false)).toContain('COUNT(column)');
    expect(whyNot({ op: 'RATE_MAX', column: 'x' }, false)).toBeUndefined();
  });
});

describe('a metric', () => {
  it('says its kind and how it is followed', () => {
    expect(METRICS.map(metricText)).toEqual([
      'gauge, LAST: newest value',
      'counter, INCREASE: growth',
      'histogram of deltas, INCREASE: growth',
      'summary',
    ]);
  });
  it('has the columns of its parts', () => {
    expect(metricOf(METRICS, 'latency.p99')?.name).toBe('latency');
    expect(metricOf(METRICS, 'cpu')?.name).toBe('cpu');
    expect(metricOf(METRICS, 'cpu.count')).toBeUndefined();
    expect(metricOf(METRICS, 'latency.text')).toBeUndefined();
  });
  it('takes what its kind can answer', () => {
    const takers = (op: string, follow?: string) => METRICS.filter((m) => takes(m, op, follow)).map((m) => m.name);
    expect(takers('P95')).toEqual(['cpu', 'requests', 'latency']);
    expect(takers('COUNT_DISTINCT')).toEqual(['cpu', 'requests']);
    expect(takers('SUM', 'RATE')).toEqual(['cpu', 'requests']);
    expect(takers('COUNT_DATAPOINTS')).toEqual(['cpu', 'requests', 'latency', 'gc']);
    expect(takers('HISTOGRAM_COUNT')).toEqual(['latency', 'gc']);
  });
  it('is a question to begin with, by its kind', () => {
    expect(metricStarters(METRICS, 5)).toEqual([
      { op: 'AVG', column: 'cpu' },
      { op: 'SUM', column: 'requests' },
      { op: 'HEATMAP', column: 'latency' },
    ]);
  });
});

describe('another way to follow a metric', () => {
  const parsed = (text: string) => {
    const read = parseSelect(text, () => undefined);
    return read && 'calculation' in read ? read.calculation : null;
  };
  it('is read from the text of the builder, brackets left out or not', () => {
    for (const text of ['sum(rate(requests, 300))', 'SUM(RATE(requests,300)', 'SUM(RATE(requests, 300']) {
      expect(parsed(text)).toEqual({ op: 'SUM', column: 'RATE(requests, 300)' });
    }
    expect(parsed('MAX(LAST(cpu)) where host = a as top')).toMatchObject({ column: 'LAST(cpu)', name: 'top' });
    expect(selectText(parsed('SUM(RATE(requests))')!)).toBe('SUM(RATE(requests))');
    expect(readSelect('SUM(RATE(req')).toEqual({ stage: 'column', op: 'SUM', prefix: 'RATE(req' });
    expect(readFollowed('ratio(requests)')).toBeUndefined();
    expect(readFollowed('RATE()')).toBeUndefined();
  });
  it('is a calculated field of the query for as long as it is named', () => {
    const own = { name: 'slow', expression: 'GT($ms, 1)' };
    const spec: QuerySpec = {
      calculations: [{ op: 'SUM', column: 'RATE(requests, 300)' }],
      calculated_fields: [own],
    };
    const whole = withFollowed(spec);
    expect(whole.calculated_fields).toEqual([
      own,
      { name: 'RATE(requests, 300)', expression: 'RATE($"requests", 300)' },
    ]);
    expect(withFollowed(whole)).toEqual(whole);
    expect(prune(withFollowed({ ...whole, calculations: [] }))).toEqual({ calculated_fields: [own] });
    expect(metricsOf(METRICS, whole)).toEqual(['requests']);
  });
});

it('the metrics of a query are those it calculates with, through its fields and by their parts', () => {
  const spec: QuerySpec = {
    calculations: [
      { op: 'MAX', column: 'latency.p99' },
      { op: 'SUM', column: 't' },
      { op: 'COUNT', column: 'host' },
    ],
    calculated_fields: [{ name: 't', expression: 'DIV(RATE($requests), LAST($"cpu"))' }],
  };
  expect(metricsOf(METRICS, spec)).toEqual(['latency', 'requests', 'cpu']);
});
