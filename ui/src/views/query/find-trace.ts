// The trace that a point stands for.
import { getRows } from '../../api/calls';
import { rowMatches, rowsRequest, traceOf, type EventRow, type QueryAnswer } from '../../model/result';
import type { PointRequest } from './menus';

/**
 * Among the events behind the point, the one with the largest value that is not above the clicked one; without a clicked value, the
 * slowest. Sketches know a percentile to within 1/128, so as much above it still counts.
 */
export async function findTrace(
  env: string,
  dataset: string,
  answer: QueryAnswer,
  { behind, atMost }: PointRequest,
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
    const page = await getRows(env, dataset, {
      ...request,
      filters: [...request.filters, ...extra],
      limit: 1000,
      before: null,
    });
    const value = (row: EventRow) => Number(row.data[column] ?? 0);
    const found = page.rows
      .filter((r) => rowMatches(r.data, check) && traceOf(r) && value(r) <= limit)
      .sort((a, b) => value(b) - value(a))[0];
    if (found) return found;
  }
  return null;
}
