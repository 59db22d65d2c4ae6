// Who calls whom, from the spans that a query's filters and times let through: rate, errors and P95 of each service and each call.
import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { layoutGraph, type GraphLayout } from '../../api/layout-client';
import { peekOptions } from '../../api/options';
import { numberText } from '../../model/format';
import { filterText, parseFilter, type QuerySpec } from '../../model/query-spec';
import { edgesSpec, isolate, nodesSpec, serviceMap, SERVICES_MAX, type ServiceMap } from '../../model/services';
import { rangeSeconds, rangeText, spanText } from '../../model/time-range';
import type { MapSearch } from '../../model/url-state';
import { Button, Empty, ErrorBox, IconButton, Progress, Skeleton } from '../../widgets/basic';
import { useUtc } from '../../widgets/prefs';
import { datasetPath, environmentPath, usePlace, useSetSearch, useTypedSearch } from '../../widgets/route';
import { Link } from '../../widgets/Link';
import { Graph, NODE_HEIGHT, NODE_WIDTH } from './Graph';
import css from './map.module.css';
import { Panel } from './Panel';

const RANGES = [900, 3600, 7200, 28_800, 86_400];
const DEFAULT_RANGE = 3600;

export default function MapPage() {
  const place = usePlace();
  const utc = useUtc();
  const search = useTypedSearch<MapSearch>();
  const setSearch = useSetSearch<MapSearch>();
  const spec: QuerySpec = useMemo(() => {
    const { filters, filter_combination, start_time, end_time, time_range } = search.query ?? {};
    const isAbsolute = start_time !== undefined || end_time !== undefined;
    return {
      filters,
      filter_combination,
      ...(isAbsolute ? { start_time, end_time } : { time_range: time_range ?? DEFAULT_RANGE }),
    };
  }, [search.query]);
  // The filters of the map itself are joined by AND; a query of alternatives can't be put among them.
  const isAlternative = spec.filter_combination === 'OR' && (spec.filters?.length ?? 0) > 1;
  const nodes = useQuery({ ...peekOptions(place.env, '__all__', nodesSpec(spec)), enabled: !isAlternative });
  const edges = useQuery({ ...peekOptions(place.env, '__all__', edgesSpec(spec)), enabled: !isAlternative });
  const whole = useMemo(
    () => (nodes.data && edges.data ? serviceMap(nodes.data, edges.data) : null),
    [nodes.data, edges.data],
  );
  const chosen = search.service;
  const map = useMemo(
    () => (whole && chosen !== undefined && search.isolate ? isolate(whole, chosen) : whole),
    [whole, chosen, search.isolate],
  );
  const layout = useLayout(map);
  const seconds = rangeSeconds(spec);
  const change = (more: Partial<QuerySpec>) => setSearch({ query: { ...spec, ...more } });
  const error = nodes.error ?? edges.error;
  const count = map?.nodes.length ?? 0;

  return (
    <div className={css.page} data-testid="map" data-state={layout ? 'ready' : 'loading'}>
      <header className={css.head}>
        <h1>Service map</h1>
        <ul className={css.filters} aria-label="Filters">
          {spec.filters?.map((filter, i) => (
            <li key={i}>
              <span className="mono">{filterText(filter)}</span>
              <IconButton
                label={`Remove ${filterText(filter)}`}
                onClick={() => change({ filters: spec.filters?.filter((_, k) => k !== i) })}
              >
                <X size={12} />
              </IconButton>
            </li>
          ))}
        </ul>
        <FilterInput onFilter={(filter) => change({ filters: [...(spec.filters ?? []), filter] })} />
        <select
          aria-label="Time range"
          value={spec.time_range ?? 'fixed'}
          onChange={(e) => change({ time_range: Number(e.target.value), start_time: undefined, end_time: undefined })}
        >
          {spec.time_range === undefined && <option value="fixed">{rangeText(spec, utc)}</option>}
          {[...new Set([...RANGES, spec.time_range ?? DEFAULT_RANGE])]
            .sort((a, b) => a - b)
            .map((s) => (
              <option key={s} value={s}>
                last {spanText(s)}
              </option>
            ))}
        </select>
      </header>
      <Progress active={nodes.isFetching || edges.isFetching} />
      {isAlternative && (
        <Empty title="The query’s filters are alternatives (OR), which the map cannot join with its own">
          <Button onClick={() => change({ filters: [], filter_combination: undefined })}>Map without filters</Button>
        </Empty>
      )}
      {error && (
        <ErrorBox
          what="The map could not be computed"
          error={error}
          onRetry={() => void Promise.all([nodes.refetch(), edges.refetch()])}
        />
      )}
      {!error && !isAlternative && !map && <Skeleton lines={10} />}
      {map && count === 0 && (
        <Empty title="No spans with a service name in this time">
          <Link to={environmentPath(place, '/send-data')}>Send data</Link>
        </Empty>
      )}
      {map && count > SERVICES_MAX && (
        <Empty title={`${numberText(count)} services are more than the ${SERVICES_MAX} that a map can show`}>
          Add a filter, or choose a service in the list and isolate it.
        </Empty>
      )}
      {map && count > 0 && (
        <div className={css.split}>
          <div className={css.canvas}>
            {layout && count <= SERVICES_MAX && (
              <Graph
                map={layout.map}
                layout={layout.layout}
                seconds={seconds}
                chosen={chosen}
                onChoose={(service) => setSearch({ service, ...(service === undefined ? { isolate: undefined } : {}) })}
              />
            )}
          </div>
          <Panel
            map={whole!}
            seconds={seconds}
            spec={spec}
            chosen={chosen}
            isIsolated={search.isolate === true}
            place={place}
            onChoose={(service) => setSearch({ service, ...(service === undefined ? { isolate: undefined } : {}) })}
            onIsolate={(is) => setSearch({ isolate: is || undefined })}
            queryPath={datasetPath(place, '__all__')}
          />
        </div>
      )}
    </div>
  );
}

function FilterInput({ onFilter }: { onFilter: (filter: NonNullable<QuerySpec['filters']>[number]) => void }) {
  const [text, setText] = useState('');
  const [isWrong, setWrong] = useState(false);
  return (
    <form
      className={css.filterForm}
      onSubmit={(e) => {
        e.preventDefault();
        const filter = parseFilter(text, () => undefined);
        setWrong(filter === null);
        if (filter) {
          onFilter(filter);
          setText('');
        }
      }}
    >
      <input
        aria-label="Add a filter"
        aria-invalid={isWrong || undefined}
        className="mono"
        placeholder="filter: cloud.region = eu-west-1"
        spellCheck={false}
        value={text}
        onChange={(e) => {
          setText(e.target.value);
          setWrong(false);
        }}
      />
    </form>
  );
}

/** The layout of a map, kept together with the map it is of; the one before stays until it is there. */
function useLayout(map: ServiceMap | null) {
  const [state, setState] = useState<{ map: ServiceMap; layout: GraphLayout } | null>(null);
  useEffect(() => {
    if (!map || map.nodes.length === 0 || map.nodes.length > SERVICES_MAX) return;
    const abort = new AbortController();
    void layoutGraph(
      {
        nodes: map.nodes.map((n) => n.name),
        edges: map.edges.map((e) => [e.from, e.to]),
        width: NODE_WIDTH,
        height: NODE_HEIGHT,
      },
      abort.signal,
    ).then((layout) => {
      if (!abort.signal.aborted) setState({ map, layout });
    });
    return () => abort.abort();
  }, [map]);
  return map ? state : null;
}
