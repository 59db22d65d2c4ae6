// The private API under /api/, one function per endpoint. What goes in and out is typed by schema.d.ts; where the server says only
// "any value", the words of model/ stand for it.
import type { BubbleAnswer, BubbleRequest } from '../model/bubble-up';
import type { Metric } from '../model/metrics';
import type { Filter, QuerySpec, Scalar } from '../model/query-spec';
import type { EventRow, QueryAnswer } from '../model/result';
import type { TraceAnswer } from '../model/trace-table';
import { answerOf, server } from './http';
import type { components } from './schema';

type Schemas = components['schemas'];
export type Session = Schemas['Session'];
export type Dataset = Schemas['HeldDataset'];
export type Column = Schemas['Column'];
export type CreatedKey = Schemas['MadeKey'];
export type PastRun = Omit<Schemas['PastRun'], 'query'> & { query: QuerySpec };
export type Marker = Schemas['Marker'];
export type NewMarker = Schemas['MarkerValues'];
export type QueryName = Schemas['QueryAnnotation'];
export type Board = Schemas['Board'];
export type NewBoard = Schemas['NewBoard'];
export type BoardView = Schemas['BoardView'];
export type RunningQuery = Schemas['RunningQuery'];
export type ExpressionFunction = Schemas['ExpressionFunction'];

/** What the names of columns stand for; `result`: the definition says it of what is grouped by and calculated, not of filters and fields. */
export type By = 'name' | 'result' | 'definition';
const MEANT = { name: {}, result: { by_definition: 'result' }, definition: { by_definition: 'true' } } as const;
export interface RowsBody {
  filters: Filter[];
  filter_combination: 'AND' | 'OR';
  start_time_ns?: string;
  end_time_ns?: string;
  time_range?: number;
  granularity?: number;
  limit: number;
  before: string | null;
}
export interface RowsAnswer {
  rows: EventRow[];
  next: string | null;
}
type Signal = AbortSignal | undefined;

export const getSession = (signal?: Signal): Promise<Session> => answerOf(server.GET('/api/session', { signal }));
export const signIn = (email: string, password: string): Promise<Session> =>
  answerOf(server.POST('/api/session', { body: { email, password } }));
export const signOut = () => answerOf(server.DELETE('/api/session'));

export const createKey = (env: string, name: string): Promise<CreatedKey> =>
  answerOf(server.POST('/api/environments/{env}/keys', { params: { path: { env } }, body: { name } }));
export const getGateways = (env: string, signal?: Signal): Promise<{ gateways: string[] }> =>
  answerOf(server.GET('/api/environments/{env}/service-map', { params: { path: { env } }, signal }));
export const putGateways = (env: string, gateways: string[]): Promise<{ gateways: string[] }> =>
  answerOf(server.PUT('/api/environments/{env}/service-map', { params: { path: { env } }, body: { gateways } }));
/** A token with which whoever has the link sees the picture of a result. */
export const getPicture = (env: string, id: string): Promise<{ token: string }> =>
  answerOf(server.GET('/api/environments/{env}/results/{id}/picture', { params: { path: { env, id } } }));
export const getOnboarding = (env: string, service: string, signal?: Signal) =>
  answerOf(server.GET('/api/environments/{env}/onboarding', { params: { path: { env }, query: { service } }, signal }));

export const getDatasets = (env: string, signal?: Signal): Promise<Dataset[]> =>
  answerOf(server.GET('/api/environments/{env}/datasets', { params: { path: { env } }, signal }));
export const getColumns = (env: string, dataset: string, prefix: string, limit: number, signal?: Signal) =>
  answerOf(
    server.GET('/api/environments/{env}/datasets/{dataset}/columns', {
      params: { path: { env, dataset }, query: { prefix, limit } },
      signal,
    }),
  );
/** The metrics of a dataset, whatever its type. */
export const getMetrics = (env: string, dataset: string, signal?: Signal): Promise<{ metrics: Metric[] }> =>
  answerOf(
    server.GET('/api/environments/{env}/datasets/{dataset}/metrics', { params: { path: { env, dataset } }, signal }),
  );
/** The columns that a metric has lately come with. */
export const getAttributes = (env: string, dataset: string, metric: string, signal?: Signal) =>
  answerOf(
    server.GET('/api/environments/{env}/datasets/{dataset}/metrics/{column_name}/attributes', {
      params: { path: { env, dataset, column_name: metric } },
      signal,
    }),
  );
/** The commonest values of a column, those that begin with `prefix`. */
export const getValues = (
  env: string,
  dataset: string,
  column: string,
  prefix: string,
  timeRange: number,
  signal?: Signal,
) =>
  answerOf(
    server.GET('/api/environments/{env}/datasets/{dataset}/columns/{column_name}/values', {
      params: { path: { env, dataset, column_name: column }, query: { prefix, limit: 20, time_range: timeRange } },
      signal,
    }),
  ) as Promise<{ values: { value: Scalar; count: number }[] }>;
export const getFunctions = (env: string, signal?: Signal) =>
  answerOf(server.GET('/api/environments/{env}/calculated-field/functions', { params: { path: { env } }, signal }));

export const runQuery = (env: string, dataset: string, spec: QuerySpec, signal?: Signal) =>
  answerOf(
    server.POST('/api/environments/{env}/datasets/{dataset}/query', {
      params: { path: { env, dataset } },
      body: spec,
      signal,
    }),
  ) as Promise<QueryAnswer>;
/**
 * The same for a page that asks by itself: nothing is kept and the history does not show it. `by` says whether columns are those of these
 * names, or whatever has their meaning by the definition of each dataset.
 */
export const peek = async (
  env: string,
  dataset: string,
  spec: QuerySpec,
  by: By,
  signal?: Signal,
): Promise<QueryAnswer> => {
  const answer = (await answerOf(
    server.POST('/api/environments/{env}/datasets/{dataset}/query', {
      params: { path: { env, dataset }, query: { keep: false, ...MEANT[by] } },
      body: spec,
      signal,
    }),
  )) as Omit<QueryAnswer, 'query'>;
  return { ...answer, query: spec };
};
export const getResult = (env: string, id: string, signal?: Signal) =>
  answerOf(server.GET('/api/environments/{env}/results/{id}', { params: { path: { env, id } }, signal })) as Promise<
    QueryAnswer & { dataset: string | null }
  >;
export const getQuery = (env: string, dataset: string, id: string, signal?: Signal) =>
  answerOf(
    server.GET('/api/environments/{env}/datasets/{dataset}/queries/{id}', {
      params: { path: { env, dataset, id } },
      signal,
    }),
  ) as Promise<QuerySpec>;
export const getRunning = (env: string, signal?: Signal) =>
  answerOf(server.GET('/api/environments/{env}/queries/running', { params: { path: { env } }, signal }));

export interface HistoryFilter {
  mine?: boolean;
  name?: string;
  column?: string;
  person?: string;
  dataset?: string;
  start_time?: number;
  end_time?: number;
  limit?: number;
  after?: string;
}
export const getHistory = (env: string, filter: HistoryFilter, signal?: Signal) =>
  answerOf(
    server.GET('/api/environments/{env}/history', { params: { path: { env }, query: filter }, signal }),
  ) as Promise<{ runs: PastRun[]; next: string | null }>;

/** Whether one's runs are hidden from the team; administrators see them all the same. */
export const getHistorySettings = (env: string, signal?: Signal) =>
  answerOf(server.GET('/api/environments/{env}/history/settings', { params: { path: { env } }, signal }));
export const saveHistorySettings = (env: string, hidden: boolean) =>
  answerOf(server.PUT('/api/environments/{env}/history/settings', { params: { path: { env } }, body: { hidden } }));

export const getRows = (env: string, dataset: string, body: RowsBody, by: Exclude<By, 'result'>, signal?: Signal) =>
  answerOf(
    server.POST('/api/environments/{env}/datasets/{dataset}/rows', {
      params: { path: { env, dataset }, query: MEANT[by] },
      body,
      signal,
    }),
  ) as Promise<RowsAnswer>;
export const getTrace = (
  env: string,
  traceId: string,
  query: { start?: number; end?: number; around?: string },
  signal?: Signal,
) =>
  answerOf(
    server.GET('/api/environments/{env}/traces/{trace_id}/columns', {
      params: { path: { env, trace_id: traceId }, query },
      signal,
    }),
  ) as Promise<TraceAnswer>;
export const getBubbleUp = (env: string, dataset: string, body: BubbleRequest, signal?: Signal) =>
  answerOf(
    server.POST('/api/environments/{env}/datasets/{dataset}/bubble-up', {
      params: { path: { env, dataset } },
      body,
      signal,
    }),
  ) as Promise<BubbleAnswer>;
/** Where a browser downloads the events of a window, the oldest first. */
export function exportHref(
  env: string,
  dataset: string,
  format: 'csv' | 'ndjson' | 'parquet',
  body: Pick<RowsBody, 'filters' | 'filter_combination'> & { start: number; end: number },
): string {
  const search = new URLSearchParams({
    format,
    start: String(Math.floor(body.start)),
    end: String(Math.ceil(body.end)),
    filters: JSON.stringify(body.filters),
    filter_combination: body.filter_combination,
  });
  return `/api/environments/${encodeURIComponent(env)}/datasets/${encodeURIComponent(dataset)}/export?${search.toString()}`;
}

export const getMarkers = (env: string, dataset: string, signal?: Signal): Promise<Marker[]> =>
  answerOf(
    server.GET('/api/environments/{env}/datasets/{dataset}/markers', { params: { path: { env, dataset } }, signal }),
  );
export const createMarker = (env: string, dataset: string, body: NewMarker): Promise<Marker> =>
  answerOf(
    server.POST('/api/environments/{env}/datasets/{dataset}/markers', { params: { path: { env, dataset } }, body }),
  );
export const deleteMarker = (env: string, dataset: string, id: string) =>
  answerOf(
    server.DELETE('/api/environments/{env}/datasets/{dataset}/markers/{id}', {
      params: { path: { env, dataset, id } },
    }),
  );

export const getNames = (env: string, dataset: string, signal?: Signal): Promise<QueryName[]> =>
  answerOf(
    server.GET('/api/environments/{env}/datasets/{dataset}/query-annotations', {
      params: { path: { env, dataset }, query: { include_board_annotations: 'true' } },
      signal,
    }),
  );
export const nameQuery = (
  env: string,
  dataset: string,
  body: { name: string; description?: string; query_id: string; source?: 'query' | 'board' },
): Promise<QueryName> =>
  answerOf(
    server.POST('/api/environments/{env}/datasets/{dataset}/query-annotations', {
      params: { path: { env, dataset } },
      body,
    }),
  );

export const getBoards = (env: string, signal?: Signal): Promise<Board[]> =>
  answerOf(server.GET('/api/environments/{env}/boards', { params: { path: { env } }, signal }));
export const getBoard = (env: string, id: string, signal?: Signal): Promise<Board> =>
  answerOf(server.GET('/api/environments/{env}/boards/{id}', { params: { path: { env, id } }, signal }));
export const createBoard = (env: string, body: NewBoard): Promise<Board> =>
  answerOf(server.POST('/api/environments/{env}/boards', { params: { path: { env } }, body }));
const putBoard = (env: string, id: string, body: NewBoard): Promise<Board> =>
  answerOf(server.PUT('/api/environments/{env}/boards/{id}', { params: { path: { env, id } }, body }));
/** Saves all of a board but who sees it: what one loaded of that may be old by now. */
export const saveBoard = (env: string, id: string, board: Board | NewBoard): Promise<Board> =>
  putBoard(env, id, { ...board, sharing: undefined } as NewBoard);
/** Changes who sees a board; all else stays as it is now, whatever one has loaded. */
export const shareBoard = async (env: string, id: string, sharing: NewBoard['sharing']): Promise<Board> =>
  putBoard(env, id, { ...(await getBoard(env, id)), sharing } as NewBoard);
export const deleteBoard = (env: string, id: string) =>
  answerOf(server.DELETE('/api/environments/{env}/boards/{id}', { params: { path: { env, id } } }));
export const getBoardViews = (env: string, id: string, signal?: Signal): Promise<BoardView[]> =>
  answerOf(server.GET('/api/environments/{env}/boards/{id}/views', { params: { path: { env, id } }, signal }));
export const createBoardView = (env: string, id: string, body: Schemas['NewBoardView']): Promise<BoardView> =>
  answerOf(server.POST('/api/environments/{env}/boards/{id}/views', { params: { path: { env, id } }, body }));
export const deleteBoardView = (env: string, id: string, view: string) =>
  answerOf(server.DELETE('/api/environments/{env}/boards/{id}/views/{view}', { params: { path: { env, id, view } } }));
export const getSlo = (env: string, id: string, signal?: Signal): Promise<Schemas['Slo']> =>
  answerOf(
    server.GET('/api/environments/{env}/datasets/{dataset}/slos/{id}', {
      params: { path: { env, dataset: '__all__', id }, query: { detailed: 'true' } },
      signal,
    }),
  );
