// The keys of the map, and what is drawn of its numbers.
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { useState } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BINDINGS } from '../model/keys';
import type { Edge, Node, ServiceMap } from '../model/services';
import { ServiceGraph } from './ServiceGraph';

beforeEach(() =>
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe() {}
      disconnect() {}
    },
  ),
);
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const node = (name: string, count: number, fault = 0): Node => ({
  name,
  kind: 'service',
  count,
  errors: fault,
  p95: 5,
  entries: 0,
  states: { fault, error: 0, throttle: 0 },
});
const edge = (from: string, to: string, count: number): Edge => ({ from, to, count, errors: 0, p95: 5 });
const map: ServiceMap = {
  nodes: [
    node('web', 100),
    node('cart', 60, 6),
    node('auth', 40),
    { ...node('kafka', 9), kind: 'queue', states: undefined },
  ],
  edges: [edge('web', 'cart', 60), edge('web', 'auth', 40), edge('cart', 'kafka', 9)],
};
const layout = {
  width: 900,
  height: 300,
  apartFrom: null,
  nodes: [
    [100, 150],
    [400, 80],
    [400, 220],
    [700, 80],
  ] as [number, number][],
  edges: map.edges.map((): [number, number][] => [
    [0, 0],
    [1, 1],
    [2, 2],
  ]),
};
const spies = { onOpen: vi.fn(), onList: vi.fn(), onChooseCall: vi.fn() };
function Box() {
  const [chosen, setChosen] = useState<string | undefined>();
  return (
    <>
      <output>{chosen ?? 'none'}</output>
      <ServiceGraph map={map} layout={layout} amount={String} chosen={chosen} onChoose={setChosen} {...spies} />
    </>
  );
}
const press = (key: string) => fireEvent.keyDown(screen.getByTestId('graph'), { key });

describe('the map of services', () => {
  it('is walked along the calls, the busiest first, and within a column', () => {
    render(<Box />);
    const walk: [string, string][] = [
      ['ArrowRight', 'web'],
      ['ArrowRight', 'cart'],
      ['ArrowDown', 'auth'],
      ['ArrowUp', 'cart'],
      ['ArrowRight', 'kafka'],
      ['ArrowLeft', 'cart'],
      ['Escape', 'none'],
    ];
    for (const [key, to] of walk) {
      press(key);
      expect([key, screen.getByRole('status').textContent]).toEqual([key, to]);
    }
  });
  it('leaves keys with a modifier to the browser', () => {
    render(<Box />);
    spies.onList.mockClear();
    for (const [key, more] of [
      ['l', { ctrlKey: true }],
      ['l', { metaKey: true }],
      ['ArrowRight', { altKey: true }],
    ] as const)
      expect(fireEvent.keyDown(screen.getByTestId('graph'), { key, ...more })).toBe(true);
    expect([spies.onList.mock.calls.length, screen.getByRole('status').textContent]).toEqual([0, 'none']);
  });
  it('opens the panel with Enter and the list with l', () => {
    render(<Box />);
    spies.onList.mockClear();
    press('l');
    expect(spies.onList).toHaveBeenCalledTimes(1);
    press('ArrowRight');
    press('Enter');
    expect(spies.onOpen).toHaveBeenCalledTimes(1);
    const listed = BINDINGS.filter((b) => b.region === 'Service map').flatMap((b) => b.keys);
    expect(listed.sort()).toEqual(['ArrowDown', 'ArrowLeft', 'ArrowRight', 'ArrowUp', 'Enter', 'Escape', 'l']);
  });
  it('prints the share that failed and says each state in words', () => {
    render(<Box />);
    const cart = document.querySelector('[data-service="cart"]')!;
    expect(cart.querySelector('text')!.textContent).toBe('10%');
    expect(cart.querySelector('title')!.textContent).toContain('6 faults, 0 errors, 0 throttles');
    expect(cart.querySelectorAll('[data-state="fault"]').length).toBe(1);
    expect(document.querySelector('[data-service="kafka"] svg')).not.toBeNull();
  });
  it('chooses a call by its line', () => {
    render(<Box />);
    fireEvent.click(document.querySelector('[data-call="web auth"]')!);
    expect(spies.onChooseCall).toHaveBeenCalledWith('web', 'auth');
  });
});
