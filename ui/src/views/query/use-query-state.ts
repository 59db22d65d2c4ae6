// The query of this screen: what stands in the builder (the URL) and what was run last (this page's memory).
import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { suggestionsOptions } from '../../api/manage';
import { datasetsOptions, queryOptionsOf, resultOptions } from '../../api/options';
import { isUnasked, withFollowed } from '../../model/metrics';
import { prune, tidy, type QuerySpec } from '../../model/query-spec';
import type { QuerySearch } from '../../model/url-state';
import { datasetPath, useGo, useHistory, usePlace, useTypedSearch } from '../../widgets/route';

const EMPTY: QuerySpec = {};
const textOf = (spec: QuerySpec) => JSON.stringify(tidy(spec));

export function useQueryState() {
  const place = usePlace();
  const search = useTypedSearch<QuerySearch>();
  const go = useGo();
  const history = useHistory();
  const stored = useQuery({ ...resultOptions(place.env, place.result ?? ''), enabled: place.result !== undefined });
  const dataset = place.dataset ?? stored.data?.dataset ?? '__all__';

  // Without a query of its own the page begins with that of the dataset, if people gave it one.
  const isBare = search.query === undefined && search.query_error === undefined && place.result === undefined;
  const offered = useQuery({
    ...suggestionsOptions(place.env, dataset),
    enabled: isBare && dataset !== '__all__',
    retry: false,
  });
  const begin = offered.data?.query ?? EMPTY;
  const draft = search.query ?? stored.data?.query ?? begin;
  const latest = useRef({ draft, search, isBare });
  useEffect(() => {
    latest.current = { draft, search, isBare };
  });

  // A link runs when it is opened; edits wait for Run; Back shows the query it leads to.
  // Without a spec it is what the page began with.
  const [ran, setRan] = useState<{ dataset: string; spec?: QuerySpec; run: number }>({
    dataset,
    spec: isBare ? undefined : draft,
    run: 0,
  });
  const asked = ran.spec ?? begin;
  const isStored = place.result !== undefined && search.query === undefined;
  useEffect(
    () =>
      history.subscribe(({ action }) => {
        if (action.type !== 'BACK' && action.type !== 'FORWARD' && action.type !== 'GO') return;
        // The search of this event arrives with the next render.
        setTimeout(
          () =>
            setRan((old) =>
              old.spec && textOf(old.spec) === textOf(latest.current.draft)
                ? old
                : { ...old, spec: latest.current.isBare ? undefined : latest.current.draft },
            ),
          0,
        );
      }),
    [history],
  );
  if (ran.dataset !== dataset) setRan({ dataset, spec: isBare ? undefined : draft, run: 0 });

  // Of metrics nothing is asked before one is chosen; of what type the dataset is decides only where nothing is.
  const datasets = useQuery(datasetsOptions(place.env));
  const isOpen = !isStored && dataset !== '__all__' && isUnasked(asked);
  const needsMetric = isOpen && datasets.data?.find((d) => d.slug === dataset)?.dataset_type === 'metrics';
  const isWaiting = offered.isLoading || (isOpen && datasets.isLoading);
  const fresh = useQuery({
    ...queryOptionsOf(place.env, dataset, asked, ran.run),
    enabled: !isStored && search.query_error === undefined && !isWaiting && !needsMetric,
  });
  const active = isStored ? stored : fresh;

  const path = datasetPath(place, dataset);
  /** Puts another query into the builder, as a step that Back undoes. */
  const edit = useCallback(
    (next: QuerySpec, options: { run?: boolean; search?: Partial<QuerySearch> } = {}) => {
      const spec = prune(withFollowed(next));
      const old = latest.current;
      const { behind: _b, bubble: _u, query_error: _e, ...kept } = old.search;
      const nextSearch: QuerySearch = { ...kept, ...options.search, query: spec };
      latest.current = { draft: spec, search: nextSearch, isBare: false };
      if (textOf(spec) !== textOf(old.draft) || options.search || old.search.query_error) go(path, nextSearch);
      if (options.run) setRan((r) => ({ ...r, spec, run: r.run + 1 }));
    },
    [go, path],
  );
  const run = useCallback(() => {
    const spec = prune(latest.current.draft);
    const { behind, bubble, query_error: _e, ...kept } = latest.current.search;
    // Where a result of before was narrowed to a point, the new one is not.
    if (behind || bubble || place.result !== undefined) go(path, { ...kept, query: spec });
    setRan((r) => ({ ...r, spec, run: r.run + 1 }));
  }, [go, path, place.result]);

  return {
    place,
    dataset,
    search,
    draft,
    edit,
    run,
    answer: needsMetric ? undefined : active.data,
    error: needsMetric ? null : active.error,
    isRunning: active.isFetching || isWaiting,
    needsMetric,
    isPrevious: !isStored && fresh.isPlaceholderData,
    isEdited: !isStored && textOf(asked) !== textOf(draft),
    isStored,
    cancelKey: isStored
      ? resultOptions(place.env, place.result ?? '').queryKey
      : queryOptionsOf(place.env, dataset, asked, ran.run).queryKey,
  };
}
export type QueryState = ReturnType<typeof useQueryState>;
