// Panels on a grid of twelve columns: where a new one goes, and how panels give way when one is moved or sized. Beside them what a board's
// filters offer, and its tags.
import type { Scalar } from './query-spec';

export const BOARD_COLUMNS = 12;
export interface Position {
  x_coordinate: number;
  y_coordinate: number;
  width: number;
  height: number;
}
interface Placed {
  position: Position;
}

const overlap = (a: Position, b: Position): boolean =>
  a.x_coordinate < b.x_coordinate + b.width &&
  b.x_coordinate < a.x_coordinate + a.width &&
  a.y_coordinate < b.y_coordinate + b.height &&
  b.y_coordinate < a.y_coordinate + a.height;

/** The first free place of the given size, in reading order. */
export function nextPlace(panels: readonly Placed[], width = 6, height = 4): Position {
  for (let y = 0; ; y++) {
    for (let x = 0; x + width <= BOARD_COLUMNS; x++) {
      const place: Position = { x_coordinate: x, y_coordinate: y, width, height };
      if (!panels.some((p) => overlap(p.position, place))) return place;
    }
  }
}
/** Keeps a panel on the board and not too small to show anything. */
export function clampPosition(p: Position): Position {
  const width = Math.max(2, Math.min(BOARD_COLUMNS, p.width));
  return {
    width,
    height: Math.max(1, Math.min(40, p.height)),
    x_coordinate: Math.max(0, Math.min(BOARD_COLUMNS - width, p.x_coordinate)),
    y_coordinate: Math.max(0, p.y_coordinate),
  };
}
/** All positions with panel `index` at a new one: those in its way go down below it, then all move up as far as there is room. */
export function withPosition(positions: readonly Position[], index: number, wanted: Position): Position[] {
  const moved = clampPosition(wanted);
  const inOrder = (list: readonly { p: Position; i: number }[]) =>
    [...list].sort((a, b) => a.p.y_coordinate - b.p.y_coordinate || a.p.x_coordinate - b.p.x_coordinate);
  const pushed = [{ p: moved, i: index }];
  for (const { p, i } of inOrder(positions.map((p, i) => ({ p, i })).filter(({ i }) => i !== index))) {
    let y = p.y_coordinate;
    while (pushed.some((other) => overlap(other.p, { ...p, y_coordinate: y }))) y++;
    pushed.push({ p: { ...p, y_coordinate: y }, i });
  }
  const out: Position[] = [...positions];
  const settled: Position[] = [];
  for (const { p, i } of inOrder(pushed)) {
    let y = p.y_coordinate;
    while (y > 0 && !settled.some((other) => overlap(other, { ...p, y_coordinate: y - 1 }))) y--;
    out[i] = { ...p, y_coordinate: y };
    settled.push(out[i]);
  }
  return out;
}

export const TAGS_MAX = 10;
export interface Tag {
  key: string;
  value: string;
}
/** Tags as typed, `team:shop env:prod`; or what is wrong with them. */
export function readTags(typed: string): Tag[] | string {
  const words = typed.split(/[\s,]+/).filter(Boolean);
  if (words.length > TAGS_MAX) return `A board has at most ${TAGS_MAX} tags`;
  const tags: Tag[] = [];
  for (const word of words) {
    const [, key, value] = /^([a-z]{1,32}):([a-z][a-z0-9/-]{0,127})$/.exec(word) ?? [];
    if (!key || !value) return `${word}: a tag is key:value in lower-case letters, the value also with digits, / and -`;
    tags.push({ key, value });
  }
  return tags;
}
/** Honeycomb's limits of a board, in characters. */
export const NAME_MAX = 255;
export const DESCRIPTION_MAX = 1023;
export const TEXT_MAX = 10_000;
/** Says that a text is longer than it may be, and by how much; null of one that is not. */
export function tooLong(what: string, text: string, most: number): string | null {
  const count = [...text].length;
  return count > most
    ? `${what} has ${count.toLocaleString('en')} characters; ${most.toLocaleString('en')} are the most`
    : null;
}
/** Why a board of this name and description cannot be kept, or null. */
export const boardProblem = ({ name, description }: { name: string; description: string }): string | null =>
  (name.trim() === '' ? 'A board needs a name' : null) ??
  tooLong('The name', name.trim(), NAME_MAX) ??
  tooLong('The description', description.trim(), DESCRIPTION_MAX);
export const tagsText = (tags: readonly Tag[]): string => tags.map((t) => `${t.key}:${t.value}`).join(' ');

/** More datasets than this are asked for values as one. */
const DATASETS_MAX = 4;
/** Whose values a filter of the board offers: those of its panels. */
export function datasetsOf(panels: readonly { query_panel?: { dataset: string } | null }[]): string[] {
  const found = [...new Set(panels.flatMap((p) => (p.query_panel ? [p.query_panel.dataset] : [])))];
  return found.length === 0 || found.length > DATASETS_MAX || found.includes('__all__') ? ['__all__'] : found;
}
/** The values of several lists, each once, the commonest first. */
export function commonest(values: readonly { value: Scalar; count: number }[]): Scalar[] {
  const counts = new Map<Scalar, number>();
  for (const { value, count } of values) counts.set(value, (counts.get(value) ?? 0) + count);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([value]) => value);
}
