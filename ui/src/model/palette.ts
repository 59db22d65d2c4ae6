// Which of the eight data colours a value gets: by hash of field and value, so that it keeps its colour between queries,
// with collisions given the next free colour in rank order.

export const COLOUR_COUNT = 8;
export interface SeriesStyle {
  colour: number;
  /** 0 solid, 1 dashed, 2 dotted: the ninth and later series repeat the colours with another line. */
  dash: number;
}

export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** Styles in the order of `keys`, the first of which is the most important and keeps its own colour. */
export function assignStyles(keys: readonly string[]): Map<string, SeriesStyle> {
  const styles = new Map<string, SeriesStyle>();
  let taken = new Set<number>();
  let dash = 0;
  for (const key of keys) {
    if (styles.has(key)) continue;
    if (taken.size === COLOUR_COUNT) {
      taken = new Set();
      dash = Math.min(dash + 1, 2);
    }
    let colour = hashText(key) % COLOUR_COUNT;
    while (taken.has(colour)) colour = (colour + 1) % COLOUR_COUNT;
    taken.add(colour);
    styles.set(key, { colour, dash });
  }
  return styles;
}

/** Every colour the canvases need, resolved for the present theme. */
export interface ThemeColours {
  isDark: boolean;
  bg: string;
  surface: string;
  hover: string;
  selected: string;
  border: string;
  borderStrong: string;
  text: string;
  muted: string;
  accent: string;
  info: string;
  error: string;
  /** BubbleUp's two sides. */
  selection: string;
  baseline: string;
  series: readonly string[];
  ramp: readonly (readonly [number, number, number])[];
  sans: string;
  mono: string;
}
