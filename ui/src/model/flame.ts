// Spans as lanes: a span lies below its parent, and side by side with whatever runs at other times.
import { FLAG_LEFT_OUT, type Trace } from './trace';

/** Of a span with thousands of children at once, those beyond share the last lane. */
const LANES_BELOW_MAX = 400;

export interface Lanes {
  /** Per node its lane, counted from the top; -1 for what has no time. */
  lane: Int32Array;
  count: number;
}
export function lanesOf(t: Trace, root = -1): Lanes {
  const lane = new Int32Array(t.count).fill(-1);
  const ends: number[] = [];
  const [first, end] = root < 0 ? [0, t.count] : [root, root + t.below[root]! + 1];
  for (let node = first; node < end; node++) {
    if (t.flags[node]! & FLAG_LEFT_OUT) continue;
    const up = node === root ? -1 : t.parent[node]!;
    const top = up < 0 ? 0 : lane[up]! + 1;
    let at = top;
    while (at < top + LANES_BELOW_MAX && (ends[at] ?? -1) > t.start[node]!) at++;
    lane[node] = at;
    ends[at] = Math.max(ends[at] ?? 0, t.start[node]! + t.duration[node]!);
  }
  return { lane, count: ends.length };
}
