// Lines on top of each other: the upper edge of each, and which one a height falls into.

/** Upper edges, line by line from the bottom; a missing value adds nothing. */
export function stackTops(ys: readonly (readonly (number | null)[])[]): number[][] {
  const tops: number[][] = [];
  ys.forEach((line, i) => {
    const below = tops[i - 1];
    tops.push(line.map((y, x) => (below?.[x] ?? 0) + Math.max(0, y ?? 0)));
  });
  return tops;
}
/** The line whose part of the stack holds `value`; the uppermost that has one when it lies above all. */
export function stackHit(
  tops: readonly (readonly number[])[],
  ys: readonly (readonly (number | null)[])[],
  x: number,
  value: number,
): number {
  let last = -1;
  for (let i = 0; i < tops.length; i++) {
    if ((ys[i]![x] ?? 0) <= 0) continue;
    last = i;
    if (value <= tops[i]![x]!) return i;
  }
  return last;
}
