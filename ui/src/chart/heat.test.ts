import { describe, expect, it } from 'vitest';
import { valueTicks } from './axis';
import { HeatRows } from './heat-rows';
import { bodyCut, heatChoice, withAbove } from '../model/heat';
import type { HeatmapData } from '../model/result';

const map = (counts: number[][], step_size = 10, min_value = 0): HeatmapData => ({
  min_value,
  max_value: min_value + step_size * counts[0]!.length,
  step_size,
  bins: counts[0]!.length,
  times: counts.map((_, x) => `2026-11-22T09:0${x}:00Z`),
  counts,
});
const bins = (first: number[], length = 50) => [...first, ...new Array<number>(length - first.length - 1).fill(0), 1];

describe('a heat map that its largest values squash', () => {
  it('is cut above nearly all events', () => {
    expect(bodyCut(map([bins([990, 9]), bins([500, 20])]))).toBe(20);
    expect(bodyCut(map([bins([990])]))).toBe(10);
  });
  it('is left alone when it reads well or has few bins', () => {
    expect(bodyCut(map([Array.from({ length: 50 }, () => 3)]))).toBe(null);
    expect(bodyCut(map([bins([990], 5)]))).toBe(null);
    expect(bodyCut(map([new Array<number>(50).fill(0)]))).toBe(null);
  });
  it('keeps every event: what is above stands in a row of its own', () => {
    const whole = map([bins([90, 5]), bins([7])]);
    const body = { ...map([[50, 40]], 5), times: [whole.times[0]!] };
    const cut = withAbove(whole, body, 10)!;
    // The second time is missing in the body: its seven events went away between the questions, so these count as above.
    expect(cut.counts).toEqual([
      [50, 40],
      [0, 0],
    ]);
    expect(cut.above).toEqual({ from: 10, max_value: 500, counts: [6, 8] });
    const rows = new HeatRows(cut, 8, 200);
    let events = 0;
    for (let x = 0; x < 2; x++) for (let y = 0; y < rows.count; y++) events += rows.events(x, y);
    expect(events).toBe(90 + 5 + 1 + 7 + 1);
  });
  it('is not drawn from two questions that do not belong together', () =>
    expect(withAbove(map([bins([3]), bins([3])]), map([[4, 1]], 5), 10)).toBe(null));
  it('offers to spread out its body only where all values were chosen, not where that failed', () => {
    const squashed = map([bins([990, 9])]);
    expect(heatChoice(squashed, true)).toBe('body');
    expect(heatChoice(squashed, false)).toBe(null);
    expect(heatChoice(map([Array.from({ length: 50 }, () => 3)]), true)).toBe(null);
    expect(heatChoice(withAbove(squashed, map([[900, 99]], 5), 10)!, false)).toBe('whole');
  });
  it('is drawn of live data: events that came between the questions are at the newest time', () => {
    const whole = map([bins([3]), bins([3])]);
    const cut = withAbove(
      whole,
      {
        ...map(
          [
            [3, 0],
            [4, 1],
          ],
          5,
        ),
        times: whole.times,
      },
      10,
    )!;
    expect(cut.above!.counts).toEqual([1, 0]);
    expect(cut.counts[1]).toEqual([4, 1]);
  });
});

describe('labels of values', () => {
  it.each([
    [0.09314, 10_021, [0, 2500, 5000, 7500, 10_000]],
    [0.056, 17.67, [0, 5, 10, 15]],
    [-3, 5, [-2, 0, 2, 4]],
    [1000, 1001, [1000, 1000.25, 1000.5, 1000.75, 1001]],
    [7, 7, [7]],
  ])('between %f and %f are round', (from, to, ticks) => expect(valueTicks(from, to, 4)).toEqual(ticks));
  it('keep clear of that of the larger values', () => {
    const cut = withAbove(map([bins([90, 5])]), map([[50, 40]], 5), 10)!;
    const rows = new HeatRows(cut, 8, 200);
    expect(rows.labels()).toEqual([0, 2.5, 5, 7.5]);
    expect(new HeatRows(map([[1, 2]], 5), 8, 200).labels()).toEqual([0, 2.5, 5, 7.5, 10]);
  });
});

describe('rows', () => {
  const cut = withAbove(map([bins([90, 5])]), map([[50, 40]], 5), 10)!;
  const rows = new HeatRows(cut, 8, 200);
  it('lie on each other from the bottom, with the larger values above all', () => {
    expect(rows.lower(0)).toBe(208);
    expect(rows.upper(0)).toBe(rows.lower(1));
    expect(rows.upper(2)).toBe(8);
    expect(rows.lower(2)).toBeLessThan(rows.upper(1) + 1);
    for (let y = 0; y < rows.count; y++) expect(rows.at((rows.upper(y) + rows.lower(y)) / 2)).toBe(y);
  });
  it('hold half-open ranges without gaps, the last one with the largest value', () => {
    expect([rows.from(0), rows.to(0), rows.from(1), rows.to(1), rows.from(2)]).toEqual([0, 5, 5, 10, 10]);
    expect(rows.to(2)).toBeGreaterThan(500);
    const plain = new HeatRows(map([[1, 2, 3]]), 8, 200);
    expect(plain.to(2)).toBeGreaterThan(30);
    expect(plain.pixel(30)).toBe(8);
  });
});
