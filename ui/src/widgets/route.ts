// Where we are and how to go elsewhere, typed once for all screens. The routes are data (views/index.ts), so the router's own
// path types do not apply; this file holds the only untyped calls.
import type { RouterHistory } from '@tanstack/react-router';
import { useNavigate, useParams, useRouter, useRouterState, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { stringifySearch } from '../model/url-state';

export interface Place {
  team: string;
  env: string;
  dataset?: string;
  result?: string;
}
export type Search = Record<string, unknown>;

export const usePlace = (): Place => useParams({ strict: false }) as unknown as Place;
export const useTypedSearch = <T extends object>(): T => useSearch({ strict: false }) as T;

/** The path below `/team/environments/env`. */
export const environmentPath = (place: Pick<Place, 'team' | 'env'>, rest = ''): string =>
  `/${encodeURIComponent(place.team)}/environments/${encodeURIComponent(place.env)}${rest}`;
export const datasetPath = (place: Pick<Place, 'team' | 'env'>, dataset: string, rest = ''): string =>
  environmentPath(place, `/datasets/${encodeURIComponent(dataset)}${rest}`);
export const hrefOf = (path: string, search: object = {}): string => path + stringifySearch(search as Search);

export function useGo() {
  const navigate = useNavigate();
  return useCallback(
    (path: string, search: object = {}, options: { replace?: boolean } = {}) =>
      void navigate({ to: path, search, replace: options.replace, resetScroll: false } as never),
    [navigate],
  );
}
/** Changes search parameters of the present screen. */
export function useSetSearch<T extends object>() {
  const navigate = useNavigate();
  return useCallback(
    (change: Partial<T> | ((old: T) => Partial<T>), options: { replace?: boolean } = {}) =>
      void navigate({
        to: '.',
        search: (old: T) => ({ ...old, ...(typeof change === 'function' ? change(old) : change) }),
        replace: options.replace,
        resetScroll: false,
      } as never),
    [navigate],
  );
}
export const usePathname = (): string => useRouterState({ select: (s) => s.location.pathname });
export const useHistory = (): RouterHistory => (useRouter() as unknown as { history: RouterHistory }).history;
