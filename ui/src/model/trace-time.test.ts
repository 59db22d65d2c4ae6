import { describe, expect, it } from 'vitest';
import { collapsedBelow, idOf, visibleNodes, withAncestors } from './trace';
import { build, span } from './trace.test.rows';
import { compareTraces, criticalPath, selfTimes, sharesBy } from './trace-time';

const stretches = (t: ReturnType<typeof build>) => {
  const path = criticalPath(t);
  return [...path.node].map((n, i) => [idOf(t, n), path.from[i]! / 1e6, path.to[i]! / 1e6]);
};

describe('the critical path', () => {
  it('is in whichever child ended last, and in the caller between', () => {
    const t = build([span('a', null, 0, 100), span('b', 'a', 10, 30), span('c', 'a', 20, 60), span('d', 'c', 30, 40)]);
    expect(stretches(t)).toEqual([
      ['a', 0, 20],
      ['a', 80, 100],
      ['c', 20, 30],
      ['c', 70, 80],
      ['d', 30, 70],
    ]);
    expect(criticalPath(t).total).toBe(100e6);
  });
  it('leaves out what nobody waited for', () => {
    const t = build([span('a', null, 0, 100), span('late', 'a', 50, 400), span('b', 'a', 0, 90)]);
    expect(stretches(t)).toEqual([
      ['a', 90, 100],
      ['b', 0, 90],
    ]);
  });
  it('forgives clocks that differ a little', () => {
    expect(stretches(build([span('a', null, 0, 100), span('b', 'a', 50, 51)]))).toEqual([
      ['a', 0, 50],
      ['b', 50, 100],
    ]);
  });
  it('covers the whole root of any tree whose children stay within their caller', () => {
    let state = 7;
    const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
    for (let round = 0; round < 50; round++) {
      const rows = [span('0', null, 0, 1000)];
      const bounds = [[0, 1000]];
      for (let i = 1; i < 60; i++) {
        const up = Math.floor(random() * i);
        const [from, ms] = bounds[up]!;
        const start = from! + Math.floor(random() * ms! * 0.9);
        const length = Math.floor((from! + ms! - start) * random());
        bounds.push([start, length]);
        rows.push(span(String(i), String(up), start, length));
      }
      expect(criticalPath(build(rows)).total).toBe(1000e6);
    }
  });
});

describe('own time', () => {
  it('counts overlapping children once', () => {
    const t = build([span('a', null, 0, 100), span('b', 'a', 10, 30), span('c', 'a', 20, 40), span('d', 'a', 90, 50)]);
    expect([...selfTimes(t)].map((ns) => ns / 1e6)).toEqual([40, 30, 40, 50]);
  });
  it('sums by any value', () => {
    const t = build([
      span('a', null, 0, 100),
      span('b', 'a', 10, 30, { 'service.name': 'db', error: true }),
      span('c', 'a', 50, 10, { 'service.name': 'db' }),
    ]);
    const shares = sharesBy(t, selfTimes(t), (n) => t.services[t.service[n]!]);
    expect(shares).toEqual([
      { value: 'web', count: 1, errors: 0, duration: 100e6, self: 60e6 },
      { value: 'db', count: 2, errors: 1, duration: 40e6, self: 40e6 },
    ]);
  });
});

it('two traces differ by kind of span, the largest difference first', () => {
  const one = build([span('a', null, 0, 100), span('x', 'a', 0, 10, { name: 'load' })]);
  const two = build([span('a', null, 0, 150), span('y', 'a', 0, 90, { name: 'load' })]);
  expect(compareTraces(one, two).map((d) => [d.name, d.a?.count, d.b?.count, d.delta / 1e6])).toEqual([
    ['load', 1, 1, 80],
    ['a', 1, 1, -30],
  ]);
});

describe('what is shown', () => {
  const t = build([span('a', null, 0, 100), span('b', 'a', 10, 30), span('c', 'b', 11, 5), span('d', 'a', 50, 9)]);
  it('can be a part of the tree', () => {
    expect([...visibleNodes(t, new Uint8Array(4), undefined, 1)]).toEqual([1, 2]);
  });
  it('can be so many levels', () => {
    expect([...visibleNodes(t, collapsedBelow(t, 2))]).toEqual([0, 1, 3]);
    expect([...visibleNodes(t, collapsedBelow(t, 0))]).toEqual([0, 1, 2, 3]);
  });
  it('keeps what is above a mark', () => {
    expect([...withAncestors(t, Uint8Array.of(0, 0, 1, 0))]).toEqual([1, 1, 1, 0]);
  });
  it('knows how far the work below reaches', () => {
    const late = build([span('a', null, 10, 10), span('b', 'a', 5, 40)]);
    expect([...late.reachFrom].map((ns) => ns / 1e6)).toEqual([0, 0]);
    expect([...late.reachTo].map((ns) => ns / 1e6)).toEqual([40, 40]);
  });
});
