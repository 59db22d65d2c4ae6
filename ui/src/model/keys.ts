// Every keyboard shortcut, once: the handler and the `?` panel both read this table.

export type Region = 'Everywhere' | 'Query' | 'Charts' | 'Tables' | 'Trace' | 'Service map';
export interface Binding {
  id: string;
  region: Region;
  /** Any one of these; `g d` is a sequence, `Mod` is Ctrl or Cmd. */
  keys: readonly string[];
  action: string;
}
const b = (region: Region, id: string, keys: string[], action: string): Binding => ({ id, region, keys, action });

export const BINDINGS: readonly Binding[] = [
  b('Everywhere', 'palette', ['Mod+k', '/'], 'go to a page, dataset, board, column, query or trace'),
  b('Everywhere', 'help', ['?'], 'shortcuts'),
  b('Everywhere', 'go-query', ['g q'], 'go to Query'),
  b('Everywhere', 'go-boards', ['g b'], 'go to Boards'),
  b('Everywhere', 'go-history', ['g y'], 'go to History'),
  b('Everywhere', 'go-datasets', ['g d'], 'go to Datasets'),
  b('Everywhere', 'go-triggers', ['g t'], 'go to Triggers'),
  b('Everywhere', 'go-slos', ['g s'], 'go to SLOs'),
  b('Everywhere', 'go-map', ['g m'], 'go to the service map, with the filters of the query'),
  b('Everywhere', 'go-settings', ['g e'], 'go to Settings'),
  b('Everywhere', 'go-send', ['g i'], 'go to Send data'),
  b('Everywhere', 'go-home', ['g h'], 'go home'),
  b('Everywhere', 'nav', ['n'], 'narrow or widen the navigation'),
  b('Everywhere', 'dataset', ['d'], 'choose the dataset'),
  b('Everywhere', 'utc', ['u'], 'UTC or local time'),
  b('Everywhere', 'theme', ['Shift+L'], 'next theme'),
  b('Everywhere', 'close', ['Escape'], 'close the top layer, then clear the selection'),
  b('Query', 'run', ['Mod+Enter', 'Shift+Enter'], 'run the query'),
  b('Query', 'builder', ['q'], 'go to the query builder'),
  b('Query', 'clause', ['1', '2', '3', '4', '5', '6'], 'SELECT, WHERE, GROUP BY, ORDER BY, LIMIT or HAVING'),
  b('Query', 'time', ['t'], 'choose the time range'),
  b('Query', 'earlier', ['['], 'earlier by one range'),
  b('Query', 'later', [']'], 'later by one range'),
  b('Query', 'zoom-in', ['+', '='], 'zoom in on the middle'),
  b('Query', 'zoom-out', ['-'], 'zoom out'),
  b('Query', 'zoom-reset', ['0'], 'back to a range that ends now'),
  b('Query', 'undo', ['Mod+z'], 'undo the last change of the query'),
  b('Query', 'redo', ['Mod+Shift+Z'], 'redo it'),
  b('Query', 'tab', ['v'], 'next result tab'),
  b('Query', 'json', ['j'], 'view or edit the query as JSON'),
  b('Query', 'copy-link', ['c'], 'copy a link to this view'),
  b('Query', 'recent', ['h'], 'my recent queries'),
  b('Query', 'markers', ['m'], 'show or hide markers'),
  b('Query', 'hovers', ['o'], 'show or hide what the pointer shows'),
  b('Query', 'copy-value', ['y'], 'copy the point or row that has the focus'),
  b('Query', 'export', ['e'], 'download the table as CSV'),
  b('Query', 'save', ['s'], 'add the query to a board'),
  b('Charts', 'chart-x', ['ArrowLeft', 'ArrowRight', 'Home', 'End'], 'previous, next, first or last point'),
  b('Charts', 'chart-y', ['ArrowUp', 'ArrowDown'], 'previous or next series; cell in a heat map'),
  b('Charts', 'chart-menu', ['Enter'], 'menu of the point'),
  b('Charts', 'chart-hide', ['Space'], 'hide the series; begin and end a box in a heat map'),
  b(
    'Charts',
    'chart-area',
    ['z', 'w', 'x'],
    'of a box or cell in a heat map: zoom to it, filter by its values, open a trace',
  ),
  b('Charts', 'chart-table', ['Shift+T'], 'the chart as a table, and back'),
  b('Tables', 'row-move', ['ArrowUp', 'ArrowDown', 'Home', 'End', 'PageUp', 'PageDown'], 'move between rows'),
  b('Tables', 'row-open', ['Enter'], 'open the row'),
  b(
    'Trace',
    'span-move',
    ['ArrowUp', 'ArrowDown', 'j', 'k', 'Home', 'End', 'PageUp', 'PageDown'],
    'move between spans',
  ),
  b('Trace', 'span-fold', ['ArrowLeft', 'ArrowRight'], 'collapse or expand; to parent or first child'),
  b('Trace', 'span-fold-all', ['Shift+ArrowLeft', 'Shift+ArrowRight'], 'collapse or expand all'),
  b('Trace', 'span-find', ['/'], 'search this trace'),
  b('Trace', 'span-match', ['f', 'Shift+F'], 'next or previous match'),
  b('Trace', 'span-error', ['x', 'Shift+X'], 'next or previous error'),
  b('Trace', 'span-open', ['Enter'], 'go to the fields of the span'),
  b('Trace', 'span-group', ['r'], 'siblings that repeat as one row, or each'),
  b('Trace', 'span-zoom', ['z'], 'zoom to the span'),
  b('Trace', 'span-fit', ['0'], 'show the whole trace'),
  b('Trace', 'span-look', ['w', 's', 'a', 'd'], 'zoom in or out, earlier or later (where WASD lie)'),
  b('Trace', 'span-critical', ['p'], 'critical path'),
  b('Trace', 'span-map', ['b'], 'show or hide the overview'),
  b('Service map', 'map-open', ['Enter'], 'go to the panel of the service'),
  b('Service map', 'map-list', ['l'], 'go to the list of all services'),
  b('Service map', 'map-clear', ['Escape'], 'choose no service'),
  b('Service map', 'map-walk', ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'], 'along the calls; within a column'),
  b('Trace', 'span-link', ['l'], 'follow the link of the span'),
];

export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}
/** The written form of a key press: `Mod+Enter`, `Shift+F`, `?`. Shift is not written for characters that need it. */
export function pressText(e: KeyPress): string {
  const key = e.key === ' ' ? 'Space' : e.key;
  const isLetter = /^[a-z]$/i.test(key);
  const isNamed = key.length > 1;
  const parts = [];
  if (e.ctrlKey || e.metaKey) parts.push('Mod');
  if (e.altKey) parts.push('Alt');
  if (e.shiftKey && (isLetter || isNamed)) parts.push('Shift');
  parts.push(isLetter ? (e.shiftKey ? key.toUpperCase() : key.toLowerCase()) : key);
  return parts.join('+');
}
/** A letter, digit or sign by itself: what people who dictate type by accident, and may switch off. */
export const isSingleCharacter = (press: string): boolean => press.replace(/^Shift\+/, '').length === 1;
export const keysOf = (id: string): readonly string[] => BINDINGS.find((x) => x.id === id)?.keys ?? [];

/** Bindings of one region that share a key with another of the same region or of everywhere. Must be empty. */
export function collisions(bindings: readonly Binding[] = BINDINGS): string[] {
  const out: string[] = [];
  for (const [i, one] of bindings.entries()) {
    for (const two of bindings.slice(i + 1)) {
      const isShared =
        one.region === two.region ||
        ((one.region === 'Everywhere') !== (two.region === 'Everywhere') && [one.region, two.region].includes('Query'));
      const key = one.keys.find((k) => two.keys.includes(k));
      if (isShared && key) out.push(`${key}: ${one.id}, ${two.id}`);
    }
  }
  return out;
}
/** How a key is printed on the panel. */
export const keyLabel = (key: string, isMac: boolean): string =>
  key
    .replace('Mod', isMac ? '⌘' : 'Ctrl')
    .replace('ArrowLeft', '←')
    .replace('ArrowRight', '→')
    .replace('ArrowUp', '↑')
    .replace('ArrowDown', '↓')
    .replace('Escape', 'Esc');
