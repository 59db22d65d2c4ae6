// The overview of a result: one chart per calculation under one cursor, and the summary table that is also their legend.
import { Eye, EyeOff, MoreHorizontal } from 'lucide-react';
import { useMemo, useState } from 'react';
import { Heatmap, HeatLegend } from '../../chart/Heatmap';
import { LineChart } from '../../chart/LineChart';
import { SharedCursor } from '../../chart/cursor';
import { numberText, valueText } from '../../model/format';
import {
  behindBucket,
  calculationsOfAnswer,
  chartsOf,
  groupsOf,
  sortGroups,
  type Behind,
  type Group,
  type QueryAnswer,
} from '../../model/result';
import type { QuerySearch } from '../../model/url-state';
import { Button, Empty, IconButton } from '../../widgets/basic';
import { Grid, type GridColumn } from '../../widgets/Grid';
import { useThemeColours } from '../../widgets/theme';
import css from './query.module.css';

/** More lines than this make no chart; the rest is one click away and counted. */
const LINES_MAX = 50;

export interface MenuRequest {
  x: number;
  y: number;
  title: string;
  behind: Behind;
  group?: Group;
  bucket?: number;
}
interface Props {
  answer: QueryAnswer;
  search: QuerySearch;
  utc: boolean;
  onSearch: (change: Partial<QuerySearch>) => void;
  onZoom: (start: number, end: number) => void;
  onMenu: (request: MenuRequest) => void;
  onGroupMenu: (group: Group, at: { x: number; y: number }) => void;
  emptyAction: React.ReactNode;
}

export function Results({ answer, search, utc, onSearch, onZoom, onMenu, onGroupMenu, emptyAction }: Props) {
  const colours = useThemeColours();
  const [cursor] = useState(() => new SharedCursor());
  const [hovered, setHovered] = useState<string | null>(null);
  const [isAll, setAll] = useState(false);
  const groups = useMemo(() => groupsOf(answer), [answer]);
  const drawn = useMemo(() => (isAll ? groups : groups.slice(0, LINES_MAX)), [groups, isAll]);
  const charts = useMemo(
    () => chartsOf(answer, drawn, search.omitMissingValues),
    [answer, drawn, search.omitMissingValues],
  );
  const range = useMemo((): [number, number] => [answer.start_time, answer.end_time], [answer]);
  const hidden = useMemo(() => new Set(search.hidden ?? []), [search.hidden]);
  const hide = (key: string) => {
    const next = new Set(hidden);
    if (!next.delete(key)) next.add(key);
    onSearch({ hidden: next.size > 0 ? [...next] : undefined });
  };
  const hasRows =
    answer.results.length > 0 &&
    (answer.series.length > 0 || answer.total_series.length > 0 || Object.keys(answer.heatmaps ?? {}).length > 0);
  if (!hasRows) return <Empty title="No events match in this time range">{emptyAction}</Empty>;

  const byKey = new Map(charts.map((c) => [c.calculation, c]));
  const height = charts.length > 2 ? 150 : 190;
  return (
    <div className={css.overview}>
      {calculationsOfAnswer(answer).map((c) => {
        const heat = answer.heatmaps?.[c.key];
        const chart = byKey.get(c.key);
        return (
          <section key={c.key} className={css.panel} aria-label={c.key}>
            <header className={css.panelHead}>
              <h2 className="mono">{c.key}</h2>
              {heat && <HeatLegend data={heat} colours={colours} />}
              {heat && (
                <select
                  aria-label="Colour scale"
                  value={search.heat ?? 'log'}
                  onChange={(e) =>
                    onSearch({ heat: e.target.value === 'log' ? undefined : (e.target.value as 'linear' | 'rank') })
                  }
                >
                  <option value="log">Log scale</option>
                  <option value="linear">Linear scale</option>
                  <option value="rank">Rank scale</option>
                </select>
              )}
              {chart && groups.length > LINES_MAX && (
                <span className={css.counted}>
                  {isAll ? `all ${groups.length} groups drawn` : `${drawn.length} of ${groups.length} groups drawn`}{' '}
                  <button type="button" onClick={() => setAll(!isAll)}>
                    {isAll ? 'draw fewer' : 'draw all'}
                  </button>
                </span>
              )}
              {chart && (
                <Button
                  kind="plain"
                  className={css.log}
                  aria-pressed={!!search.omitMissingValues}
                  title="Empty buckets: break the line (counts fall to zero), or join over them"
                  onClick={() => onSearch({ omitMissingValues: search.omitMissingValues ? undefined : true })}
                >
                  {search.omitMissingValues ? 'Gaps joined' : 'Gaps shown'}
                </Button>
              )}
              {chart && (
                <Button
                  kind="plain"
                  className={css.scale}
                  aria-pressed={!!search.ylog}
                  title="Logarithmic value axis"
                  onClick={() => onSearch({ ylog: search.ylog ? undefined : true })}
                >
                  {search.ylog ? 'Log' : 'Linear'}
                </Button>
              )}
            </header>
            {heat ? (
              <Heatmap
                calculation={c.key}
                data={heat}
                range={range}
                granularity={answer.granularity}
                colours={colours}
                utc={utc}
                scale={search.heat ?? 'log'}
                cursor={cursor}
                onZoom={onZoom}
                onCell={(cell) =>
                  onMenu({
                    x: cell.x,
                    y: cell.y,
                    bucket: cell.bucket,
                    title: `${c.column} ${numberText(cell.from)} – ${numberText(cell.to)}: ${numberText(cell.count)} events`,
                    behind: {
                      ...behindBucket(answer, cell.bucket),
                      range: { column: c.column ?? '', from: cell.from, to: cell.to },
                    },
                  })
                }
              />
            ) : chart ? (
              <LineChart
                data={chart}
                range={range}
                granularity={answer.granularity}
                colours={colours}
                utc={utc}
                ylog={!!search.ylog}
                joinGaps={!!search.omitMissingValues}
                hidden={hidden}
                highlight={hovered}
                cursor={cursor}
                height={height}
                onZoom={onZoom}
                onHide={hide}
                onPoint={(p) =>
                  onMenu({
                    x: p.x,
                    y: p.y,
                    bucket: p.bucket,
                    group: p.group,
                    title: `${p.group.label}: ${numberText(p.value)}`,
                    behind: behindBucket(answer, p.bucket, p.group),
                  })
                }
              />
            ) : (
              <p className={css.counted}>No values of this column in the range.</p>
            )}
          </section>
        );
      })}
      <SummaryTable
        answer={answer}
        groups={groups}
        search={search}
        hidden={hidden}
        colours={colours.series}
        onHide={hide}
        onSearch={onSearch}
        onHover={setHovered}
        onGroupMenu={onGroupMenu}
      />
    </div>
  );
}

interface TableProps {
  answer: QueryAnswer;
  groups: readonly Group[];
  search: QuerySearch;
  hidden: ReadonlySet<string>;
  colours: readonly string[];
  onHide: (key: string) => void;
  onSearch: (change: Partial<QuerySearch>) => void;
  onHover: (key: string | null) => void;
  onGroupMenu: (group: Group, at: { x: number; y: number }) => void;
}
function SummaryTable({ answer, groups, search, hidden, colours, onHide, onSearch, onHover, onGroupMenu }: TableProps) {
  const rows = useMemo(() => sortGroups(groups, search.sort), [groups, search.sort]);
  const calculations = calculationsOfAnswer(answer).filter((c) => c.op !== 'HEATMAP');
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
    ...calculations.map((c) => ({
      id: `c:${c.key}`,
      head: c.key,
      title: c.key,
      width: `minmax(${Math.max(90, c.key.length * 8)}px, 180px)`,
      right: true,
      sortable: true,
    })),
    { id: 'menu', head: <span className="sr">Menu</span>, width: '36px' },
  ];
  const idOf = (column: string) => column.slice(2);
  const sum = (data: QueryAnswer['total'], name: string) => (column: string) => {
    if (column.startsWith('c:')) return cellText(data?.[idOf(column)]);
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
        maxHeight="min(420px, 60vh)"
        sort={
          search.sort
            ? {
                column: columns.find((c) => idOf(c.id) === search.sort!.column)?.id ?? '',
                descending: search.sort.descending,
              }
            : undefined
        }
        onSort={(id) => {
          const column = idOf(id);
          const isSame = search.sort?.column === column;
          const startsDescending = id.startsWith('c:');
          if (isSame && search.sort!.descending !== startsDescending) onSearch({ sort: undefined });
          else onSearch({ sort: { column, descending: isSame ? !startsDescending : startsDescending } });
        }}
        onOpen={(i, at) => onGroupMenu(rows[i]!, at)}
        onHover={(i) => onHover(i === null ? null : (rows[i]?.key ?? null))}
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
                <IconButton label={`${isHidden ? 'Show' : 'Hide'} ${group.label}`} onClick={() => onHide(group.key)}>
                  {isHidden ? <EyeOff size={14} /> : <Eye size={14} />}
                </IconButton>
              </span>
            );
          }
          if (column === 'menu') {
            return (
              <IconButton
                label={`Actions for ${group.label}`}
                onClick={(e) =>
                  onGroupMenu(group, {
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
          const value = group.data[idOf(column)];
          if (column.startsWith('b:')) {
            return value === undefined || value === null ? (
              <em className={css.missing}>(no value)</em>
            ) : (
              <span title={valueText(value)}>{valueText(value)}</span>
            );
          }
          return cellText(value);
        }}
      />
    </section>
  );
}
const cellText = (value: unknown) =>
  typeof value === 'number' ? numberText(value) : value === undefined || value === null ? '–' : valueText(value);
