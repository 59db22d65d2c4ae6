// The keys of a heat map, and those it leaves alone.
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

it('a heat map takes its keys, and leaves those with Ctrl, Alt or Meta to the browser', () => {
  const onKey = vi.fn();
  render(
    <Heatmap
      calculation="HEATMAP(ms)"
      column="duration_ms"
      data={{ min_value: 0, max_value: 20, step_size: 10, bins: 2, times: ['1970-01-01T00:00:00Z'], counts: [[3, 1]] }}
      range={[0, 60]}
      granularity={60}
      colours={
        {
          ramp: [
            [0, 0, 0],
            [255, 255, 255],
          ],
        } as unknown as ThemeColours
      }
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
