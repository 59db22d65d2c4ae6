// The private API under /api/, one function per endpoint.
import type { ColumnType, Filter, QuerySpec, Scalar } from '../model/query-spec';
import type { EventRow, QueryAnswer, QueryStats } from '../model/result';
import { call } from './http';

export interface Session {
  version: string;
  dev: boolean;
  user: { email: string; name: string } | null;
  team: { name: string; slug: string } | null;
  environments: { name: string; slug: string }[];
  origin: string;
  grpc: string | null;
  otlp_http: string | null;
}
export interface Dataset {
  name: string;
  slug: string;
  created_at: string;
  last_written_at: string | null;
  event_count: number;
  column_count: number;
  stored_bytes: number;
}
export interface Column {
  id: string;
  key_name: string;
  type: ColumnType;
  description: string;
  hidden: boolean;
  last_written: string | null;
  created_at: string;
}
export interface CreatedKey {
  id: string;
  name: string;
  key: string;
  kind: string;
}
export interface Onboarding {
  received: { events: number; last_dataset: string | null };
}
export interface RowsBody {
  filters: Filter[];
  filter_combination: 'AND' | 'OR';
  start_time_ns?: string;
  end_time_ns?: string;
  time_range?: number;
  limit: number;
  before: string | null;
}
export interface RowsAnswer {
  rows: EventRow[];
  next: string | null;
  stats?: QueryStats;
}
export interface TraceAnswer {
  trace_id: string;
  total_rows: number;
  rows: EventRow[];
}

const path = (...parts: string[]): string => `/api/${parts.map(encodeURIComponent).join('/')}`;
function withParams(base: string, params: Record<string, string | number | undefined>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(params))
    if (value !== undefined && value !== '') search.set(key, String(value));
  const text = search.toString();
  return text === '' ? base : `${base}?${text}`;
}

export const getSession = (signal?: AbortSignal) => call<Session>('GET', '/api/session', { signal });
export const signIn = (email: string, password: string) =>
  call<Session>('POST', '/api/session', { body: { email, password } });
export const signOut = () => call<void>('DELETE', '/api/session');

export const createKey = (env: string, name: string) =>
  call<CreatedKey>('POST', path('environments', env, 'keys'), { body: { name } });
export const getOnboarding = (env: string, signal?: AbortSignal) =>
  call<Onboarding>('GET', path('environments', env, 'onboarding'), { signal });

export const getDatasets = (env: string, signal?: AbortSignal) =>
  call<Dataset[]>('GET', path('environments', env, 'datasets'), { signal });
export const getColumns = (env: string, dataset: string, prefix: string, limit: number, signal?: AbortSignal) =>
  call<{ columns: Column[]; total: number }>(
    'GET',
    withParams(path('environments', env, 'datasets', dataset, 'columns'), { prefix, limit }),
    { signal },
  );
export const getValues = (
  env: string,
  dataset: string,
  column: string,
  prefix: string,
  timeRange: number,
  signal?: AbortSignal,
) =>
  call<{ values: { value: Scalar; count: number }[] }>(
    'GET',
    withParams(path('environments', env, 'datasets', dataset, 'columns', column, 'values'), {
      prefix,
      limit: 20,
      time_range: timeRange,
    }),
    { signal },
  );
export const runQuery = (env: string, dataset: string, spec: QuerySpec, signal?: AbortSignal) =>
  call<QueryAnswer>('POST', path('environments', env, 'datasets', dataset, 'query'), { body: spec, signal });
/** The same for a page that asks by itself: nothing is kept and the history does not show it. */
export const peek = async (
  env: string,
  dataset: string,
  spec: QuerySpec,
  signal?: AbortSignal,
): Promise<QueryAnswer> => {
  const url = `${path('environments', env, 'datasets', dataset, 'query')}?keep=false`;
  return { ...(await call<QueryAnswer>('POST', url, { body: spec, signal })), query: spec };
};
export const getResult = (env: string, id: string, signal?: AbortSignal) =>
  call<QueryAnswer & { dataset: string }>('GET', path('environments', env, 'results', id), { signal });
export const getRows = (env: string, dataset: string, body: RowsBody, signal?: AbortSignal) =>
  call<RowsAnswer>('POST', path('environments', env, 'datasets', dataset, 'rows'), { body, signal });
export const getTrace = (
  env: string,
  traceId: string,
  start: number | undefined,
  end: number | undefined,
  signal?: AbortSignal,
) => call<TraceAnswer>('GET', withParams(path('environments', env, 'traces', traceId), { start, end }), { signal });
