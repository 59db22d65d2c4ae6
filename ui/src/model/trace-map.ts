// The services of one trace as a map: what began in each, and what each asked of others.
import type { Edge, Node, ServiceMap } from './services';
import { FLAG_ERROR, FLAG_LOG, FLAG_PLACEHOLDER, type Trace } from './trace';

/** A node counts the spans by which work enters its service, an edge those that another service caused. */
export function traceMap(t: Trace): ServiceMap {
  const flows = new Map<string, { from: number; to: number; durations: number[]; errors: number }>();
  for (let node = 0; node < t.count; node++) {
    if (t.flags[node]! & (FLAG_LOG | FLAG_PLACEHOLDER)) continue;
    const up = t.parent[node]!;
    const from = up < 0 || t.flags[up]! & FLAG_PLACEHOLDER ? -1 : t.service[up]!;
    const to = t.service[node]!;
    if (from === to) continue;
    const key = `${from} ${to}`;
    let flow = flows.get(key);
    if (!flow) flows.set(key, (flow = { from, to, durations: [], errors: 0 }));
    flow.durations.push(t.duration[node]! / 1e6);
    if (t.flags[node]! & FLAG_ERROR) flow.errors++;
  }
  const nodes = new Map<number, Node & { durations: number[] }>();
  const nodeOf = (service: number) => {
    let node = nodes.get(service);
    if (!node) {
      const empty = { count: 0, errors: 0, p95: null, entries: 0, durations: [] as number[] };
      nodes.set(service, (node = { name: t.services[service]!, kind: 'service', ...empty }));
    }
    return node;
  };
  const edges: Edge[] = [];
  for (const { from, to, durations, errors } of flows.values()) {
    const node = nodeOf(to);
    node.count += durations.length;
    node.errors += errors;
    for (const duration of durations) node.durations.push(duration);
    if (from < 0) node.entries += durations.length;
    else {
      nodeOf(from);
      edges.push({
        from: t.services[from]!,
        to: t.services[to]!,
        count: durations.length,
        errors,
        p95: p95Of(durations),
      });
    }
  }
  return {
    nodes: [...nodes.values()].map(({ durations, ...node }) => ({ ...node, p95: p95Of(durations) })),
    edges,
  };
}
function p95Of(values: number[]): number | null {
  return values.length === 0 ? null : values.sort((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1]!;
}
