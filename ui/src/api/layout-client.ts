// The page's side of the layout worker.
import type { GraphLayout } from '../model/services';
import { measured } from '../model/timing';

export interface LayoutRequest {
  id: number;
  nodes: string[];
  edges: [string, string][];
  /** Of every node, in pixels. */
  width: number;
  height: number;
}
let worker: Worker | null = null;
let next = 1;

/** Starts the worker, which loads its code while the page still asks what there is to lay out. */
export function startLayout(): Worker {
  if (worker) return worker;
  const own = new Worker(new URL('./layout-worker.ts', import.meta.url), { type: 'module' });
  // One whose code did not load answers nothing, whoever asks: the next asks a new one.
  own.addEventListener('error', () => {
    own.terminate();
    if (worker === own) worker = null;
  });
  return (worker = own);
}

/** Lays a graph out; nothing comes when the signal aborts first. */
export function layoutGraph(request: Omit<LayoutRequest, 'id'>, signal: AbortSignal): Promise<GraphLayout> {
  const own = startLayout();
  const id = next++;
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const onMessage = (message: MessageEvent<{ id: number; layout: GraphLayout }>) => {
      if (message.data.id !== id) return;
      own.removeEventListener('message', onMessage);
      measured('map laid out', began);
      resolve(message.data.layout);
    };
    own.addEventListener('message', onMessage);
    own.addEventListener('error', () => reject(new Error('The map could not be laid out')), { once: true, signal });
    signal.addEventListener('abort', () => own.removeEventListener('message', onMessage), { once: true });
    own.postMessage({ ...request, id });
  });
}
