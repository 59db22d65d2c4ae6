// What is fetched, under which key it is kept, and for how long: the options every screen passes to useQuery.
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { QuerySpec } from '../model/query-spec';
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

export const valuesOptions = (env: string, dataset: string, column: string, prefix: string, timeRange: number) =>
  queryOptions({
    queryKey: ['values', env, dataset, column, prefix, timeRange],
    queryFn: ({ signal }) => calls.getValues(env, dataset, column, prefix, timeRange, signal),
    staleTime: 30_000,
    retry: false,
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

export const onboardingOptions = (env: string) =>
  queryOptions({
    queryKey: ['onboarding', env],
    queryFn: ({ signal }) => calls.getOnboarding(env, signal),
    refetchInterval: 1500,
    refetchIntervalInBackground: true,
    retry: false,
  });

/** What a page asks by itself; asked again every `every` ms when that is given. */
export const peekOptions = (env: string, dataset: string, spec: QuerySpec, every?: number) =>
  queryOptions({
    queryKey: ['peek', env, dataset, JSON.stringify(spec)],
    queryFn: ({ signal }) => calls.peek(env, dataset, spec, signal),
    staleTime: 60_000,
    refetchInterval: every ?? false,
    retry: false,
    placeholderData: keepPreviousData,
  });
