// The spans of a trace as a list, to find the slowest, or those with the most time of their own.
import { CircleAlert } from 'lucide-react';
import { useMemo } from 'react';
import { durationText } from '../../model/format';
import { FLAG_ERROR, FLAG_LEFT_OUT, type Trace } from '../../model/trace';
import { selfTimes } from '../../model/trace-time';
import type { TraceSearch } from '../../model/url-state';
import { useSetSearch } from '../../widgets/route';
import type { NodeValues } from '../../waterfall/draw';
import { Grid, type GridColumn } from '../../widgets/Grid';
import css from './trace.module.css';

interface Props {
  trace: Trace;
  columns: readonly NodeValues[];
  matches: Uint8Array | null;
  only: Uint8Array | undefined;
  sort: string | undefined;
  selected: number;
  onSelect: (node: number) => void;
}
export default function SpanList({ trace, columns, matches, only, sort, selected, onSelect }: Props) {
  const setSearch = useSetSearch<TraceSearch>();
  const self = useMemo(() => selfTimes(trace), [trace]);
  const descending = sort === undefined || sort.startsWith('-');
  const by = sort === undefined ? 'duration' : sort.replace(/^-/, '');
  const nodes = useMemo(() => {
    const out: number[] = [];
    for (let node = 0; node < trace.count; node++) {
      if (trace.flags[node]! & FLAG_LEFT_OUT || (only && !only[node]) || (matches && only && !matches[node])) continue;
      out.push(node);
    }
    const numbers: Record<string, ArrayLike<number>> = {
      start: trace.start,
      duration: trace.duration,
      self,
      depth: trace.depth,
      error: trace.flags.map((f) => f & FLAG_ERROR),
      name: ranks(trace.names, trace.name),
      service: ranks(trace.services, trace.service),
    };
    for (const column of columns) numbers[column.field] = ranks(column.values, column.index);
    const key = numbers[by] ?? trace.duration;
    const step = descending ? -1 : 1;
    return out.sort((a, b) => step * (key[a]! - key[b]!) || a - b);
  }, [trace, self, columns, matches, only, by, descending]);
  const heads: GridColumn[] = [
    { id: 'name', head: 'name', width: 'minmax(160px, 1fr)', sortable: true },
    { id: 'service', head: 'service', width: '140px', sortable: true },
    ...columns.map((c): GridColumn => ({ id: c.field, head: c.field, width: '130px', sortable: true, mono: true })),
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
        const values = columns.find((c) => c.field === column);
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
/** Per node the place of its value in the order of the alphabet. */
function ranks(values: readonly string[], index: Int32Array): Int32Array {
  const order = values.map((_, at) => at).sort((a, b) => values[a]!.localeCompare(values[b]!));
  const rank = new Int32Array(values.length);
  order.forEach((at, place) => (rank[at] = place));
  return index.map((at) => (at < 0 ? -1 : rank[at]!));
}
