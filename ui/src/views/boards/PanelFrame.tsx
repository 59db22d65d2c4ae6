// The frame of a panel: its title, its menu, and how it is dragged, sized and moved by keys.
import { useQuery } from '@tanstack/react-query';
import { GripVertical, MoreHorizontal } from 'lucide-react';
import { useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import { savedQueryOptions } from '../../api/options';
import { BOARD_COLUMNS, type Position } from '../../model/board';
import { queryText } from '../../model/query-text';
import type { BoardSearch } from '../../model/url-state';
import { readView } from '../../model/view-settings';
import { IconButton } from '../../widgets/basic';
import { Link } from '../../widgets/Link';
import { Markdown } from '../../widgets/Markdown';
import { DropMenu, type MenuItem } from '../../widgets/popup';
import { datasetPath, usePlace } from '../../widgets/route';
import css from './boards.module.css';
import { QueryPanel, SloPanel, underBoard, type Panel } from './panels';

/** Height of a row of the grid and of the gap below it, in pixels; as in the style sheet. */
const ROW = 64;
const GAP = 8;

interface Props {
  env: string;
  panel: Panel;
  name: string | undefined;
  search: BoardSearch;
  isEditing: boolean;
  onMove: (to: Position) => void;
  onChange: (panel: Panel) => void;
  onRemove: () => void;
  onWrite: () => void;
  onZoom: (start: number, end: number) => void;
}
export function PanelFrame(props: Props) {
  const { env, panel, search, isEditing } = props;
  const place = usePlace();
  const frame = useRef<HTMLElement>(null);
  const drag = useRef<{ x: number; y: number; from: Position; isSize: boolean } | null>(null);
  const [picked, setPicked] = useState<Position | null>(null);
  const { position } = panel;
  const query = panel.query_panel;
  const saved = useQuery({ ...savedQueryOptions(env, query?.dataset ?? '', query?.query_id ?? ''), enabled: !!query });
  const title = query
    ? (props.name ?? (saved.data ? queryText(saved.data) : 'Query'))
    : panel.slo_panel
      ? 'SLO'
      : 'Text';
  const height = position.height * ROW + (position.height - 1) * GAP - 42;

  const begin = (e: PointerEvent<HTMLElement>, isSize: boolean) => {
    if (e.button !== 0) return;
    e.preventDefault();
    e.currentTarget.setPointerCapture(e.pointerId);
    drag.current = { x: e.clientX, y: e.clientY, from: position, isSize };
  };
  const go = (e: PointerEvent<HTMLElement>) => {
    const at = drag.current;
    const grid = frame.current?.parentElement;
    if (!at || !grid) return;
    const column = (grid.clientWidth + GAP) / BOARD_COLUMNS;
    const dx = Math.round((e.clientX - at.x) / column);
    const dy = Math.round((e.clientY - at.y) / (ROW + GAP));
    const { from } = at;
    const to = at.isSize
      ? { ...from, width: Math.min(BOARD_COLUMNS - from.x_coordinate, from.width + dx), height: from.height + dy }
      : { ...from, x_coordinate: from.x_coordinate + dx, y_coordinate: from.y_coordinate + dy };
    if (JSON.stringify(to) !== JSON.stringify(position)) props.onMove(to);
  };
  const end = () => (drag.current = null);
  /** Enter picks the panel up and puts it down; arrows move it, with Shift they size it; Escape puts it back. */
  const onKeyDown = (e: KeyboardEvent<HTMLElement>) => {
    if (e.key === 'Enter' || e.key === ' ') setPicked(picked ? null : position);
    else if (picked && e.key === 'Escape') {
      props.onMove(picked);
      setPicked(null);
    } else {
      const step: Record<string, [number, number]> = {
        ArrowLeft: [-1, 0],
        ArrowRight: [1, 0],
        ArrowUp: [0, -1],
        ArrowDown: [0, 1],
      };
      const by = step[e.key];
      if (!picked || !by) return;
      const [dx, dy] = by;
      props.onMove(
        e.shiftKey
          ? { ...position, width: position.width + dx, height: position.height + dy }
          : { ...position, x_coordinate: position.x_coordinate + dx, y_coordinate: position.y_coordinate + dy },
      );
    }
    e.preventDefault();
    e.stopPropagation();
  };

  const style = (query_style: 'graph' | 'table' | 'combo', label: string): MenuItem => ({
    id: query_style,
    label,
    disabled: query?.query_style === query_style,
    onSelect: () => props.onChange({ ...panel, query_panel: { ...query!, query_style } }),
  });
  const menu: (MenuItem | null)[] = [
    ...(query ? [style('graph', 'Charts'), style('table', 'Table'), style('combo', 'Charts and table'), null] : []),
    ...(panel.text_panel ? [{ id: 'write', label: 'Edit the text', onSelect: props.onWrite }] : []),
    { id: 'remove', label: 'Take it off the board', onSelect: props.onRemove },
  ];
  return (
    <section
      ref={frame}
      className={css.panel}
      data-panel={panel.type}
      data-picked={picked ? '' : undefined}
      aria-label={title}
      style={{
        gridColumn: `${position.x_coordinate + 1} / span ${position.width}`,
        gridRow: `${position.y_coordinate + 1} / span ${position.height}`,
      }}
    >
      {(isEditing || !panel.text_panel) && (
        <header>
          {isEditing && (
            <button
              type="button"
              className={css.grip}
              aria-label={`Move ${title}`}
              aria-pressed={picked !== null}
              title="Drag; or Enter, arrow keys, Shift+arrow keys to size, Enter"
              onPointerDown={(e) => begin(e, false)}
              onPointerMove={go}
              onPointerUp={end}
              onKeyDown={onKeyDown}
            >
              <GripVertical size={14} />
            </button>
          )}
          <h2 title={title}>
            {query && saved.data && !isEditing ? (
              <Link
                to={datasetPath(place, query.dataset)}
                search={{
                  query: underBoard(saved.data, search).spec,
                  view: readView(query.visualization_settings),
                }}
              >
                {title}
              </Link>
            ) : (
              title
            )}
          </h2>
          {query && <span className={css.dataset}>{query.dataset === '__all__' ? 'all datasets' : query.dataset}</span>}
          {isEditing && (
            <DropMenu
              align="end"
              trigger={
                <IconButton label={`Actions for ${title}`}>
                  <MoreHorizontal size={14} />
                </IconButton>
              }
              list={menu}
            />
          )}
        </header>
      )}
      <div className={css.body}>
        {query && (
          <QueryPanel
            env={env}
            panel={query}
            search={search}
            height={height}
            refresh={search.refresh ? search.refresh * 1000 : undefined}
            onZoom={props.onZoom}
          />
        )}
        {panel.text_panel && <Markdown text={panel.text_panel.content} />}
        {panel.slo_panel && <SloPanel env={env} id={panel.slo_panel.slo_id} />}
      </div>
      {isEditing && (
        <i
          className={css.corner}
          aria-hidden
          onPointerDown={(e) => begin(e, true)}
          onPointerMove={go}
          onPointerUp={end}
        />
      )}
    </section>
  );
}
