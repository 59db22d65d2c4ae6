// Every key that the table of shortcuts lists for the trace does what it says.
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { useState } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BINDINGS, pressText } from '../model/keys';
import type { ThemeColours } from '../model/palette';
import { repeatsOf } from '../model/repeat';
import { idOf, nodeOf, type Trace } from '../model/trace';
import { build, row, span } from '../model/trace.test.rows';
import { Waterfall } from './Waterfall';

const trace: Trace = build([
  span('a', null, 0, 100),
  span('b', 'a', 0, 50, { error: true }),
  span('c', 'b', 10, 5),
  row(10, { 'trace.parent_id': 'c', 'meta.annotation_type': 'link', 'trace.link.trace_id': 'x' }),
  span('d', 'a', 60, 30, { error: true }),
  ...[0, 1, 2, 3, 4].map((i) => span(`q${i}`, 'd', 61 + i, 1, { name: 'SELECT' })),
]);
const repeats = repeatsOf(trace);
const spies = {
  onZoom: vi.fn(),
  onFind: vi.fn(),
  onCritical: vi.fn(),
  onGroup: vi.fn(),
  onMap: vi.fn(),
  onLink: vi.fn(),
  onOpen: vi.fn(),
};
const pressed = new Set<string>();

function Box({ start, isGrouped, root }: { start: string; isGrouped: boolean; root: string }) {
  const [selected, setSelected] = useState(nodeOf(trace, start));
  return (
    <Waterfall
      trace={trace}
      colours={{} as ThemeColours}
      label="Waterfall"
      colouring={{ field: 'service.name', index: trace.service, values: trace.services }}
      columns={[]}
      critical={null}
      repeats={isGrouped ? repeats : null}
      isErrorLit={false}
      isMapShown={false}
      selected={selected}
      matches={Uint8Array.from({ length: trace.count }, (_, n) => (['c', 'q1'].includes(idOf(trace, n)) ? 1 : 0))}
      only={undefined}
      root={nodeOf(trace, root)}
      endNs={trace.durationNs}
      zoom={null}
      onSelect={setSelected}
      {...spies}
    />
  );
}
const open = (start: string, isGrouped = false, root = '') =>
  render(<Box start={start} isGrouped={isGrouped} root={root} />);
const press = (key: string, shiftKey = false) => {
  pressed.add(pressText({ key, shiftKey, ctrlKey: false, metaKey: false, altKey: false }));
  fireEvent.keyDown(screen.getByTestId('waterfall'), { key, shiftKey, code: `Key${key.toUpperCase()}` });
};
const current = () => document.querySelector('[data-span]')?.getAttribute('data-span');
const rows = () => Number(screen.getByTestId('waterfall').getAttribute('aria-rowcount'));

beforeEach(() => {
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe() {}
      disconnect() {}
    },
  );
  for (const spy of Object.values(spies)) spy.mockClear();
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe('the keys of the waterfall', () => {
  it.each([
    ['a', 'ArrowDown', 'b'],
    ['a', 'j', 'b'],
    ['b', 'ArrowUp', 'a'],
    ['b', 'k', 'a'],
    ['c', 'Home', 'a'],
    ['a', 'End', 'q4'],
    ['a', 'PageDown', 'b'],
    ['b', 'PageUp', 'a'],
    ['a', 'ArrowRight', 'b'],
    ['c', 'ArrowLeft', 'b'],
    ['a', 'f', 'c'],
    ['c', 'f', 'q1'],
    ['a', 'x', 'b'],
    ['b', 'x', 'd'],
  ])('from %s, %s goes to %s', (from, key, to) => {
    open(from);
    press(key);
    expect(current()).toBe(to);
  });
  it('go back to the match and the error before, with Shift', () => {
    open('d');
    press('F', true);
    expect(current()).toBe('c');
    press('X', true);
    expect(current()).toBe('b');
  });
  it('collapse and expand one span and all', () => {
    open('b');
    press('ArrowLeft');
    expect(rows()).toBe(trace.count - 1);
    expect(screen.getByRole('row').getAttribute('aria-expanded')).toBe('false');
    press('ArrowRight');
    expect(rows()).toBe(trace.count);
    press('ArrowLeft', true);
    expect(rows()).toBe(3);
    press('ArrowRight', true);
    expect(rows()).toBe(trace.count);
  });
  it('open and close a group of siblings', () => {
    open('d', true);
    expect(rows()).toBe(5);
    press('ArrowDown');
    expect([current(), screen.getByRole('row').textContent]).toEqual(['q0', 'SELECT, 5 timesweb1 ms']);
    press('ArrowRight');
    expect(rows()).toBe(9);
    press('ArrowLeft');
    expect(rows()).toBe(5);
  });
  it('show what is below one of a group, and go on listening', () => {
    open('q2', true, 'q2');
    expect([rows(), current()]).toEqual([1, 'q2']);
    press('r');
    expect(spies.onGroup).toHaveBeenCalledTimes(1);
  });
  it('pass over a row of left out spans, which Enter opens', () => {
    const cut = build([span('a', null, 0, 9), span('b', 'a', 1, 5)], [{ below: 1, count: 7 }]);
    const onSelect = vi.fn();
    const shown = (selected: number) => (
      <Waterfall
        trace={cut}
        colours={{} as ThemeColours}
        label="Waterfall"
        colouring={{ field: 'service.name', index: cut.service, values: cut.services }}
        columns={[]}
        critical={null}
        repeats={null}
        isErrorLit={false}
        isMapShown={false}
        selected={selected}
        matches={null}
        only={undefined}
        root={-1}
        endNs={cut.durationNs}
        zoom={null}
        onSelect={onSelect}
        {...spies}
      />
    );
    const { rerender } = render(shown(1));
    press('End');
    expect([onSelect.mock.lastCall, spies.onOpen.mock.calls.length]).toEqual([[2], 0]);
    rerender(shown(2));
    press('Enter');
    expect(spies.onOpen).toHaveBeenLastCalledWith(2);
  });
  it('zoom to the span, to all, and in, out, earlier and later', () => {
    open('d');
    press('z');
    const [[from, to]] = spies.onZoom.mock.lastCall as [[number, number]];
    expect(from).toBeLessThan(60e6);
    expect(to).toBeGreaterThan(90e6);
    press('0');
    expect(spies.onZoom).toHaveBeenLastCalledWith(null);
    press('w');
    expect(spies.onZoom).toHaveBeenLastCalledWith([20e6, 80e6]);
    for (const key of ['s', 'a', 'd']) press(key);
    expect(spies.onZoom).toHaveBeenCalledTimes(6);
  });
  it.each([
    ['/', 'onFind'],
    ['p', 'onCritical'],
    ['r', 'onGroup'],
    ['b', 'onMap'],
    ['l', 'onLink'],
    ['Enter', 'onOpen'],
  ] as const)('%s calls %s', (key, name) => {
    open('c');
    press(key);
    expect(spies[name]).toHaveBeenCalledTimes(1);
  });
  it('are all of those that the panel lists', () => {
    const listed = BINDINGS.filter((binding) => binding.region === 'Trace').flatMap((binding) => binding.keys);
    expect(listed.filter((key) => !pressed.has(key))).toEqual([]);
  });
});
