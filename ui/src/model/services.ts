// Services and who calls whom, from the answers of queries: what Home lists and the service map draws.
import { durationText, shortNumber } from './format';
import type { Filter, QuerySpec } from './query-spec';
import { bucketTimes, chartsOf, groupsOf, type QueryAnswer } from './result';
import { rangeSeconds } from './time-range';

export const SERVICE = 'service.name';
const PARENT = 'parent.service.name';
const ERRORS = 'errors';
const P95 = 'P95(duration_ms)';
/** More circles tell nobody anything; the page asks for a filter then. */
export const SERVICES_MAX = 300;
/** Points of a small line. */
const POINTS = 60;

const CALCULATIONS = [
  { op: 'COUNT' },
  { op: 'COUNT', name: ERRORS, filters: [{ column: 'error', op: '=', value: true }] },
  { op: 'P95', column: 'duration_ms' },
];
/** What each graph of Home opens: the calculations that it shows, and of durations how they are spread. */
export const GRAPH_CALCULATIONS = {
  requests: CALCULATIONS.slice(0, 1),
  errors: CALCULATIONS.slice(0, 2).reverse(),
  durations: [...CALCULATIONS.slice(2), { op: 'HEATMAP', column: 'duration_ms' }],
};
/** Rate, errors and duration by a field, over time. */
export const overviewSpec = (field: string, seconds: number, filters: Filter[]): QuerySpec => ({
  calculations: CALCULATIONS,
  breakdowns: [field],
  filters,
  orders: [{ op: 'COUNT', order: 'descending' }],
  limit: 50,
  time_range: seconds,
  granularity: Math.max(1, Math.ceil(seconds / POINTS)),
});
/** Spans by which a request reaches a service: what others call, and what begins a trace. */
export const REQUESTS: Filter[] = [{ column: 'span.kind', op: 'in', value: ['server', 'consumer'] }];

export interface Flow {
  count: number;
  errors: number;
  /** Milliseconds; null when no span has a duration. */
  p95: number | null;
  /** How many failed in which way; of what the map of an environment shows. */
  states?: Record<State, number>;
}
export interface Line extends Flow {
  name: string;
  counts: (number | null)[];
  errorCounts: (number | null)[];
  p95s: (number | null)[];
}
/** One line per group and one for all, each over the whole range. */
export function overviewOf(answer: QueryAnswer): { total: Line; lines: Line[] } {
  const groups = groupsOf(answer);
  const charts = chartsOf(answer, groups, () => false);
  const ysOf = (calculation: string, at: number) =>
    charts.find((c) => c.calculation === calculation)?.lines[at]?.ys ?? [];
  const lines = groups.map((group, at) => ({
    name: group.label,
    ...flowOf(group.data),
    counts: ysOf('COUNT', at),
    errorCounts: ysOf(ERRORS, at),
    p95s: ysOf(P95, at),
  }));
  const times = bucketTimes(answer);
  const all = (calculation: string, empty: number | null) => {
    const ys = times.map(() => empty);
    for (const row of answer.total_series) {
      const at = Math.round((Date.parse(row.time) / 1000 - times[0]!) / answer.granularity);
      const value = row.data[calculation];
      if (at >= 0 && at < ys.length) ys[at] = typeof value === 'number' ? value : empty;
    }
    return ys;
  };
  return {
    lines,
    total: {
      name: 'all',
      ...flowOf(answer.total ?? {}),
      counts: all('COUNT', 0),
      errorCounts: all(ERRORS, 0),
      p95s: all(P95, null),
    },
  };
}

/** Size of a box of the map, in its own pixels. */
export const NODE_WIDTH = 184;
export const NODE_HEIGHT = 56;
export interface GraphLayout {
  width: number;
  height: number;
  /** Where the services that no call connects begin; null when there are none, or only such. */
  apartFrom: number | null;
  /** Middle of each node, in the order of the map. */
  nodes: [number, number][];
  /** The bends of each edge, in the order of the map. */
  edges: [number, number][][];
}

/** Spans whose caller is another service, or nobody. */
const ENTRY = { name: 'is_entry', expression: `NOT(EQUALS($${SERVICE}, $${PARENT}))` };
const STATUS = 'COALESCE($http.response.status_code, $http.status_code)';
/** How a request went in X-Ray's words: the server failed, it was asked too often, or the client did wrong. Source: spec/xray.md 5.4. */
const STATE = {
  name: 'state',
  expression:
    'IF(EXISTS($xray.type), IF($xray.fault, "fault", $xray.throttle, "throttle", $xray.error, "error", "ok"), ' +
    `EQUALS(${STATUS}, 429), "throttle", AND(GTE(${STATUS}, 400), LT(${STATUS}, 500)), "error", ` +
    `OR(GTE(${STATUS}, 500), EQUALS($error, true)), "fault", "ok")`,
};
export const STATES = ['fault', 'error', 'throttle'] as const;
export type State = (typeof STATES)[number];
const mapSpec = (spec: QuerySpec, breakdowns: string[]): QuerySpec => ({
  calculated_fields: [ENTRY, STATE],
  calculations: [
    ...CALCULATIONS,
    ...STATES.map((state) => ({ op: 'COUNT', name: state, filters: [{ column: STATE.name, op: '=', value: state }] })),
  ],
  breakdowns,
  filters: [
    { column: 'trace.span_id', op: 'exists' },
    { column: SERVICE, op: 'exists' },
    { column: ENTRY.name, op: '=', value: true },
    ...(spec.filters ?? []),
  ],
  orders: [{ op: 'COUNT', order: 'descending' }],
  limit: 1000,
  ...(spec.start_time === undefined && spec.end_time === undefined
    ? { time_range: rangeSeconds(spec) }
    : { start_time: spec.start_time, end_time: spec.end_time }),
});
/** Each service and how the requests to it do; the filters and times are those of a query. */
export const nodesSpec = (spec: QuerySpec): QuerySpec => mapSpec(spec, [SERVICE]);
/** Each pair of services of which one calls the other, and the requests from nobody. */
export const edgesSpec = (spec: QuerySpec): QuerySpec => mapSpec(spec, [PARENT, SERVICE]);
/** What services call that sends no spans of its own: databases, queues, and other parties by the names that X-Ray gives them. */
export function remotesSpec(spec: QuerySpec): QuerySpec {
  const whole = mapSpec(spec, [SERVICE, REMOTE.name, REMOTE_KIND.name]);
  return {
    ...whole,
    calculated_fields: [STATE, REMOTE, REMOTE_KIND],
    filters: [
      { column: 'trace.span_id', op: 'exists' },
      { column: SERVICE, op: 'exists' },
      { column: REMOTE.name, op: 'exists' },
      ...(spec.filters ?? []),
    ],
  };
}
// What X-Ray calls the other end of a call. Source: spec/xray.md 5.2 and 8.4.
const AWS_RESOURCE =
  '$aws.table_name, $aws.table.name, $aws.queue_url, $aws.queue.url, $messaging.url, $aws.bucket_name, $aws.s3.bucket, ' +
  '$aws.function_name, $faas.invoked_name';
const AWS_REMOTE = 'REG_VALUE($aws.remote.service, `^(?:AWS[.]SDK[.])?(?:AWS::)?(.*)$`)';
const DATABASE = 'COALESCE($db.name, $db.namespace)';
const DATABASE_HOST = 'REG_VALUE($db.connection_string, `://(?:[^/?#;]*@)?([^@:/?#;]+)`)';
const CALLED =
  `COALESCE(${AWS_REMOTE}, $peer.service, $aws.service, ` +
  `IF(NOT(EXISTS(${DATABASE})), null, EXISTS(${DATABASE_HOST}), CONCAT(${DATABASE}, "@", ${DATABASE_HOST}), ${DATABASE}), ` +
  '$rpc.service, $http.host, $net.peer.name, $server.address, $db.system.name, $db.system, $name)';
/** The name of the other end of a call that no span answers; nothing of other spans. */
const REMOTE = {
  name: 'remote',
  expression:
    'IF(OR(EQUALS($child.span.kind, "server"), EQUALS($child.xray.type, "segment")), null, ' +
    `EQUALS($xray.namespace, "aws"), COALESCE(${AWS_RESOURCE}, $name), EQUALS($xray.namespace, "remote"), $name, ` +
    'EXISTS($xray.type), null, ' +
    `OR(EQUALS($rpc.system, "aws-api"), EXISTS($aws.service)), COALESCE(${AWS_RESOURCE}, ${CALLED}), ` +
    // X-Ray draws no queue that AWS does not run; here each is.
    `EQUALS($span.kind, "producer"), COALESCE(${AWS_REMOTE}, $peer.service, $messaging.system), ` +
    `EQUALS($span.kind, "client"), ${CALLED})`,
};
const REMOTE_KIND = {
  name: 'remote_kind',
  expression:
    'IF(EXISTS(COALESCE($db.system, $db.system.name, $db.connection_string, $aws.table_name, $aws.table.name)), "database", ' +
    'EXISTS(COALESCE($messaging.system, $aws.queue_url, $aws.queue.url)), "queue", "remote")',
};

export type NodeKind = 'service' | 'client' | 'database' | 'queue' | 'remote' | 'group';
export interface Node extends Flow {
  name: string;
  kind: NodeKind;
  /** Requests that no service of the trace made. */
  entries: number;
  /** How those did. */
  entered?: Flow;
  /** Of a group: the services in it. */
  members?: string[];
}
export interface Edge extends Flow {
  from: string;
  to: string;
  /** Gateways that made some of these calls, in traces of `from`. */
  via?: readonly string[];
}
export interface ServiceMap {
  nodes: Node[];
  edges: Edge[];
}
/** The name of the node that stands for whoever calls from outside. */
export const CLIENT = 'clients';
export function serviceMap(nodes: QueryAnswer, edges: QueryAnswer, remotes?: QueryAnswer): ServiceMap {
  const pairs = edges.results.map(({ data }) => ({
    from: data[PARENT] == null ? undefined : String(data[PARENT]),
    to: String(data[SERVICE]),
    flow: statedOf(data),
  }));
  const entered = new Map(pairs.filter((p) => p.from === undefined).map((p) => [p.to, p.flow]));
  const known = new Map<string, Node>();
  for (const { data } of nodes.results) {
    const name = String(data[SERVICE]);
    const entry = entered.get(name);
    known.set(name, { name, kind: 'service', ...statedOf(data), entries: entry?.count ?? 0, entered: entry });
  }
  const calls = pairs.flatMap(({ from, to, flow }) =>
    from !== undefined && from !== to ? [{ from, to, ...flow }] : [],
  );
  // A caller that nobody calls and that begins no trace in the window still is a service.
  for (const { from } of calls)
    if (!known.has(from)) known.set(from, { name: from, kind: 'service', ...statedOf({}), entries: 0 });
  const all: ServiceMap = { nodes: [...known.values()], edges: calls.filter((e) => known.has(e.to)) };
  return remotes ? withRemotes(all, remotes) : all;
}
function withRemotes(map: ServiceMap, remotes: QueryAnswer): ServiceMap {
  const services = new Set(map.nodes.map((node) => node.name));
  const found = new Map<string, Node>();
  const edges = new Map<string, Edge>();
  for (const { data } of remotes.results) {
    const [from, to] = [String(data[SERVICE]), String(data[REMOTE.name])];
    // A party that sends spans itself is on the map already.
    if (!services.has(from) || services.has(to)) continue;
    const flow = statedOf(data);
    const kind = ['database', 'queue'].includes(String(data[REMOTE_KIND.name])) ? data[REMOTE_KIND.name] : 'remote';
    const node = found.get(to);
    found.set(to, node ? { ...node, ...sumOf(node, flow) } : { name: to, kind: kind as NodeKind, ...flow, entries: 0 });
    addEdge(edges, { from, to, ...flow });
  }
  return { nodes: [...map.nodes, ...found.values()], edges: [...map.edges, ...edges.values()] };
}
/** Two flows as one; the percentile of all is not known from those of some. */
function sumOf(a: Flow, b: Flow): Flow {
  const states = a.states && b.states && { ...a.states };
  if (states) for (const state of STATES) states[state] += b.states![state];
  return { count: a.count + b.count, errors: a.errors + b.errors, p95: null, states };
}
/** Adds an edge to those known, as one with the one between the same two. */
function addEdge(edges: Map<string, Edge>, edge: Edge): void {
  const key = `${edge.from}\u0000${edge.to}`;
  const old = edges.get(key);
  edges.set(key, old ? { ...old, ...edge, ...sumOf(old, edge) } : edge);
}
/** What gateways call in the traces of a service that calls them. */
export function behindSpec(spec: QuerySpec, gateways: readonly string[], caller: string): QuerySpec {
  const whole = mapSpec(spec, [SERVICE]);
  return {
    ...whole,
    calculated_fields: [STATE],
    filters: [
      { column: PARENT, op: 'in', value: [...gateways] },
      { column: SERVICE, op: 'exists' },
      { column: SERVICE, op: 'not-in', value: [...gateways] },
      { column: `any.${SERVICE}`, op: '=', value: caller },
      ...(spec.filters ?? []),
    ],
  };
}
/** The spans of a call: of one through gateways those that `behindSpec` counts, beside the direct ones. */
export const callFilters = ({ from, to, via }: Edge): Filter[] => [
  { column: SERVICE, op: '=', value: to },
  ...(via
    ? [
        { column: PARENT, op: 'in', value: [from, ...via] },
        { column: `any.${SERVICE}`, op: '=', value: from },
      ]
    : [{ column: PARENT, op: '=', value: from }]),
];
/** The services that call a gateway, and are none: what is behind is asked for each. */
export const callersOf = (map: ServiceMap, gateways: readonly string[]): string[] => [
  ...new Set(map.edges.filter((e) => gateways.includes(e.to) && !gateways.includes(e.from)).map((e) => e.from)),
];
/**
 * Calls through gateways as calls of what is behind them, of the callers that `behind` has answers of. A gateway stays, with what it
 * calls, where calls begin at it or a caller without an answer calls it.
 */
export function passThrough(
  map: ServiceMap,
  gateways: readonly string[],
  behind: ReadonlyMap<string, QueryAnswer>,
): ServiceMap {
  const called = new Set(map.edges.map((e) => e.to).filter((name) => gateways.includes(name)));
  if (called.size === 0) return map;
  const gone = new Set(called);
  for (const node of map.nodes) if (node.entries > 0) gone.delete(node.name);
  // A gateway that stays may call another one.
  for (let before = -1; before !== gone.size;) {
    before = gone.size;
    for (const { from, to } of map.edges) if (!behind.has(from) && !gone.has(from)) gone.delete(to);
  }
  const edges = new Map<string, Edge>();
  for (const edge of map.edges)
    if (!gone.has(edge.from) && !gone.has(edge.to) && !(called.has(edge.to) && behind.has(edge.from)))
      addEdge(edges, edge);
  for (const [from, answer] of behind)
    for (const { data } of answer.results) {
      const to = String(data[SERVICE]);
      if (to !== from) addEdge(edges, { from, to, ...statedOf(data), via: gateways });
    }
  const nodes = map.nodes.filter((node) => !gone.has(node.name));
  const known = new Set(nodes.map((node) => node.name));
  return { nodes, edges: [...edges.values()].filter((e) => known.has(e.from) && known.has(e.to)) };
}

/** Adds the callers from outside, as X-Ray's maps have them. */
export function withClients(map: ServiceMap): ServiceMap {
  if (map.nodes.some((node) => node.name === CLIENT)) return map;
  const calls = map.nodes.flatMap(({ name, entered }) => (entered ? [{ from: CLIENT, to: name, ...entered }] : []));
  if (calls.length === 0) return map;
  const count = calls.reduce((sum, call) => sum + call.count, 0);
  return {
    nodes: [{ name: CLIENT, kind: 'client', count, errors: 0, p95: null, entries: 0 }, ...map.nodes],
    edges: [...calls, ...map.edges],
  };
}
/** Of more nodes than can be read, the smallest as one. */
export function groupSmallest(map: ServiceMap, most: number = NODES_MAX): ServiceMap {
  if (map.nodes.length <= most) return map;
  const bySize = [...map.nodes].sort((a, b) => b.count - a.count || a.name.localeCompare(b.name));
  const kept = new Set(bySize.slice(0, most - 1).map((node) => node.name));
  const small = bySize.slice(most - 1);
  const name = `${small.length} smaller services`;
  const nameOf = (node: string) => (kept.has(node) ? node : name);
  const edges = new Map<string, Edge>();
  for (const edge of map.edges) {
    const [from, to] = [nameOf(edge.from), nameOf(edge.to)];
    if (from !== to) addEdge(edges, { ...edge, from, to });
  }
  const group: Node = {
    ...small.map((node): Flow => node).reduce(sumOf),
    name,
    kind: 'group',
    entries: small.reduce((total, node) => total + node.entries, 0),
    members: small.map((node) => node.name),
  };
  return { nodes: [...map.nodes.filter((node) => kept.has(node.name)), group], edges: [...edges.values()] };
}
/** More boxes than these are grouped. */
export const NODES_MAX = 150;
/** True when a name has a part, whatever the case. */
export const hasText = (name: string, part: string): boolean => name.toLowerCase().includes(part.trim().toLowerCase());
/** Some services and those they call or are called by. */
export function isolate(map: ServiceMap, isWanted: (name: string) => boolean): ServiceMap {
  const edges = map.edges.filter((e) => isWanted(e.from) || isWanted(e.to));
  const wanted = map.nodes.map((n) => n.name).filter(isWanted);
  const near = new Set([...wanted, ...edges.flatMap((e) => [e.from, e.to])]);
  return { nodes: map.nodes.filter((n) => near.has(n.name)), edges };
}

/** `12.3 /s`, or per minute where a second has less than one; `most` is the largest of those it stands beside, which have one unit. */
export function rateOf(count: number, seconds: number, most = count): string {
  const [rate, unit] = most / seconds >= 1 ? [count / seconds, '/s'] : [(count / seconds) * 60, '/min'];
  return `${shortNumber(Number(rate.toPrecision(3)))} ${unit}`;
}
/** Share of errors. */
export const shareOf = ({ count, errors }: { count: number; errors: number }): string =>
  count === 0 ? '–' : `${((errors / count) * 100).toFixed(errors === 0 ? 0 : 2)} %`;
/** Milliseconds with their unit. */
export const msOf = (ms: number | null): string => (ms === null ? '–' : durationText(Math.round(ms * 1e6)));

function flowOf(data: Record<string, unknown>): Flow {
  const number = (name: string) => (typeof data[name] === 'number' ? data[name] : null);
  return { count: number('COUNT') ?? 0, errors: number(ERRORS) ?? 0, p95: number(P95) };
}
/** The same with how requests failed. */
function statedOf(data: Record<string, unknown>): Flow {
  const [fault, error, throttle] = STATES.map((state) => (typeof data[state] === 'number' ? data[state] : 0));
  return { ...flowOf(data), states: { fault: fault!, error: error!, throttle: throttle! } };
}
