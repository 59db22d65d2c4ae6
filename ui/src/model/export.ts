// A result's table as a file: the same rows and numbers as on screen.
import { calculationsOfAnswer, pastValues, type Cells, type Group, type QueryAnswer } from './result';

/** RFC 4180; a text that a spreadsheet would take for a formula is kept from it by a leading apostrophe. */
function csvCell(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
export const csvText = (rows: readonly (readonly unknown[])[]): string =>
  rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');

/** One line per group in the order given, with the earlier time's values beside when there are any. */
export function resultCsv(answer: QueryAnswer, groups: readonly Group[]): string {
  const keys = calculationsOfAnswer(answer)
    .filter((c) => c.op !== 'HEATMAP')
    .map((c) => c.key);
  const past = pastValues(answer);
  const head = [...answer.breakdowns, ...keys, ...(past ? keys.map((k) => `${k} before`) : [])];
  const line = (data: Cells, key: string) => [
    ...answer.breakdowns.map((b) => data[b]),
    ...keys.map((k) => data[k]),
    ...(past ? keys.map((k) => past.get(key)?.[k]) : []),
  ];
  return csvText([head, ...groups.map((g) => line(g.data, g.key))]);
}
/** Rows of events: time, sample rate and dataset first, then every field that some row has. */
export function eventsCsv(
  rows: readonly { timestamp: string; sample_rate: number; dataset: string; data: Cells }[],
  fields: readonly string[],
): string {
  return csvText([
    ['timestamp', 'sample_rate', 'dataset', ...fields],
    ...rows.map((r) => [r.timestamp, r.sample_rate, r.dataset, ...fields.map((f) => r.data[f])]),
  ]);
}
