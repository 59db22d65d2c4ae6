import { describe, expect, it } from 'vitest';
import { stackHit, stackTops } from './stack';

describe('a stack', () => {
  const ys = [
    [1, null, 2],
    [3, 4, 0],
  ];
  it('has each line on top of those below, a missing value adding nothing', () =>
    expect(stackTops(ys)).toEqual([
      [1, 0, 2],
      [4, 4, 2],
    ]));
  it.each([
    [0, 0.5, 0],
    [0, 2, 1],
    [0, 99, 1],
    [1, 1, 1],
    [2, 1, 0],
  ])('at %i, %f belongs to line %i', (x, value, line) => expect(stackHit(stackTops(ys), ys, x, value)).toBe(line));
});
