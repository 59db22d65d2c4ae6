// What the builder's boxes offer while one types: columns from the server, operators, values; of a dataset of metrics these.
import { keepPreviousData, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState, type ReactNode } from 'react';
import type { Column } from '../../api/calls';
import { suggestionsOptions } from '../../api/manage';
import {
  attributesOptions,
  columnsOptions,
  datasetsOptions,
  functionsOptions,
  metricsOptions,
  valuesOptions,
} from '../../api/options';
import { agoText, shortNumber, valueText } from '../../model/format';
import {
  FOLLOW_FUNCTIONS,
  metricOf,
  metricsOf,
  metricText,
  opsOf,
  readFollowed,
  takes,
  whyNot,
  withFollowed,
  type Metric,
} from '../../model/metrics';
import {
  calculationOp,
  comparables,
  filterText,
  HAVING_OPS,
  isNumeric,
  opsForType,
  orderables,
  orderText,
  readFilter,
  relationOf,
  RELATIONS,
  scalarText,
  type ColumnType,
  type Order,
  type QuerySpec,
} from '../../model/query-spec';
import { readSelect, selectText } from '../../model/select-text';
import { rangeSeconds } from '../../model/time-range';
import type { Suggestion } from '../../widgets/TokenInput';

const TYPE_MARK: Record<ColumnType, string> = {
  string: 'Aa',
  integer: '12',
  float: '1.2',
  boolean: '✓',
  histogram: '▤',
};
export const typeMark = (type: ColumnType): ReactNode => <abbr title={type}>{TYPE_MARK[type]}</abbr>;
const columnToken = (name: string): string => filterText({ column: name, op: '=', value: 0 }).replace(/ = 0$/, '');

function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), 60);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/** The type of a column as far as any answer so far has said it. */
export function useTypeOf(env: string, dataset: string): (column: string) => ColumnType | undefined {
  const client = useQueryClient();
  useQuery(columnsOptions(env, dataset, ''));
  return useCallback(
    (name) => {
      for (const [, answer] of client.getQueriesData<{ columns: Column[] }>({ queryKey: ['columns', env, dataset] })) {
        const found = answer?.columns.find((c) => c.key_name === name);
        if (found) return found.type;
      }
      return undefined;
    },
    [client, env, dataset],
  );
}

type TypeOf = (column: string) => ColumnType | undefined;

export interface Offer {
  suggestions: Suggestion[];
  loading: boolean;
  note?: string;
}
interface Scope {
  env: string;
  dataset: string;
  enabled: boolean;
  /** Those of a dataset of metrics; none of one of events. */
  metrics?: readonly Metric[];
  /** Leads to where calculated fields are made. */
  onNewField?: () => void;
}

/** The metrics of a dataset of metrics; undefined for one of events. */
export function useMetrics(env: string, dataset: string): readonly Metric[] | undefined {
  const { data: datasets } = useQuery(datasetsOptions(env));
  const isMetrics = datasets?.find((d) => d.slug === dataset)?.dataset_type === 'metrics';
  const { data } = useQuery({ ...metricsOptions(env, dataset), enabled: isMetrics });
  return isMetrics ? (data?.metrics ?? NO_METRICS) : undefined;
}
const NO_METRICS: readonly Metric[] = [];

/** The attributes that some metrics come with; without names where nothing narrows them. */
function useAttributes({ env, dataset, enabled }: Scope, chosen: readonly string[]) {
  return useQueries({
    queries: chosen.map((metric) => ({ ...attributesOptions(env, dataset, metric), enabled })),
    combine: (answers) => {
      const names = answers.flatMap((a) => a.data?.attributes ?? []);
      return { names: names.length > 0 ? new Set(names) : undefined, loading: answers.some((a) => a.isLoading) };
    },
  });
}

function useColumns({ env, dataset, enabled }: Scope, prefix: string, chosen: readonly string[] = NO_NAMES) {
  const settled = useSettled(prefix);
  const { names: attributes, loading } = useAttributes({ env, dataset, enabled }, chosen);
  const { data, isFetching } = useQuery({ ...columnsOptions(env, dataset, settled, 100), enabled });
  const wanted = prefix.toLowerCase();
  const all: readonly SomeColumn[] = data?.columns ?? [];
  const known = new Map(all.map((c) => [c.key_name, c]));
  // What belongs to other metrics is not offered for a moment.
  const offered = loading
    ? []
    : attributes
      ? [...attributes].map((name) => known.get(name) ?? { key_name: name })
      : all;
  const columns = offered.filter((c) => !c.hidden && c.key_name.toLowerCase().includes(wanted));
  const left =
    data && data.total > data.columns.length
      ? `${data.total - data.columns.length} more columns match; type to narrow`
      : undefined;
  const metrics = chosen.join(', ');
  const none = attributes ? `${metrics} did not come with “${prefix}”` : `No column matches “${prefix}”`;
  return {
    columns,
    loading: isFetching,
    note: columns.length === 0 && !isFetching && prefix !== '' ? none : attributes ? `What ${metrics} came with` : left,
  };
}
const NO_NAMES: readonly string[] = [];
/** A column of which perhaps only the name is known. */
type SomeColumn = Pick<Column, 'key_name'> & Partial<Column>;
const columnItem = (c: SomeColumn, insert: string, done: boolean, label = c.key_name): Suggestion => ({
  insert,
  done,
  icon: c.type && typeMark(c.type),
  label,
  detail: c.description || (c.last_written ? agoText(Date.parse(c.last_written), Date.now()) : ''),
});

/** `root.`, `parent.` and the like, for a name that is being typed. */
const relationItems = (
  typed: string,
  insert: (prefix: string) => string,
  takes: (r: (typeof RELATIONS)[number]) => unknown = () => true,
): Suggestion[] =>
  typed === ''
    ? []
    : RELATIONS.filter(
        (r) => takes(r) && r.prefix.startsWith(typed.toLowerCase()) && r.prefix !== typed.toLowerCase(),
      ).map((r) => ({ insert: insert(r.prefix), done: false, icon: '⇄', label: `${r.prefix}…`, detail: r.help }));
/** Where a column is wanted, one may be computed instead. */
const newField = (onNewField: (() => void) | undefined, typed: string): Suggestion[] =>
  onNewField
    ? [
        {
          insert: typed,
          done: false,
          icon: '+',
          label: 'Create a calculated field…',
          detail: 'a column computed from others',
          onChoose: onNewField,
        },
      ]
    : [];

/** SELECT: operators, then their column, then a filter or a name; formulas offer names of calculations and functions. */
export function useSelectOffer(scope: Scope, text: string, spec: QuerySpec, typeOf: TypeOf): Offer {
  const read = readSelect(text);
  const isColumn = read.stage === 'column';
  const { metrics } = scope;
  const relation = isColumn && !metrics ? relationOf(read.prefix) : '';
  const { columns, loading, note } = useColumns(
    { ...scope, enabled: scope.enabled && isColumn },
    isColumn ? read.prefix.slice(relation.length) : '',
  );
  const inner = useWhereOffer(
    { ...scope, enabled: scope.enabled && read.stage === 'filter' },
    read.stage === 'filter' ? read.text : '',
    typeOf,
    rangeSeconds(spec),
    read.stage === 'filter' ? filteredBy(read.head) : spec,
  );
  const functions = useQuery({ ...functionsOptions(scope.env), enabled: scope.enabled && read.stage === 'formula' });
  switch (read.stage) {
    case 'column': {
      const needs = calculationOp(read.op)?.needs;
      if (metrics) {
        const offered = metricItems(metrics, read.op, read.prefix);
        const others = needs === 'metric' ? [] : columns.filter((c) => metrics.every((m) => m.name !== c.key_name));
        const suggestions = [
          ...offered,
          ...others
            .filter((c) => needs !== 'number' || c.type !== 'string')
            .map((c) => {
              const part = metricOf(metrics, c.key_name);
              const item = columnItem(c, selectText({ op: read.op, column: c.key_name }), true);
              return part ? { ...item, detail: `of the ${metricText(part)}` } : item;
            }),
        ];
        return {
          suggestions: suggestions.slice(0, 100),
          loading,
          note: suggestions.length === 0 && !loading ? `No metric matches “${read.prefix}”` : undefined,
        };
      }
      const usable = columns.filter((c) => needs !== 'number' || c.type !== 'string');
      // Numbers first: they are what one measures.
      const sorted =
        needs === 'number' ? [...usable].sort((a, b) => Number(isNumeric(b.type)) - Number(isNumeric(a.type))) : usable;
      return {
        suggestions: [
          ...sorted.map((c) =>
            columnItem(c, selectText({ op: read.op, column: relation + c.key_name }), true, relation + c.key_name),
          ),
          ...relationItems(
            read.prefix,
            (prefix) => `${read.op}(${prefix}`,
            (r) => r.isOne,
          ),
          ...newField(scope.onNewField, text),
        ],
        loading,
        note,
      };
    }
    case 'tail':
      return {
        suggestions: [
          { insert: read.head, done: true, label: read.head, icon: 'ƒ', detail: 'take it' },
          {
            insert: `${read.head} where `,
            done: false,
            label: `${read.head} where …`,
            detail: 'with a filter of its own',
          },
          { insert: `${read.head} as `, done: false, label: `${read.head} as …`, detail: 'with a name, for formulas' },
        ],
        loading: false,
      };
    case 'filter':
      return {
        ...inner,
        // One more may follow, so choosing a value does not end the calculation.
        suggestions: inner.suggestions.map((s) => ({
          ...s,
          insert: `${read.head}${s.done ? quoteBlanks(s.insert) : s.insert}`,
          done: false,
        })),
        note: inner.note ?? 'Enter takes it; “and …” adds a filter, “as …” a name',
      };
    case 'name':
      return { suggestions: [], loading: false, note: read.prefix.trim() === '' ? 'A name' : 'Enter takes it' };
    case 'formula': {
      const wanted = read.prefix.toLowerCase();
      const names = (spec.calculations ?? []).flatMap((c) => (c.name ? [`$${c.name}`] : []));
      const offered = [
        ...names.map((n) => ({ insert: n, label: n, detail: 'calculation', icon: '$' })),
        ...(functions.data?.functions ?? []).map((f) => ({
          insert: `${f.name}(`,
          label: f.name,
          detail: f.summary,
          icon: 'ƒ',
        })),
      ].filter((o) => o.insert.toLowerCase().startsWith(wanted) && o.insert.toLowerCase() !== wanted);
      return {
        suggestions:
          wanted === '' && names.length > 0
            ? offered.slice(0, names.length).map((o) => ({ ...o, insert: read.head + o.insert, done: false }))
            : offered.slice(0, 30).map((o) => ({ ...o, insert: read.head + o.insert, done: false })),
        loading: functions.isFetching,
        note:
          names.length === 0
            ? 'Formulas work on named calculations: first “COUNT as all”, then “= DIV($errors, $all) as share”'
            : 'Enter takes it; “as …” names it',
      };
    }
    case 'op':
      break;
  }
  const wanted = read.prefix.toUpperCase();
  const ops = opsOf(metrics !== undefined)
    .filter((c) => c.op.includes(wanted))
    .sort((a, b) => Number(b.op.startsWith(wanted)) - Number(a.op.startsWith(wanted)));
  const formula: Suggestion[] =
    wanted === ''
      ? [{ insert: '= ', done: false, label: '= …', detail: 'formula over named calculations', icon: '=' }]
      : [];
  return {
    suggestions: [
      ...ops.map((c) => ({
        insert: c.needs === 'none' || c.needs === 'optional' ? c.op : `${c.op}(`,
        done: c.needs === 'none' || c.needs === 'optional',
        label: c.needs === 'none' || c.needs === 'optional' ? c.op : `${c.op}(…)`,
        detail: c.help,
        icon: 'ƒ',
      })),
      ...formula,
    ],
    loading: false,
    note:
      ops.length === 0
        ? (whyNot({ op: wanted }, metrics !== undefined) ?? `“${read.prefix}” is no calculation`)
        : undefined,
  };
}
/** What the calculation before a filter of its own looks at. */
const filteredBy = (head: string): QuerySpec => {
  const [, column] = /^\s*\w+\((.+)\)\s+where\s/i.exec(head) ?? [];
  return column ? withFollowed({ calculations: [{ op: '', column }] }) : {};
};

/** The metrics that a calculation may name, each with its kind; and the ways to follow them that are not their own. */
function metricItems(metrics: readonly Metric[], op: string, typed: string): Suggestion[] {
  const other = /^(\w+)\(\s*(.*)$/.exec(typed);
  const follow = FOLLOW_FUNCTIONS.find((f) => f === other?.[1]?.toUpperCase());
  const wanted = (follow ? other![2]! : typed).toLowerCase();
  const needs = calculationOp(op)?.needs;
  const found = metrics.filter((m) => m.name.toLowerCase().includes(wanted) && takes(m, op, follow));
  const items = found.slice(0, 100).map((m) => ({
    insert: `${op}(${follow ? readFollowed(`${follow}(${m.name})`)!.name : m.name})`,
    done: true,
    icon: '∿',
    label: follow ? `${follow}(${m.name})` : m.name,
    detail: metricText(follow ? { ...m, default: follow } : m),
  }));
  if (needs === 'metric' || follow) return items;
  const functions = FOLLOW_FUNCTIONS.filter((f) => f.toLowerCase().startsWith(wanted)).map((f) => ({
    insert: `${op}(${f}(`,
    done: false,
    icon: 'ƒ',
    label: `${f}(…)`,
    detail: FOLLOW_HELP[f],
  }));
  return [...items, ...functions];
}
const FOLLOW_HELP = {
  RATE: 'growth per second, whatever the kind',
  INCREASE: 'growth in each step',
  LAST: 'newest value of each step',
  SUMMARIZE: 'sum of each step',
};
/** The value of a chosen filter in quotes when it has blanks, so that words may follow. */
function quoteBlanks(text: string): string {
  const read = readFilter(`${text} `);
  if (read.stage !== 'value' || !/\s/.test(read.prefix) || read.prefix.startsWith('"')) return text;
  return `${text.slice(0, text.lastIndexOf(read.prefix))}${JSON.stringify(read.prefix)}`;
}

export function useWhereOffer(scope: Scope, text: string, typeOf: TypeOf, timeRange: number, spec: QuerySpec): Offer {
  const read = readFilter(text);
  const relation = read.stage === 'column' && !scope.metrics ? relationOf(read.prefix) : '';
  const { columns, loading, note } = useColumns(
    { ...scope, enabled: scope.enabled && read.stage === 'column' },
    read.stage === 'column' ? read.prefix.slice(relation.length) : '',
    metricsOf(scope.metrics ?? NO_METRICS, spec),
  );
  const isList = read.stage === 'value' && (read.op === 'in' || read.op === 'not-in');
  const listHead = isList && read.stage === 'value' ? read.prefix.replace(/[^,]*$/, '') : '';
  const valuePrefix = useSettled(
    read.stage === 'value' ? (isList ? read.prefix.slice(listHead.length).trim() : read.prefix).replace(/^"/, '') : '',
  );
  const wantsValues = scope.enabled && read.stage === 'value';
  const values = useQuery({
    ...valuesOptions(
      scope.env,
      // The other spans of a trace lie in any dataset.
      read.stage === 'value' && relationOf(read.column) !== '' ? '__all__' : scope.dataset,
      read.stage === 'value' ? read.column.slice(relationOf(read.column).length) : '',
      valuePrefix,
      timeRange,
    ),
    enabled: wantsValues,
    placeholderData: keepPreviousData,
  });
  if (read.stage === 'column') {
    return {
      suggestions: [
        ...columns.map((c) => columnItem(c, `${relation}${columnToken(c.key_name)} `, false, relation + c.key_name)),
        ...(scope.metrics ? [] : relationItems(read.prefix, (prefix) => prefix)),
        ...newField(scope.onNewField, text),
      ],
      loading,
      note,
    };
  }
  const head = columnToken(read.column);
  if (read.stage === 'op') {
    const type = typeOf(read.column);
    const ops = opsForType(type).filter(
      (o) => o.op.startsWith(read.prefix.toLowerCase()) || o.op.includes(read.prefix.toLowerCase()),
    );
    return {
      suggestions: ops.map((o) => ({
        insert: o.arity === 'none' ? `${head} ${o.op}` : `${head} ${o.op} `,
        done: o.arity === 'none',
        label: o.op,
        detail: o.help,
      })),
      loading: false,
      note: ops.length === 0 ? `“${read.prefix}” is no operator for ${type ?? 'this column'}` : undefined,
    };
  }
  const wanted = valuePrefix.toLowerCase();
  const found = (values.data?.values ?? []).filter((v) => valueText(v.value).toLowerCase().includes(wanted));
  return {
    suggestions: found.map((v) => ({
      insert: `${head} ${read.op} ${listHead}${listHead && !listHead.endsWith(' ') ? ' ' : ''}${scalarText(v.value)}`,
      done: true,
      label: valueText(v.value),
      detail: `${shortNumber(v.count)} events`,
    })),
    loading: values.isFetching,
    note: isList ? 'Separate several values by commas' : undefined,
  };
}

/** GROUP BY: the columns that people put forward for the dataset, then all others. */
export function useColumnOffer(scope: Scope, text: string, spec: QuerySpec): Offer {
  const taken = spec.breakdowns ?? [];
  const typed = text.trim();
  const relation = scope.metrics ? '' : relationOf(typed);
  const wanted = typed.slice(relation.length);
  const { columns, loading, note } = useColumns(scope, wanted, metricsOf(scope.metrics ?? NO_METRICS, spec));
  const offered = useQuery({
    ...suggestionsOptions(scope.env, scope.dataset),
    enabled: scope.enabled && scope.dataset !== '__all__',
    retry: false,
  }).data?.groupings;
  const first = relation === '' ? (offered ?? []).filter((n) => n.toLowerCase().includes(wanted.toLowerCase())) : [];
  const known = new Map(columns.map((c) => [c.key_name, c]));
  return {
    suggestions: [
      ...first.map((name) => {
        const column = known.get(name);
        return column ? columnItem(column, name, true) : { insert: name, done: true, label: name };
      }),
      ...columns
        .filter((c) => !first.includes(c.key_name))
        .map((c) => columnItem(c, relation + c.key_name, true, relation + c.key_name)),
      ...(scope.metrics
        ? []
        : relationItems(
            typed,
            (prefix) => prefix,
            (r) => r.isOne,
          )),
      ...newField(scope.onNewField, text),
    ].filter((s) => !taken.includes(s.insert)),
    loading,
    note,
  };
}

export function orderOffer(spec: QuerySpec, text: string): Offer {
  const wanted = text.trim().toLowerCase();
  const isValue = (o: Order) => Boolean(o.op) || !spec.breakdowns?.includes(o.column ?? '');
  const all = orderables(spec).flatMap((o) => {
    const both = [
      { ...o, order: 'descending' as const },
      { ...o, order: 'ascending' as const },
    ];
    return isValue(o) ? both : both.reverse();
  });
  const found = all.map(orderText).filter((t) => t.toLowerCase().includes(wanted));
  return {
    suggestions: found.map((t) => ({ insert: t, done: true, label: t })),
    loading: false,
    note: found.length === 0 ? 'Order by a calculation or a grouped column of this query' : undefined,
  };
}
export function havingOffer(spec: QuerySpec, text: string): Offer {
  const keys = comparables(spec).map((c) => c.key);
  const chosen = keys.find((k) => text.toLowerCase().startsWith(`${k.toLowerCase()} `));
  if (!chosen) {
    const found = keys.filter((k) => k.toLowerCase().includes(text.trim().toLowerCase()));
    return {
      suggestions: found.map((k) => ({ insert: `${k} `, done: false, label: k, icon: 'ƒ' })),
      loading: false,
      note: found.length === 0 ? 'HAVING compares a calculation of SELECT with a number' : undefined,
    };
  }
  const rest = text.slice(chosen.length).trim();
  const ops = HAVING_OPS.filter((o) => o.startsWith(rest) && rest !== o);
  return {
    suggestions: ops.map((o) => ({ insert: `${chosen} ${o} `, done: false, label: o })),
    loading: false,
    note: ops.length === 0 ? 'Then a number' : undefined,
  };
}
