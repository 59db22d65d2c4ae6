// The summary of an answer: one row per group, which is also the legend of the charts. Sorted here, hidden here, each row with its menu.
import { Eye, EyeOff, MoreHorizontal } from 'lucide-react';
import { useMemo } from 'react';
import { cellText, numberText, valueText } from '../model/format';
import {
  calculationsOfAnswer,
  pastValues,
  sortGroups,
  unitColumnOf,
  type Group,
  type QueryAnswer,
  type SortKey,
} from '../model/result';
import { IconButton } from '../widgets/basic';
import { Grid, type GridColumn } from '../widgets/Grid';
import { changeText } from './Categorical';
import css from './result.module.css';

interface Props {
  answer: QueryAnswer;
  groups: readonly Group[];
  hidden: ReadonlySet<string>;
  colours: readonly string[];
  sort?: SortKey;
  /** Without the values of the earlier time. */
  hideCompare?: boolean;
  maxHeight?: string;
  onSort: (sort: SortKey | undefined) => void;
  onHide?: (key: string) => void;
  onHover?: (key: string | null) => void;
  onGroup?: (group: Group, at: { x: number; y: number }) => void;
}
export function SummaryTable(props: Props) {
  const { answer, groups, hidden, colours, sort, onSort, onHide, onHover, onGroup } = props;
  const past = useMemo(() => (props.hideCompare ? null : pastValues(answer)), [answer, props.hideCompare]);
  const rows = useMemo(() => sortGroups(groups, sort), [groups, sort]);
  const calculations = calculationsOfAnswer(answer).filter((c) => c.op !== 'HEATMAP');
  const unitsOf = new Map(calculations.map((c) => [c.key, unitColumnOf(c)]));
  const textOf = (calculation: string, value: unknown): string =>
    typeof value === 'number'
      ? cellText(unitsOf.get(calculation) ?? '', value)
      : value === undefined || value === null
        ? '–'
        : valueText(value);
  const columns: GridColumn[] = [
    { id: '#', head: <span className="sr">Series</span>, width: '52px' },
    ...(answer.breakdowns.length === 0 ? [{ id: '*', head: '', width: 'minmax(140px, 1fr)' }] : []),
    ...answer.breakdowns.map((b) => ({
      id: `b:${b}`,
      head: b,
      title: b,
      width: 'minmax(140px, 1fr)',
      sortable: true,
      mono: true,
    })),
    ...calculations.flatMap((c) => [
      {
        id: `c:${c.key}`,
        head: c.key,
        title: c.key,
        width: `minmax(${Math.max(90, Math.min(260, c.key.length * 8))}px, 260px)`,
        right: true,
        sortable: true,
      },
      ...(past
        ? [
            { id: `p:${c.key}`, head: 'before', title: `${c.key} in the earlier time`, width: '100px', right: true },
            { id: `d:${c.key}`, head: 'change', title: `Change of ${c.key}`, width: '80px', right: true },
          ]
        : []),
    ]),
    ...(onGroup ? [{ id: 'menu', head: <span className="sr">Menu</span>, width: '36px' }] : []),
  ];
  const earlier = (column: string, key: string, now: unknown): string => {
    const old = past?.get(key)?.[idOf(column)];
    if (column.startsWith('p:')) return textOf(idOf(column), old);
    return typeof old === 'number' && typeof now === 'number' ? changeText(now, old) : '–';
  };
  const idOf = (column: string) => column.slice(2);
  const sum = (data: QueryAnswer['total'], name: string) => (column: string) => {
    if (column.startsWith('c:')) return textOf(idOf(column), data?.[idOf(column)]);
    if (/^[pd]:/.test(column)) return name === 'Total' ? earlier(column, '', data?.[idOf(column)]) : '';
    const isFirst = column === '*' || column === `b:${answer.breakdowns[0]}`;
    return isFirst ? <strong>{name}</strong> : '';
  };
  const left = answer.group_count - groups.length;
  const pinned = [
    ...(answer.total && answer.breakdowns.length > 0 ? [{ key: 'total', cell: sum(answer.total, 'Total') }] : []),
    ...(answer.other
      ? [
          {
            key: 'other',
            cell: sum(
              answer.other,
              left > 0 ? `Other (${numberText(left)} more groups)` : 'Other (left out by HAVING)',
            ),
          },
        ]
      : []),
  ];
  return (
    <section className={css.table} aria-label="Summary">
      <p className={css.counted}>
        {answer.breakdowns.length === 0
          ? 'One row: the query groups by nothing'
          : answer.group_count > groups.length
            ? `${groups.length} of ${numberText(answer.group_count)} groups`
            : `${groups.length} ${groups.length === 1 ? 'group' : 'groups'}`}
      </p>
      <Grid
        label="Results by group"
        columns={columns}
        count={rows.length}
        rowKey={(i) => rows[i]!.key}
        pinned={pinned}
        maxHeight={props.maxHeight ?? 'min(420px, 60vh)'}
        sort={
          sort
            ? {
                column: columns.find((c) => idOf(c.id) === sort.column)?.id ?? '',
                descending: sort.descending,
              }
            : undefined
        }
        onSort={(id) => {
          const column = idOf(id);
          const isSame = sort?.column === column;
          const startsDescending = id.startsWith('c:');
          if (isSame && sort!.descending !== startsDescending) onSort(undefined);
          else onSort({ column, descending: isSame ? !startsDescending : startsDescending });
        }}
        onOpen={onGroup && ((i, at) => onGroup(rows[i]!, at))}
        onHover={onHover && ((i) => onHover(i === null ? null : (rows[i]?.key ?? null)))}
        rowClass={(i) => (hidden.has(rows[i]!.key) ? css.hiddenRow : undefined)}
        cell={(i, column) => {
          const group = rows[i]!;
          if (column === '#') {
            const isHidden = hidden.has(group.key);
            return (
              <span className={css.series}>
                <i
                  style={{
                    background: isHidden ? 'transparent' : colours[group.style.colour],
                    borderColor: colours[group.style.colour],
                  }}
                  data-dash={group.style.dash}
                />
                {onHide && (
                  <IconButton label={`${isHidden ? 'Show' : 'Hide'} ${group.label}`} onClick={() => onHide(group.key)}>
                    {isHidden ? <EyeOff size={14} /> : <Eye size={14} />}
                  </IconButton>
                )}
              </span>
            );
          }
          if (column === 'menu') {
            return (
              <IconButton
                label={`Actions for ${group.label}`}
                onClick={(e) =>
                  onGroup?.(group, {
                    x: e.clientX || e.currentTarget.getBoundingClientRect().left,
                    y: e.currentTarget.getBoundingClientRect().bottom,
                  })
                }
              >
                <MoreHorizontal size={14} />
              </IconButton>
            );
          }
          if (column === '*') return 'all events';
          if (/^[pd]:/.test(column)) return earlier(column, group.key, group.data[idOf(column)]);
          const value = group.data[idOf(column)];
          if (column.startsWith('b:')) {
            return value === undefined || value === null ? (
              <em className={css.missing}>(no value)</em>
            ) : (
              <span title={valueText(value)}>{valueText(value)}</span>
            );
          }
          return textOf(idOf(column), value);
        }}
      />
    </section>
  );
}
