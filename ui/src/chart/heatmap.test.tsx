// The keys of a heat map, those it leaves alone, and what the pointer shows.
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ThemeColours } from '../model/palette';
import { SharedCursor } from './cursor';
import { Heatmap } from './Heatmap';

beforeEach(() => {
  // The page's environment has neither sizes nor canvases.
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe() {}
      disconnect() {}
    },
  );
  vi.stubGlobal(
    'ImageData',
    class {
      data: Uint8ClampedArray;
      constructor(
        readonly width: number,
        readonly height: number,
      ) {
        this.data = new Uint8ClampedArray(width * height * 4);
      }
    },
  );
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue({ putImageData: () => {} } as never);
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const colours = {
  ramp: [
    [0, 0, 0],
    [255, 255, 255],
  ],
} as unknown as ThemeColours;
const data = { min_value: 0, max_value: 20, step_size: 10, bins: 2, times: ['1970-01-01T00:00:00Z'], counts: [[3, 1]] };

it('shows the values of a column beside the map with their unit, and nothing of that while a box is drawn', () => {
  vi.stubGlobal(
    'ResizeObserver',
    class {
      constructor(readonly callback: (entries: unknown[]) => void) {}
      observe() {
        this.callback([{ contentRect: { width: 1000 } }]);
      }
      disconnect() {}
    },
  );
  const filled: number[] = [];
  const context = new Proxy({} as Record<string, unknown>, {
    get: (kept, name) =>
      kept[name as string] ?? (name === 'fillRect' ? (_x: number, _y: number, w: number) => filled.push(w) : () => {}),
  });
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(context as never);
  HTMLCanvasElement.prototype.setPointerCapture = () => {};
  const { container } = render(
    <Heatmap
      calculation="HEATMAP(ms)"
      column="duration_ms"
      data={data}
      range={[0, 600]}
      granularity={60}
      colours={colours}
      utc
      scale="log"
      cursor={new SharedCursor()}
    />,
  );
  const over = container.querySelectorAll('canvas')[1]!;
  const column = () => filled.filter((width) => width === 83).length;
  fireEvent.pointerMove(over, { clientX: 80, clientY: 60 });
  expect(column()).toBe(1);
  expect(screen.getByText('10 – 20 ms')).toBeTruthy();
  filled.length = 0;
  fireEvent.pointerDown(over, { clientX: 80, clientY: 60, button: 0 });
  filled.length = 0;
  fireEvent.pointerMove(over, { clientX: 110, clientY: 90 });
  expect(filled.length).toBeGreaterThan(0);
  expect(column()).toBe(0);
});

it('a heat map takes its keys, and leaves those with Ctrl, Alt or Meta to the browser', () => {
  const onKey = vi.fn();
  render(
    <Heatmap
      calculation="HEATMAP(ms)"
      column="duration_ms"
      data={data}
      range={[0, 60]}
      granularity={60}
      colours={colours}
      utc
      scale="log"
      cursor={new SharedCursor()}
      onKey={onKey}
    />,
  );
  // False: it was taken.
  const press = (key: string, more = {}) => fireEvent.keyDown(screen.getByRole('application'), { key, ...more });
  for (const held of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }])
    for (const key of ['ArrowLeft', 'ArrowUp', 'z', 'w', 'x']) expect(press(key, held)).toBe(true);
  expect(press('ArrowUp')).toBe(false);
  expect(press('w', { altKey: true })).toBe(true);
  expect(onKey).not.toHaveBeenCalled();
  expect(press('w')).toBe(false);
  expect(onKey).toHaveBeenCalledTimes(1);
});
