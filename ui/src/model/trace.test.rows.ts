// For tests: events written as rows, turned into the columns that the server answers with.
import type { EventRow } from './result';
import { buildTrace } from './trace';
import { TraceTable, type TraceAnswer, type TraceColumn } from './trace-table';

export const T0 = 1_795_340_465_000_000_000n;
export const row = (offsetMs: number, data: EventRow['data']): EventRow => {
  const ns = T0 + BigInt(Math.round(offsetMs * 1e6));
  return {
    timestamp: new Date(Number(ns / 1_000_000n)).toISOString(),
    timestamp_ns: String(ns),
    dataset: 'shop',
    sample_rate: 1,
    data,
  };
};
export const span = (
  id: string,
  parent: string | null,
  start: number,
  ms: number,
  extra: EventRow['data'] = {},
): EventRow =>
  row(start, {
    'trace.span_id': id,
    ...(parent ? { 'trace.parent_id': parent } : {}),
    name: id,
    'service.name': 'web',
    duration_ms: ms,
    ...extra,
  });
export function answerOfRows(unsorted: readonly EventRow[], leftOut: TraceAnswer['left_out'] = []): TraceAnswer {
  const rows = [...unsorted].sort((a, b) => Number(BigInt(a.timestamp_ns) - BigInt(b.timestamp_ns)));
  const start = rows.length > 0 ? BigInt(rows[0]!.timestamp_ns) : 0n;
  const datasets = [...new Set(rows.map((r) => r.dataset))];
  const names = [...new Set(rows.flatMap((r) => Object.keys(r.data)))].sort();
  const columns = names.map((name): TraceColumn => {
    const has = rows.flatMap((r, at) => (r.data[name] === undefined ? [] : [at]));
    const found = has.map((at) => rows[at]!.data[name]!);
    const values = [...new Set(found)];
    const place = new Map(values.map((value, at) => [value, at]));
    return {
      name,
      values,
      ...(has.length < rows.length ? { rows: has } : {}),
      ...(values.length < found.length ? { index: found.map((value) => place.get(value)!) } : {}),
    };
  });
  return {
    trace_id: 't',
    total_rows: rows.length,
    start_ns: String(start),
    times: rows.map((r) => Number(BigInt(r.timestamp_ns) - start)),
    datasets,
    dataset: rows.map((r) => datasets.indexOf(r.dataset)),
    sample_rate: rows.map((r) => r.sample_rate),
    columns,
    by_definition: [],
    left_out: leftOut,
  };
}
export function build(rows: readonly EventRow[], leftOut: TraceAnswer['left_out'] = []) {
  const answer = answerOfRows(rows, leftOut);
  return buildTrace(answer, new TraceTable(answer));
}
