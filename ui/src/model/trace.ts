// One trace as structure of arrays: no object per span, so that 50,000 spans cost a few megabytes and can move between
// threads without a copy. Times are nanoseconds from the start of the trace.
import { numberText, valueText } from './format';
import { PARENT_ID, SPAN_ID } from './result';
import { nsToRfc3339, type TraceAnswer, type TraceTable } from './trace-table';

/** What kind of signal an event came as; Waggle writes it, and no definition moves it. */
const SIGNAL = 'meta.signal_type';

export const FLAG_ERROR = 1;
/** A parent that other spans name but that has not arrived. */
export const FLAG_MISSING = 2;
/** A log line shown as a row of zero length. */
export const FLAG_LOG = 4;
export const FLAG_LINK = 8;
/** Stands for the spans below its parent that the server left out of a very large trace. */
export const FLAG_LEFT_OUT = 16;
/** A row that no event stands behind. */
export const FLAG_PLACEHOLDER = FLAG_MISSING | FLAG_LEFT_OUT;

export interface Trace {
  traceId: string;
  /** Absolute start: RFC 3339 text and ns as text. */
  startTime: string;
  startNs: string;
  durationNs: number;
  /** Number of nodes, placeholders included; all arrays below have this length and are in depth-first order. */
  count: number;
  spanCount: number;
  /** Spans and logs: how many are here, and how many the trace has. */
  shownCount: number;
  totalCount: number;
  errorCount: number;
  missingCount: number;
  /** No span without a parent is here. */
  isRootless: boolean;
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
  /** The ids of the nodes, each with a line end: one text moves between threads faster than many. */
  ids: string;
  /** Where in `ids` that of each node begins. */
  idAt: Uint32Array;
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

export function buildTrace(answer: Pick<TraceAnswer, 'trace_id' | 'left_out'>, table: TraceTable): Trace {
  const names = new Interner();
  const services = new Interner();
  const texts = (name: string) => {
    const { index, values } = table.meant(name);
    return { index, values: values.map(textOf) };
  };
  const [ids, parents, kinds] = [texts(SPAN_ID), texts(PARENT_ID), texts('meta.annotation_type')];
  const signals: Texts = { index: table.indexOf(SIGNAL), values: table.valuesOf(SIGNAL).map(textOf) };
  const [nameOf, bodyOf, serviceOf] = [texts('name'), texts('body'), texts('service.name')];
  const { index: durations, values: durationTexts } = table.meant('duration_ms');
  const durationValues = durationTexts.map(Number);
  const { index: errors, values: errorTexts } = table.meant('error');
  const errorValues = errorTexts.map(isError);
  const at = ({ index, values }: Texts, row: number) => (index[row]! < 0 ? '' : values[index[row]!]!);

  // Pass 1: which rows are nodes, which hang on a node.
  const nodeRows: number[] = [];
  const eventRows: number[] = [];
  const linkRows: number[] = [];
  const byId = new Map<string, number>();
  for (let row = 0; row < table.count; row++) {
    const kind = at(kinds, row);
    const isLog = at(signals, row) === 'log';
    if (kind === 'link') linkRows.push(row);
    else if (kind === 'span_event' && !isLog) eventRows.push(row);
    else {
      const id = at(ids, row);
      // The same span sent twice stays one node; a retry of the exporter must not draw it twice.
      if (!isLog && id !== '') {
        if (byId.has(id)) continue;
        byId.set(id, nodeRows.length);
      }
      nodeRows.push(row);
    }
  }

  // Pass 2: raw nodes, and placeholders for parents that are missing and spans that were left out.
  const raw: RawNodes = { start: [], duration: [], parent: [], name: [], service: [], flags: [], row: [], id: [] };
  let end = 0;
  for (const row of nodeRows) {
    const isLog = at(signals, row) === 'log';
    const ms = durations[row]! < 0 ? 0 : durationValues[durations[row]!]!;
    const start = table.times[row]!;
    const duration = isLog || !(ms > 0) ? 0 : ms * 1e6;
    raw.start.push(start);
    raw.duration.push(duration);
    raw.parent.push(-1);
    raw.name.push(names.of((isLog && at(bodyOf, row)) || at(nameOf, row) || '(no name)'));
    raw.service.push(services.of(at(serviceOf, row) || table.datasetOf(row)));
    raw.flags.push((errors[row]! >= 0 && errorValues[errors[row]!] ? FLAG_ERROR : 0) | (isLog ? FLAG_LOG : 0));
    raw.row.push(row);
    raw.id.push(isLog ? '' : at(ids, row));
    end = Math.max(end, start + duration);
  }
  const isRootless = !nodeRows.some((row) => at(signals, row) !== 'log' && at(parents, row) === '');
  const missing = new Map<string, number>();
  for (const [n, row] of nodeRows.entries()) {
    const parentId = at(parents, row);
    if (parentId === '') continue;
    let parent = byId.get(parentId) ?? missing.get(parentId);
    if (parent === n) continue;
    if (parent === undefined) {
      parent = raw.start.length;
      missing.set(parentId, parent);
      // Of a trace without a root, the parent of the oldest span stands for it.
      const name = isRootless && missing.size === 1 ? 'missing root span' : 'missing span';
      placeholder(raw, names.of(name), services.of(''), FLAG_MISSING, parentId);
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
  const nodeOfRow = new Map(answer.left_out.length > 0 ? nodeRows.map((row, n) => [row, n]) : []);
  let leftOut = 0;
  for (const { below, count } of answer.left_out) {
    leftOut += count;
    const parent = below === null ? undefined : nodeOfRow.get(below);
    const where = parent === undefined ? '' : ' below';
    const text = `${count.toLocaleString('en')} more ${count === 1 ? 'span' : 'spans'}${where}, not shown`;
    const n = placeholder(raw, names.of(text), services.of(''), FLAG_LEFT_OUT, '');
    raw.parent[n] = parent ?? -1;
    // Last of its siblings: at the end of what it is a part of.
    raw.start[n] = parent === undefined ? end : raw.start[parent]! + raw.duration[parent]!;
  }

  // Pass 3: depth-first order, siblings by start.
  const count = raw.start.length;
  const order = depthFirst(raw.parent, raw.start);
  const place = new Int32Array(count);
  order.forEach((n, to) => (place[n] = to));
  const pick = (values: number[]) => Array.from(order, (n) => values[n]!);
  const parent = Int32Array.from(order, (n) => (raw.parent[n]! < 0 ? -1 : place[raw.parent[n]!]!));
  const depth = new Uint16Array(count);
  const below = new Int32Array(count);
  const children = new Int32Array(count);
  let maxDepth = 0;
  for (let node = 0; node < count; node++) {
    const up = parent[node]!;
    if (up >= 0) depth[node] = Math.min(65535, depth[up]! + 1);
    maxDepth = Math.max(maxDepth, depth[node]!);
  }
  for (let node = count - 1; node >= 0; node--) {
    const up = parent[node]!;
    if (up >= 0) {
      below[up] = below[up]! + below[node]! + 1;
      children[up] = children[up]! + 1;
    }
  }
  const flags = Uint8Array.from(pick(raw.flags));
  const start = Float64Array.from(pick(raw.start));
  const duration = Float64Array.from(pick(raw.duration));
  const reachFrom = start.slice();
  const reachTo = start.map((ns, node) => ns + duration[node]!);
  for (let node = count - 1; node >= 0; node--) {
    const up = parent[node]!;
    if (up < 0) continue;
    if (reachFrom[node]! < reachFrom[up]!) reachFrom[up] = reachFrom[node]!;
    if (reachTo[node]! > reachTo[up]!) reachTo[up] = reachTo[node]!;
  }

  const attach = (list: number[]) =>
    list
      .map((row) => {
        const id = at(parents, row);
        const node = byId.get(id) ?? missing.get(id);
        return { node: node === undefined ? -1 : place[node]!, row };
      })
      .sort((a, b) => a.node - b.node || a.row - b.row);
  const events = attach(eventRows);
  const links = attach(linkRows);
  for (const link of links) if (link.node >= 0) flags[link.node]! |= FLAG_LINK;
  const eventTimes = Float64Array.from(events, (e) => table.times[e.row]!);
  for (const time of eventTimes) end = Math.max(end, time);

  let errorCount = 0;
  for (const flag of flags) if (flag & FLAG_ERROR) errorCount++;
  const idAt = new Uint32Array(count);
  let length = 0;
  order.forEach((n, node) => {
    idAt[node] = length;
    length += raw.id[n]!.length + 1;
  });
  return {
    traceId: answer.trace_id,
    startTime: nsToRfc3339(table.startNs),
    startNs: String(table.startNs),
    durationNs: end,
    count,
    spanCount: byId.size,
    shownCount: nodeRows.length,
    totalCount: nodeRows.length + leftOut,
    errorCount,
    missingCount: missing.size,
    isRootless: isRootless && nodeRows.length > 0,
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
    ids: Array.from(order, (n) => `${raw.id[n]}\n`).join(''),
    idAt,
    names: names.values,
    services: services.values,
    eventNode: Int32Array.from(events, (e) => e.node),
    eventTime: eventTimes,
    eventName: Int32Array.from(events, (e) => names.of(at(nameOf, e.row) || '(no name)')),
    eventRow: Int32Array.from(events, (e) => e.row),
    linkNode: Int32Array.from(links, (e) => e.node),
    linkRow: Int32Array.from(links, (e) => e.row),
  };
}
interface Texts {
  index: Int32Array;
  values: string[];
}
type RawNodes = Record<'start' | 'duration' | 'parent' | 'name' | 'service' | 'flags' | 'row', number[]> & {
  id: string[];
};
function placeholder(raw: RawNodes, name: number, service: number, flag: number, id: string): number {
  raw.start.push(Infinity);
  raw.duration.push(0);
  raw.parent.push(-1);
  raw.name.push(name);
  raw.service.push(service);
  raw.flags.push(flag);
  raw.row.push(-1);
  raw.id.push(id);
  return raw.start.length - 1;
}

/** Span id of a node; empty for logs and other rows without one. */
export const idOf = (t: Trace, node: number): string => {
  const from = t.idAt[node];
  return from === undefined ? '' : t.ids.slice(from, t.ids.indexOf('\n', from));
};
/** The node of a span id, -1 when it is not here. */
export function nodeOf(t: Trace, id: string): number {
  const at = `\n${t.ids}`.indexOf(`\n${id}\n`);
  if (id === '' || at < 0) return -1;
  let low = 0;
  let high = t.count - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (t.idAt[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The span to ask for what a row of left out spans stands for; undefined where none above them is here. */
export const aboveLeftOut = (t: Trace, node: number): string | undefined =>
  t.flags[node]! & FLAG_LEFT_OUT && t.parent[node]! >= 0 ? idOf(t, t.parent[node]!) || undefined : undefined;
/** Of a very large trace the server sends a part. */
export const isPart = (t: Trace): boolean => t.totalCount > t.shownCount;
/** How many spans it has, and of a part of a very large trace how many of all: `1,000 of 20,000`. */
export const spansText = (t: Trace): string =>
  isPart(t) ? `${numberText(t.shownCount)} of ${numberText(t.totalCount)}` : numberText(t.spanCount);
/** The spans of a service, or those that match, or that are both; undefined when all are wanted. */
export function marksOf(t: Trace, service: number, matches: Uint8Array | null): Uint8Array<ArrayBuffer> | undefined {
  if (service < 0 && !matches) return undefined;
  return Uint8Array.from(t.service, (s, node) =>
    (service < 0 || s === service) && (!matches || matches[node] === 1) ? 1 : 0,
  );
}

/** The buffers that move to another thread with the trace. */
export const traceBuffers = (t: Trace): ArrayBuffer[] =>
  Object.values(t)
    .filter((v) => ArrayBuffer.isView(v))
    .map((v) => v.buffer as ArrayBuffer);

/** Repeated siblings as one row each, but for those that were opened. */
export interface Grouping {
  /** Per node the first of its group, -1 for none. */
  leader: Int32Array;
  /** Per leader: 1 where the group is open. */
  opened: Uint8Array;
}
/** The groups of siblings with only what is below `root` in sight: of that one's own group there is nothing to open. */
export function groupingOf(leader: Int32Array, opened: Uint8Array, root: number): Grouping {
  const own = root < 0 ? -1 : leader[root]!;
  return { leader, opened: own < 0 ? opened : opened.map((is, at) => (at === own ? 1 : is)) };
}
/** Nodes to show, in order, when the nodes marked in `collapsed` hide what is below them; with `root`, it and what is below. */
export function visibleNodes(
  t: Trace,
  collapsed: Uint8Array,
  only?: Uint8Array,
  root = -1,
  grouping?: Grouping | null,
): Int32Array {
  const first = root < 0 ? 0 : root;
  const end = root < 0 ? t.count : root + t.below[root]! + 1;
  const out = new Int32Array(end - first);
  let length = 0;
  for (let at = first; at < end;) {
    if (only && !only[at]) {
      at++;
      continue;
    }
    const leader = grouping && !only ? grouping.leader[at]! : -1;
    const isGrouped = leader >= 0 && !grouping!.opened[leader];
    if (!isGrouped || leader === at) out[length++] = at;
    at += isGrouped || (collapsed[at] && !only) ? t.below[at]! + 1 : 1;
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

const textOf = (value: unknown): string => (value === undefined || value === null ? '' : valueText(value));
const isError = (error: unknown): boolean =>
  error === true ||
  (typeof error === 'string' && error !== '' && error !== 'false') ||
  (typeof error === 'number' && error !== 0);

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
function depthFirst(parent: number[], start: number[]): Int32Array {
  const count = parent.length;
  // Rows come oldest first; the few placeholders at the end are put between them.
  const byStart = Array.from({ length: count }, (_, n) => n);
  if (start.some((ns, n) => n > 0 && ns < start[n - 1]!)) byStart.sort((a, b) => start[a]! - start[b]! || a - b);
  // Children lists as one array: slot 0 is for nodes without a parent.
  const from = new Int32Array(count + 2);
  for (const up of parent) from[up + 2] = from[up + 2]! + 1;
  for (let slot = 1; slot < from.length; slot++) from[slot] = from[slot]! + from[slot - 1]!;
  const next = from.slice();
  const children = new Int32Array(count);
  for (const n of byStart) {
    const slot = parent[n]! + 1;
    children[next[slot]!] = n;
    next[slot] = next[slot]! + 1;
  }
  const order = new Int32Array(count);
  let length = 0;
  const stack: number[] = [];
  const push = (slot: number) => {
    for (let k = from[slot + 1]! - 1; k >= from[slot]!; k--) stack.push(children[k]!);
  };
  push(0);
  while (stack.length > 0) {
    const n = stack.pop()!;
    order[length++] = n;
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
