// A heat map's cells as pixels: one pixel a cell through a 256-step table, scaled up by the canvas with smoothing off.

import { measured } from '../model/timing';

export type HeatScale = 'log' | 'linear' | 'rank';

/** The cells as a picture of one pixel each. */
export function cellsImage(
  counts: readonly (readonly number[])[],
  bins: number,
  scale: HeatScale,
  ramp: readonly (readonly [number, number, number])[],
): HTMLCanvasElement {
  const began = performance.now();
  const pixels = new ImageData(Math.max(1, counts.length), Math.max(1, bins));
  paint(heatLevels(counts, bins, scale), rampTable(ramp), pixels.data);
  const canvas = document.createElement('canvas');
  canvas.width = pixels.width;
  canvas.height = pixels.height;
  canvas.getContext('2d')!.putImageData(pixels, 0, 0);
  measured('heat map cells', began);
  return canvas;
}
/** 0 for an empty cell, else 1..255. A cell with any event never gets the faintest step, so that single outliers stay visible. */
export function heatLevels(counts: readonly (readonly number[])[], bins: number, scale: HeatScale): Uint8Array {
  const levels = new Uint8Array(counts.length * bins);
  let max = 0;
  for (const column of counts) for (const count of column) if (count > max) max = count;
  if (max === 0) return levels;
  const floor = 40;
  const ranks = scale === 'rank' ? rankOf(counts) : null;
  for (let x = 0; x < counts.length; x++) {
    for (let y = 0; y < bins; y++) {
      const count = counts[x]![y] ?? 0;
      if (count <= 0) continue;
      const share = ranks
        ? ranks.get(count)!
        : scale === 'linear'
          ? count / max
          : max <= 1
            ? 1
            : Math.log1p(count) / Math.log1p(max);
      levels[(bins - 1 - y) * counts.length + x] = Math.round(floor + share * (255 - floor));
    }
  }
  return levels;
}
function rankOf(counts: readonly (readonly number[])[]): Map<number, number> {
  const distinct = [...new Set(counts.flat().filter((c) => c > 0))].sort((a, b) => a - b);
  return new Map(distinct.map((c, i) => [c, distinct.length === 1 ? 1 : i / (distinct.length - 1)]));
}
/** RGBA of every level, by straight lines between the ramp's colours. Level 0 is transparent. */
export function rampTable(ramp: readonly (readonly [number, number, number])[]): Uint8ClampedArray {
  const table = new Uint8ClampedArray(256 * 4);
  for (let level = 1; level < 256; level++) {
    const at = ((level - 1) / 254) * (ramp.length - 1);
    const low = Math.min(ramp.length - 2, Math.floor(at));
    for (let c = 0; c < 3; c++)
      table[level * 4 + c] = ramp[low]![c]! + (ramp[low + 1]![c]! - ramp[low]![c]!) * (at - low);
    table[level * 4 + 3] = 255;
  }
  return table;
}
export function paint(levels: Uint8Array, table: Uint8ClampedArray, out: Uint8ClampedArray): void {
  const from = new Uint32Array(table.buffer);
  const to = new Uint32Array(out.buffer);
  for (let i = 0; i < levels.length; i++) to[i] = from[levels[i]!]!;
}
