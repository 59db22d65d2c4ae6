// Who calls whom, from the spans that a query's filters and times let through: rate, errors and P95 of each service and each call.
import { useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { ArrowLeft, ArrowRight, RotateCw, X } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import { putGateways } from '../../api/calls';
import { gatewaysOptions, meantOptions } from '../../api/options';
import { useGraphLayout } from '../../api/use-layout';
import { countText, numberText } from '../../model/format';
import { filterText, parseFilter, type QuerySpec } from '../../model/query-spec';
import {
  behindSpec,
  callersOf,
  edgesSpec,
  groupSmallest,
  hasText,
  isolate,
  nodesSpec,
  NODES_MAX,
  passThrough,
  rateOf,
  remotesSpec,
  serviceMap,
  SERVICES_MAX,
  withClients,
} from '../../model/services';
import { rangeSeconds, rangeText, spanText } from '../../model/time-range';
import type { MapSearch } from '../../model/url-state';
import { Button, Empty, ErrorBox, IconButton, Progress, Skeleton } from '../../widgets/basic';
import { useUtc } from '../../widgets/prefs';
import { datasetPath, environmentPath, usePlace, useSetSearch, useTypedSearch } from '../../widgets/route';
import { Link } from '../../widgets/Link';
import { ServiceGraph } from '../../result/ServiceGraph';
import css from './map.module.css';
import { Panel } from './Panel';

const RANGES = [900, 3600, 7200, 28_800, 86_400];
const DEFAULT_RANGE = 3600;
/** Each service that calls a gateway costs a query; those beyond call the gateway itself. */
const CALLERS_MAX = 20;
const SELECTIONS_MAX = 100;

/** The declared gateways, and how to declare others. */
export interface GatewayList {
  list: readonly string[];
  error: Error | null;
  set: (list: string[]) => void;
}
const NO_GATEWAYS: readonly string[] = [];
function useGateways(env: string): GatewayList {
  const client = useQueryClient();
  const known = useQuery(gatewaysOptions(env));
  const change = useMutation({
    mutationFn: (list: string[]) => putGateways(env, list),
    onSuccess: (answer) => client.setQueryData(gatewaysOptions(env).queryKey, answer),
  });
  return { list: known.data?.gateways ?? NO_GATEWAYS, error: change.error, set: (list) => change.mutate(list) };
}

interface Selection {
  service: string | undefined;
  calls: string | undefined;
}
/** What was chosen one after another while the page is open, and the neighbours of what is chosen now. */
function useSelections(now: Selection): { back?: Selection; forward?: Selection } {
  const [{ list, at }, setList] = useState({ list: [now], at: 0 });
  const isSame = (one?: Selection) => one !== undefined && one.service === now.service && one.calls === now.calls;
  if (!isSame(list[at])) {
    if (isSame(list[at - 1])) setList({ list, at: at - 1 });
    else if (isSame(list[at + 1])) setList({ list, at: at + 1 });
    else
      setList({
        list: [...list.slice(0, at + 1), now].slice(-SELECTIONS_MAX),
        at: Math.min(at + 1, SELECTIONS_MAX - 1),
      });
  }
  return { back: list[at - 1], forward: list[at + 1] };
}

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
  const client = useQueryClient();
  const nodes = useQuery({ ...meantOptions(place.env, '__all__', nodesSpec(spec)), enabled: !isAlternative });
  const edges = useQuery({ ...meantOptions(place.env, '__all__', edgesSpec(spec)), enabled: !isAlternative });
  const remotes = useQuery({
    ...meantOptions(place.env, '__all__', remotesSpec(spec)),
    enabled: !isAlternative && search.clients === true,
  });
  const gateways = useGateways(place.env);
  const plain = useMemo(
    () => (nodes.data && edges.data ? serviceMap(nodes.data, edges.data) : null),
    [nodes.data, edges.data],
  );
  const callers = useMemo(
    () => (plain && !search.gateways ? callersOf(plain, gateways.list).slice(0, CALLERS_MAX) : []),
    [plain, gateways.list, search.gateways],
  );
  const behind = useQueries({
    queries: callers.map((caller) => meantOptions(place.env, '__all__', behindSpec(spec, gateways.list, caller))),
    combine: (answers) => ({
      answers: answers.map((answer) => answer.data),
      error: answers.find((answer) => answer.error)?.error ?? null,
      isFetching: answers.some((answer) => answer.isFetching),
    }),
  });
  // X-Ray's picture of the same data has who calls from outside, and what is called there.
  const whole = useMemo(() => {
    if (!plain || !nodes.data || !edges.data) return null;
    const own = search.clients ? serviceMap(nodes.data, edges.data, remotes.data) : plain;
    const known = new Map(callers.flatMap((caller, at) => (behind.answers[at] ? [[caller, behind.answers[at]]] : [])));
    const passed = known.size > 0 && known.size === callers.length ? passThrough(own, gateways.list, known) : own;
    return search.clients ? withClients(passed) : passed;
  }, [plain, nodes.data, edges.data, remotes.data, search.clients, callers, behind, gateways.list]);
  const chosen = search.service;
  const { named } = search;
  const wanted = useMemo(
    () => (whole && named !== undefined ? isolate(whole, (name) => hasText(name, named)) : whole),
    [whole, named],
  );
  const isolated = useMemo(
    () => (wanted && chosen !== undefined && search.isolate ? isolate(wanted, (name) => name === chosen) : wanted),
    [wanted, chosen, search.isolate],
  );
  const steps = useSelections({ service: chosen, calls: search.calls });
  const count = isolated?.nodes.length ?? 0;
  const map = useMemo(
    () => (isolated && isolated.nodes.length <= SERVICES_MAX ? groupSmallest(isolated) : null),
    [isolated],
  );
  const { drawn: layout, error: failure } = useGraphLayout(map);
  const marked = useMemo(
    () =>
      new Set([
        ...(search.entries ? (whole?.nodes ?? []).filter((n) => n.entries > 0).map((n) => n.name) : []),
        ...(search.gateways ? gateways.list : []),
      ]),
    [whole, search.entries, search.gateways, gateways.list],
  );
  const panel = useRef<HTMLElement>(null);
  // Rates are those of the answer that is drawn, which stays until that of another range is there.
  const seconds = nodes.data ? nodes.data.end_time - nodes.data.start_time : rangeSeconds(spec);
  const isStale = nodes.isPlaceholderData || edges.isPlaceholderData;
  const again = () => void client.invalidateQueries({ queryKey: ['peek', place.env] });
  const change = (more: Partial<QuerySpec>) => setSearch({ query: { ...spec, ...more } });
  const error = nodes.error ?? edges.error ?? behind.error;
  // Nothing chosen is nothing to isolate.
  const select = (service: string | undefined, calls: string | undefined) =>
    setSearch({ service, calls, ...(service === undefined ? { isolate: undefined } : {}) });
  const choose = (service: string | undefined) => select(service, undefined);
  const step = (to: Selection | undefined) => select(to?.service, to?.calls);
  // Of what cannot be drawn, the page says so at once.
  const isReady = Boolean(error || isAlternative || (whole && (count === 0 || !map)) || layout);
  const made = Math.max(nodes.dataUpdatedAt, edges.dataUpdatedAt);

  return (
    <div className={css.page} data-testid="map" data-state={isReady ? 'ready' : 'loading'}>
      <header className={css.head}>
        <h1>Service map</h1>
        <span role="group" aria-label="What was chosen">
          <IconButton label="Selection before" disabled={!steps.back} onClick={() => step(steps.back)}>
            <ArrowLeft size={14} />
          </IconButton>
          <IconButton label="Selection after" disabled={!steps.forward} onClick={() => step(steps.forward)}>
            <ArrowRight size={14} />
          </IconButton>
        </span>
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
          {named !== undefined && (
            <li>
              <span>services with “{named}”</span>
              <IconButton label="Show all services" onClick={() => setSearch({ named: undefined })}>
                <X size={12} />
              </IconButton>
            </li>
          )}
        </ul>
        <FilterInput onFilter={(filter) => change({ filters: [...(spec.filters ?? []), filter] })} />
        <Button
          kind="plain"
          aria-pressed={search.clients === true}
          title="Callers from outside, and databases, queues and other parties that send no spans, as X-Ray draws them"
          onClick={() => setSearch({ clients: search.clients ? undefined : true })}
        >
          Clients and remotes
        </Button>
        <Button
          kind="plain"
          aria-pressed={search.entries === true}
          title="Highlight the services where requests begin"
          onClick={() => setSearch({ entries: search.entries ? undefined : true })}
        >
          Entries
        </Button>
        {gateways.list.length > 0 && (
          <Button
            kind="plain"
            aria-pressed={search.gateways === true}
            title={`Calls through ${gateways.list.join(', ')} are drawn as calls of what is behind; press to see the gateways`}
            onClick={() => setSearch({ gateways: search.gateways ? undefined : true })}
          >
            Gateways
          </Button>
        )}
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
        {made > 0 && (
          <span className={css.made}>
            computed at {new Date(made).toLocaleTimeString([], { timeZone: utc ? 'UTC' : undefined })}
          </span>
        )}
        <IconButton label="Compute again" onClick={again}>
          <RotateCw size={14} />
        </IconButton>
      </header>
      <Progress active={nodes.isFetching || edges.isFetching || behind.isFetching} />
      {isAlternative && (
        <Empty title="The query’s filters are alternatives (OR), which the map cannot join with its own">
          <Button onClick={() => change({ filters: [], filter_combination: undefined })}>Map without filters</Button>
        </Empty>
      )}
      {error && <ErrorBox what="The map could not be computed" error={error} onRetry={again} />}
      {search.clients && remotes.error && (
        <ErrorBox what="What the services call elsewhere could not be computed" error={remotes.error} onRetry={again} />
      )}
      {failure && <ErrorBox what="The map could not be drawn; the list has it all" error={failure} />}
      {!error && !isAlternative && !whole && <Skeleton lines={10} />}
      {whole?.nodes.length === 0 && (
        <Empty title="No spans with a service name in this time">
          {rangeSeconds(spec) < RANGES.at(-1)! && (
            <Button onClick={() => change({ time_range: RANGES.at(-1), start_time: undefined, end_time: undefined })}>
              Look at the last {spanText(RANGES.at(-1)!)}
            </Button>
          )}
          <Link to={environmentPath(place, '/send-data')}>Send data</Link>
        </Empty>
      )}
      {whole && count > SERVICES_MAX && (
        <Empty title={`${numberText(count)} services are more than the ${SERVICES_MAX} that a map can show`}>
          Add a filter, keep to services by a part of their names, or choose one in the list and isolate it.
        </Empty>
      )}
      {whole && whole.nodes.length > 0 && (
        <div className={css.split} data-stale={isStale || undefined}>
          <div className={css.canvas}>
            {wanted?.nodes.length === 0 && (
              <Empty title={`No service has “${named}” in its name`}>
                <Button onClick={() => setSearch({ named: undefined })}>Show all services</Button>
              </Empty>
            )}
            {wanted && wanted.nodes.length > 0 && count === 0 && (
              <Empty title={`${chosen}, which is isolated, is not among ${countText(wanted.nodes.length, 'service')}`}>
                <Button onClick={() => setSearch({ isolate: undefined })}>Show the others</Button>
              </Empty>
            )}
            {layout && map && count > 0 && (
              <ServiceGraph
                map={layout.map}
                layout={layout.layout}
                amount={(n) => rateOf(n, seconds)}
                counted="request"
                chosen={chosen}
                chosenCall={chosen !== undefined && search.calls !== undefined ? [chosen, search.calls] : undefined}
                onChoose={choose}
                onChooseCall={(from, to) => setSearch({ service: from, calls: to })}
                marked={marked}
                onOpen={() => panel.current?.focus()}
                onList={() => {
                  choose(undefined);
                  panel.current?.focus();
                }}
              />
            )}
            {map && count > NODES_MAX && (
              <p className={css.grouped}>
                The {numberText(count - NODES_MAX + 1)} smallest of {countText(count, 'service')} are one box; the list
                has each.
              </p>
            )}
          </div>
          <Panel
            ref={panel}
            map={whole}
            calls={search.calls}
            gateways={gateways}
            seconds={seconds}
            spec={spec}
            chosen={chosen}
            isIsolated={search.isolate === true}
            place={place}
            onChoose={choose}
            onIsolate={(is) => setSearch({ isolate: is || undefined })}
            named={named}
            onNamed={(text) => setSearch({ named: text })}
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
