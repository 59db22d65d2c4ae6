// What can be done with a point, a box, a group, a field of BubbleUp or a value: the entries of the menus, each an edit of the query or
// a look at its events.
import {
  Ban,
  Blocks,
  EyeOff,
  Filter,
  Flag,
  Flame,
  Link2,
  ListTree,
  Rows3,
  Scissors,
  Table2,
  ZoomIn,
} from 'lucide-react';
import type { BubblePick } from '../../result/BubbleUp';
import { valueText } from '../../model/format';
import { calculationsOf, type Filter as FilterClause, type QuerySpec } from '../../model/query-spec';
import {
  canExclude,
  canFilter,
  onlyGroup,
  traceOf,
  withoutGroup,
  type Behind,
  type EventRow,
  type Group,
  type QueryAnswer,
} from '../../model/result';
import { withAbsolute } from '../../model/time-range';
import type { QuerySearch } from '../../model/url-state';
import type { MenuItem } from '../../widgets/popup';

export interface PointRequest {
  x: number;
  y: number;
  title: string;
  behind: Behind;
  group?: Group;
  bucket?: number;
  /** The value that was clicked and its column: View trace looks for one that is not slower. */
  atMost?: { column: string; value: number };
}
export interface Actions {
  draft: QuerySpec;
  answer: QueryAnswer | undefined;
  hidden: readonly string[] | undefined;
  run: (spec: QuerySpec, search?: Partial<QuerySearch>) => void;
  show: (search: Partial<QuerySearch>) => void;
  viewTrace: (request: PointRequest) => void;
  openTrace: (row: EventRow) => void;
  hide: (group: Group) => void;
  mark: (start: number, end?: number) => void;
  copy: (text: string, said: string) => void;
}
type List = (MenuItem | null)[];
const size = 14;

const withFilters = (draft: QuerySpec, filters: FilterClause[]): QuerySpec => ({
  ...draft,
  filters: [...(draft.filters ?? []), ...filters],
});
/** Behind two filters joined by OR another one would widen the query. */
const widens = (draft: QuerySpec): boolean => !canFilter(withFilters(draft, [{ op: 'exists' }]));

function lookItems(a: Actions, request: PointRequest): List {
  return [
    {
      id: 'events',
      label: 'View events',
      icon: <Rows3 size={size} />,
      onSelect: () => a.show({ tab: 'raw', behind: request.behind }),
    },
    {
      id: 'trace',
      label: 'View trace',
      icon: <ListTree size={size} />,
      detail: request.atMost ? 'near this value' : 'slowest',
      onSelect: () => a.viewTrace(request),
    },
    {
      id: 'traces',
      label: 'List traces',
      icon: <Blocks size={size} />,
      onSelect: () => a.show({ tab: 'traces', behind: request.behind }),
    },
    {
      id: 'bubble',
      label: 'BubbleUp',
      icon: <Flame size={size} />,
      detail: 'compare with the rest',
      onSelect: () => a.show({ tab: 'bubble', bubble: request.behind }),
    },
  ];
}
function groupItems(a: Actions, group: Group): List {
  const { draft, answer } = a;
  if (!answer || answer.breakdowns.length === 0) return [];
  return [
    {
      id: 'only',
      label: 'Show only this group',
      icon: <Filter size={size} />,
      disabled: !canFilter(draft),
      onSelect: () => a.run(onlyGroup(draft, answer.breakdowns, group)),
    },
    {
      id: 'exclude',
      label: 'Exclude this group',
      icon: <Ban size={size} />,
      disabled: !canExclude(answer.breakdowns, draft),
      onSelect: () => a.run(withoutGroup(draft, answer.breakdowns, group)),
    },
  ];
}
const rangeItem = (a: Actions, range: NonNullable<Behind['range']>): MenuItem => ({
  id: 'where',
  label: `Show only these values of ${range.column}`,
  icon: <Filter size={size} />,
  disabled: widens(a.draft),
  onSelect: () =>
    a.run(
      withFilters(a.draft, [
        { column: range.column, op: '>=', value: range.from },
        { column: range.column, op: '<', value: range.to },
      ]),
    ),
});
export function pointMenu(a: Actions, request: PointRequest): List {
  const { bucket, group } = request;
  const { answer, draft } = a;
  if (!answer) return [];
  return [
    ...lookItems(a, request),
    ...(bucket === undefined
      ? []
      : [
          null,
          {
            id: 'zoom',
            label: 'Zoom to here',
            icon: <ZoomIn size={size} />,
            onSelect: () =>
              a.run(withAbsolute(draft, bucket - 4 * answer.granularity, bucket + 5 * answer.granularity)),
          },
          { id: 'mark', label: 'Add a marker', icon: <Flag size={size} />, onSelect: () => a.mark(bucket) },
        ]),
    ...(request.behind.range ? [null, rangeItem(a, request.behind.range)] : []),
    ...(group && answer.breakdowns.length > 0 ? [null, ...groupItems(a, group)] : []),
    ...(group
      ? [
          {
            id: 'hide',
            label: a.hidden?.includes(group.key) ? 'Show this series' : 'Hide this series',
            icon: <EyeOff size={size} />,
            onSelect: () => a.hide(group),
          },
        ]
      : []),
  ];
}
/** A dragged span of time, or a box of a heat map when the request has a range of values. */
export function spanMenu(a: Actions, request: PointRequest, start: number, end: number): List {
  const { range } = request.behind;
  const [zoom, bubble]: MenuItem[] = [
    {
      id: 'zoom',
      label: range ? 'Zoom to these times' : 'Zoom in',
      icon: <ZoomIn size={size} />,
      onSelect: () => a.run(withAbsolute(a.draft, start, end)),
    },
    {
      id: 'bubble',
      label: 'BubbleUp',
      icon: <Flame size={size} />,
      detail: 'compare with the rest',
      onSelect: () => a.show({ tab: 'bubble', bubble: request.behind }),
    },
  ];
  return [
    ...(range ? [bubble!, zoom!] : [zoom!, bubble!]),
    ...lookItems(a, request).filter((item) => item?.id === 'events' || item?.id === 'traces'),
    ...(range ? [rangeItem(a, range)] : []),
    { id: 'mark', label: 'Mark this time', icon: <Flag size={size} />, onSelect: () => a.mark(start, end) },
  ];
}
/** What a key does with a box or a cell of a heat map: the entries of its menu, without the menu. */
export function keyOfArea(a: Actions, key: 'z' | 'w' | 'x', request: PointRequest, start: number, end: number): void {
  const wanted = { z: 'zoom', w: 'where', x: 'trace' }[key];
  const item = [...spanMenu(a, request, start, end), ...lookItems(a, request)].find((i) => i?.id === wanted);
  if (item && !item.disabled) item.onSelect();
}
function groupByItem(a: Actions, field: string): MenuItem {
  return {
    id: 'group',
    label: `Group by ${field}`,
    icon: <Scissors size={size} />,
    disabled: a.draft.breakdowns?.includes(field),
    onSelect: () => a.run({ ...a.draft, breakdowns: [...(a.draft.breakdowns ?? []), field] }, { tab: 'overview' }),
  };
}
const heatmapItem = (a: Actions, field: string): MenuItem => ({
  id: 'heatmap',
  label: `HEATMAP(${field})`,
  icon: <Table2 size={size} />,
  onSelect: () =>
    a.run(
      { ...a.draft, calculations: [...calculationsOf(a.draft), { op: 'HEATMAP', column: field }] },
      { tab: 'overview' },
    ),
});
export function bubbleMenu(a: Actions, { field, value, bin }: BubblePick): List {
  const { column } = field;
  const blocked = widens(a.draft);
  // The selection would not mean the same after the edit; its events are looked at anew.
  const add = (filters: FilterClause[]) => a.run(withFilters(a.draft, filters), { tab: 'overview' });
  const only = (id: string, label: string, filters: FilterClause[]): MenuItem => ({
    id,
    label,
    icon: id.startsWith('not') ? <Ban size={size} /> : <Filter size={size} />,
    disabled: blocked,
    onSelect: () => add(filters),
  });
  const list: List = [];
  if (value) {
    const shown = valueText(value.value).slice(0, 60);
    list.push(
      value.value === null
        ? only('only', `Show only events without ${column}`, [{ column, op: 'does-not-exist' }])
        : only('only', `Show only where ${column} = ${shown}`, [{ column, op: '=', value: value.value }]),
      value.value === null
        ? only('not', `Show only events with ${column}`, [{ column, op: 'exists' }])
        : only('not', `Show only where ${column} ≠ ${shown}`, [{ column, op: '!=', value: value.value }]),
    );
  }
  if (bin) {
    list.push(
      only('only', `Show only where ${column} ≥ ${valueText(bin.low)}`, [{ column, op: '>=', value: bin.low }]),
      only('below', `Show only where ${column} ≤ ${valueText(bin.high)}`, [{ column, op: '<=', value: bin.high }]),
    );
  }
  list.push(groupByItem(a, column));
  if (field.kind === 'measure') list.push(heatmapItem(a, column));
  list.push(null, {
    id: 'copy',
    label: 'Copy field name',
    icon: <Link2 size={size} />,
    onSelect: () => a.copy(column, 'Field name copied'),
  });
  return list;
}
export function valueMenu(a: Actions, field: string, row: EventRow): List {
  const value = row.data[field] ?? null;
  if (value === null) return [];
  const add = (filter: FilterClause) => a.run(withFilters(a.draft, [filter]));
  const isOr = widens(a.draft);
  return [
    {
      id: 'only',
      label: isOr ? 'Or with this value' : 'Show only this value',
      icon: <Filter size={size} />,
      onSelect: () => add({ column: field, op: '=', value }),
    },
    {
      id: 'exclude',
      label: 'Exclude this value',
      icon: <Ban size={size} />,
      disabled: isOr,
      onSelect: () => add({ column: field, op: '!=', value }),
    },
    groupByItem(a, field),
    ...(typeof value === 'number' ? [heatmapItem(a, field)] : []),
    {
      id: 'copy',
      label: 'Copy value',
      icon: <Link2 size={size} />,
      onSelect: () => a.copy(valueText(value), 'Value copied'),
    },
    ...(traceOf(row)
      ? [null, { id: 'trace', label: 'View trace', icon: <ListTree size={size} />, onSelect: () => a.openTrace(row) }]
      : []),
  ];
}
