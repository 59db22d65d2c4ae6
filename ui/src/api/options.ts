// What is fetched, under which key it is kept, and for how long: the options every screen passes to useQuery.
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { BubbleRequest } from '../model/bubble-up';
import { bodyCut } from '../model/heat';
import { calculationKey, calculationsOf, type QuerySpec } from '../model/query-spec';
import {
  nsToSeconds,
  PARENT_ID,
  TRACE_ID,
  type EventRow,
  type HeatmapData,
  type QueryAnswer,
  type RowsRequest,
} from '../model/result';
import * as calls from './calls';

export const sessionOptions = () =>
  queryOptions({ queryKey: ['session'], queryFn: ({ signal }) => calls.getSession(signal), staleTime: Infinity });

export const datasetsOptions = (env: string) =>
  queryOptions({
    queryKey: ['datasets', env],
    queryFn: ({ signal }) => calls.getDatasets(env, signal),
    staleTime: 10_000,
  });

export const columnsOptions = (env: string, dataset: string, prefix: string, limit = 200) =>
  queryOptions({
    queryKey: ['columns', env, dataset, prefix, limit],
    queryFn: ({ signal }) => calls.getColumns(env, dataset, prefix, limit, signal),
    staleTime: 30_000,
    placeholderData: keepPreviousData,
  });

export const metricsOptions = (env: string, dataset: string) =>
  queryOptions({
    queryKey: ['metrics', env, dataset],
    queryFn: ({ signal }) => calls.getMetrics(env, dataset, signal),
    staleTime: 30_000,
  });
export const attributesOptions = (env: string, dataset: string, metric: string) =>
  queryOptions({
    queryKey: ['attributes', env, dataset, metric],
    queryFn: ({ signal }) => calls.getAttributes(env, dataset, metric, signal),
    staleTime: 60_000,
    retry: false,
  });

export const valuesOptions = (env: string, dataset: string, column: string, prefix: string, timeRange: number) =>
  queryOptions({
    queryKey: ['values', env, dataset, column, prefix, timeRange],
    queryFn: ({ signal }) => calls.getValues(env, dataset, column, prefix, timeRange, signal),
    staleTime: 30_000,
    retry: false,
  });

export const functionsOptions = (env: string) =>
  queryOptions({
    queryKey: ['functions', env],
    queryFn: ({ signal }) => calls.getFunctions(env, signal),
    staleTime: Infinity,
  });

/** `run` counts the runs: a relative query asked again is a new question. */
export const queryOptionsOf = (env: string, dataset: string, spec: QuerySpec, run: number) =>
  queryOptions({
    queryKey: ['query', env, dataset, JSON.stringify(spec), run],
    queryFn: ({ signal }) => calls.runQuery(env, dataset, spec, signal),
    staleTime: Infinity,
    gcTime: 5 * 60_000,
    retry: false,
    placeholderData: keepPreviousData,
  });

export const resultOptions = (env: string, id: string) =>
  queryOptions({
    queryKey: ['result', env, id],
    queryFn: ({ signal }) => calls.getResult(env, id, signal),
    staleTime: Infinity,
    retry: false,
  });

export const onboardingOptions = (env: string, service: string) =>
  queryOptions({
    queryKey: ['onboarding', env, service],
    queryFn: ({ signal }) => calls.getOnboarding(env, service, signal),
    // While the name of the service is typed.
    placeholderData: (before, asked) => (asked?.queryKey[1] === env ? before : undefined),
    refetchInterval: 1500,
    refetchIntervalInBackground: true,
    retry: false,
  });

/** What a page asks by itself; asked again every `every` ms when that is given. */
export const gatewaysOptions = (env: string) =>
  queryOptions({
    queryKey: ['gateways', env],
    queryFn: ({ signal }) => calls.getGateways(env, signal),
    staleTime: 60_000,
  });
/** While other times or filters are asked about, the answer before stays in sight; that of another dataset would pass for this one's. */
const peekedBy = (by: calls.By) => (env: string, dataset: string, spec: QuerySpec, every?: number) =>
  queryOptions({
    queryKey: ['peek', env, dataset, JSON.stringify(spec), by],
    queryFn: ({ signal }) => calls.peek(env, dataset, spec, by, signal),
    staleTime: 60_000,
    refetchInterval: every ?? false,
    retry: false,
    placeholderData: (before, of) => (of?.queryKey[1] === env && of.queryKey[2] === dataset ? before : undefined),
  });

export const peekOptions = peekedBy('name');
/** The same where names of columns stand for what the definition of each dataset says: traces and services of all datasets. */
export const meantOptions = peekedBy('definition');

/** Whether the map of a column is one of histograms: `<` finds none of those. */
async function isText(
  env: string,
  dataset: string,
  name: string | null | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const { columns } = await calls.getColumns(env, dataset, name ?? '', 200, signal);
  return columns.some((c) => c.key_name === name && c.type === 'string');
}
/** So often a heat map is cut: each time its body takes at least a fifth of the height before. */
const CUTS_MAX = 3;
/** For each squashed heat map of an answer the map of the values below a cut, at the same times. */
export const bodyOptions = (env: string, dataset: string, answer: QueryAnswer) =>
  queryOptions({
    queryKey: [
      'heat-body',
      env,
      dataset,
      answer.result_id ?? JSON.stringify(answer.query),
      answer.start_time,
      answer.end_time,
    ],
    queryFn: async ({ signal }) => {
      const { query } = answer;
      const filters = query.filters ?? [];
      const bodies: Record<string, { cut: number; map: HeatmapData }> = {};
      // Behind filters joined by OR one more would not narrow.
      if (query.filter_combination === 'OR' && filters.length > 1) return bodies;
      for (const calculation of calculationsOf(query)) {
        const key = calculationKey(calculation);
        let map = answer.heatmaps?.[key];
        for (let i = 0; map && i < CUTS_MAX; i++) {
          const cut = bodyCut(map);
          if (cut === null || (i === 0 && (await isText(env, dataset, calculation.column, signal)))) break;
          const body = await calls.peek(
            env,
            dataset,
            {
              calculations: [calculation],
              filters: [...filters, { column: calculation.column, op: '<', value: cut }],
              start_time: answer.start_time,
              end_time: answer.end_time,
              granularity: answer.granularity,
            },
            'name',
            signal,
          );
          map = body.heatmaps?.[key];
          if (map) bodies[key] = { cut, map };
        }
      }
      return bodies;
    },
    staleTime: Infinity,
    retry: false,
  });

export const bubbleOptions = (env: string, dataset: string, request: BubbleRequest) =>
  queryOptions({
    queryKey: ['bubble-up', env, dataset, JSON.stringify(request)],
    queryFn: ({ signal }) => calls.getBubbleUp(env, dataset, request, signal),
    staleTime: Infinity,
    retry: false,
  });

export const markersOptions = (env: string, dataset: string) =>
  queryOptions({
    queryKey: ['markers', env, dataset],
    queryFn: ({ signal }) => calls.getMarkers(env, dataset, signal),
    staleTime: 30_000,
  });

export const runningOptions = (env: string) =>
  queryOptions({
    queryKey: ['running', env],
    queryFn: ({ signal }) => calls.getRunning(env, signal),
    refetchInterval: 400,
    retry: false,
    gcTime: 0,
  });

export const namesOptions = (env: string, dataset: string) =>
  queryOptions({
    queryKey: ['names', env, dataset],
    queryFn: ({ signal }) => calls.getNames(env, dataset, signal),
    staleTime: 30_000,
  });
export const boardsOptions = (env: string) =>
  queryOptions({
    queryKey: ['boards', env],
    queryFn: ({ signal }) => calls.getBoards(env, signal),
    staleTime: 10_000,
  });
export const boardOptions = (env: string, id: string) =>
  queryOptions({
    queryKey: ['board', env, id],
    queryFn: ({ signal }) => calls.getBoard(env, id, signal),
    staleTime: 10_000,
  });
export const boardViewsOptions = (env: string, id: string) =>
  queryOptions({
    queryKey: ['board-views', env, id],
    queryFn: ({ signal }) => calls.getBoardViews(env, id, signal),
    staleTime: 30_000,
  });
export const sloOptions = (env: string, id: string) =>
  queryOptions({
    queryKey: ['slo', env, id],
    queryFn: ({ signal }) => calls.getSlo(env, id, signal),
    staleTime: 60_000,
    retry: false,
  });
export const savedQueryOptions = (env: string, dataset: string, id: string) =>
  queryOptions({
    queryKey: ['saved-query', env, dataset, id],
    queryFn: ({ signal }) => calls.getQuery(env, dataset, id, signal),
    staleTime: Infinity,
  });

const TRACES_READ = 300;
const TRACES_SHOWN = 10;
export interface FoundTrace {
  id: string;
  /** Milliseconds of the root span, or of the longest matching event where there is no root. */
  duration: number;
  matched: number;
  row?: EventRow;
}
/** The slowest traces with a matching event: first which traces match, then their root spans wherever these lie. */
export const tracesOptions = (env: string, dataset: string, request: RowsRequest) =>
  queryOptions({
    queryKey: ['traces', env, dataset, JSON.stringify(request)],
    queryFn: async ({ signal }): Promise<FoundTrace[]> => {
      const start = Math.floor(nsToSeconds(request.start_time_ns));
      const end = Math.max(start + 1, Math.ceil(nsToSeconds(request.end_time_ns)));
      const matching = await calls.peek(
        env,
        dataset,
        {
          // Points of metrics can't be counted without a column.
          calculations: [
            { op: 'MAX', column: 'duration_ms' },
            { op: 'COUNT', column: TRACE_ID },
          ],
          breakdowns: [TRACE_ID],
          filters: request.filters,
          filter_combination: request.filter_combination,
          calculated_fields: request.calculated_fields,
          usage_mode: request.usage_mode,
          orders: [{ op: 'MAX', column: 'duration_ms', order: 'descending' }],
          limit: TRACES_READ,
          start_time: start,
          end_time: end,
        },
        'result',
        signal,
      );
      const found = new Map<string, FoundTrace>();
      for (const { data } of matching.results) {
        const id = data[TRACE_ID];
        if (typeof id !== 'string' || id === '') continue;
        found.set(id, {
          id,
          duration: Number(data['MAX(duration_ms)'] ?? 0),
          matched: Number(data[`COUNT(${TRACE_ID})`] ?? 0),
        });
      }
      if (found.size === 0) return [];
      const roots = await calls.getRows(
        env,
        '__all__',
        {
          filters: [
            { column: TRACE_ID, op: 'in', value: [...found.keys()] },
            { column: PARENT_ID, op: 'does-not-exist' },
            { column: 'duration_ms', op: 'exists' },
          ],
          filter_combination: 'AND',
          // A root may have begun well before the event that matched.
          start_time_ns: String(BigInt(start - 3600) * 1_000_000_000n),
          end_time_ns: String(BigInt(end + 3600) * 1_000_000_000n),
          limit: 1000,
          before: null,
        },
        'definition',
        signal,
      );
      for (const row of roots.rows) {
        const trace = found.get(String(row.data[TRACE_ID]));
        if (!trace) continue;
        trace.row = row;
        trace.duration = Number(row.data['duration_ms'] ?? trace.duration);
      }
      return [...found.values()].sort((a, b) => b.duration - a.duration).slice(0, TRACES_SHOWN);
    },
    staleTime: Infinity,
    retry: false,
  });

export const historyOptions = (env: string, filter: calls.HistoryFilter) =>
  queryOptions({
    queryKey: ['history', env, JSON.stringify(filter)],
    queryFn: ({ signal }) => calls.getHistory(env, filter, signal),
    staleTime: 2_000,
    placeholderData: keepPreviousData,
  });

export const historySettingsOptions = (env: string) =>
  queryOptions({
    queryKey: ['history-settings', env],
    queryFn: ({ signal }) => calls.getHistorySettings(env, signal),
    retry: false,
  });

/** Events that a page shows by itself, by the definitions of their datasets. */
export const rowsOptions = (env: string, dataset: string, body: calls.RowsBody) =>
  queryOptions({
    queryKey: ['rows-aside', env, dataset, JSON.stringify(body)],
    queryFn: ({ signal }) => calls.getRows(env, dataset, body, 'definition', signal),
    staleTime: 30_000,
    retry: false,
  });
