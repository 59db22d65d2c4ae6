// The layout of a map, kept together with the map it is of; the one before stays until it is there.
import { useEffect, useState } from 'react';
import { NODE_HEIGHT, NODE_WIDTH, type GraphLayout, type ServiceMap } from '../model/services';
import { layoutGraph, startLayout } from './layout-client';

export function useGraphLayout(map: ServiceMap | null) {
  const [drawn, setDrawn] = useState<{ map: ServiceMap; layout: GraphLayout } | null>(null);
  const [failed, setFailed] = useState<{ map: ServiceMap; error: Error } | null>(null);
  useEffect(() => void startLayout(), []);
  useEffect(() => {
    if (!map || map.nodes.length === 0) return;
    const abort = new AbortController();
    void layoutGraph(
      {
        nodes: map.nodes.map((n) => n.name),
        edges: map.edges.map((e) => [e.from, e.to]),
        width: NODE_WIDTH,
        height: NODE_HEIGHT,
      },
      abort.signal,
    ).then(
      (layout) => !abort.signal.aborted && setDrawn({ map, layout }),
      (error: Error) => !abort.signal.aborted && setFailed({ map, error }),
    );
    return () => abort.abort();
  }, [map]);
  const error = failed && failed.map === map ? failed.error : null;
  return { drawn: map && !error ? drawn : null, error };
}
