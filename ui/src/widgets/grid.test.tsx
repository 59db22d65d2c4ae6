import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Grid, type GridColumn } from './Grid';

const COLUMNS: GridColumn[] = [{ id: 'n', head: 'n', width: '1fr' }];
const HEIGHT = 240;
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(HEIGHT);
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(600);
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

function setup() {
  const cell = vi.fn((index: number) => `row ${index}`);
  const onHover = vi.fn();
  const onOpen = vi.fn();
  const onTick = vi.fn();
  render(
    <Grid
      label="Numbers"
      columns={COLUMNS}
      count={10_000}
      rowHeight={24}
      rowKey={String}
      cell={cell}
      onHover={onHover}
      onOpen={onOpen}
      onTick={onTick}
    />,
  );
  const grid = screen.getByRole('grid');
  const scrollTo = (top: number) => {
    grid.scrollTop = top;
    fireEvent.scroll(grid);
  };
  return { grid, cell, onHover, onOpen, onTick, scrollTo };
}

it('holds the rows in sight and makes only new ones while it scrolls', () => {
  const { grid, cell, scrollTo } = setup();
  const shown = grid.querySelectorAll('[data-index]').length;
  expect(shown).toBeGreaterThanOrEqual(10);
  expect(shown).toBeLessThan(30);
  cell.mockClear();
  scrollTo(48);
  expect(screen.getByText('row 19')).toBeTruthy();
  // Two rows further: two are made, none of those that were there is made again.
  expect(cell.mock.calls.map(([index]) => index)).toEqual([18, 19]);
});

it('names a row as pointed at when the pointer moves over it, not when it scrolls under a pointer at rest', () => {
  const { onHover, scrollTo } = setup();
  fireEvent.mouseMove(screen.getByText('row 3'));
  fireEvent.mouseMove(screen.getByText('row 3'));
  expect(onHover.mock.calls).toEqual([[3]]);
  scrollTo(48);
  fireEvent.mouseEnter(screen.getByText('row 5'));
  fireEvent.mouseOver(screen.getByText('row 5'));
  expect(onHover.mock.calls).toEqual([[3]]);
  fireEvent.mouseLeave(screen.getByText('row 5').closest('[role="rowgroup"]')!);
  expect(onHover).toHaveBeenLastCalledWith(null);
});

it('opens the row that was clicked', () => {
  const { onOpen } = setup();
  fireEvent.click(screen.getByText('row 4'), { clientX: 7, clientY: 9 });
  expect(onOpen).toHaveBeenCalledWith(4, { x: 7, y: 9, column: 'n' });
});

it('ticks the row that the arrows went to with Space', () => {
  const { grid, onOpen, onTick } = setup();
  fireEvent.keyDown(grid, { key: 'ArrowDown' });
  fireEvent.keyDown(grid, { key: ' ' });
  expect(onTick.mock.calls).toEqual([[1]]);
  expect(onOpen).not.toHaveBeenCalled();
});
