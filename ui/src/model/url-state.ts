// The URL is the state: typed search parameters of each screen, read leniently and written without defaults.
import { checkSpec, type Filter, type QuerySpec } from './query-spec';
import type { Behind, SortKey } from './result';
import { readView, tidyView, type ViewSettings } from './view-settings';

export const URL_VERSION = 1;
/** More leave no room for the bars. */
export const TRACE_COLUMNS_MAX = 3;

export const RESULT_TABS = ['overview', 'bubble', 'correlations', 'traces', 'raw'] as const;
export type ResultTab = (typeof RESULT_TABS)[number];

export interface QuerySearch {
  query?: QuerySpec;
  /** Why the link's query could not be read. */
  query_error?: string;
  tab?: ResultTab;
  /** The point whose events and traces are listed. */
  behind?: Behind;
  /** What BubbleUp compares with the rest: a box, a point or a group. */
  bubble?: Behind;
  hidden?: string[];
  sort?: SortKey;
  columns?: string[];
  view?: ViewSettings;
  heat?: 'linear' | 'rank';
  /** Heat maps over all their values, even where a few large ones squash the others. */
  heat_range?: 'all';
  /** Charts that are shown as tables, by their calculation. */
  tables?: string[];
  /** The list of recent queries stays open while one steps through them. */
  recent?: boolean;
  /** Events as log lines. */
  lines?: boolean;
  /** What the Correlations tab draws: a board's queries, or calculations of a dataset. */
  beside?: { board: string } | { dataset: string; select: string[] };
  v?: number;
}
export const TRACE_VIEWS = ['waterfall', 'flame', 'list', 'map'] as const;
export type TraceView = (typeof TRACE_VIEWS)[number];
export interface TraceSearch {
  trace_id?: string;
  span?: string;
  trace_start_ts?: number;
  trace_end_ts?: number;
  find?: string;
  zoom?: [number, number];
  /** Hides what does not match. */
  only?: boolean;
  /** Only spans of this service, and what is above them. */
  service?: string;
  /** Span id: only it and what is below. */
  root?: string;
  /** Field that gives the spans their colour. */
  colour?: string;
  columns?: string[];
  critical?: boolean;
  /** Spans with an error stand out. */
  errors?: boolean;
  /** Siblings that repeat are one row. */
  group?: boolean;
  /** Which picture of the trace; the waterfall unless given. */
  view?: TraceView;
  /** Column of the list, with a minus for descending. */
  sort?: string;
  /** Id of the span whose neighbourhood the server shows of a very large trace. */
  around?: string;
  /** Trace id: compared with this one. */
  compare?: string;
  v?: number;
}
export interface SendDataSearch {
  tab?: string;
  service?: string;
}
export interface HistorySearch {
  who?: 'team';
  name?: string;
  column?: string;
  person?: string;
  dataset?: string;
  period?: string;
}
export interface BoardsSearch {
  find?: string;
  show?: 'favourites';
  /** Id of the template that is looked at, or `list`. */
  template?: string;
  /** Whose data the template is tried on; all unless given. */
  dataset?: string;
}
export interface BoardSearch {
  time_range?: number;
  start_time?: number;
  end_time?: number;
  filters?: Filter[];
  /** Seconds between two looks at the data. */
  refresh?: number;
  edit?: boolean;
}
export interface HomeSearch {
  /** A link with a query but without a dataset. */
  query?: QuerySpec;
  /** Field whose values are listed. */
  by?: string;
  /** Seconds. */
  range?: number;
  /** The only dataset that counts. */
  dataset?: string;
}
export interface MapSearch {
  /** Whose filters and times hold. */
  query?: QuerySpec;
  service?: string;
  /** The chosen call goes from the chosen service to this one. */
  calls?: string;
  /** Only the chosen service and its neighbours. */
  isolate?: boolean;
  /** Callers from outside, and what services call there. */
  clients?: boolean;
  /** The services where requests begin stand out. */
  entries?: boolean;
  /** Declared gateways are drawn, and stand out, instead of being passed through. */
  gateways?: boolean;
  /** Only services with this in their name, and their neighbours. */
  named?: string;
}
export interface SettingsSearch {
  tab?: 'keys' | 'team' | 'environments' | 'recipients' | 'retention' | 'x-ray' | 'usage' | 'browser' | 'about';
  /** Usage by month, not by day. */
  period?: 'year';
  /** Usage of every environment of the team. */
  of?: 'team';
}
export interface SchemaSearch {
  find?: string;
  tab?: 'columns' | 'fields' | 'settings';
  /** Name of the column whose panel is open. */
  column?: string;
}

type Raw = Record<string, unknown>;

/** Plain text values: a trace id of digits only must not become a number, as the router's own reading would have it. */
export function parseSearch(search: string): Raw {
  return Object.fromEntries(new URLSearchParams(search.startsWith('?') ? search.slice(1) : search));
}
export function stringifySearch(search: Raw): string {
  const parts = Object.entries(search)
    .filter(([, value]) => value !== undefined && value !== null && value !== '' && value !== false)
    .map(
      ([key, value]) =>
        `${encodeURIComponent(key)}=${encodeValue(typeof value === 'object' ? JSON.stringify(value) : value === true ? '1' : String(value))}`,
    );
  return parts.length > 0 ? `?${parts.join('&')}` : '';
}
// Keeps links readable: these characters are legal in a query string.
const encodeValue = (text: string): string =>
  encodeURIComponent(text).replace(/%(3A|2C|2F|40|24)/g, (code) => decodeURIComponent(code));

export function readQuerySearch(raw: Raw): QuerySearch {
  const out: QuerySearch = {};
  if (raw.query !== undefined) {
    const value = json(raw.query);
    const checked = value === undefined ? { error: 'Not JSON' } : checkSpec(value);
    if ('spec' in checked) out.query = checked.spec;
    else out.query_error = checked.field ? `${checked.field} ${checked.error}` : checked.error;
  }
  if (typeof raw.query_error === 'string') out.query_error = raw.query_error;
  const tab = RESULT_TABS.find((t) => t === raw.tab);
  if (tab) out.tab = tab;
  for (const name of ['behind', 'bubble'] as const) {
    const behind = json(raw[name]) as Behind | undefined;
    if (behind && /^\d+$/.test(behind.start_ns) && /^\d+$/.test(behind.end_ns)) out[name] = behind;
  }
  const hidden = json(raw.hidden);
  if (isTexts(hidden) && hidden.length > 0) out.hidden = hidden;
  const columns = json(raw.columns);
  if (isTexts(columns) && columns.length > 0) out.columns = columns;
  const sort = json(raw.sort) as SortKey | undefined;
  if (sort && typeof sort.column === 'string') out.sort = { column: sort.column, descending: Boolean(sort.descending) };
  const view = readView(json(raw.view));
  if (view) out.view = view;
  // Links from before charts had settings of their own.
  if (!view && (raw.ylog === '1' || raw.omitMissingValues === '1'))
    out.view = tidyView({
      charts: Array.from({ length: 10 }, (_, chart_index) => ({
        chart_index,
        log_scale: raw.ylog === '1',
        omit_missing_values: raw.omitMissingValues === '1',
      })),
    });
  if (raw.heat === 'linear' || raw.heat === 'rank') out.heat = raw.heat;
  for (const name of ['lines', 'recent'] as const) if (raw[name] === '1' || raw[name] === true) out[name] = true;
  const beside = json(raw.beside) as { board?: unknown; dataset?: unknown; select?: unknown } | undefined;
  if (typeof beside?.board === 'string') out.beside = { board: beside.board };
  else if (typeof beside?.dataset === 'string' && isTexts(beside.select))
    out.beside = { dataset: beside.dataset, select: beside.select };
  if (raw.heat_range === 'all') out.heat_range = 'all';
  const tables = json(raw.tables);
  if (isTexts(tables) && tables.length > 0) out.tables = tables;
  return out;
}
export function readTraceSearch(raw: Raw): TraceSearch {
  const out: TraceSearch = {};
  if (raw.trace_id) out.trace_id = String(raw.trace_id);
  if (raw.span) out.span = String(raw.span);
  const start = number(raw.trace_start_ts);
  const end = number(raw.trace_end_ts);
  if (start !== undefined) {
    out.trace_start_ts = start;
    out.trace_end_ts = end ?? start + 600;
  }
  if (raw.find) out.find = String(raw.find);
  const zoom = json(raw.zoom);
  if (Array.isArray(zoom) && zoom.length === 2 && zoom.every((z) => typeof z === 'number'))
    out.zoom = zoom as [number, number];
  for (const name of ['service', 'root', 'around', 'colour', 'compare', 'sort'] as const)
    if (raw[name]) out[name] = String(raw[name]);
  for (const name of ['only', 'critical', 'errors', 'group'] as const)
    if (raw[name] === '1' || raw[name] === true) out[name] = true;
  const view = TRACE_VIEWS.find((name) => name === raw.view);
  if (view && view !== 'waterfall') out.view = view;
  const columns = json(raw.columns);
  if (isTexts(columns) && columns.length > 0) out.columns = columns.slice(0, TRACE_COLUMNS_MAX);
  return out;
}

export function readHistorySearch(raw: Raw): HistorySearch {
  const out: HistorySearch = raw.who === 'team' ? { who: 'team' } : {};
  for (const name of ['name', 'column', 'person', 'dataset', 'period'] as const)
    if (typeof raw[name] === 'string' && raw[name] !== '') out[name] = raw[name];
  return out;
}
export function readBoardSearch(raw: Raw): BoardSearch {
  const out: BoardSearch = {};
  const start = number(raw.start_time);
  const end = number(raw.end_time);
  const range = number(raw.time_range);
  if (start !== undefined && end !== undefined && end > start) Object.assign(out, { start_time: start, end_time: end });
  else if (range !== undefined && range > 0) out.time_range = range;
  // A filter of a link is checked as that of a query is.
  const checked = checkSpec({ filters: json(raw.filters) });
  if ('spec' in checked && checked.spec.filters) out.filters = checked.spec.filters;
  const refresh = number(raw.refresh);
  if (refresh !== undefined && refresh >= 60) out.refresh = refresh;
  if (raw.edit === '1' || raw.edit === true) out.edit = true;
  return out;
}
export function readHomeSearch(raw: Raw): HomeSearch {
  const out: HomeSearch = {};
  const { query } = readQuerySearch(raw);
  if (query) out.query = query;
  if (raw.by) out.by = String(raw.by);
  const range = number(raw.range);
  if (range !== undefined && range > 0) out.range = range;
  if (raw.dataset) out.dataset = String(raw.dataset);
  return out;
}
export function readMapSearch(raw: Raw): MapSearch {
  const out: MapSearch = {};
  const { query } = readQuerySearch(raw);
  if (query) out.query = query;
  if (raw.service) out.service = String(raw.service);
  if (raw.calls) out.calls = String(raw.calls);
  if (raw.named) out.named = String(raw.named);
  for (const name of ['isolate', 'clients', 'entries', 'gateways'] as const)
    if (raw[name] === '1' || raw[name] === true) out[name] = true;
  return out;
}

function json(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((v) => typeof v === 'string');
function number(value: unknown): number | undefined {
  const n = value === undefined || value === '' ? NaN : Number(value);
  return Number.isFinite(n) ? n : undefined;
}
