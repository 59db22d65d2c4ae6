// The events of a trace, column by column: each field once, its distinct values once, and per event a number. Fields of tens of
// thousands of spans are searched and listed by their few values, and no object is made per span.
import { valueText } from './format';
import type { Scalar } from './query-spec';
import type { Cells, EventRow } from './result';

/** A field: its k-th entry is of the event `rows[k]` and has the value `values[index[k]]`. */
export interface TraceColumn {
  name: string;
  values: Scalar[];
  /** Ascending; all events when left out. */
  rows?: number[];
  /** 0, 1, 2 and so on when left out. */
  index?: number[];
}
export interface TraceAnswer {
  trace_id: string;
  total_rows: number;
  start_ns: string;
  /** Nanoseconds after the start. */
  times: number[];
  datasets: string[];
  dataset: number[];
  sample_rate: number[];
  columns: TraceColumn[];
  /** What datasets' definitions say, under the names that are usual for it, where `columns` says something else by these names. */
  by_definition: TraceColumn[];
  /** Spans and logs that were left out: how many below which event. */
  left_out: { below: number | null; count: number }[];
}

interface Held {
  name: string;
  values: Scalar[];
  rows: Int32Array | null;
  index: Int32Array | null;
}
export class TraceTable {
  readonly count: number;
  readonly startNs: bigint;
  readonly times: Float64Array;
  readonly #datasets: string[];
  readonly #dataset: Uint32Array;
  readonly #rates: Float64Array;
  readonly #columns: Held[];
  readonly #byName: Map<string, Held>;
  /** Fields by their meaning, where that is not what those of the usual names have. */
  readonly #byMeaning: Map<string, Held>;

  constructor(answer: TraceAnswer) {
    this.count = answer.times.length;
    this.startNs = BigInt(answer.start_ns);
    this.times = Float64Array.from(answer.times);
    this.#datasets = answer.datasets;
    this.#dataset = Uint32Array.from(answer.dataset);
    this.#rates = Float64Array.from(answer.sample_rate);
    this.#columns = answer.columns.map(hold);
    this.#byName = new Map(this.#columns.map((column) => [column.name, column]));
    this.#byMeaning = new Map(answer.by_definition.map((column) => [column.name, hold(column)]));
  }
  valuesOf(name: string): readonly Scalar[] {
    return this.#find(name)?.values ?? [];
  }
  /** A field by its name; where no event has that, by the meaning that it is usual for. */
  #find(name: string): Held | undefined {
    return this.#byName.get(name) ?? this.#byMeaning.get(name);
  }
  /** What events have of a meaning, by the usual name of it: the different values, and per event which of them, -1 for none. */
  meant(name: string): { values: readonly Scalar[]; index: Int32Array<ArrayBuffer> } {
    const column = this.#byMeaning.get(name) ?? this.#byName.get(name);
    return { values: column?.values ?? [], index: this.#indexOf(column) };
  }
  /** Per event which of the values of a field, -1 for none. */
  indexOf(name: string): Int32Array<ArrayBuffer> {
    return this.#indexOf(this.#find(name));
  }
  #indexOf(column: Held | undefined): Int32Array<ArrayBuffer> {
    const out = new Int32Array(this.count).fill(-1);
    if (column) eachEntry(column, this.count, (row, value) => (out[row] = value));
    return out;
  }
  /** An event with all its fields. */
  row(at: number): EventRow {
    const data = cellsAt(this.#columns, at);
    const ns = this.startNs + BigInt(this.times[at]!);
    return {
      timestamp: nsToRfc3339(ns),
      timestamp_ns: String(ns),
      dataset: this.datasetOf(at),
      sample_rate: this.#rates[at]!,
      data,
      ...(this.#byMeaning.size > 0 ? { by_definition: this.#meantAt(at) } : {}),
    };
  }
  #meantAt(at: number): Cells {
    const nothing = [...this.#byMeaning.keys()].map((name) => [name, null] as const);
    return { ...Object.fromEntries(nothing), ...cellsAt(this.#byMeaning.values(), at) };
  }
  datasetOf(at: number): string {
    return this.#datasets[this.#dataset[at]!] ?? '';
  }
  /** One byte per event: 1 where the value of a field holds the text, whatever its case. */
  find(text: string): Uint8Array<ArrayBuffer> {
    const wanted = text.toLowerCase();
    const marks = new Uint8Array(this.count);
    for (const column of this.#columns) {
      let any = false;
      const has = Uint8Array.from(column.values, (value) => {
        const is = valueText(value).toLowerCase().includes(wanted);
        any ||= is;
        return is ? 1 : 0;
      });
      if (any)
        eachEntry(column, this.count, (row, value) => {
          if (has[value]) marks[row] = 1;
        });
    }
    return marks;
  }
  /** The fields of the marked events, those of most events first. */
  fields(marks: Uint8Array): string[] {
    const counts = this.#columns.map((column) => {
      let count = 0;
      eachEntry(column, this.count, (row) => (count += marks[row]!));
      return [column.name, count] as const;
    });
    return counts
      .filter(([, count]) => count > 0)
      .sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))
      .map(([name]) => name);
  }
}
function hold({ name, values, rows, index }: TraceColumn): Held {
  return {
    name,
    values,
    rows: rows ? Int32Array.from(rows) : null,
    index: index ? Int32Array.from(index) : null,
  };
}
function cellsAt(columns: Iterable<Held>, at: number): Cells {
  const cells: Cells = {};
  for (const { name, values, rows, index } of columns) {
    const entry = rows ? search(rows, at) : at;
    if (entry >= 0) cells[name] = values[index ? index[entry]! : entry]!;
  }
  return cells;
}
function eachEntry({ rows, index, values }: Held, count: number, visit: (row: number, value: number) => void): void {
  const entries = rows?.length ?? index?.length ?? Math.min(count, values.length);
  for (let k = 0; k < entries; k++) visit(rows ? rows[k]! : k, index ? index[k]! : k);
}
function search(rows: Int32Array, at: number): number {
  let low = 0;
  let high = rows.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (rows[middle] === at) return middle;
    if (rows[middle]! < at) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
export function nsToRfc3339(ns: bigint): string {
  const seconds = new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(ns % 1_000_000_000n).padStart(9, '0')}Z`;
}
