// The trace that a point stands for.
import { getRows } from '../../api/calls';
import {
  nsToSeconds,
  PARENT_ID,
  rowMatches,
  rowsRequest,
  TRACE_ID,
  traceOf,
  type EventRow,
  type QueryAnswer,
} from '../../model/result';
import type { PointRequest } from './menus';

/** Of so many traces it is asked whether they have more than one span. */
const TRACES_ASKED = 100;

/**
 * The trace with the largest value that is not above the clicked one, and that has a child span; without a clicked value the slowest.
 * Sketches know a percentile to within 1/128, so as much above it still counts. The row to open it at: the first that the query's
 * filters let through, or one without a span (the root) when there are none. Fails with an AbortError when it is no longer wanted.
 */
export async function findTrace(
  env: string,
  dataset: string,
  answer: QueryAnswer,
  { behind, atMost }: PointRequest,
  signal: AbortSignal,
): Promise<EventRow | null> {
  const { request, check } = rowsRequest(answer, behind);
  const column = atMost?.column ?? 'duration_ms';
  const limit = atMost ? atMost.value * (1 + 1 / 128) : Infinity;
  // Near the value first: a bucket may hold more events than one page.
  const near =
    atMost && request.filter_combination === 'AND'
      ? [
          { column, op: '>=', value: atMost.value * 0.9 },
          { column, op: '<=', value: limit },
        ]
      : [];
  for (const extra of near.length > 0 ? [near, []] : [[]]) {
    const filters = [...request.filters, ...extra];
    const page = await getRows(env, dataset, { ...request, filters, limit: 1000, before: null }, 'name', signal);
    const value = (row: EventRow) => Number(row.data[column] ?? 0);
    const found = page.rows
      .filter((r) => rowMatches(r.data, check) && traceOf(r) && value(r) <= limit)
      .sort((a, b) => value(b) - value(a));
    const ids = [...new Set(found.map(idOf))].slice(0, TRACES_ASKED);
    if (ids.length === 0) continue;
    const [start, end] = [nsToSeconds(request.start_time_ns), nsToSeconds(request.end_time_ns)];
    const parents = await withChildren(env, ids, start, end, signal);
    const best = found.find((row) => parents.has(idOf(row))) ?? found[0]!;
    if (!answer.query.filters?.length) return { ...best, data: { [TRACE_ID]: idOf(best) } };
    // Several of its spans may have matched; the first one is opened.
    return found
      .filter((row) => idOf(row) === idOf(best))
      .sort((a, b) => (a.timestamp_ns < b.timestamp_ns ? -1 : 1))[0]!;
  }
  return null;
}
const idOf = (row: EventRow): string => traceOf(row)!.trace_id;

/** Those of the traces in which some span has a parent. */
async function withChildren(
  env: string,
  ids: readonly string[],
  start: number,
  end: number,
  signal: AbortSignal,
): Promise<Set<string>> {
  const request = {
    filters: [
      { column: TRACE_ID, op: 'in', value: [...ids] },
      { column: PARENT_ID, op: 'exists' },
    ],
    filter_combination: 'AND' as const,
    start_time_ns: String(BigInt(Math.floor(start) - 3600) * 1_000_000_000n),
    end_time_ns: String(BigInt(Math.ceil(end) + 3600) * 1_000_000_000n),
    limit: 1000,
    before: null,
  };
  const { rows } = await getRows(env, '__all__', request, 'definition', signal);
  return new Set(rows.map(idOf));
}
