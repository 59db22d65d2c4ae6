// The charts of an answer: one per calculation on one time axis and one cursor, each with its kind and scale.
import { Check, SlidersHorizontal } from 'lucide-react';
import { lazy, Suspense, useMemo, useRef, useState } from 'react';
import { SharedCursor, type SharedHighlight } from '../chart/cursor';
import { Heatmap, HeatLegend, type HeatArea, type HeatCell } from '../chart/Heatmap';
import { LineChart, type ChartPoint, type TimeSpan } from '../chart/LineChart';
import { countText, quantityText } from '../model/format';
import { heatChoice } from '../model/heat';
import {
  calculationsOfAnswer,
  chartsOf,
  nsToSeconds,
  unitColumnOf,
  type AnsweredCalculation,
  type Behind,
  type ChartData,
  type ChartMarker,
  type Group,
  type HeatmapData,
  type QueryAnswer,
} from '../model/result';
import {
  CHART_LABELS,
  CHART_TYPES,
  chartSettings,
  withChart,
  withFlag,
  type ChartType,
  type ViewSettings,
} from '../model/view-settings';
import { IconButton } from '../widgets/basic';
import { DropMenu, type MenuItem } from '../widgets/popup';
import { useThemeColours } from '../widgets/theme';
import { GroupBars, GroupShares, Stat } from './Categorical';
import css from './result.module.css';

// Wanted after a click only.
const ChartTable = lazy(() => import('./ChartTable'));

export type HeatScale = 'log' | 'linear' | 'rank';
export interface BoxRequest extends HeatArea {
  calculation: string;
  column: string;
  count: number;
  x: number;
  y: number;
}
interface Props {
  answer: QueryAnswer;
  groups: readonly Group[];
  view: ViewSettings | undefined;
  utc: boolean;
  hidden: ReadonlySet<string>;
  highlight?: SharedHighlight;
  markers?: readonly ChartMarker[];
  heat?: HeatScale;
  /** What BubbleUp compares or whose events are listed; drawn where it lies. */
  chosen?: Behind;
  /** Shared with the charts of other results. */
  cursor?: SharedCursor;
  /** Height of one chart; chosen by their number when absent. */
  height?: number;
  /** The settings of the charts can be changed. */
  onView?: (view: ViewSettings | undefined) => void;
  onHeat?: (scale: HeatScale) => void;
  /** Heat maps show all values because one chose that; others are cut where that can be done. */
  isHeatWhole?: boolean;
  /** Chooses whether heat maps show all values. */
  onHeatRange?: (isAll: boolean) => void;
  /** Charts shown as tables, by their title. */
  tables?: readonly string[];
  onTable?: (title: string) => void;
  onPicture?: (panel: HTMLElement, title: string) => void;
  onKey?: (key: 'z' | 'w' | 'x', area: HeatArea, column: string, calculation: string) => void;
  onSpan?: (span: TimeSpan) => void;
  onPoint?: (point: ChartPoint) => void;
  onCell?: (cell: HeatCell, column: string, calculation: string) => void;
  onBox?: (box: BoxRequest) => void;
  onHide?: (key: string) => void;
  onGroup?: (group: Group, at: { x: number; y: number }) => void;
}

/** More lines than this make no chart; the rest is one click away and counted. */
const LINES_MAX = 50;
/** These share a unit with their column, so they may share a chart. */
const OVERLAID = /^(AVG|MIN|MAX|P\d+)$/;

interface Panel {
  title: string;
  index: number;
  calculation: AnsweredCalculation;
  kind: ChartType;
  heat?: HeatmapData;
  chart?: ChartData;
}

export function Charts(props: Props) {
  const { answer, groups, view, hidden, utc: utcWanted } = props;
  const utc = utcWanted || !!view?.utc_xaxis;
  const colours = useThemeColours();
  const [own] = useState(() => new SharedCursor());
  const cursor = props.cursor ?? own;
  const [isAll, setAll] = useState(false);
  const drawn = useMemo(() => (isAll ? groups : groups.slice(0, LINES_MAX)), [groups, isAll]);
  const charts = useMemo(
    () => chartsOf(answer, drawn, (index) => !!chartSettings(view, index).omit_missing_values),
    [answer, drawn, view],
  );
  const range = useMemo((): [number, number] => [answer.start_time, answer.end_time], [answer]);
  const panels = useMemo(() => panelsOf(answer, charts, view), [answer, charts, view]);
  const { chosen } = props;
  const span = useMemo(
    (): [number, number] | undefined => chosen && [nsToSeconds(chosen.start_ns), nsToSeconds(chosen.end_ns)],
    [chosen],
  );
  const withoutPast = useMemo(() => {
    const strip = (data: ChartData): ChartData => ({
      ...data,
      lines: data.lines.map(({ past: _p, ...line }) => line),
    });
    return new Map(panels.flatMap((p) => (p.chart && view?.hide_compare ? [[p.index, strip(p.chart)]] : [])));
  }, [panels, view]);
  const height = props.height ?? (panels.length > 2 ? 150 : 190);
  const markers = view?.hide_markers ? undefined : props.markers;

  return (
    <div className={css.charts}>
      {panels.map((panel) => {
        const { calculation: c, index, kind, heat, chart } = panel;
        const settings = chartSettings(view, index);
        const heatTo = heat && props.onHeatRange && heatChoice(heat, !!props.isHeatWhole);
        const isTimed = kind === 'default' || kind === 'line' || kind === 'stacked' || kind === 'tsbar';
        const isTable = !!props.tables?.includes(panel.title) && (!!heat || (!!chart && isTimed));
        const categorical = {
          calculation: c.key,
          unitOf: unitColumnOf(c),
          answer,
          groups,
          hidden,
          colours,
          onGroup: props.onGroup,
        };
        return (
          <section
            // Several of a page may have one name, which landmarks may not.
            role="group"
            key={panel.title}
            className={css.panel}
            aria-label={panel.title}
            onKeyDown={(e) => {
              if (!props.onTable || e.key !== 'T' || (e.target as HTMLElement).closest('input, select')) return;
              e.preventDefault();
              e.stopPropagation();
              props.onTable(panel.title);
              refocus(e.currentTarget, isTable ? '[data-chart]' : '[role="grid"]');
            }}
          >
            <header className={css.panelHead}>
              <h2 className="mono" title={panel.title}>
                {panel.title}
              </h2>
              {heat && <HeatLegend data={heat} colours={colours} />}
              {heatTo && (
                <span className={css.counted}>
                  {heat?.above &&
                    `${countText(sumOf(heat.above.counts), 'event')} of ${quantityText(c.column ?? '', heat.above.from)} or more in the top row `}
                  <button type="button" onClick={() => props.onHeatRange!(heatTo === 'whole')}>
                    {heatTo === 'whole' ? 'show all values to scale' : 'spread out the lower 99 %'}
                  </button>
                </span>
              )}
              {chart && isTimed && groups.length > LINES_MAX && (
                <span className={css.counted}>
                  {isAll ? `all ${groups.length} groups drawn` : `${drawn.length} of ${groups.length} groups drawn`}{' '}
                  <button type="button" onClick={() => setAll(!isAll)}>
                    {isAll ? 'draw fewer' : 'draw all'}
                  </button>
                </span>
              )}
              {heat && props.onHeat && (
                <select
                  aria-label={`Colour scale of ${panel.title}`}
                  value={props.heat ?? 'log'}
                  onChange={(e) => props.onHeat!(e.target.value as HeatScale)}
                >
                  <option value="log">Log scale</option>
                  <option value="linear">Linear scale</option>
                  <option value="rank">Rank scale</option>
                </select>
              )}
              {props.onView && (
                <ChartMenu
                  panel={panel}
                  view={view}
                  answer={answer}
                  hasMarkers={!!props.markers?.length}
                  isTable={isTable}
                  onView={props.onView}
                  onTable={props.onTable}
                  onPicture={props.onPicture}
                />
              )}
            </header>
            {isTable ? (
              <Suspense fallback={null}>
                <ChartTable
                  title={panel.title}
                  unitOf={heat ? (c.column ?? '') : unitColumnOf(c)}
                  heat={heat}
                  chart={chart}
                  utc={utc}
                  granularity={answer.granularity}
                />
              </Suspense>
            ) : heat ? (
              <Heatmap
                calculation={c.key}
                column={c.column ?? ''}
                data={heat}
                range={range}
                granularity={answer.granularity}
                colours={colours}
                utc={utc}
                scale={props.heat ?? 'log'}
                cursor={cursor}
                height={props.height ?? 240}
                markers={markers}
                hideTip={view?.hide_hovers}
                box={boxOf(chosen, c.column)}
                onBox={props.onBox && ((box) => props.onBox!({ ...box, column: c.column ?? '', calculation: c.key }))}
                onCell={props.onCell && ((cell) => props.onCell!(cell, c.column ?? '', c.key))}
                onKey={props.onKey && ((key, area) => props.onKey!(key, area, c.column ?? '', c.key))}
              />
            ) : kind === 'stat' ? (
              <Stat {...categorical} />
            ) : kind === 'cbar' ? (
              <GroupBars {...categorical} />
            ) : kind === 'cpie' ? (
              <GroupShares {...categorical} />
            ) : chart ? (
              <LineChart
                data={withoutPast.get(index) ?? chart}
                unitOf={unitColumnOf(c)}
                kind={kind === 'stacked' ? 'stacked' : kind === 'tsbar' ? 'bars' : 'line'}
                range={range}
                granularity={answer.granularity}
                colours={colours}
                utc={utc}
                ylog={!!settings.log_scale}
                joinGaps={!!settings.omit_missing_values}
                hidden={hidden}
                highlight={props.highlight}
                cursor={cursor}
                height={height}
                markers={markers}
                chosen={span}
                hideTip={view?.hide_hovers}
                onSpan={props.onSpan}
                onHide={props.onHide}
                onPoint={props.onPoint}
              />
            ) : (
              <p className={css.counted}>No values of this column in the range.</p>
            )}
          </section>
        );
      })}
    </div>
  );
}

function panelsOf(answer: QueryAnswer, charts: readonly ChartData[], view: ViewSettings | undefined): Panel[] {
  const byKey = new Map(charts.map((c) => [c.calculation, c]));
  const panels: Panel[] = [];
  const shared = new Map<string, Panel>();
  calculationsOfAnswer(answer).forEach((calculation, index) => {
    const kind = chartSettings(view, index).chart_type ?? 'default';
    const chart = byKey.get(calculation.key);
    const panel: Panel = {
      title: calculation.key,
      index,
      calculation,
      kind,
      heat: answer.heatmaps?.[calculation.key],
      chart,
    };
    const isLine = kind === 'default' || kind === 'line';
    if (view?.overlaid_charts && isLine && chart && OVERLAID.test(calculation.op)) {
      const first = shared.get(calculation.column ?? '');
      if (first?.chart) {
        first.title = `${first.title}, ${calculation.key}`;
        first.chart = { ...first.chart, calculation: first.title, lines: [...first.chart.lines, ...chart.lines] };
        return;
      }
      shared.set(calculation.column ?? '', panel);
    }
    panels.push(panel);
  });
  return panels;
}
/** The focus goes along to what takes the place of the chart, once its code is there. */
function refocus(section: HTMLElement, selector: string): void {
  const end = performance.now() + 2000;
  const seek = () => {
    const found = section.querySelector<HTMLElement>(selector);
    if (found) found.focus();
    else if (performance.now() < end) requestAnimationFrame(seek);
  };
  requestAnimationFrame(seek);
}
const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** The part of a choice that lies on the heat map of a column. */
function boxOf(chosen: Behind | undefined, column: string | null | undefined): HeatArea | null {
  if (!chosen?.range || chosen.range.column !== column) return null;
  const { from, to } = chosen.range;
  return { start: nsToSeconds(chosen.start_ns), end: nsToSeconds(chosen.end_ns), from, to };
}

function ChartMenu({
  panel,
  view,
  answer,
  hasMarkers,
  isTable,
  onView,
  onTable,
  onPicture,
}: {
  panel: Panel;
  view: ViewSettings | undefined;
  answer: QueryAnswer;
  hasMarkers: boolean;
  isTable: boolean;
  onView: (view: ViewSettings | undefined) => void;
  onTable?: (title: string) => void;
  onPicture?: (panel: HTMLElement, title: string) => void;
}) {
  const trigger = useRef<HTMLButtonElement>(null);
  const settings = chartSettings(view, panel.index);
  const on = (value: unknown) => (value ? <Check size={14} aria-label="on" /> : undefined);
  const isTimed = panel.kind !== 'stat' && panel.kind !== 'cbar' && panel.kind !== 'cpie';
  const flag = (name: Parameters<typeof withFlag>[1], label: string): MenuItem => ({
    id: name,
    label,
    detail: on(view?.[name]),
    onSelect: () => onView(withFlag(view, name)),
  });
  const list: (MenuItem | null)[] = [
    ...(panel.heat
      ? []
      : [
          ...CHART_TYPES.filter((t) => t !== 'line').map((type) => ({
            id: type,
            label: CHART_LABELS[type],
            detail: on(type === panel.kind || (type === 'default' && panel.kind === 'line')),
            onSelect: () => onView(withChart(view, panel.index, { chart_type: type })),
          })),
          null,
          ...(isTimed
            ? [
                {
                  id: 'log',
                  label: 'Logarithmic values',
                  disabled: panel.kind === 'stacked' || panel.kind === 'tsbar',
                  detail: on(settings.log_scale),
                  onSelect: () => onView(withChart(view, panel.index, { log_scale: !settings.log_scale })),
                },
                {
                  id: 'gaps',
                  label: 'Join over empty times',
                  detail: on(settings.omit_missing_values),
                  onSelect: () =>
                    onView(withChart(view, panel.index, { omit_missing_values: !settings.omit_missing_values })),
                },
                flag('overlaid_charts', 'AVG, MIN, MAX and percentiles on one chart'),
                null,
              ]
            : []),
        ]),
    ...(answer.compare ? [flag('hide_compare', 'Hide the earlier time')] : []),
    ...(hasMarkers ? [flag('hide_markers', 'Hide markers')] : []),
    flag('hide_hovers', 'Hide what the pointer shows'),
    flag('utc_xaxis', 'Times in UTC'),
    ...(onTable && (panel.heat || isTimed)
      ? [
          null,
          {
            id: 'table',
            label: isTable ? 'Show as a chart' : 'Show as a table',
            detail: 'Shift+T',
            onSelect: () => onTable(panel.title),
          },
        ]
      : []),
    ...(onPicture && !isTable && (panel.heat || isTimed)
      ? [
          {
            id: 'picture',
            label: 'Download as PNG',
            onSelect: () => {
              const section = trigger.current?.closest('section');
              if (section) onPicture(section, panel.title);
            },
          },
        ]
      : []),
  ];
  return (
    <DropMenu
      align="end"
      trigger={
        <IconButton ref={trigger} label={`Settings of ${panel.title}`} className={css.chartMenu}>
          <SlidersHorizontal size={14} />
        </IconButton>
      }
      list={list}
    />
  );
}
