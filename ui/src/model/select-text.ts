// SELECT as text: `P95(duration_ms)`, `COUNT where error = true as errors`, `= DIV($errors, $all) as error_share`. What one types,
// what a token shows and what completion goes by.
import {
  calculationOp,
  CALCULATION_OPS,
  filterOp,
  filterText,
  parseFilter,
  type Calculation,
  type ColumnType,
  type Filter,
  type Formula,
} from './query-spec';
import { readFollowed } from './metrics';

/** A filter inside a calculation: values with blanks are quoted, because `and` and `as` go on behind them. */
function innerFilterText(f: Filter): string {
  const quote = (v: unknown) => (typeof v === 'string' && /\s/.test(v) ? JSON.stringify(v) : undefined);
  const values = Array.isArray(f.value) ? f.value : [f.value];
  if (filterOp(f.op)?.arity === 'none' || !values.some((v) => quote(v))) return filterText(f);
  const head = filterText({ column: f.column, op: f.op, value: 0 }).replace(/ 0$/, '');
  return `${head} ${values.map((v) => quote(v) ?? filterText({ column: 'c', op: '=', value: v as string }).slice(4)).join(', ')}`;
}
export function selectText(c: Calculation): string {
  const base = c.column ? `${c.op}(${c.column})` : c.op;
  const word = c.filter_combination === 'OR' ? ' or ' : ' and ';
  const filters = c.filters?.length ? ` where ${c.filters.map(innerFilterText).join(word)}` : '';
  return `${base}${filters}${c.name ? ` as ${c.name}` : ''}`;
}
export const formulaText = (f: Formula): string => `= ${f.expression} as ${f.name}`;

/** Where a word stands outside of quotes and brackets, as [start, end) with the blanks around it. */
function findWords(text: string, words: RegExp): { word: string; start: number; end: number }[] {
  const found: { word: string; start: number; end: number }[] = [];
  let depth = 0;
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (isQuoted) {
      if (c === '\\') i++;
      else if (c === '"') isQuoted = false;
    } else if (c === '"') isQuoted = true;
    else if (c === '(') depth++;
    else if (c === ')') depth--;
    else if (/\s/.test(c) && depth <= 0) {
      const match = words.exec(text.slice(i));
      if (match) {
        found.push({ word: match[1]!.toLowerCase(), start: i, end: i + match[0].length });
        i += match[0].length - 2;
      }
    }
  }
  return found;
}
const WHERE_AND_AS = /^\s+(where|and|or|as)\s+/i;

export type SelectStage =
  | { stage: 'op'; prefix: string }
  | { stage: 'column'; op: string; prefix: string }
  /** A whole calculation: a filter or a name may follow. */
  | { stage: 'tail'; head: string }
  | { stage: 'filter'; head: string; text: string }
  | { stage: 'name'; head: string; prefix: string }
  | { stage: 'formula'; head: string; prefix: string };

/** How far the typed text has come. */
export function readSelect(text: string): SelectStage {
  if (/^\s*=/.test(text)) {
    const as = findWords(text, /^\s+(as)\s+/i).at(-1);
    if (as) return { stage: 'name', head: text.slice(0, as.end), prefix: text.slice(as.end) };
    const prefix = /\$?[\w.]*$/.exec(text)?.[0] ?? '';
    return { stage: 'formula', head: text.slice(0, text.length - prefix.length), prefix };
  }
  const words = findWords(text, WHERE_AND_AS);
  const last = words.at(-1);
  if (last?.word === 'as') return { stage: 'name', head: text.slice(0, last.end), prefix: text.slice(last.end) };
  if (last) return { stage: 'filter', head: text.slice(0, last.end), text: text.slice(last.end) };
  const match = /^\s*([A-Za-z_0-9]+)(\s*\(\s*|\s+)(.*)$/.exec(text);
  const op = match ? calculationOp(match[1]!.toUpperCase()) : undefined;
  if (!match || !op) return { stage: 'op', prefix: text.trim() };
  if (op.needs === 'none' || match[3]!.trim().endsWith(')')) return { stage: 'tail', head: text.trim() };
  if (op.needs === 'optional' && match[2]!.trim() === '') return { stage: 'tail', head: match[1]! };
  return { stage: 'column', op: op.op, prefix: match[3]!.replace(/\)\s*$/, '').trim() };
}

type TypeOf = (column: string) => ColumnType | undefined;

/** A finished calculation or formula; null when the text is none yet. `taken` are names that others have. */
export function parseSelect(
  text: string,
  typeOf: TypeOf,
  taken: readonly string[] = [],
): { calculation: Calculation } | { formula: Formula } | null {
  if (/^\s*=/.test(text)) {
    const as = findWords(text, /^\s+(as)\s+/i).at(-1);
    const expression = (as ? text.slice(0, as.start) : text).trim().slice(1).trim();
    const name = as ? text.slice(as.end).trim() : freeName('formula', taken);
    return expression === '' || name === '' ? null : { formula: { name, expression } };
  }
  const words = findWords(text, WHERE_AND_AS);
  const end = (i: number) => words[i + 1]?.start ?? text.length;
  const calculation = parseBase(text.slice(0, words[0]?.start ?? text.length));
  if (!calculation) return null;
  const filters: Filter[] = [];
  let combination: 'AND' | 'OR' = 'AND';
  for (const [i, { word, end: start }] of words.entries()) {
    const part = text.slice(start, end(i)).trim();
    if (word === 'as') {
      if (part === '') return null;
      calculation.name = part;
      continue;
    }
    if (word === 'or') combination = 'OR';
    const filter = parseFilter(part, typeOf);
    if (!filter) return null;
    filters.push(filter);
  }
  if (filters.length > 0) {
    calculation.filters = filters;
    if (combination === 'OR' && filters.length > 1) calculation.filter_combination = 'OR';
    calculation.name ??= freeName(autoName(calculation, filters[0]!), taken);
  }
  return { calculation };
}
function parseBase(text: string): Calculation | null {
  const match = /^\s*([A-Za-z_0-9]+)\s*(?:\(\s*(.*?)\s*\)?|\s+(\S.*?))?\s*$/.exec(text);
  if (!match) return null;
  const known = CALCULATION_OPS.find((c) => c.op === match[1]!.toUpperCase());
  const typed = match[2] || match[3];
  if (!known) return null;
  if (known.needs === 'none' && typed) return null;
  if (known.needs !== 'none' && known.needs !== 'optional' && !typed) return null;
  // The last bracket may be left out, and is then not that of a metric's function.
  const column = typed && ((readFollowed(typed) ?? readFollowed(`${typed})`))?.name ?? typed);
  return column ? { op: known.op, column } : { op: known.op };
}
/** `count_error`, `p95_slow_path`: what a filtered calculation is called when one does not say. */
function autoName(c: Calculation, f: Filter): string {
  const about = typeof f.value === 'string' ? f.value : (f.column ?? '');
  return `${c.op}_${about}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 40);
}
function freeName(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name;
  let n = 2;
  while (taken.includes(`${name}_${n}`)) n++;
  return `${name}_${n}`;
}
