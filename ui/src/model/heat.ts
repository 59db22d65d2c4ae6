// Heat maps whose few largest values leave no room for the others: where to cut, and the map with what is above gathered in one row.
import type { HeatmapData } from './result';

/** This share of the events is spread over the whole height. */
const BODY = 0.99;
/** A map is cut when its body lies in less than this share of the bins. */
const SQUASHED = 0.2;

/** The value below which nearly all events lie, where these have only a small part of the bins; null when the map reads well. */
export function bodyCut(data: HeatmapData): number | null {
  if (data.bins < 10 || !(data.step_size > 0)) return null;
  const sums = new Array<number>(data.bins).fill(0);
  let total = 0;
  for (const column of data.counts)
    for (let y = 0; y < data.bins; y++) {
      sums[y]! += column[y] ?? 0;
      total += column[y] ?? 0;
    }
  let below = 0;
  for (let y = 0; y < data.bins * SQUASHED; y++) {
    below += sums[y]!;
    if (total > 0 && below >= total * BODY) return data.min_value + data.step_size * (y + 1);
  }
  return null;
}
/** What one may change a map to: all values to scale, or its body spread out. A map that could not be cut offers neither. */
export const heatChoice = (data: HeatmapData, isWholeWanted: boolean): 'whole' | 'body' | null =>
  data.above ? 'whole' : isWholeWanted && bodyCut(data) !== null ? 'body' : null;
/**
 * The map of the values below `cut`, at the times of the whole one, with the events at or above `cut` counted per time. Null when the
 * two do not belong together: events came or went between the questions. At the newest time they always may come.
 */
export function withAbove(whole: HeatmapData, body: HeatmapData, cut: number): HeatmapData | null {
  const columns = new Map(body.times.map((time, x) => [time, body.counts[x]!]));
  const sum = (column: readonly number[]) => column.reduce((total, count) => total + count, 0);
  const counts = whole.times.map((time) => columns.get(time) ?? new Array<number>(body.bins).fill(0));
  const above = whole.counts.map((column, x) => sum(column) - sum(counts[x]!));
  const newest = above.length - 1;
  if (above.some((count, x) => count < 0 && x !== newest)) return null;
  const row = { from: cut, max_value: whole.max_value, counts: above.map((count) => Math.max(0, count)) };
  return { ...body, times: whole.times, counts, above: row };
}
