// How the charts of a result look: kept with the link or the board panel, never with the query. Honeycomb's names and values.

export const CHART_TYPES = ['default', 'line', 'stacked', 'tsbar', 'stat', 'cbar', 'cpie'] as const;
export type ChartType = (typeof CHART_TYPES)[number];
export const CHART_LABELS: Record<ChartType, string> = {
  default: 'Line',
  line: 'Line',
  stacked: 'Stacked area',
  tsbar: 'Bars over time',
  stat: 'Number',
  cbar: 'Bars by group',
  cpie: 'Shares',
};

export interface ChartSettings {
  /** Which calculation, from 0. */
  chart_index: number;
  chart_type?: ChartType;
  log_scale?: boolean;
  omit_missing_values?: boolean;
}
export interface ViewSettings {
  charts?: ChartSettings[];
  overlaid_charts?: boolean;
  hide_markers?: boolean;
  hide_hovers?: boolean;
  hide_compare?: boolean;
  utc_xaxis?: boolean;
}
const FLAGS = ['overlaid_charts', 'hide_markers', 'hide_hovers', 'hide_compare', 'utc_xaxis'] as const;

export const chartSettings = (view: ViewSettings | undefined, index: number): ChartSettings =>
  view?.charts?.find((c) => c.chart_index === index) ?? { chart_index: index };

/** The view with one chart changed; what is back at its default is left out. */
export function withChart(
  view: ViewSettings | undefined,
  index: number,
  change: Partial<ChartSettings>,
): ViewSettings | undefined {
  const chart = { ...chartSettings(view, index), ...change };
  const others = (view?.charts ?? []).filter((c) => c.chart_index !== index);
  return tidyView({ ...view, charts: [...others, chart] });
}
export const withFlag = (view: ViewSettings | undefined, flag: (typeof FLAGS)[number]): ViewSettings | undefined =>
  tidyView({ ...view, [flag]: !view?.[flag] });

/** Without defaults, so that equal views have equal links; undefined when nothing is left. */
export function tidyView(view: ViewSettings): ViewSettings | undefined {
  const out: ViewSettings = {};
  const charts = (view.charts ?? []).flatMap((c) => {
    const kept: ChartSettings = { chart_index: c.chart_index };
    if (c.chart_type && c.chart_type !== 'default') kept.chart_type = c.chart_type;
    if (c.log_scale) kept.log_scale = true;
    if (c.omit_missing_values) kept.omit_missing_values = true;
    return Object.keys(kept).length > 1 ? [kept] : [];
  });
  if (charts.length > 0) out.charts = charts.sort((a, b) => a.chart_index - b.chart_index);
  for (const flag of FLAGS) if (view[flag]) out[flag] = true;
  return Object.keys(out).length > 0 ? out : undefined;
}
/** Reads a view of a link or a panel, whatever it holds. */
export function readView(value: unknown): ViewSettings | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const raw = value as Record<string, unknown>;
  const charts = (Array.isArray(raw.charts) ? raw.charts : []).flatMap((c): ChartSettings[] => {
    const chart = (c ?? {}) as Record<string, unknown>;
    if (typeof chart.chart_index !== 'number') return [];
    const type = CHART_TYPES.find((t) => t === chart.chart_type);
    return [
      {
        chart_index: chart.chart_index,
        ...(type ? { chart_type: type } : {}),
        log_scale: chart.log_scale === true,
        omit_missing_values: chart.omit_missing_values === true,
      },
    ];
  });
  return tidyView({ charts, ...Object.fromEntries(FLAGS.map((f) => [f, raw[f] === true])) });
}
