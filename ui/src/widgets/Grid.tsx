// A table of any length: only the rows in sight are in the document, and while it scrolls only those that come into sight are made.
// Grid roles, arrow keys, sortable heads.
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { memo, useEffect, useId, useRef, useState, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react';
import css from './grid.module.css';
import { useRowHeight } from './prefs';

export interface GridColumn {
  id: string;
  head: ReactNode;
  title?: string;
  /** Track size: `minmax(120px, 1fr)`, `90px`. */
  width: string;
  right?: boolean;
  mono?: boolean;
  sortable?: boolean;
}
interface Props {
  label: string;
  columns: readonly GridColumn[];
  count: number;
  rowKey: (index: number) => string;
  cell: (index: number, column: string) => ReactNode;
  /** Rows kept above the others: totals. */
  pinned?: { key: string; cell: (column: string) => ReactNode }[];
  maxHeight?: string;
  rowHeight?: number;
  selected?: number;
  sort?: { column: string; descending: boolean };
  onSort?: (column: string) => void;
  onOpen?: (index: number, at: { x: number; y: number; column?: string }) => void;
  /** Space on a row. */
  onTick?: (index: number) => void;
  /** The right button on a cell. */
  onCellMenu?: (index: number, column: string, at: { x: number; y: number }) => void;
  onHover?: (index: number | null) => void;
  /** Called when the last rows come into sight. */
  onEnd?: () => void;
  rowClass?: (index: number) => string | undefined;
}

export function Grid(props: Props) {
  const { columns, count, sort } = props;
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const hovered = useRef<number | null>(null);
  const common = useRowHeight();
  const rowHeight = props.rowHeight ?? common;
  // eslint-disable-next-line react-hooks/incompatible-library
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
  });
  const items = rows.getVirtualItems();
  const last = items[items.length - 1]?.index ?? -1;
  const { onEnd } = props;
  useEffect(() => {
    if (onEnd && count > 0 && last >= count - 1) onEnd();
  }, [last, count, onEnd]);

  const move = (to: number) => {
    const next = Math.max(0, Math.min(count - 1, to));
    setActive(next);
    rows.scrollToIndex(next);
  };
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.target !== e.currentTarget || count === 0) return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 240) / rowHeight) - 2);
    const to: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: count - 1,
    };
    if (e.key in to) move(to[e.key]!);
    else if (e.key === 'Enter' || e.key === '.') {
      const rect = scroller.current?.querySelector(`[data-index="${active}"]`)?.getBoundingClientRect();
      props.onOpen?.(active, { x: (rect?.left ?? 0) + 40, y: rect?.bottom ?? 0 });
    } else if (e.key === ' ' && props.onTick) props.onTick(active);
    else return;
    e.preventDefault();
    e.stopPropagation();
  };
  /** Where in the body something happened; the rows themselves listen to nothing. */
  const placeOf = (e: MouseEvent<HTMLElement>): { index: number; column?: string } | null => {
    const at = e.target as HTMLElement;
    const row = at.closest<HTMLElement>('[data-index]');
    if (!row) return null;
    return { index: Number(row.dataset.index), column: at.closest<HTMLElement>('[data-column]')?.dataset.column };
  };
  const hover = (index: number | null) => {
    if (index !== hovered.current) props.onHover?.((hovered.current = index));
  };

  return (
    <div
      ref={scroller}
      role="grid"
      aria-label={props.label}
      aria-rowcount={count + 1 + (props.pinned?.length ?? 0)}
      aria-colcount={columns.length}
      aria-activedescendant={count > 0 && items.some((i) => i.index === active) ? `${id}-${active}` : undefined}
      tabIndex={0}
      className={css.grid}
      style={{ maxHeight: props.maxHeight }}
      onKeyDown={onKeyDown}
    >
      <Head columns={columns} sort={sort} onSort={props.onSort} pinned={props.pinned} />
      <div
        role="rowgroup"
        className={css.body}
        style={{ height: rows.getTotalSize() }}
        // Not entering a row: rows that scroll under a pointer at rest are not pointed at.
        onMouseMove={(e) => hover(placeOf(e)?.index ?? null)}
        onMouseLeave={() => hover(null)}
        onContextMenu={(e) => {
          const place = placeOf(e);
          if (!props.onCellMenu || !place?.column || e.shiftKey) return;
          e.preventDefault();
          props.onCellMenu(place.index, place.column, { x: e.clientX, y: e.clientY });
        }}
        onClick={(e) => {
          const place = placeOf(e);
          if (!place || (e.target as HTMLElement).closest('a, button, input, label')) return;
          if (window.getSelection()?.toString()) return;
          setActive(place.index);
          props.onOpen?.(place.index, { x: e.clientX, y: e.clientY, column: place.column });
        }}
      >
        {items.map((item) => (
          <Row
            key={props.rowKey(item.index)}
            id={`${id}-${item.index}`}
            index={item.index}
            top={item.start}
            height={item.size}
            columns={columns}
            cell={props.cell}
            isSelected={props.selected === item.index}
            isActive={active === item.index}
            className={names(css.row, css.data, props.onOpen && css.clickable, props.rowClass?.(item.index))}
          />
        ))}
      </div>
    </div>
  );
}

/** Drawn anew when what it shows may have changed; scrolling changes none of its properties. */
const Row = memo(function Row(props: {
  id: string;
  index: number;
  top: number;
  height: number;
  columns: readonly GridColumn[];
  cell: Props['cell'];
  isSelected: boolean;
  isActive: boolean;
  className: string;
}) {
  const { index, top, height, columns, cell } = props;
  return (
    <div
      id={props.id}
      data-index={index}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={props.isSelected || undefined}
      data-active={props.isActive || undefined}
      className={props.className}
      style={{ gridTemplateColumns: templateOf(columns), height, top }}
    >
      {cellsOf(columns, (column) => cell(index, column))}
    </div>
  );
});

const Head = memo(function Head({
  columns,
  sort,
  onSort,
  pinned,
}: Pick<Props, 'columns' | 'sort' | 'onSort' | 'pinned'>) {
  const style = { gridTemplateColumns: templateOf(columns) };
  return (
    <div role="rowgroup" className={css.head}>
      <div role="row" className={css.row} style={style}>
        {columns.map((c) => (
          <div
            key={c.id}
            role="columnheader"
            className={names(css.cell, c.right && css.right)}
            title={c.title}
            aria-sort={sort?.column === c.id ? (sort.descending ? 'descending' : 'ascending') : undefined}
          >
            {c.sortable && onSort ? (
              <button type="button" className={css.sort} onClick={() => onSort(c.id)}>
                <span>{c.head}</span>
                {sort?.column === c.id && (sort.descending ? <ArrowDown size={12} /> : <ArrowUp size={12} />)}
              </button>
            ) : (
              c.head
            )}
          </div>
        ))}
      </div>
      {pinned?.map((p) => (
        <div key={p.key} role="row" className={names(css.row, css.pinned)} style={style} data-pinned={p.key}>
          {cellsOf(columns, p.cell)}
        </div>
      ))}
    </div>
  );
});

const cellsOf = (columns: readonly GridColumn[], content: (column: string) => ReactNode) =>
  columns.map((c) => (
    <div
      key={c.id}
      role="gridcell"
      data-column={c.id}
      className={names(css.cell, c.right && css.right, c.mono && css.mono)}
    >
      {content(c.id)}
    </div>
  ));
const templateOf = (columns: readonly GridColumn[]): string => columns.map((c) => c.width).join(' ');
const names = (...all: (string | false | undefined)[]): string => all.filter(Boolean).join(' ');
