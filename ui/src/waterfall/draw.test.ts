// Where a row's marks take clicks: where they are drawn, and nowhere else.
import { expect, it } from 'vitest';
import type { ThemeColours } from '../model/palette';
import { repeatsOf } from '../model/repeat';
import { nodeOf } from '../model/trace';
import { build, row, span } from '../model/trace.test.rows';
import { barArea, draw, hitTest, ROW, type View } from './draw';

const event = (at: number, of: string) =>
  row(at, { 'trace.parent_id': of, 'meta.annotation_type': 'span_event', name: 'retry' });
const trace = build([
  span('a', null, 0, 100),
  event(50, 'a'),
  ...[0, 1, 2, 3, 4].map((i) => span(`q${i}`, 'a', 61 + i, 1, { name: 'SELECT' })),
  event(61, 'q0'),
]);
const context = new Proxy({} as Record<string, unknown>, {
  get: (_, name) => (name === 'measureText' ? () => ({ width: 40 }) : () => {}),
}) as unknown as CanvasRenderingContext2D;
const colours = { series: [] } as unknown as ThemeColours;
const viewOf = (more: Partial<View> = {}): View => ({
  trace,
  visible: Int32Array.from({ length: trace.count }, (_, node) => node),
  collapsed: new Uint8Array(trace.count),
  matches: null,
  colouring: { field: 'service.name', index: trace.service, values: trace.services },
  colours: [0],
  columns: [],
  critical: null,
  repeats: null,
  opened: new Uint8Array(trace.count),
  isErrorLit: false,
  selected: -1,
  isFocused: false,
  hover: -1,
  scrollTop: 0,
  width: 1000,
  height: 400,
  nameWidth: 400,
  from: 0,
  to: trace.durationNs,
  ...more,
});
const hitAt = (view: View, x: number, node: number) =>
  hitTest(view, draw(context, view, colours), x, node * ROW + ROW / 2);
const xOf = (view: View, ms: number) => {
  const bars = barArea(view);
  return bars.left + ((ms * 1e6 - view.from) / (view.to - view.from)) * bars.width;
};

it('a click on the dot of an event is on the events, beside it on the span', () => {
  const view = viewOf();
  expect(hitAt(view, xOf(view, 50), 0)).toEqual({ index: 0, node: 0, toggle: false, marks: 'events' });
  expect(hitAt(view, xOf(view, 40), 0)?.marks).toBeUndefined();
});
it('the dot of an event left of the times in sight takes no click from the names', () => {
  // The event at 50 ms would be drawn where the row opens and closes.
  const toggle = 14;
  const { left, width } = barArea(viewOf());
  const to = 100e6;
  const from = (50e6 * width + (left - toggle) * to) / (width + left - toggle);
  const view = viewOf({ from, to });
  expect(xOf(view, 50)).toBeCloseTo(toggle);
  expect(hitAt(view, toggle, 0)).toEqual({ index: 0, node: 0, toggle: true });
});
it('a row of a group, which draws no dots, has none to click', () => {
  const node = nodeOf(trace, 'q0');
  const open = viewOf();
  expect(hitAt(open, xOf(open, 61), node)?.marks).toBe('events');
  const grouped = viewOf({ repeats: repeatsOf(trace) });
  expect(hitAt(grouped, xOf(grouped, 61), node)).toEqual({ index: node, node, toggle: false });
});
