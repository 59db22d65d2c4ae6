// One trace as structure of arrays: no object per span, so that 50,000 spans cost a few megabytes and can move between
// threads without a copy. Times are nanoseconds from the start of the trace.
import { rfc3339ToNs } from './format';
import { PARENT_ID, SPAN_ID, type EventRow } from './result';

export const FLAG_ERROR = 1;
/** A parent that other spans name but that has not arrived. */
export const FLAG_MISSING = 2;
/** A log line shown as a row of zero length. */
export const FLAG_LOG = 4;
export const FLAG_LINK = 8;

export interface Trace {
  traceId: string;
  /** Absolute start: RFC 3339 text and ns as text. */
  startTime: string;
  startNs: string;
  durationNs: number;
  totalRows: number;
  rowCount: number;
  /** Number of nodes, placeholders included; all arrays below have this length and are in depth-first order. */
  count: number;
  spanCount: number;
  errorCount: number;
  missingCount: number;
  maxDepth: number;
  start: Float64Array;
  duration: Float64Array;
  /** Earliest start and latest end of the node and all below it: work that began before its caller, or outlived it. */
  reachFrom: Float64Array;
  reachTo: Float64Array;
  parent: Int32Array;
  depth: Uint16Array;
  /** Number of nodes below this one. */
  below: Int32Array;
  children: Int32Array;
  name: Int32Array;
  service: Int32Array;
  flags: Uint8Array;
  /** Index of the row the node came from; -1 for placeholders. */
  row: Int32Array;
  spanIds: string[];
  names: string[];
  services: string[];
  /** Span events, ordered by node: node, time, name, row. */
  eventNode: Int32Array;
  eventTime: Float64Array;
  eventName: Int32Array;
  eventRow: Int32Array;
  linkNode: Int32Array;
  linkRow: Int32Array;
}

export function buildTrace(traceId: string, rows: readonly EventRow[], totalRows: number): Trace {
  const names = new Interner();
  const services = new Interner();
  let startNs = rows.length > 0 ? rfc3339Ns(rows[0]!) : 0n;
  for (const row of rows) {
    const ns = rfc3339Ns(row);
    if (ns < startNs) startNs = ns;
  }

  // Pass 1: which rows are nodes, which hang on a node.
  const nodeRows: number[] = [];
  const eventRows: number[] = [];
  const linkRows: number[] = [];
  const byId = new Map<string, number>();
  for (const [i, row] of rows.entries()) {
    const kind = row.data['meta.annotation_type'];
    const isLog = row.data['meta.signal_type'] === 'log';
    if (kind === 'link') linkRows.push(i);
    else if (kind === 'span_event' && !isLog) eventRows.push(i);
    else {
      const id = row.data[SPAN_ID];
      // The same span sent twice stays one node; a retry of the exporter must not draw it twice.
      if (!isLog && typeof id === 'string') {
        if (byId.has(id)) continue;
        byId.set(id, nodeRows.length);
      }
      nodeRows.push(i);
    }
  }

  // Pass 2: raw nodes and placeholders for parents that are missing.
  const raw = {
    start: [] as number[],
    duration: [] as number[],
    parent: [] as number[],
    name: [] as number[],
    service: [] as number[],
    flags: [] as number[],
    row: [] as number[],
    id: [] as string[],
  };
  let end = 0;
  for (const i of nodeRows) {
    const { data } = rows[i]!;
    const isLog = data['meta.signal_type'] === 'log';
    const start = Number(rfc3339Ns(rows[i]!) - startNs);
    const ms = Number(data['duration_ms'] ?? 0);
    const duration = isLog || !(ms > 0) ? 0 : ms * 1e6;
    raw.start.push(start);
    raw.duration.push(duration);
    raw.parent.push(-1);
    raw.name.push(names.of(text(isLog ? (data['body'] ?? data['name']) : data['name']) || '(no name)'));
    raw.service.push(services.of(text(data['service.name'] ?? data['service_name'] ?? rows[i]!.dataset)));
    raw.flags.push((isError(data) ? FLAG_ERROR : 0) | (isLog ? FLAG_LOG : 0));
    raw.row.push(i);
    raw.id.push(text(data[SPAN_ID]));
    end = Math.max(end, start + duration);
  }
  const missing = new Map<string, number>();
  for (const [n, i] of nodeRows.entries()) {
    const parentId = rows[i]!.data[PARENT_ID];
    if (typeof parentId !== 'string' || parentId === '') continue;
    let parent = byId.get(parentId) ?? missing.get(parentId);
    if (parent === n) continue;
    if (parent === undefined) {
      parent = raw.start.length;
      missing.set(parentId, parent);
      raw.start.push(Infinity);
      raw.duration.push(0);
      raw.parent.push(-1);
      raw.name.push(names.of('missing span'));
      raw.service.push(services.of(''));
      raw.flags.push(FLAG_MISSING);
      raw.row.push(-1);
      raw.id.push(parentId);
    }
    raw.parent[n] = parent;
  }
  breakCycles(raw.parent);
  // A placeholder spans what hangs on it.
  const first = nodeRows.length;
  for (let n = 0; n < first; n++) {
    const parent = raw.parent[n]!;
    if (parent < first) continue;
    const childEnd = raw.start[n]! + raw.duration[n]!;
    const stop = Math.max(raw.start[parent] === Infinity ? 0 : raw.start[parent]! + raw.duration[parent]!, childEnd);
    raw.start[parent] = Math.min(raw.start[parent]!, raw.start[n]!);
    raw.duration[parent] = stop - raw.start[parent]!;
  }

  // Pass 3: depth-first order, siblings by start.
  const count = raw.start.length;
  const order = depthFirst(raw.parent, raw.start);
  const place = new Int32Array(count);
  order.forEach((n, at) => (place[n] = at));
  const pick = (values: number[]) => order.map((n) => values[n]!);
  const parent = Int32Array.from(order, (n) => (raw.parent[n]! < 0 ? -1 : place[raw.parent[n]!]!));
  const depth = new Uint16Array(count);
  const below = new Int32Array(count);
  const children = new Int32Array(count);
  let maxDepth = 0;
  for (let at = 0; at < count; at++) {
    const up = parent[at]!;
    if (up >= 0) depth[at] = Math.min(65535, depth[up]! + 1);
    maxDepth = Math.max(maxDepth, depth[at]!);
  }
  for (let at = count - 1; at >= 0; at--) {
    const up = parent[at]!;
    if (up >= 0) {
      below[up] = below[up]! + below[at]! + 1;
      children[up] = children[up]! + 1;
    }
  }
  const flags = Uint8Array.from(pick(raw.flags));
  const start = Float64Array.from(pick(raw.start));
  const duration = Float64Array.from(pick(raw.duration));
  const reachFrom = start.slice();
  const reachTo = start.map((ns, at) => ns + duration[at]!);
  for (let at = count - 1; at >= 0; at--) {
    const up = parent[at]!;
    if (up < 0) continue;
    if (reachFrom[at]! < reachFrom[up]!) reachFrom[up] = reachFrom[at]!;
    if (reachTo[at]! > reachTo[up]!) reachTo[up] = reachTo[at]!;
  }

  const attach = (list: number[]) =>
    list
      .map((i) => {
        const id = rows[i]!.data[PARENT_ID];
        const node = typeof id === 'string' ? (byId.get(id) ?? missing.get(id)) : undefined;
        return { node: node === undefined ? -1 : place[node]!, i };
      })
      .sort((a, b) => a.node - b.node || a.i - b.i);
  const events = attach(eventRows);
  const links = attach(linkRows);
  for (const link of links) if (link.node >= 0) flags[link.node]! |= FLAG_LINK;
  const eventTimes = Float64Array.from(events, (e) => Number(rfc3339Ns(rows[e.i]!) - startNs));
  for (const time of eventTimes) end = Math.max(end, time);

  let errorCount = 0;
  for (const flag of flags) if (flag & FLAG_ERROR) errorCount++;
  return {
    traceId,
    startTime: nsToRfc3339(startNs),
    startNs: String(startNs),
    durationNs: end,
    totalRows,
    rowCount: rows.length,
    count,
    spanCount: byId.size,
    errorCount,
    missingCount: missing.size,
    maxDepth,
    start,
    duration,
    reachFrom,
    reachTo,
    parent,
    depth,
    below,
    children,
    name: Int32Array.from(pick(raw.name)),
    service: Int32Array.from(pick(raw.service)),
    flags,
    row: Int32Array.from(pick(raw.row)),
    spanIds: order.map((n) => raw.id[n]!),
    names: names.values,
    services: services.values,
    eventNode: Int32Array.from(events, (e) => e.node),
    eventTime: eventTimes,
    eventName: Int32Array.from(events, (e) => names.of(text(rows[e.i]!.data['name']) || '(no name)')),
    eventRow: Int32Array.from(events, (e) => e.i),
    linkNode: Int32Array.from(links, (e) => e.node),
    linkRow: Int32Array.from(links, (e) => e.i),
  };
}

/** The buffers that move to another thread with the trace. */
export const traceBuffers = (t: Trace): ArrayBuffer[] =>
  Object.values(t)
    .filter((v) => ArrayBuffer.isView(v))
    .map((v) => v.buffer as ArrayBuffer);

/** Nodes to show, in order, when the nodes marked in `collapsed` hide what is below them; with `root`, it and what is below. */
export function visibleNodes(t: Trace, collapsed: Uint8Array, only?: Uint8Array, root = -1): Int32Array {
  const first = root < 0 ? 0 : root;
  const end = root < 0 ? t.count : root + t.below[root]! + 1;
  const out = new Int32Array(end - first);
  let length = 0;
  for (let at = first; at < end;) {
    if (only && !only[at]) {
      at++;
      continue;
    }
    out[length++] = at;
    at += collapsed[at] && !only ? t.below[at]! + 1 : 1;
  }
  return out.subarray(0, length);
}
/** Opens everything above a node; true when something was closed. */
export function reveal(t: Trace, collapsed: Uint8Array, node: number): boolean {
  let changed = false;
  for (let up = t.parent[node]!; up >= 0; up = t.parent[up]!) {
    if (collapsed[up]) {
      collapsed[up] = 0;
      changed = true;
    }
  }
  return changed;
}
/** Position of a node among the visible ones (binary search: they are in node order), or of the one that hides it. */
export function positionOf(visible: Int32Array, node: number): number {
  let low = 0;
  let high = visible.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (visible[middle]! <= node) low = middle;
    else high = middle - 1;
  }
  return low;
}
/** First and one-past-last event of a node in the event arrays. */
export function eventsOf(nodes: Int32Array, node: number): [number, number] {
  let low = 0;
  let high = nodes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (nodes[middle]! < node) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < nodes.length && nodes[end] === node) end++;
  return [low, end];
}
export function nextWith(mark: (node: number) => boolean, count: number, from: number, step: 1 | -1): number {
  for (let k = 1; k <= count; k++) {
    const node = (((from + step * k) % count) + count) % count;
    if (mark(node)) return node;
  }
  return -1;
}

const rfc3339Ns = (row: EventRow): bigint => (row.timestamp_ns ? BigInt(row.timestamp_ns) : rfc3339ToNs(row.timestamp));
function nsToRfc3339(ns: bigint): string {
  const seconds = new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(ns % 1_000_000_000n).padStart(9, '0')}Z`;
}
const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));
const isError = (data: EventRow['data']): boolean => {
  const error = data['error'];
  return (
    error === true ||
    (typeof error === 'string' && error !== '' && error !== 'false') ||
    (typeof error === 'number' && error !== 0)
  );
};

class Interner {
  readonly values: string[] = [];
  readonly #index = new Map<string, number>();
  of(value: string): number {
    let at = this.#index.get(value);
    if (at === undefined) {
      at = this.values.length;
      this.values.push(value);
      this.#index.set(value, at);
    }
    return at;
  }
}
/** Spans that name each other as parents would be reachable from no root and vanish; the first of a ring becomes a root. */
function breakCycles(parent: number[]): void {
  const state = new Uint8Array(parent.length);
  for (let n = 0; n < parent.length; n++) {
    const path: number[] = [];
    let at = n;
    while (at >= 0 && state[at] === 0) {
      state[at] = 1;
      path.push(at);
      at = parent[at]!;
    }
    if (at >= 0 && state[at] === 1) parent[at] = -1;
    for (const p of path) state[p] = 2;
  }
}
function depthFirst(parent: number[], start: number[]): number[] {
  const count = parent.length;
  // Children lists as one array: nodes sorted by (parent, start).
  const sorted = Array.from({ length: count }, (_, n) => n).sort(
    (a, b) => parent[a]! - parent[b]! || start[a]! - start[b]! || a - b,
  );
  const from = new Int32Array(count + 2).fill(-1);
  const to = new Int32Array(count + 2);
  sorted.forEach((n, at) => {
    const slot = parent[n]! + 1;
    if (from[slot] === -1) from[slot] = at;
    to[slot] = at + 1;
  });
  const order: number[] = [];
  const stack: number[] = [];
  const push = (slot: number) => {
    if (from[slot]! >= 0) for (let at = to[slot]! - 1; at >= from[slot]!; at--) stack.push(sorted[at]!);
  };
  push(0);
  while (stack.length > 0) {
    const n = stack.pop()!;
    order.push(n);
    push(n + 1);
  }
  return order;
}

/** Marks the nodes with a mark in `marks`, and everything above them. */
export function withAncestors(t: Trace, marks: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(t.count);
  for (let node = 0; node < t.count; node++) {
    if (!marks[node]) continue;
    for (let up = node; up >= 0 && !out[up]; up = t.parent[up]!) out[up] = 1;
  }
  return out;
}
/** Collapses everything at this depth, so that `levels` levels show; 0 levels opens all. */
export const collapsedBelow = (t: Trace, levels: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(t.children, (count, node) => (levels > 0 && count > 0 && t.depth[node]! >= levels - 1 ? 1 : 0));
