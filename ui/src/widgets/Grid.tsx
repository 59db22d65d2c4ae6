// A table of any length: only the rows in sight are in the document. Grid roles, arrow keys, sortable heads.
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useEffect, useId, useRef, useState, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react';
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
    } else return;
    e.preventDefault();
    e.stopPropagation();
  };
  const template = columns.map((c) => c.width).join(' ');
  const cells = (content: (column: string) => ReactNode) =>
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
      <div role="rowgroup" className={css.head}>
        <div role="row" className={css.row} style={{ gridTemplateColumns: template }}>
          {columns.map((c) => (
            <div
              key={c.id}
              role="columnheader"
              className={names(css.cell, c.right && css.right)}
              title={c.title}
              aria-sort={sort?.column === c.id ? (sort.descending ? 'descending' : 'ascending') : undefined}
            >
              {c.sortable && props.onSort ? (
                <button type="button" className={css.sort} onClick={() => props.onSort!(c.id)}>
                  <span>{c.head}</span>
                  {sort?.column === c.id && (sort.descending ? <ArrowDown size={12} /> : <ArrowUp size={12} />)}
                </button>
              ) : (
                c.head
              )}
            </div>
          ))}
        </div>
        {props.pinned?.map((p) => (
          <div
            key={p.key}
            role="row"
            className={names(css.row, css.pinned)}
            style={{ gridTemplateColumns: template }}
            data-pinned={p.key}
          >
            {cells(p.cell)}
          </div>
        ))}
      </div>
      <div
        role="rowgroup"
        className={css.body}
        style={{ height: rows.getTotalSize() }}
        onMouseLeave={() => props.onHover?.(null)}
      >
        {items.map((item) => (
          <div
            key={props.rowKey(item.index)}
            id={`${id}-${item.index}`}
            data-index={item.index}
            role="row"
            aria-rowindex={item.index + 2}
            aria-selected={props.selected === item.index || undefined}
            data-active={active === item.index || undefined}
            className={names(css.row, css.data, props.onOpen && css.clickable, props.rowClass?.(item.index))}
            style={{ gridTemplateColumns: template, height: item.size, transform: `translateY(${item.start}px)` }}
            onMouseEnter={() => props.onHover?.(item.index)}
            onContextMenu={(e) => {
              const column = (e.target as HTMLElement).closest<HTMLElement>('[data-column]')?.dataset.column;
              if (!props.onCellMenu || !column || e.shiftKey) return;
              e.preventDefault();
              props.onCellMenu(item.index, column, { x: e.clientX, y: e.clientY });
            }}
            onClick={(e: MouseEvent<HTMLElement>) => {
              if ((e.target as HTMLElement).closest('a, button')) return;
              if (window.getSelection()?.toString()) return;
              setActive(item.index);
              const column = (e.target as HTMLElement).closest<HTMLElement>('[data-column]')?.dataset.column;
              props.onOpen?.(item.index, { x: e.clientX, y: e.clientY, column });
            }}
          >
            {cells((column) => props.cell(item.index, column))}
          </div>
        ))}
      </div>
    </div>
  );
}
const names = (...all: (string | false | undefined)[]): string => all.filter(Boolean).join(' ');
