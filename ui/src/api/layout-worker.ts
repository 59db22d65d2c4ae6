// Lays out a graph away from the main thread: left to right, callers before those they call.
import dagre from '@dagrejs/dagre';
import type { GraphLayout } from '../model/services';
import type { LayoutRequest } from './layout-client';

/** Between services that no call connects to any other, which stand apart below. */
const GAP = 18;
/** Up to so many nodes the ranks are chosen for the shortest calls; that takes twice as long, which more nodes make felt. */
const EXACT_MAX = 40;

self.onmessage = (message: MessageEvent<LayoutRequest>) => {
  const { id, nodes, edges, width, height } = message.data;
  const graph = new dagre.graphlib.Graph();
  const ranker = nodes.length > EXACT_MAX ? 'tight-tree' : 'network-simplex';
  graph.setGraph({ rankdir: 'LR', nodesep: 18, ranksep: 64, marginx: 20, marginy: 20, ranker });
  graph.setDefaultEdgeLabel(() => ({}));
  const connected = new Set(edges.flat());
  const apart = nodes.filter((name) => !connected.has(name));
  for (const name of nodes) if (connected.has(name)) graph.setNode(name, { width, height });
  for (const [from, to] of edges) graph.setEdge(from, to);
  dagre.layout(graph);
  const size = graph.graph() as { width?: number; height?: number };
  const whole = {
    width: connected.size > 0 ? (size.width ?? 0) : 0,
    height: connected.size > 0 ? (size.height ?? 0) : 0,
  };
  const perRow = Math.max(4, Math.floor((whole.width - 40 + GAP) / (width + GAP)));
  const rows = Math.ceil(apart.length / perRow);
  const places = new Map(
    apart.map((name, i) => [
      name,
      [
        20 + width / 2 + (i % perRow) * (width + GAP),
        whole.height + 30 + height / 2 + Math.floor(i / perRow) * (height + GAP),
      ] as [number, number],
    ]),
  );
  const layout: GraphLayout = {
    width: Math.max(whole.width, apart.length > 0 ? 40 + Math.min(perRow, apart.length) * (width + GAP) : 0),
    height: whole.height + (rows > 0 ? 30 + rows * (height + GAP) + 20 : 0),
    apartFrom: apart.length > 0 && connected.size > 0 ? whole.height + 12 : null,
    nodes: nodes.map((name) => {
      const place = places.get(name);
      if (place) return place;
      const { x, y } = graph.node(name) as { x: number; y: number };
      return [x, y];
    }),
    edges: edges.map(([from, to]) => {
      const { points } = graph.edge(from, to) as { points: { x: number; y: number }[] };
      return points.map(({ x, y }) => [x, y]);
    }),
  };
  (self as unknown as { postMessage(m: unknown): void }).postMessage({ id, layout });
};
