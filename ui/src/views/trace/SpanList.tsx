// The spans of a trace as a list, to find the slowest, or those with the most time of their own.
import { CircleAlert } from 'lucide-react';
import { useMemo } from 'react';
import { durationText } from '../../model/format';
import { FIELD, spanOrder } from '../../model/span-order';
import { FLAG_ERROR, type Trace } from '../../model/trace';
import { selfTimes } from '../../model/trace-time';
import type { TraceSearch } from '../../model/url-state';
import { useSetSearch } from '../../widgets/route';
import type { NodeValues } from '../../waterfall/draw';
import { Grid, type GridColumn } from '../../widgets/Grid';
import css from './trace.module.css';

interface Props {
  trace: Trace;
  columns: readonly NodeValues[];
  /** Marks those to list; all when undefined. */
  only: Uint8Array | undefined;
  sort: string | undefined;
  selected: number;
  onSelect: (node: number) => void;
}
export default function SpanList({ trace, columns, only, sort, selected, onSelect }: Props) {
  const setSearch = useSetSearch<TraceSearch>();
  const self = useMemo(() => selfTimes(trace), [trace]);
  const descending = sort === undefined || sort.startsWith('-');
  const by = sort === undefined ? 'duration' : sort.replace(/^-/, '');
  const nodes = useMemo(
    () => spanOrder(trace, self, columns, only, by, descending),
    [trace, self, columns, only, by, descending],
  );
  const heads: GridColumn[] = [
    { id: 'name', head: 'name', width: 'minmax(160px, 1fr)', sortable: true },
    { id: 'service', head: 'service', width: '140px', sortable: true },
    ...columns.map((c): GridColumn => ({
      id: FIELD + c.field,
      head: c.field,
      width: '130px',
      sortable: true,
      mono: true,
    })),
    { id: 'start', head: 'start', width: '90px', right: true, sortable: true },
    { id: 'duration', head: 'duration', width: '90px', right: true, sortable: true },
    { id: 'self', head: 'own time', width: '90px', right: true, sortable: true },
    { id: 'depth', head: 'level', width: '64px', right: true, sortable: true },
    { id: 'error', head: 'error', width: '64px', sortable: true },
  ];
  const cell = (row: number, column: string) => {
    const node = nodes[row]!;
    switch (column) {
      case 'name':
        return trace.names[trace.name[node]!];
      case 'service':
        return trace.services[trace.service[node]!];
      case 'start':
        return durationText(trace.start[node]!);
      case 'duration':
        return durationText(trace.duration[node]!);
      case 'self':
        return durationText(Math.round(self[node]!));
      case 'depth':
        return trace.depth[node]! + 1;
      case 'error':
        return trace.flags[node]! & FLAG_ERROR ? (
          <CircleAlert size={14} className={css.errorMark} aria-label="error" />
        ) : null;
      default: {
        const values = columns.find((c) => FIELD + c.field === column);
        const value = values ? values.index[node]! : -1;
        return value < 0 ? null : values!.values[value];
      }
    }
  };
  return (
    <div className={css.list} data-testid="span-list">
      <Grid
        label="Spans"
        columns={heads}
        count={nodes.length}
        rowKey={(row) => String(nodes[row])}
        cell={cell}
        maxHeight="100%"
        selected={nodes.indexOf(selected)}
        sort={{ column: by, descending }}
        onSort={(column) => setSearch({ sort: column === by && descending ? column : `-${column}` }, { replace: true })}
        onOpen={(row) => onSelect(nodes[row]!)}
      />
    </div>
  );
}
