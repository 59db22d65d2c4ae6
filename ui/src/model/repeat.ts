// Siblings of one service and name, shown as one row: a loop of two hundred queries is one thing to a reader.
import { FLAG_LOG, FLAG_PLACEHOLDER, type Trace } from './trace';

/** Fewer are quicker read than opened. */
export const REPEATS_MIN = 5;

export interface Repeats {
  /** Per node the first of its group, -1 for none. */
  leader: Int32Array;
  /** Nodes of all groups, those of one together and in order. */
  members: Int32Array;
  /** Per leader where its group begins and ends in `members`. */
  from: ReadonlyMap<number, [number, number]>;
}
export function repeatsOf(t: Trace): Repeats {
  const key = (node: number) =>
    t.flags[node]! & (FLAG_PLACEHOLDER | FLAG_LOG) || t.parent[node]! < 0
      ? -1
      : (t.parent[node]! * t.names.length + t.name[node]!) * t.services.length + t.service[node]!;
  const counts = new Map<number, number>();
  for (let node = 0; node < t.count; node++) {
    const k = key(node);
    if (k >= 0) counts.set(k, (counts.get(k) ?? 0) + 1);
  }
  const leader = new Int32Array(t.count).fill(-1);
  const from = new Map<number, [number, number]>();
  const leaders = new Map<number, number>();
  let length = 0;
  for (let node = 0; node < t.count; node++) {
    const k = key(node);
    const count = k < 0 ? 0 : counts.get(k)!;
    if (count < REPEATS_MIN) continue;
    let first = leaders.get(k);
    if (first === undefined) {
      leaders.set(k, (first = node));
      from.set(node, [length, length]);
      length += count;
    }
    leader[node] = first;
  }
  const members = new Int32Array(length);
  for (let node = 0; node < t.count; node++) {
    const range = leader[node]! < 0 ? undefined : from.get(leader[node]!);
    if (range) members[range[1]++] = node;
  }
  return { leader, members, from };
}
/** The nodes of a leader's group. */
export function membersOf(repeats: Repeats, leader: number): Int32Array {
  const [from, to] = repeats.from.get(leader) ?? [0, 0];
  return repeats.members.subarray(from, to);
}
