// Where the time of a trace went: the critical path, and spans summed by what they do, to read one trace or to compare two.
import { FLAG_ERROR, FLAG_LOG, FLAG_MISSING, type Trace } from './trace';

/** Stretches of time, each the work of one node that its root waited for; ordered by node, so that a row finds its own by search. */
export interface CriticalPath {
  node: Int32Array;
  from: Float64Array;
  to: Float64Array;
  /** One byte per node: 1 when a stretch is its. */
  marks: Uint8Array;
  /** Sum of the stretches in ns. */
  total: number;
}

/** Clocks of two machines differ; a share of the caller's time. */
const CLOCK_SLACK = 0.02;

/**
 * Walks back from the end of the first root: at each moment the path is in the child that ended last before it, else in the node itself.
 * What a child does after its caller ended is not waited for and is left out.
 */
export function criticalPath(t: Trace): CriticalPath {
  const found: { node: number; from: number; to: number }[] = [];
  const root = t.parent.indexOf(-1);
  const todo: { node: number; end: number }[] = root < 0 ? [] : [{ node: root, end: endOf(t, root) }];
  while (todo.length > 0) {
    const { node, end } = todo.pop()!;
    const children: number[] = [];
    for (let child = node + 1; child <= node + t.below[node]!; child += t.below[child]! + 1)
      if (!(t.flags[child]! & FLAG_LOG)) children.push(child);
    children.sort((a, b) => endOf(t, b) - endOf(t, a));
    let cursor = Math.min(end, endOf(t, node));
    for (const child of children) {
      if (cursor <= t.start[node]!) break;
      const childEnd = endOf(t, child);
      // One that goes on past the moment was not waited for, unless by as little as clocks differ; one that began after it can't have been.
      const slack = t.duration[node]! * CLOCK_SLACK;
      if (childEnd > cursor + slack || t.start[child]! >= cursor) continue;
      if (childEnd < cursor) found.push({ node, from: childEnd, to: cursor });
      todo.push({ node: child, end: Math.min(childEnd, cursor) });
      cursor = Math.max(t.start[child]!, t.start[node]!);
    }
    if (cursor > t.start[node]!) found.push({ node, from: t.start[node]!, to: cursor });
  }
  found.sort((a, b) => a.node - b.node || a.from - b.from);
  const marks = new Uint8Array(t.count);
  for (const { node } of found) marks[node] = 1;
  return {
    node: Int32Array.from(found, (f) => f.node),
    from: Float64Array.from(found, (f) => f.from),
    to: Float64Array.from(found, (f) => f.to),
    marks,
    total: found.reduce((sum, f) => sum + f.to - f.from, 0),
  };
}
const endOf = (t: Trace, node: number): number => t.start[node]! + t.duration[node]!;

/** Time in which a node ran and none of its children did, in ns per node. */
export function selfTimes(t: Trace): Float64Array {
  const self = t.duration.slice();
  // Children come ordered by start, so one pass over each family merges their overlaps.
  for (let node = 0; node < t.count; node++) {
    const end = endOf(t, node);
    let covered = t.start[node]!;
    for (let child = node + 1; child <= node + t.below[node]!; child += t.below[child]! + 1) {
      const from = Math.max(covered, t.start[child]!);
      const to = Math.min(end, endOf(t, child));
      if (to > from) {
        self[node] = self[node]! - (to - from);
        covered = to;
      }
    }
  }
  return self;
}

/** Spans of a trace that share a value. */
export interface Share {
  value: string;
  count: number;
  errors: number;
  /** Sums in ns. */
  duration: number;
  self: number;
}
/** Sums the spans by the value `valueOf` gives them; the largest share of self time first. Missing spans and logs take no part. */
export function sharesBy(t: Trace, self: Float64Array, valueOf: (node: number) => string | undefined): Share[] {
  const shares = new Map<string, Share>();
  for (let node = 0; node < t.count; node++) {
    if (t.flags[node]! & (FLAG_MISSING | FLAG_LOG)) continue;
    const value = valueOf(node) ?? '(no value)';
    let share = shares.get(value);
    if (!share) shares.set(value, (share = { value, count: 0, errors: 0, duration: 0, self: 0 }));
    share.count++;
    share.duration += t.duration[node]!;
    share.self += self[node]!;
    if (t.flags[node]! & FLAG_ERROR) share.errors++;
  }
  return [...shares.values()].sort((a, b) => b.self - a.self || b.count - a.count);
}

/** What one kind of span, by service and name, cost in each of two traces. */
export interface Difference {
  service: string;
  name: string;
  a: Share | undefined;
  b: Share | undefined;
  /** Self time in b less that in a, in ns. */
  delta: number;
}
/** Compares two traces by service and name; the largest change of self time first. */
export function compareTraces(a: Trace, b: Trace): Difference[] {
  const separator = '\u0000';
  const kinds = (t: Trace) =>
    new Map(
      sharesBy(t, selfTimes(t), (n) => `${t.services[t.service[n]!]}${separator}${t.names[t.name[n]!]}`).map((s) => [
        s.value,
        s,
      ]),
    );
  const [left, right] = [kinds(a), kinds(b)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .map((key) => {
      const [service, name] = key.split(separator) as [string, string];
      const [one, two] = [left.get(key), right.get(key)];
      return { service, name, a: one, b: two, delta: (two?.self ?? 0) - (one?.self ?? 0) };
    })
    .sort((x, y) => Math.abs(y.delta) - Math.abs(x.delta));
}
