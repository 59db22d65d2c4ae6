// A chart as a table: a row per time with a column per group; of a heat map a row per cell that has events.
import { useMemo } from 'react';
import { HeatRows } from '../chart/heat-rows';
import { bucketText, cellText, numberText } from '../model/format';
import type { ChartData, HeatmapData } from '../model/result';
import { Grid, type GridColumn } from '../widgets/Grid';

interface Props {
  title: string;
  /** The column whose unit the values have. */
  unitOf: string;
  heat?: HeatmapData;
  chart?: ChartData;
  utc: boolean;
  granularity: number;
}
/** More groups than this are for the summary below. */
const GROUPS_MAX = 100;

export default function ChartTable({ title, unitOf, heat, chart, utc, granularity }: Props) {
  const cells = useMemo(() => (heat ? cellsOf(heat) : []), [heat]);
  const time = (seconds: number) => bucketText(seconds, utc, true, granularity < 1);
  const first: GridColumn = { id: 'time', head: utc ? 'time (UTC)' : 'time', width: '150px', mono: true };
  if (heat) {
    const columns: GridColumn[] = [
      first,
      { id: 'from', head: 'from', width: '140px', right: true },
      { id: 'to', head: 'below', width: '140px', right: true },
      { id: 'events', head: 'events', width: '110px', right: true },
    ];
    return (
      <Grid
        label={title}
        columns={columns}
        count={cells.length}
        rowKey={String}
        maxHeight="264px"
        cell={(i, column) => {
          const cell = cells[i]!;
          if (column === 'time') return time(cell.time);
          return column === 'events' ? numberText(cell.events) : cellText(unitOf, cell[column as 'from' | 'to']);
        }}
      />
    );
  }
  const lines = (chart?.lines ?? []).slice(0, GROUPS_MAX);
  const several = new Set(lines.map((l) => l.calculation)).size > 1;
  return (
    <Grid
      label={title}
      columns={[
        first,
        ...lines.map((l, i) => ({
          id: String(i),
          head: several ? `${l.calculation} ${l.group.label}` : l.group.label,
          title: l.group.label,
          width: 'minmax(110px, 180px)',
          right: true,
        })),
      ]}
      count={chart?.xs.length ?? 0}
      rowKey={String}
      maxHeight="214px"
      cell={(i, column) => {
        if (column === 'time') return time(chart!.xs[i]!);
        const value = lines[Number(column)]!.ys[i];
        return value === null || value === undefined ? '–' : cellText(unitOf, value);
      }}
    />
  );
}
function cellsOf(heat: HeatmapData): { time: number; from: number; to: number; events: number }[] {
  const rows = new HeatRows(heat, 0, 0);
  return heat.times.flatMap((text, x) => {
    const time = Date.parse(text) / 1000;
    return Array.from({ length: rows.count }, (_, y) => ({
      time,
      from: rows.from(y),
      to: rows.to(y),
      events: rows.events(x, y),
    })).filter((cell) => cell.events > 0);
  });
}
