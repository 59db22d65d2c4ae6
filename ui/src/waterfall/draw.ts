// Draws the rows in sight of a trace on one canvas: names on the left, bars on the right. Values in, picture and hit-test out.
import { durationText, numberText } from '../model/format';
import { hashText, type ThemeColours } from '../model/palette';
import {
  eventsOf,
  FLAG_ERROR,
  FLAG_LEFT_OUT,
  FLAG_LINK,
  FLAG_LOG,
  FLAG_MISSING,
  FLAG_PLACEHOLDER,
  type Trace,
} from '../model/trace';
import { membersOf, type Repeats } from '../model/repeat';
import type { CriticalPath } from '../model/trace-time';

export const ROW = 22;
const INDENT = 14;
const PAD = 10;
/** Room right of the bars for the duration of a span that ends with the trace. */
const LABEL = 56;
/** Width of the mark of links. */
const LINK = 14;

/** Width of a column of a field, between the names and the bars. */
export const COLUMN = 104;

/** A field of the spans: per node which of the values, -1 for none. */
export interface NodeValues {
  field: string;
  index: Int32Array;
  values: readonly string[];
}
export interface View {
  trace: Trace;
  visible: Int32Array;
  collapsed: Uint8Array;
  matches: Uint8Array | null;
  /** What gives the spans their colour, and the colour of each of its values. */
  colouring: NodeValues;
  colours: readonly number[];
  columns: readonly NodeValues[];
  critical: CriticalPath | null;
  /** Siblings that repeat; a group is one row where it is not opened. */
  repeats: Repeats | null;
  opened: Uint8Array;
  /** Spans with an error are drawn in the colour of errors. */
  isErrorLit: boolean;
  selected: number;
  /** The waterfall has the keyboard: the selected row is outlined. */
  isFocused: boolean;
  hover: number;
  scrollTop: number;
  width: number;
  height: number;
  /** Width of the name column. */
  nameWidth: number;
  /** Times at the left and right edge of the bars, ns from the start of the trace. */
  from: number;
  to: number;
}

/** Colours of the values of a field, by rank of first appearance with the hash as the wish: the same in every trace as far as possible. */
export function valueColours(field: string, values: readonly string[]): number[] {
  const taken = new Set<number>();
  return values.map((value) => {
    let colour = hashText(`${field}=${value}`) % 8;
    if (taken.size < 8) while (taken.has(colour)) colour = (colour + 1) % 8;
    taken.add(colour);
    return colour;
  });
}
/** The indent of deep nesting stays below 40 % of the column; beyond it the depth is printed. */
export function indentOf(depth: number, nameWidth: number): number {
  return Math.min(depth * INDENT, Math.floor(nameWidth * 0.4));
}
export const barArea = (view: Pick<View, 'nameWidth' | 'width' | 'columns'>) => {
  const left = view.nameWidth + view.columns.length * COLUMN + PAD;
  return { left, width: Math.max(10, view.width - left - PAD - LABEL) };
};
/** Of a view, what gives spans their colour. */
export type Painted = Pick<View, 'trace' | 'colouring' | 'colours' | 'isErrorLit'>;
export function colourOf(view: Painted, node: number, c: ThemeColours): string {
  const flags = view.trace.flags[node]!;
  if (flags & FLAG_PLACEHOLDER) return c.muted;
  if (view.isErrorLit) return flags & FLAG_ERROR ? c.error : c.borderStrong;
  const value = view.colouring.index[node]!;
  return value < 0 ? c.borderStrong : c.series[view.colours[value]!]!;
}

/** The spans that a row stands for, where it is a group of siblings. */
function groupOf(view: View, node: number): Int32Array | null {
  return view.repeats && view.repeats.leader[node] === node && !view.opened[node]
    ? membersOf(view.repeats, node)
    : null;
}

/** What a span has marks of, beside its bar. */
export type MarkKind = 'events' | 'links';
export interface Hit {
  index: number;
  node: number;
  toggle: boolean;
  /** The place is on such marks of the span. */
  marks?: MarkKind;
}
/** Where the marks in sight are, by span: the middle of each of its events, and the left edge of the mark of its links. */
export interface Marks {
  events: Map<number, number[]>;
  links: Map<number, number>;
}
/** `marks`: what `draw` has answered for this view. */
export function hitTest(view: View, marks: Marks | null, x: number, y: number): Hit | null {
  const index = Math.floor((y + view.scrollTop) / ROW);
  if (index < 0 || index >= view.visible.length) return null;
  const node = view.visible[index]!;
  const indent = indentOf(view.trace.depth[node]!, view.nameWidth);
  const toggle =
    (view.trace.children[node]! > 0 || groupOf(view, node) !== null) &&
    x >= PAD + indent - 6 &&
    x <= PAD + indent + 14 &&
    x < view.nameWidth;
  const link = marks?.links.get(node) ?? Infinity;
  if (x >= link - 4 && x <= link + LINK + 4) return { index, node, toggle, marks: 'links' };
  // Left of the bars nothing of them is seen.
  if (x >= barArea(view).left - PAD && marks?.events.get(node)?.some((at) => Math.abs(at - x) <= 6))
    return { index, node, toggle, marks: 'events' };
  return { index, node, toggle };
}

/** Draws the rows in sight; answers where their marks are. */
export function draw(context: CanvasRenderingContext2D, view: View, c: ThemeColours): Marks {
  const marks: Marks = { events: new Map(), links: new Map() };
  const { trace, visible, nameWidth, width, height, scrollTop } = view;
  context.clearRect(0, 0, width, height);
  const first = Math.max(0, Math.floor(scrollTop / ROW));
  const last = Math.min(visible.length, Math.ceil((scrollTop + height) / ROW));
  const bars = barArea(view);
  const span = Math.max(1, view.to - view.from);
  const xOf = (ns: number) => bars.left + ((ns - view.from) / span) * bars.width;
  const sans = `12px ${c.sans}`;
  const small = `11px ${c.sans}`;

  // Row backgrounds, then vertical guides, then content.
  for (let i = first; i < last; i++) {
    const node = visible[i]!;
    if (node === view.selected || node === view.hover) {
      context.fillStyle = node === view.selected ? c.selected : c.hover;
      context.fillRect(0, i * ROW - scrollTop, width, ROW);
      if (node === view.selected && view.isFocused) {
        context.strokeStyle = c.info;
        context.lineWidth = 2;
        context.strokeRect(1, i * ROW - scrollTop + 1, width - 2, ROW - 2);
      }
    }
  }
  context.strokeStyle = c.border;
  context.lineWidth = 1;
  context.beginPath();
  for (let i = 0; i <= 4; i++) {
    const x = Math.round(bars.left + (bars.width * i) / 4) + 0.5;
    context.moveTo(x, 0);
    context.lineTo(x, Math.min(height, visible.length * ROW - scrollTop));
  }
  context.stroke();

  context.save();
  context.beginPath();
  context.rect(0, 0, nameWidth - 4, height);
  context.clip();
  context.textBaseline = 'middle';
  for (let i = first; i < last; i++) {
    const node = visible[i]!;
    const middle = i * ROW - scrollTop + ROW / 2;
    const indent = indentOf(trace.depth[node]!, nameWidth);
    const flags = trace.flags[node]!;
    const isFaint = view.matches !== null && !view.matches[node];
    let x = PAD + indent;
    context.globalAlpha = isFaint ? 0.45 : 1;
    drawGuide(context, view, node, i, c, scrollTop);
    const group = groupOf(view, node);
    if (group) drawToggle(context, x + 4, middle, true, c);
    else if (trace.children[node]! > 0) drawToggle(context, x + 4, middle, view.collapsed[node] === 1, c);
    x += 14;
    context.fillStyle = colourOf(view, node, c);
    context.fillRect(x, middle - 6, 3, 12);
    x += 9;
    if (indent > 0 && indent < trace.depth[node]! * INDENT) {
      context.font = small;
      context.fillStyle = c.muted;
      const mark = String(trace.depth[node]);
      context.fillText(mark, x, middle + 0.5);
      x += context.measureText(mark).width + 6;
    }
    if (flags & FLAG_ERROR) {
      drawErrorMark(context, x + 6, middle, c);
      x += 17;
    }
    context.font = flags & FLAG_PLACEHOLDER ? `italic ${sans}` : sans;
    context.fillStyle = flags & FLAG_ERROR ? c.error : flags & (FLAG_PLACEHOLDER | FLAG_LOG) ? c.muted : c.text;
    const name = trace.names[trace.name[node]!]!.slice(0, 160);
    context.fillText(name, x, middle + 0.5);
    x += context.measureText(name).width + 8;
    if (group) {
      context.font = small;
      context.fillStyle = c.text;
      const times = `×${group.length}`;
      context.fillText(times, x, middle + 0.5);
      x += context.measureText(times).width + 8;
    } else if (view.collapsed[node] && trace.below[node]! > 0) {
      context.font = small;
      context.fillStyle = c.muted;
      const count = `+${numberText(trace.below[node]!)}`;
      context.fillText(count, x, middle + 0.5);
      x += context.measureText(count).width + 8;
    }
    context.font = small;
    context.fillStyle = c.muted;
    context.fillText(trace.services[trace.service[node]!]!, x, middle + 0.5);
  }
  context.restore();

  context.font = small;
  context.textBaseline = 'middle';
  for (const [at, column] of view.columns.entries()) {
    const x = nameWidth + at * COLUMN + 6;
    context.save();
    context.beginPath();
    context.rect(x, 0, COLUMN - 10, height);
    context.clip();
    for (let i = first; i < last; i++) {
      const value = column.index[visible[i]!]!;
      context.fillStyle = c.text;
      if (value >= 0) context.fillText(column.values[value]!.slice(0, 60), x, i * ROW - scrollTop + ROW / 2 + 0.5);
    }
    context.restore();
  }

  context.save();
  context.beginPath();
  context.rect(bars.left - PAD, 0, width - bars.left + PAD, height);
  context.clip();
  context.textBaseline = 'middle';
  for (let i = first; i < last; i++) {
    const node = visible[i]!;
    const middle = i * ROW - scrollTop + ROW / 2;
    const flags = trace.flags[node]!;
    const colour = colourOf(view, node, c);
    context.globalAlpha = view.matches !== null && !view.matches[node] ? 0.3 : 1;
    const left = xOf(trace.start[node]!);
    const right = xOf(trace.start[node]! + trace.duration[node]!);
    const group = groupOf(view, node);
    if (group) {
      drawGroup(context, view, group, middle, xOf, bars, c);
      context.globalAlpha = 1;
      continue;
    }
    // Work below that began before its caller or outlived it: a thin line on that side of the bar.
    if (flags & FLAG_LEFT_OUT) {
      context.globalAlpha = 1;
      continue;
    }
    if (!(flags & (FLAG_MISSING | FLAG_LOG))) {
      context.fillStyle = colour;
      const early = xOf(trace.reachFrom[node]!);
      const late = xOf(trace.reachTo[node]!);
      if (late > right + 1) context.fillRect(right, middle - 0.5, late - right, 1.5);
      if (early < left - 1) context.fillRect(early, middle - 0.5, left - early, 1.5);
    }
    if (right < bars.left - 20 || left > bars.left + bars.width + 20) {
      context.globalAlpha = 1;
      continue;
    }
    context.fillStyle = colour;
    if (flags & FLAG_MISSING) {
      context.strokeStyle = c.muted;
      context.setLineDash([3, 3]);
      context.strokeRect(left + 0.5, middle - 4.5, Math.max(2, right - left - 1), 9);
      context.setLineDash([]);
    } else if (flags & FLAG_LOG) {
      diamond(context, left, middle, 4);
    } else {
      context.fillRect(left, middle - 6, Math.max(1.5, right - left), 12);
      if (flags & FLAG_ERROR) {
        context.fillStyle = c.error;
        context.fillRect(left, middle + 6, Math.max(1.5, right - left), 2);
      }
    }
    if (view.critical?.marks[node]) {
      const [from, to] = eventsOf(view.critical.node, node);
      context.fillStyle = c.text;
      for (let k = from; k < to; k++) {
        const x = xOf(view.critical.from[k]!);
        context.fillRect(x, middle - 9, Math.max(1.5, xOf(view.critical.to[k]!) - x), 2.5);
      }
    }
    // Span events: dots on the bar.
    const [from, to] = eventsOf(trace.eventNode, node);
    const dots = Array.from(trace.eventTime.subarray(from, to), xOf);
    marks.events.set(node, dots);
    for (const x of dots) {
      context.beginPath();
      context.arc(x, middle, 3.5, 0, 2 * Math.PI);
      context.fillStyle = c.bg;
      context.fill();
      context.strokeStyle = c.text;
      context.lineWidth = 1.5;
      context.stroke();
      context.lineWidth = 1;
    }
    context.font = small;
    context.fillStyle = c.muted;
    const label =
      flags & FLAG_LOG ? 'log' : flags & FLAG_MISSING ? 'not received' : durationText(trace.duration[node]!);
    const textWidth = context.measureText(label).width;
    const labelWidth = textWidth + (flags & FLAG_LINK ? LINK + 6 : 0);
    const after = Math.max(left + 8, right + 6) + (to > from ? 4 : 0);
    let at = after;
    if (after + labelWidth < width - 4) {
      if (trace.reachTo[node]! > trace.start[node]! + trace.duration[node]!) {
        context.fillStyle = node === view.selected ? c.selected : node === view.hover ? c.hover : c.bg;
        context.fillRect(after - 3, middle - 6, labelWidth + 6, 12);
        context.fillStyle = c.muted;
      }
    } else if (left - labelWidth - 6 > bars.left) at = left - labelWidth - 6;
    else {
      // No room beside the bar: on it, on a patch of the page's colour so that it stays readable on every bar.
      at = Math.max(bars.left, left) + 6;
      context.fillStyle = c.bg;
      context.fillRect(at - 3, middle - 6, labelWidth + 6, 12);
      context.fillStyle = c.text;
    }
    context.fillText(label, at, middle + 0.5);
    if (flags & FLAG_LINK) {
      drawLinkMark(context, at + textWidth + 6, middle, c);
      marks.links.set(node, at + textWidth + 6);
    }
    context.globalAlpha = 1;
  }
  context.restore();
  return marks;
}

/** All bars of a group in one row, and how many they are and how long together. */
function drawGroup(
  context: CanvasRenderingContext2D,
  view: View,
  group: Int32Array,
  middle: number,
  xOf: (ns: number) => number,
  bars: { left: number; width: number },
  c: ThemeColours,
): void {
  const { trace } = view;
  const colour = colourOf(view, group[0]!, c);
  let sum = 0;
  let errors = 0;
  let end = 0;
  let drawnTo = -Infinity;
  for (const node of group) {
    sum += trace.duration[node]!;
    const isBad = (trace.flags[node]! & FLAG_ERROR) !== 0;
    if (isBad) errors++;
    end = Math.max(end, trace.start[node]! + trace.duration[node]!);
    const left = xOf(trace.start[node]!);
    const right = Math.max(left + 1, xOf(trace.start[node]! + trace.duration[node]!));
    // Of many within a pixel one is drawn; an error always is.
    if (right < bars.left || left > bars.left + bars.width || (right <= drawnTo && !isBad)) continue;
    context.fillStyle = colour;
    context.fillRect(left, middle - 6, right - left, 12);
    if (isBad) {
      context.fillStyle = c.error;
      context.fillRect(left, middle + 6, Math.max(1.5, right - left), 2);
    }
    drawnTo = Math.max(drawnTo, right);
  }
  const label = `${durationText(Math.round(sum))} in all${errors > 0 ? ` · ${errors} errors` : ''}`;
  context.font = `11px ${c.sans}`;
  const width = context.measureText(label).width;
  const after = Math.max(bars.left, xOf(end)) + 6;
  const x = after + width < view.width - 4 ? after : Math.max(bars.left, xOf(trace.start[group[0]!]!) - width - 8);
  context.fillStyle = c.bg;
  context.fillRect(x - 3, middle - 6, width + 6, 12);
  context.fillStyle = c.muted;
  context.fillText(label, x, middle + 0.5);
}

/** A thin vertical line from a parent to its children, so that nesting can be followed. */
function drawGuide(
  context: CanvasRenderingContext2D,
  view: View,
  node: number,
  index: number,
  c: ThemeColours,
  scrollTop: number,
): void {
  const up = view.trace.parent[node]!;
  if (up < 0) return;
  const indent = indentOf(view.trace.depth[up]!, view.nameWidth);
  if (indent === indentOf(view.trace.depth[node]!, view.nameWidth)) return;
  const x = Math.round(PAD + indent + 4) + 0.5;
  const y = index * ROW - scrollTop;
  context.strokeStyle = c.border;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x, y + ROW / 2);
  context.lineTo(x + INDENT - 6, y + ROW / 2);
  // A later sibling means that the line goes on below this row.
  const next = node + view.trace.below[node]! + 1;
  const goesOn = next < view.trace.count && view.trace.parent[next] === up;
  if (goesOn) {
    context.moveTo(x, y + ROW / 2);
    context.lineTo(x, y + ROW);
  }
  context.stroke();
}
function drawToggle(context: CanvasRenderingContext2D, x: number, y: number, isClosed: boolean, c: ThemeColours): void {
  context.fillStyle = c.muted;
  context.beginPath();
  if (isClosed) {
    context.moveTo(x - 2.5, y - 4.5);
    context.lineTo(x + 3, y);
    context.lineTo(x - 2.5, y + 4.5);
  } else {
    context.moveTo(x - 4.5, y - 2.5);
    context.lineTo(x, y + 3);
    context.lineTo(x + 4.5, y - 2.5);
  }
  context.fill();
}
function drawErrorMark(context: CanvasRenderingContext2D, x: number, y: number, c: ThemeColours): void {
  context.fillStyle = c.error;
  context.beginPath();
  context.arc(x, y, 6, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = c.bg;
  context.fillRect(x - 0.9, y - 3.6, 1.8, 4.4);
  context.fillRect(x - 0.9, y + 1.9, 1.8, 1.8);
}
/** Two links of a chain. */
function drawLinkMark(context: CanvasRenderingContext2D, x: number, y: number, c: ThemeColours): void {
  context.strokeStyle = c.accent;
  context.lineWidth = 1.5;
  for (const left of [x, x + 5]) {
    context.beginPath();
    context.roundRect(left + 0.75, y - 2.75, 7, 5.5, 2.75);
    context.stroke();
  }
  context.lineWidth = 1;
}
function diamond(context: CanvasRenderingContext2D, x: number, y: number, r: number): void {
  context.beginPath();
  context.moveTo(x, y - r);
  context.lineTo(x + r, y);
  context.lineTo(x, y + r);
  context.lineTo(x - r, y);
  context.fill();
}

const LEVELS = 6;
/** Per level and pixel the longest span that is there, -1 for none: what the condensed picture shows and names. */
export function minimapCells(trace: Trace, width: number): Int32Array {
  const cells = new Int32Array(LEVELS * width).fill(-1);
  const pixel = width / Math.max(1, trace.durationNs);
  const left = (node: number) => Math.max(0, Math.min(width - 1, Math.floor(trace.start[node]! * pixel)));
  const wide: number[] = [];
  for (let node = 0; node < trace.count; node++) {
    if (trace.depth[node]! >= LEVELS || trace.flags[node]! & FLAG_LEFT_OUT) continue;
    if (trace.duration[node]! * pixel > 1) {
      wide.push(node);
      continue;
    }
    const x = trace.depth[node]! * width + left(node);
    const there = cells[x]!;
    if (there < 0 || trace.duration[node]! > trace.duration[there]!) cells[x] = node;
  }
  // The longest first, so that each pixel is written once: `next` leads over those that are taken.
  wide.sort((a, b) => trace.duration[b]! - trace.duration[a]!);
  const next = Int32Array.from({ length: LEVELS * (width + 1) }, (_, x) => x);
  const free = (x: number): number => {
    while (next[x] !== x) x = next[x] = next[next[x]!]!;
    return x;
  };
  for (const node of wide) {
    const level = trace.depth[node]! * (width + 1);
    const end = Math.min(width, Math.ceil((trace.start[node]! + trace.duration[node]!) * pixel));
    for (let x = free(level + left(node)); x < level + end; x = free(x)) {
      cells[x - trace.depth[node]!] = node;
      next[x] = x + 1;
    }
  }
  return cells;
}
/** The longest span of the condensed picture at a place, -1 for none. */
export function minimapHit(cells: Int32Array, width: number, height: number, x: number, y: number): number {
  const depth = Math.floor(y / Math.floor(height / LEVELS));
  if (depth < 0 || depth >= LEVELS) return -1;
  for (const at of [Math.floor(x), Math.floor(x) - 1, Math.floor(x) + 1])
    if (at >= 0 && at < width && cells[depth * width + at]! >= 0) return cells[depth * width + at]!;
  return -1;
}
/** The condensed picture: the first six levels over the whole trace. */
export function drawMinimap(
  context: CanvasRenderingContext2D,
  view: Painted,
  cells: Int32Array,
  width: number,
  height: number,
  window: [number, number],
  c: ThemeColours,
): void {
  const { trace } = view;
  context.clearRect(0, 0, width, height);
  const bar = Math.floor(height / LEVELS) - 1;
  const total = Math.max(1, trace.durationNs);
  for (let depth = 0; depth < LEVELS; depth++) {
    for (let x = 0; x < width;) {
      const node = cells[depth * width + x]!;
      let end = x + 1;
      while (end < width && cells[depth * width + end] === node) end++;
      if (node >= 0) {
        context.fillStyle = trace.flags[node]! & FLAG_ERROR ? c.error : colourOf(view, node, c);
        context.fillRect(x, depth * (bar + 1), end - x, bar);
      }
      x = end;
    }
  }
  const left = (window[0] / total) * width;
  const right = (window[1] / total) * width;
  if (left > 0.5 || right < width - 0.5) {
    context.globalAlpha = 0.7;
    context.fillStyle = c.bg;
    context.fillRect(0, 0, left, height);
    context.fillRect(right, 0, width - right, height);
    context.globalAlpha = 1;
    context.strokeStyle = c.info;
    context.strokeRect(left + 0.5, 0.5, right - left - 1, height - 1);
  }
}
