// The scrolling waterfall: a canvas that stays in place over a spacer as tall as all rows, so that the browser scrolls and we
// draw only what is in sight. The row in focus is in the document for assistive technology.
import { useEffect, useImperativeHandle, useMemo, useRef, useState, type KeyboardEvent, type Ref } from 'react';
import { durationText } from '../model/format';
import type { ThemeColours } from '../model/palette';
import {
  collapsedBelow,
  FLAG_ERROR,
  FLAG_LEFT_OUT,
  FLAG_LINK,
  FLAG_MISSING,
  groupingOf,
  idOf,
  nextWith,
  positionOf,
  reveal,
  visibleNodes,
  type Trace,
} from '../model/trace';
import { membersOf, type Repeats } from '../model/repeat';
import type { CriticalPath } from '../model/trace-time';
import {
  barArea,
  COLUMN,
  draw,
  hitTest,
  ROW,
  valueColours,
  type MarkKind,
  type Marks,
  type NodeValues,
  type View,
} from './draw';
import { Minimap } from './Minimap';
import { pointOf, titleOf, useSurface, type Sight } from './surface';
import css from './waterfall.module.css';

export interface WaterfallHandle {
  focus(): void;
  /** Collapses what is deeper than so many levels; 0 opens all. */
  showLevels(levels: number): void;
}
interface Props {
  trace: Trace;
  colours: ThemeColours;
  label: string;
  colouring: NodeValues;
  columns: readonly NodeValues[];
  critical: CriticalPath | null;
  /** Siblings that repeat; each group is one row until it is opened. */
  repeats: Repeats | null;
  isErrorLit: boolean;
  isMapShown: boolean;
  selected: number;
  matches: Uint8Array | null;
  /** Only these nodes, which include all above any of them. */
  only: Uint8Array | undefined;
  /** Only this node and what is below; -1 for all. */
  root: number;
  /** The right edge when nothing is zoomed: longer than the trace beside a longer one. */
  endNs: number;
  zoom: [number, number] | null;
  onSelect: (node: number) => void;
  onZoom: (zoom: [number, number] | null) => void;
  /** Goes to the details of the selected span, or to what a row of left out spans stands for, which a click does too. */
  onOpen?: (node: number) => void;
  onFind?: () => void;
  onCritical?: () => void;
  onGroup?: () => void;
  onMap?: () => void;
  /** A click on the marks of a span's events or links. */
  onMarks?: (kind: MarkKind) => void;
  /** Follows the first link of a span. */
  onLink?: (node: number) => void;
  handle?: Ref<WaterfallHandle>;
}

export function Waterfall(props: Props) {
  const { trace, colours, selected, matches, only, root, zoom, colouring, columns } = props;
  const [share, setShare] = useState(0.42);
  const [collapsed, setCollapsedNodes] = useState(() => new Uint8Array(trace.count));
  const [opened, setOpened] = useState(() => new Uint8Array(trace.count));
  const [revealed, setRevealed] = useState(-1);
  const hover = useRef(-1);
  const marks = useRef<Marks>(null);
  const valueColour = useMemo(() => valueColours(colouring.field, colouring.values), [colouring]);
  const { repeats } = props;
  const grouping = useMemo(
    () => (repeats && !only ? groupingOf(repeats.leader, opened, root) : null),
    [repeats, only, opened, root],
  );
  const visible = useMemo(
    () => visibleNodes(trace, collapsed, only, root, grouping),
    [trace, collapsed, only, root, grouping],
  );
  /** A row that stands for a group of siblings. */
  const isGroup = (node: number) => grouping !== null && grouping.leader[node] === node && !grouping.opened[node];
  const roomOf = (width: number) => width - columns.length * COLUMN;
  const nameWidthOf = (width: number) =>
    Math.round(Math.max(160, Math.min(roomOf(width) - 160, roomOf(width) * share)));
  const whole: [number, number] =
    root < 0
      ? [0, Math.max(1, props.endNs)]
      : [trace.reachFrom[root]!, Math.max(trace.reachFrom[root]! + 1, trace.reachTo[root]!)];
  const [from, to] = zoom ?? whole;

  const viewOf = (sight: Sight): View => ({
    ...sight,
    trace,
    visible,
    collapsed,
    matches,
    colouring,
    colours: valueColour,
    columns,
    critical: props.critical,
    repeats: grouping ? repeats : null,
    opened: grouping?.opened ?? opened,
    isErrorLit: props.isErrorLit,
    selected,
    hover: hover.current,
    nameWidth: nameWidthOf(sight.width),
    from,
    to,
  });
  const { scroller, canvas, size, sight, redraw, scrollTo } = useSurface((context, sight) => {
    marks.current = draw(context, viewOf(sight), colours);
  });
  const nameWidth = nameWidthOf(size.width);

  // A selection from outside (a link, a search) is opened up and then brought into sight.
  if (revealed !== selected) {
    setRevealed(selected);
    const unfolded = collapsed.slice();
    if (selected >= 0 && reveal(trace, unfolded, selected)) setCollapsedNodes(unfolded);
    if (selected >= 0 && repeats) {
      const groups = new Set<number>();
      for (let at = selected; at >= 0; at = trace.parent[at]!) {
        const leader = repeats.leader[at]!;
        if (leader >= 0 && (leader !== at || at !== selected) && !opened[leader]) groups.add(leader);
      }
      if (groups.size > 0) setOpened(opened.map((is, at) => (groups.has(at) ? 1 : is)));
    }
  }
  const shown = useRef(-1);
  useEffect(() => {
    if (selected < 0 || size.height === 0 || shown.current === selected) return;
    const isFirst = shown.current === -1;
    shown.current = selected;
    const index = positionOf(visible, selected);
    scrollTo(index * ROW, ROW, isFirst && index * ROW > size.height);
  }, [scrollTo, selected, visible, size.height]);

  const select = (node: number) => {
    if (node >= 0 && node !== selected) props.onSelect(node);
  };
  const setCollapsed = (node: number, isCollapsed: boolean) => {
    const next = collapsed.slice();
    next[node] = isCollapsed ? 1 : 0;
    setCollapsedNodes(next);
  };
  const setOpen = (leader: number, isOpen: boolean) => {
    const next = opened.slice();
    next[leader] = isOpen ? 1 : 0;
    setOpened(next);
  };
  const toggle = (node: number) => (isGroup(node) ? setOpen(node, true) : setCollapsed(node, !collapsed[node]));
  const showLevels = (levels: number) => setCollapsedNodes(collapsedBelow(trace, levels));
  /** Zooms by a factor about the middle, or moves by a share of what is in sight. */
  const look = (factor: number, move: number) => {
    const span = Math.min(whole[1] - whole[0], (to - from) * factor);
    const middle = (from + to) / 2 + (to - from) * move;
    const left = Math.max(whole[0], Math.min(whole[1] - span, middle - span / 2));
    props.onZoom(span >= whole[1] - whole[0] ? null : [left, left + span]);
  };
  const next = (kind: 'match' | 'error', step: 1 | -1) => {
    const mark =
      kind === 'error' ? (n: number) => (trace.flags[n]! & FLAG_ERROR) !== 0 : (n: number) => matches?.[n] === 1;
    select(nextWith(mark, trace.count, selected, step));
  };
  useImperativeHandle(props.handle, () => ({ focus: () => scroller.current?.focus(), showLevels }));

  const onKeyDown = (e: KeyboardEvent) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const at = selected >= 0 ? positionOf(visible, selected) : -1;
    const node = selected;
    const page = Math.max(1, Math.floor(size.height / ROW) - 1);
    const physical = { KeyW: [0.6, 0], KeyS: [1.6, 0], KeyA: [1, -0.2], KeyD: [1, 0.2] }[e.code];
    const go = (index: number) => select(visible[Math.max(0, Math.min(visible.length - 1, index))]!);
    switch (e.key) {
      case 'ArrowDown':
      case 'j':
        go(at + 1);
        break;
      case 'ArrowUp':
      case 'k':
        go(at - 1);
        break;
      case 'PageDown':
        go(at + page);
        break;
      case 'PageUp':
        go(at - page);
        break;
      case 'Home':
        go(0);
        break;
      case 'End':
        go(visible.length - 1);
        break;
      case 'ArrowRight':
        if (e.shiftKey) showLevels(0);
        else if (node < 0) go(0);
        else if (isGroup(node)) setOpen(node, true);
        else if (collapsed[node]) setCollapsed(node, false);
        else if (trace.children[node]! > 0) go(at + 1);
        break;
      case 'ArrowLeft':
        if (e.shiftKey) showLevels(2);
        else if (node < 0) go(0);
        else if (trace.children[node]! > 0 && !collapsed[node] && !isGroup(node)) setCollapsed(node, true);
        else if (grouping?.leader[node] === node && opened[node]) setOpen(node, false);
        else if (trace.parent[node]! >= 0) select(trace.parent[node]!);
        break;
      case 'f':
        next('match', 1);
        break;
      case 'F':
        next('match', -1);
        break;
      case 'x':
        next('error', 1);
        break;
      case 'X':
        next('error', -1);
        break;
      case 'Enter':
        props.onOpen?.(node);
        break;
      case '/':
        props.onFind?.();
        break;
      case 'p':
        props.onCritical?.();
        break;
      case 'r':
        props.onGroup?.();
        break;
      case 'b':
        props.onMap?.();
        break;
      case 'l':
        if (node >= 0 && trace.flags[node]! & FLAG_LINK) props.onLink?.(node);
        break;
      case 'z':
        if (node >= 0) {
          const margin = trace.duration[node]! * 0.05 + 1;
          props.onZoom([
            Math.max(0, trace.start[node]! - margin),
            Math.min(trace.durationNs, trace.start[node]! + trace.duration[node]! + margin),
          ]);
        }
        break;
      case '0':
        props.onZoom(null);
        break;
      default:
        if (!physical || e.shiftKey) return;
        look(physical[0]!, physical[1]!);
    }
    e.preventDefault();
    e.stopPropagation();
  };
  const hitOf = (e: React.MouseEvent) => hitTest(viewOf(sight()), marks.current, ...pointOf(e));
  const at = selected >= 0 ? positionOf(visible, selected) : -1;
  const focused = at >= 0 && visible[at] === selected ? selected : -1;
  const bars = barArea({ nameWidth, width: size.width, columns });

  return (
    <div className={css.waterfall}>
      {props.isMapShown && (
        <Minimap
          trace={trace}
          colouring={colouring}
          valueColour={valueColour}
          isErrorLit={props.isErrorLit}
          colours={colours}
          zoom={[from, to]}
          onZoom={props.onZoom}
          onJump={select}
        />
      )}
      <div className={css.head}>
        <span style={{ width: nameWidth }}>Name and service</span>
        <div
          role="separator"
          aria-orientation="vertical"
          aria-label="Width of the name column"
          aria-valuenow={Math.round(share * 100)}
          tabIndex={0}
          className={css.divider}
          onKeyDown={(e) => {
            const step = e.key === 'ArrowRight' ? 0.03 : e.key === 'ArrowLeft' ? -0.03 : 0;
            if (step !== 0) setShare((s) => Math.max(0.2, Math.min(0.75, s + step)));
          }}
          onPointerDown={(e) => e.currentTarget.setPointerCapture(e.pointerId)}
          onPointerMove={(e) => {
            if (!e.currentTarget.hasPointerCapture(e.pointerId)) return;
            const left = scroller.current!.getBoundingClientRect().left;
            setShare(Math.max(0.2, Math.min(0.75, (e.clientX - left) / roomOf(size.width))));
          }}
        />
        {columns.map((column) => (
          <span key={column.field} className={css.column} style={{ width: COLUMN }} title={column.field}>
            {column.field}
          </span>
        ))}
        <div
          className={css.ruler}
          style={{ marginLeft: bars.left - nameWidth - columns.length * COLUMN - 5, width: bars.width }}
        >
          {[0, 1, 2, 3, 4].map((i) => (
            <i key={i}>{durationText(Math.round(from + ((to - from) * i) / 4))}</i>
          ))}
        </div>
      </div>
      <div
        ref={scroller}
        className={css.scroller}
        role="treegrid"
        aria-label={props.label}
        aria-rowcount={visible.length}
        aria-colcount={3}
        aria-activedescendant={focused >= 0 ? 'waterfall-row' : undefined}
        tabIndex={0}
        data-testid="waterfall"
        onScroll={redraw}
        onFocus={redraw}
        onBlur={redraw}
        onKeyDown={onKeyDown}
      >
        <div className={css.spacer} style={{ height: visible.length * ROW }} role="presentation">
          <canvas
            ref={canvas}
            className={css.canvas}
            style={{ width: size.width, height: size.height }}
            role="presentation"
            onMouseMove={(e) => {
              const hit = hitOf(e);
              const node = hit?.node ?? -1;
              e.currentTarget.style.cursor = hit ? 'pointer' : 'default';
              e.currentTarget.title = hit?.marks ? `Show its ${hit.marks}` : titleOf(trace, node);
              if (node !== hover.current) {
                hover.current = node;
                redraw();
              }
            }}
            onMouseLeave={() => {
              hover.current = -1;
              redraw();
            }}
            onClick={(e) => {
              const hit = hitOf(e);
              if (!hit) return;
              if (hit.toggle) toggle(hit.node);
              else {
                select(hit.node);
                if (hit.marks) props.onMarks?.(hit.marks);
                if (trace.flags[hit.node]! & FLAG_LEFT_OUT) props.onOpen?.(hit.node);
              }
            }}
            onDoubleClick={(e) => {
              const hit = hitOf(e);
              if (hit && (isGroup(hit.node) || trace.children[hit.node]! > 0)) toggle(hit.node);
            }}
          />
        </div>
        {focused >= 0 && (
          <div
            id="waterfall-row"
            role="row"
            className="sr"
            aria-level={trace.depth[focused]! + 1}
            aria-rowindex={at + 1}
            aria-selected="true"
            aria-expanded={isGroup(focused) ? false : trace.children[focused]! > 0 ? !collapsed[focused] : undefined}
            data-span={idOf(trace, focused)}
          >
            <span role="gridcell">
              {trace.names[trace.name[focused]!]}
              {isGroup(focused) ? `, ${membersOf(repeats!, focused).length} times` : ''}
              {trace.flags[focused]! & FLAG_ERROR ? ', error' : ''}
              {trace.flags[focused]! & FLAG_MISSING ? ', not received' : ''}
            </span>
            <span role="gridcell">{trace.services[trace.service[focused]!]}</span>
            <span role="gridcell">{durationText(trace.duration[focused]!)}</span>
          </div>
        )}
      </div>
    </div>
  );
}
