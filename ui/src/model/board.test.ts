import { describe, expect, it } from 'vitest';
import {
  boardProblem,
  commonest,
  datasetsOf,
  nextPlace,
  readTags,
  tagsText,
  tooLong,
  withPosition,
  type Position,
} from './board';

const at = (x: number, y: number, width = 6, height = 4): Position => ({
  x_coordinate: x,
  y_coordinate: y,
  width,
  height,
});
const panels = (...positions: Position[]) => positions.map((position) => ({ position }));
const cells = (p: Position): string[] =>
  Array.from({ length: p.width * p.height }, (_, i) => {
    const x = p.x_coordinate + (i % p.width);
    return `${x},${p.y_coordinate + Math.floor(i / p.width)}`;
  });

describe('the place of a new panel', () => {
  it('is the first free one in reading order', () => {
    expect(nextPlace([])).toEqual(at(0, 0));
    expect(nextPlace(panels(at(0, 0)))).toEqual(at(6, 0));
    expect(nextPlace(panels(at(0, 0), at(6, 0)))).toEqual(at(0, 4));
  });
});
describe('a moved panel', () => {
  it('pushes what is in its way down', () => {
    expect(withPosition([at(0, 0), at(6, 0)], 1, at(0, 0))).toEqual([at(0, 4), at(0, 0)]);
  });
  it('leaves no gap above others', () => {
    expect(withPosition([at(0, 0), at(0, 4)], 0, at(6, 0))).toEqual([at(6, 0), at(0, 0)]);
  });
  it('never lies over another, wherever it goes', () => {
    let seed = 7;
    const random = (n: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
    let positions = Array.from({ length: 8 }, (_, i) => at((i % 2) * 6, Math.floor(i / 2) * 4));
    for (let step = 0; step < 200; step++) {
      positions = withPosition(positions, random(8), at(random(12), random(20), 1 + random(12), 1 + random(6)));
      const all = positions.flatMap(cells);
      expect(new Set(all).size, `step ${step}`).toBe(all.length);
      expect(all.every((c) => Number(c.split(',')[0]) < 12)).toBe(true);
    }
  });
});

describe('what a board offers', () => {
  const of = (dataset: string) => ({ query_panel: { dataset } });
  it('takes filter values from the datasets of its panels, from all when one asks all or there are many', () => {
    expect(datasetsOf([of('a'), {}, of('b'), of('a')])).toEqual(['a', 'b']);
    expect(datasetsOf([of('a'), of('__all__')])).toEqual(['__all__']);
    expect(datasetsOf([])).toEqual(['__all__']);
    expect(datasetsOf(['a', 'b', 'c', 'd', 'e'].map(of))).toEqual(['__all__']);
    expect(
      commonest([
        { value: 'x', count: 2 },
        { value: 'y', count: 3 },
        { value: 'x', count: 2 },
        { value: '2', count: 1 },
        { value: 2, count: 1 },
      ]),
    ).toEqual(['x', 'y', '2', 2]);
  });
  it('reads tags and says what is wrong with one', () => {
    expect(readTags('team:shop, env:prod-1')).toEqual([
      { key: 'team', value: 'shop' },
      { key: 'env', value: 'prod-1' },
    ]);
    expect(tagsText([{ key: 'team', value: 'shop' }])).toBe('team:shop');
    expect(readTags(' ')).toEqual([]);
    expect(readTags('Team:shop')).toContain('Team:shop');
    expect(readTags(Array.from({ length: 11 }, () => 'a:b').join(' '))).toBe('A board has at most 10 tags');
  });
  it('says which of its texts is missing or too long', () => {
    const board = { name: 'b'.repeat(255), description: '' };
    expect(boardProblem(board)).toBeNull();
    expect(boardProblem({ ...board, name: ' ' })).toBe('A board needs a name');
    expect(boardProblem({ ...board, name: 'b'.repeat(256) })).toBe('The name has 256 characters; 255 are the most');
    expect(boardProblem({ ...board, description: 'd'.repeat(1024) })).toContain('1,023 are the most');
    // A character is what a person takes for one, and the server too.
    expect(tooLong('The text', '🐝'.repeat(3), 3)).toBeNull();
  });
});
