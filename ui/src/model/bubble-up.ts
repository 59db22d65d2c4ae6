// BubbleUp: what is asked, what comes back, and how it reads.
import { quantitiesText, valueText } from './format';
import type { Filter, Scalar } from './query-spec';
import { behindFilters, behindGroup, fieldsOfQuery, type Behind, type QueryAnswer, type RowsRequest } from './result';

export interface BubbleRequest extends Pick<RowsRequest, 'granularity' | 'calculated_fields' | 'usage_mode'> {
  filters: Filter[];
  filter_combination: 'AND' | 'OR';
  start_time_ns: string;
  end_time_ns: string;
  selection: { filters: Filter[]; start_time_ns: string; end_time_ns: string };
}
interface Counts {
  selection_count: number;
  baseline_count: number;
}
export interface BubbleValue extends Counts {
  value: Scalar | null;
}
export interface BubbleBin extends Counts {
  low: number;
  high: number;
}
export interface BubbleField extends Counts {
  column: string;
  kind: 'dimension' | 'measure' | 'unique' | 'too_many_values';
  /** How different the two sides are, 0 to 1. */
  score: number;
  values?: BubbleValue[];
  other?: (Counts & { value_count: number }) | null;
  bins?: BubbleBin[];
}
export interface BubbleAnswer extends Counts {
  fields: BubbleField[];
  columns_left_out: number;
  stats: { elapsed_ms: number; rows_read: number };
}

/** The rows of `selection` against all other rows of the query. */
export function bubbleRequest(answer: QueryAnswer, selection: Behind): BubbleRequest {
  const whole = behindGroup(answer, undefined);
  return {
    ...fieldsOfQuery(answer.query),
    granularity: answer.granularity,
    filters: answer.query.filters ?? [],
    filter_combination: answer.query.filter_combination ?? 'AND',
    start_time_ns: whole.start_ns,
    end_time_ns: whole.end_ns,
    selection: {
      filters: behindFilters(selection),
      start_time_ns: selection.start_ns,
      end_time_ns: selection.end_ns,
    },
  };
}

export const shareOf = (count: number, total: number): number => (total > 0 ? count / total : 0);
/** `12 %`, `0.3 %`, `<0.1 %`. */
export function shareText(share: number): string {
  const percent = share * 100;
  if (percent === 0) return '0 %';
  if (percent < 0.1) return '<0.1 %';
  return `${percent >= 99.95 || percent >= 10 ? Math.round(percent) : Number(percent.toPrecision(2))} %`;
}
export const binText = (column: string, bin: BubbleBin): string => quantitiesText(column, bin.low, bin.high);

/** One sentence per field, for people who do not see the bars. */
export function fieldSummary(field: BubbleField, answer: Counts): string {
  const first = field.values?.[0];
  if (field.kind === 'dimension' && first) {
    const inside = shareText(shareOf(first.selection_count, answer.selection_count));
    const outside = shareText(shareOf(first.baseline_count, answer.baseline_count));
    return `${field.column} is ${valueText(first.value)} in ${inside} of the selection and ${outside} of the baseline`;
  }
  return field.kind === 'measure' ? `${field.column}: numbers, compared by their distribution` : field.column;
}

/** As the server ranks them, but for the fields that the selection was made by: that these differ says nothing. */
export function rankedFields(answer: BubbleAnswer, request: BubbleRequest): BubbleField[] {
  const chosenBy = new Set(request.selection.filters.map((f) => f.column));
  return [...answer.fields].sort((a, b) => Number(chosenBy.has(a.column)) - Number(chosenBy.has(b.column)));
}
