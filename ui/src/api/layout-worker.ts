// Lays out a graph away from the main thread: left to right, callers before those they call.
import dagre from '@dagrejs/dagre';
import type { GraphLayout, LayoutRequest } from './layout-client';

self.onmessage = (message: MessageEvent<LayoutRequest>) => {
  const { id, nodes, edges, width, height } = message.data;
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 18, ranksep: 90, marginx: 20, marginy: 20 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const name of nodes) graph.setNode(name, { width, height });
  for (const [from, to] of edges) graph.setEdge(from, to);
  dagre.layout(graph);
  const size = graph.graph() as { width?: number; height?: number };
  const layout: GraphLayout = {
    width: size.width ?? 0,
    height: size.height ?? 0,
    nodes: nodes.map((name) => {
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
