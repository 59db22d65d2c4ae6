// The answer: markers and charts above, and below them one of the tabs.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useMemo, useState } from 'react';
import { SharedCursor, SharedHighlight } from '../../chart/cursor';
import { createMarker, deleteMarker, type NewMarker } from '../../api/calls';
import { markersOptions } from '../../api/options';
import { countText, quantityText, quantitiesText, valueText } from '../../model/format';
import {
  behindBucket,
  behindGroup,
  calculationsOfAnswer,
  groupsOf,
  ownFilters,
  valuesBehind,
  type Behind,
  type EventRow,
  type Group,
  type QueryAnswer,
} from '../../model/result';
import type { QuerySearch, ResultTab } from '../../model/url-state';
import { Charts, type BoxRequest } from '../../result/Charts';
import type { BubblePick } from '../../result/BubbleUp';
import { Empty, Skeleton, Tabs } from '../../widgets/basic';
import { PointMenu, type MenuItem } from '../../widgets/popup';
import type { Place } from '../../widgets/route';
import { useThemeColours } from '../../widgets/theme';
import { MarkerStrip } from './MarkerStrip';
import { useHeatBody, useHeatTypes } from './use-heat-body';
import { bubbleMenu, keyOfArea, pointMenu, spanMenu, valueMenu, type Actions, type PointRequest } from './menus';
import css from './query.module.css';

// The table stands below the charts: its code comes while the server answers, not before the page is drawn.
const table = import('../../result/SummaryTable');
const SummaryTable = lazy(async () => ({ default: (await table).SummaryTable }));
// Wanted after a click only.
const RawEvents = lazy(() => import('./RawEvents'));
const BubbleTab = lazy(() => import('./BubbleTab'));
const CorrelationsTab = lazy(() => import('./CorrelationsTab'));
const TracesTab = lazy(() => import('./TracesTab'));
const MarkerDialog = lazy(() => import('./MarkerDialog'));

interface Props {
  place: Place;
  dataset: string;
  answer: QueryAnswer;
  isStored: boolean;
  search: QuerySearch;
  tab: ResultTab;
  utc: boolean;
  actions: Omit<Actions, 'mark' | 'hide'>;
  onSearch: (change: Partial<QuerySearch>, options?: { replace?: boolean }) => void;
  onTab: (tab: ResultTab) => void;
  emptyAction: React.ReactNode;
}
interface OpenMenu {
  x: number;
  y: number;
  title: string;
  list: (MenuItem | null)[];
}

export function ResultView(props: Props) {
  const { place, dataset, search, tab, utc, onSearch } = props;
  // A kept result is shown as it was: nothing is asked anew.
  const answer = useHeatBody(place.env, dataset, props.answer, search.heat_range !== 'all' && !props.isStored);
  const typeOf = useHeatTypes(place.env, dataset, answer);
  const colours = useThemeColours();
  const [cursor] = useState(() => new SharedCursor());
  const client = useQueryClient();
  const [menu, setMenu] = useState<OpenMenu | null>(null);
  const [marking, setMarking] = useState<{ start: number; end?: number } | null>(null);
  const [highlight] = useState(() => new SharedHighlight());
  const groups = useMemo(() => groupsOf(answer), [answer]);
  const hidden = useMemo(() => new Set(search.hidden ?? []), [search.hidden]);
  const markers = useQuery(markersOptions(place.env, dataset));
  const drawn = useMemo(
    () =>
      (markers.data ?? []).map((m) => ({
        id: m.id,
        start: m.start_time,
        end: m.end_time,
        message: m.message ?? '',
        color: m.color,
      })),
    [markers.data],
  );
  const forget = () => client.invalidateQueries({ queryKey: ['markers', place.env] });
  const remove = useMutation({
    // A marker of the whole environment is deleted there too.
    mutationFn: (id: string) => deleteMarker(place.env, '__all__', id),
    onSuccess: forget,
  });

  const hide = (key: string) => {
    const next = new Set(hidden);
    if (!next.delete(key)) next.add(key);
    onSearch({ hidden: next.size > 0 ? [...next] : undefined });
  };
  const actions: Actions = {
    ...props.actions,
    hide: (group: Group) => hide(group.key),
    mark: (start, end) => setMarking({ start, end }),
  };
  const openPoint = (request: PointRequest) => setMenu({ ...request, list: pointMenu(actions, request) });
  const openSpan = (request: PointRequest, start: number, end: number) =>
    setMenu({ ...request, list: spanMenu(actions, request, start, end) });
  const openBubble = (pick: BubblePick) =>
    setMenu({
      x: pick.x,
      y: pick.y,
      title: pick.value ? `${pick.field.column} = ${valueText(pick.value.value)}` : pick.field.column,
      list: bubbleMenu(actions, pick),
    });
  const openValue = (field: string, row: EventRow, at: { x: number; y: number }) => {
    const list = valueMenu(actions, field, row);
    if (list.length > 0) setMenu({ ...at, title: `${field} = ${String(row.data[field]).slice(0, 120)}`, list });
  };
  const own = (calculation: string): Pick<Behind, 'filters'> => {
    const filters = ownFilters(answer, calculation);
    return filters.length > 0 ? { filters } : {};
  };
  const openGroup = (group: Group, at: { x: number; y: number }) =>
    openPoint({
      ...at,
      title: group.label,
      group,
      // The numbers of a row may be of several calculations: then its events are all of the group.
      behind: { ...behindGroup(answer, group), ...(answer.calculations.length === 1 && own(answer.calculations[0]!)) },
    });
  const spanBehind = (start: number, end: number): Behind => ({
    start_ns: String(BigInt(Math.round(Math.max(start, answer.start_time) * 1000)) * 1_000_000n),
    end_ns: String(BigInt(Math.round(Math.min(end, answer.end_time) * 1000)) * 1_000_000n),
  });
  const values = (column: string, { from, to }: { from: number; to: number }) =>
    valuesBehind(typeOf(column), { column, from, to });
  const onBox = (box: BoxRequest) =>
    openSpan(
      {
        x: box.x,
        y: box.y,
        title: `${countText(box.count, 'event')}, ${box.column} ${quantitiesText(box.column, box.from, box.to)}`,
        behind: {
          ...spanBehind(box.start, box.end),
          ...own(box.calculation),
          ...values(box.column, box),
        },
      },
      box.start,
      box.end,
    );

  const hasRows =
    answer.results.length > 0 &&
    (answer.series.length > 0 || answer.total_series.length > 0 || Object.keys(answer.heatmaps ?? {}).length > 0);
  if (!hasRows) return <Empty title="No events match in this time range">{props.emptyAction}</Empty>;
  const columnOf = new Map(calculationsOfAnswer(answer).map((c) => [c.key, c.column]));
  const chosen = tab === 'bubble' ? search.bubble : tab === 'overview' ? undefined : search.behind;
  // A heat map alone has no number to tabulate.
  const hasTable = answer.breakdowns.length > 0 || calculationsOfAnswer(answer).some((c) => c.op !== 'HEATMAP');
  const isList = tab === 'raw' || tab === 'traces' || tab === 'correlations';
  return (
    <>
      {!search.view?.hide_markers && (
        <MarkerStrip
          markers={markers.data ?? []}
          range={[answer.start_time, answer.end_time]}
          utc={utc}
          onDelete={(marker) => remove.mutate(marker.id)}
        />
      )}
      <Charts
        answer={answer}
        groups={groups}
        view={search.view}
        cursor={cursor}
        utc={utc}
        hidden={hidden}
        highlight={highlight}
        markers={drawn}
        heat={search.heat ?? 'log'}
        chosen={chosen}
        // The lists and cards below have the room; one heat map stays large enough to draw on.
        height={isList ? 120 : tab === 'bubble' && answer.calculations.length > 1 ? 130 : undefined}
        onView={(view) => onSearch({ view })}
        onHeat={(scale) => onSearch({ heat: scale === 'log' ? undefined : scale })}
        isHeatWhole={search.heat_range === 'all'}
        onHeatRange={props.isStored ? undefined : (isAll) => onSearch({ heat_range: isAll ? 'all' : undefined })}
        tables={search.tables}
        onTable={(title) => {
          const rest = (search.tables ?? []).filter((t) => t !== title);
          const tables = rest.length === (search.tables ?? []).length ? [...rest, title] : rest;
          onSearch({ tables: tables.length > 0 ? tables : undefined });
        }}
        onPicture={(panel, title) =>
          void import('../../widgets/download').then(({ downloadCharts }) => downloadCharts(panel, `${title}.png`))
        }
        onKey={(key, area, column, calculation) => {
          const behind = {
            ...spanBehind(area.start, area.end),
            ...own(calculation),
            ...values(column, area),
          };
          keyOfArea(actions, key, { x: 0, y: 0, title: '', behind }, area.start, area.end);
        }}
        onHide={hide}
        onGroup={openGroup}
        onSpan={(span) =>
          openSpan(
            { x: span.x, y: span.y, title: 'Chosen time', behind: spanBehind(span.start, span.end) },
            span.start,
            span.end,
          )
        }
        onBox={onBox}
        onCell={(cell, column, calculation) =>
          openPoint({
            x: cell.x,
            y: cell.y,
            bucket: cell.bucket,
            title: `${column} ${quantitiesText(column, cell.from, cell.to)}: ${countText(cell.count, 'event')}`,
            behind: {
              ...behindBucket(answer, cell.bucket),
              ...own(calculation),
              ...values(column, cell),
            },
          })
        }
        onPoint={(p) => {
          const column = columnOf.get(p.calculation);
          openPoint({
            x: p.x,
            y: p.y,
            bucket: p.bucket,
            group: p.group,
            title: `${p.group.label}: ${quantityText(p.unitOf, p.value)}`,
            behind: { ...behindBucket(answer, p.bucket, p.group), ...own(p.calculation) },
            ...(column && /^(AVG|MIN|MAX|P\d+)\(/.test(p.calculation) ? { atMost: { column, value: p.value } } : {}),
          });
        }}
      />
      <div className={css.resultTabs}>
        <Tabs
          label="Result"
          value={tab}
          onChange={props.onTab}
          tabs={[
            { id: 'overview', label: 'Overview' },
            { id: 'bubble', label: 'BubbleUp' },
            { id: 'correlations', label: 'Correlations' },
            { id: 'traces', label: 'Traces' },
            { id: 'raw', label: 'Events' },
          ]}
        />
      </div>
      <Suspense fallback={<Skeleton lines={9} />}>
        {tab === 'overview' && hasTable && (
          <SummaryTable
            answer={answer}
            groups={groups}
            hidden={hidden}
            colours={colours.series}
            sort={search.sort}
            hideCompare={search.view?.hide_compare}
            onSort={(sort) => onSearch({ sort })}
            onHide={hide}
            onHover={(key) => highlight.say(key)}
            onGroup={openGroup}
          />
        )}
        {tab === 'overview' && !hasTable && (
          <p className={css.hint}>Drag a box over the heat map to compare its events with all others.</p>
        )}
        {tab === 'bubble' && (
          <BubbleTab
            place={place}
            dataset={dataset}
            answer={answer}
            selection={search.bubble}
            utc={utc}
            onClear={() => onSearch({ bubble: undefined })}
            onPick={openBubble}
            onHeatmap={
              Object.keys(answer.heatmaps ?? {}).length > 0
                ? undefined
                : () =>
                    actions.run({
                      ...actions.draft,
                      calculations: [...(actions.draft.calculations ?? []), { op: 'HEATMAP', column: 'duration_ms' }],
                    })
            }
          />
        )}
        {tab === 'correlations' && (
          <CorrelationsTab
            place={place}
            dataset={dataset}
            answer={answer}
            beside={search.beside}
            cursor={cursor}
            utc={utc}
            onSearch={onSearch}
          />
        )}
        {tab === 'traces' && (
          <TracesTab place={place} dataset={dataset} answer={answer} search={search} utc={utc} onSearch={onSearch} />
        )}
        {tab === 'raw' && (
          <RawEvents
            place={place}
            dataset={dataset}
            answer={answer}
            search={search}
            utc={utc}
            onSearch={onSearch}
            onValue={openValue}
          />
        )}
      </Suspense>
      {menu && (
        <PointMenu
          key={`${menu.x}-${menu.y}`}
          at={menu}
          title={menu.title}
          list={menu.list}
          onClose={() => setMenu(null)}
        />
      )}
      {marking && (
        <Suspense fallback={null}>
          <MarkerDialog
            at={marking}
            dataset={dataset}
            utc={utc}
            onClose={() => setMarking(null)}
            onCreate={(marker: NewMarker, everywhere: boolean) =>
              createMarker(place.env, everywhere ? '__all__' : dataset, marker).then(forget)
            }
          />
        </Suspense>
      )}
    </>
  );
}
