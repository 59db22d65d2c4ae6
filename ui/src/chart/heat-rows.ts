// The rows of a heat map, from the bottom: its bins over the height, and above them one row for all larger values when it was cut.
import type { HeatmapData } from '../model/result';
import { valueTicks } from './axis';

/** Height of the row of larger values, and what is left free below it. */
const STRIP = 14;
const GAP = 3;

export class HeatRows {
  readonly count: number;
  readonly #data: HeatmapData;
  readonly #top: number;
  readonly #bottom: number;
  readonly #body: number;
  /** Upper end of the bins. */
  readonly #end: number;

  constructor(data: HeatmapData, top: number, height: number) {
    this.#data = data;
    this.#top = top;
    this.#bottom = top + height;
    this.#body = height - (data.above ? STRIP : 0);
    this.#end = data.min_value + data.step_size * data.bins;
    this.count = data.bins + (data.above ? 1 : 0);
  }
  /** The values of a row: half-open, so the last one ends behind the largest value. */
  from(row: number): number {
    return row === this.#data.bins ? this.#data.above!.from : this.#data.min_value + this.#data.step_size * row;
  }
  to(row: number): number {
    const { above, bins, max_value } = this.#data;
    const behind = (value: number) => value + Math.max(Math.abs(value) * 1e-9, 1e-9);
    if (row === bins) return behind(above!.max_value);
    if (row < bins - 1) return this.#data.min_value + this.#data.step_size * (row + 1);
    return above ? above.from : behind(Math.max(this.#end, max_value));
  }
  events(column: number, row: number): number {
    const { above, bins, counts } = this.#data;
    return (row === bins ? above?.counts[column] : counts[column]?.[row]) ?? 0;
  }
  /** Pixels from the top of the canvas. */
  upper(row: number): number {
    return row === this.#data.bins ? this.#top : this.#bottom - (this.#body * (row + 1)) / this.#data.bins;
  }
  lower(row: number): number {
    return row === this.#data.bins ? this.#top + STRIP - GAP : this.#bottom - (this.#body * row) / this.#data.bins;
  }
  pixel(value: number): number {
    const { above, min_value } = this.#data;
    if (above && value > above.from) return this.#top;
    const share = (value - min_value) / (this.#end - min_value || 1);
    return this.#bottom - this.#body * Math.max(0, Math.min(1, share));
  }
  /** The row at a pixel, or the nearest one. */
  at(pixel: number): number {
    const { above, bins } = this.#data;
    if (above && pixel < this.#top + STRIP) return bins;
    return Math.max(0, Math.min(bins - 1, Math.floor(((this.#bottom - pixel) / this.#body) * bins)));
  }
  /** Round values to print beside the axis; one at the end would stand in the label of the larger values. */
  labels(): number[] {
    const free = this.#top + (this.#data.above ? STRIP + GAP : 0);
    return valueTicks(this.#data.min_value, this.#end, 4).filter((value) => this.pixel(value) >= free);
  }
  /** The counts as an image has them: columns of all rows. */
  columns(): number[][] {
    const { above, counts } = this.#data;
    return above ? counts.map((column, x) => [...column, above.counts[x]!]) : counts;
  }
}
