// The spans of a trace in the order of one of their properties or fields, for the list of them.
import { FLAG_ERROR, FLAG_LEFT_OUT, type Trace } from './trace';

/** Before the name of a field that is a column, which may be called as a property of every span is: `duration`. */
export const FIELD = 'field:';
interface Values {
  field: string;
  index: Int32Array;
  values: readonly string[];
}

/** Nodes to list; `wanted` marks them, undefined for all. An unknown column orders by duration. */
export function spanOrder(
  trace: Trace,
  self: Float64Array,
  columns: readonly Values[],
  wanted: Uint8Array | undefined,
  by: string,
  descending: boolean,
): number[] {
  const out: number[] = [];
  for (let node = 0; node < trace.count; node++)
    if (!(trace.flags[node]! & FLAG_LEFT_OUT) && (!wanted || wanted[node])) out.push(node);
  const numbers: Record<string, ArrayLike<number>> = {
    start: trace.start,
    duration: trace.duration,
    self,
    depth: trace.depth,
    error: trace.flags.map((f) => f & FLAG_ERROR),
    name: ranks(trace.names, trace.name),
    service: ranks(trace.services, trace.service),
  };
  for (const column of columns) numbers[FIELD + column.field] = ranks(column.values, column.index);
  const key = numbers[by] ?? trace.duration;
  const step = descending ? -1 : 1;
  return out.sort((a, b) => step * (key[a]! - key[b]!) || a - b);
}
/** Per node the place of its value: numbers by size, then the others in the order of the alphabet. */
function ranks(values: readonly string[], index: Int32Array): Int32Array {
  const numbers = values.map((value) => (value.trim() === '' ? NaN : Number(value)));
  const compare = (a: number, b: number) => {
    const [x, y] = [numbers[a]!, numbers[b]!];
    if (!Number.isNaN(x) && !Number.isNaN(y)) return x < y ? -1 : x > y ? 1 : 0;
    return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || values[a]!.localeCompare(values[b]!);
  };
  const rank = new Int32Array(values.length);
  values
    .map((_, at) => at)
    .sort(compare)
    .forEach((at, place) => (rank[at] = place));
  return index.map((at) => (at < 0 ? -1 : rank[at]!));
}
