// A whole query as one line of text: in the history, in lists, as the title of a panel without a name.
import { calculationsOf, filterText, havingText, orderText, type QuerySpec } from './query-spec';
import { selectText } from './select-text';

export interface QueryClause {
  clause: 'SELECT' | 'WHERE' | 'GROUP BY' | 'HAVING' | 'ORDER BY' | 'LIMIT';
  text: string;
}
export function queryClauses(spec: QuerySpec): QueryClause[] {
  const word = spec.filter_combination === 'OR' ? ' or ' : ' and ';
  const all: QueryClause[] = [
    {
      clause: 'SELECT',
      text: [
        ...calculationsOf(spec).map(selectText),
        ...(spec.formulas ?? []).map((f) => `${f.name} = ${f.expression}`),
      ].join(', '),
    },
    { clause: 'WHERE', text: (spec.filters ?? []).map(filterText).join(word) },
    { clause: 'GROUP BY', text: (spec.breakdowns ?? []).join(', ') },
    { clause: 'HAVING', text: (spec.havings ?? []).map(havingText).join(' and ') },
    { clause: 'ORDER BY', text: (spec.orders ?? []).map(orderText).join(', ') },
    { clause: 'LIMIT', text: spec.limit === undefined ? '' : String(spec.limit) },
  ];
  return all.filter((c) => c.text !== '');
}
export const queryText = (spec: QuerySpec): string =>
  queryClauses(spec)
    .map(({ clause, text }) => (clause === 'SELECT' ? text : `${clause.toLowerCase()} ${text}`))
    .join(' ');

export interface ClauseChange {
  clause: string;
  /** What the other query has and this one has not. */
  gone: string[];
  /** What this one has and the other has not. */
  added: string[];
}
/** What is different in `spec` from `other`, clause by clause; times are left out. */
export function queryChanges(other: QuerySpec, spec: QuerySpec): ClauseChange[] {
  const parts = (s: QuerySpec): Record<string, string[]> => ({
    SELECT: [...calculationsOf(s).map(selectText), ...(s.formulas ?? []).map((f) => `${f.name} = ${f.expression}`)],
    WHERE: [
      ...(s.filters ?? []).map(filterText),
      ...(s.filter_combination === 'OR' && (s.filters?.length ?? 0) > 1 ? ['joined by OR'] : []),
    ],
    'GROUP BY': s.breakdowns ?? [],
    HAVING: (s.havings ?? []).map(havingText),
    'ORDER BY': (s.orders ?? []).map(orderText),
    LIMIT: s.limit === undefined ? [] : [String(s.limit)],
  });
  const before = parts(other);
  return Object.entries(parts(spec)).flatMap(([clause, now]) => {
    const gone = before[clause]!.filter((text) => !now.includes(text));
    const added = now.filter((text) => !before[clause]!.includes(text));
    return gone.length + added.length > 0 ? [{ clause, gone, added }] : [];
  });
}
