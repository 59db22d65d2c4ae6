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
