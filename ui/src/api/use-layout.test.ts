import { cleanup, renderHook, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ServiceMap } from '../model/services';
import { useGraphLayout } from './use-layout';

/** A worker that fails at a map with a service `bad`, and is silent when it is dead. */
class Worker extends EventTarget {
  isDead = false;
  constructor() {
    super();
    made.push(this);
  }
  postMessage({ id, nodes }: { id: number; nodes: string[] }) {
    if (this.isDead) return;
    const isBad = nodes.includes('bad');
    queueMicrotask(() =>
      this.dispatchEvent(
        isBad ? new Event('error') : new MessageEvent('message', { data: { id, layout: { nodes: [] } } }),
      ),
    );
  }
  terminate() {
    this.isDead = true;
  }
}
const made: Worker[] = [];
beforeEach(() => vi.stubGlobal('Worker', Worker));
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});
const mapOf = (name: string): ServiceMap => ({
  nodes: [{ name, kind: 'service', count: 1, errors: 0, p95: null, entries: 0 }],
  edges: [],
});

it('says that a map could not be laid out, and forgets that with the next map', async () => {
  const [bad, good] = [mapOf('bad'), mapOf('good')];
  const { result, rerender } = renderHook(({ map }) => useGraphLayout(map), { initialProps: { map: bad } });
  await waitFor(() => expect(result.current.error?.message).toBe('The map could not be laid out'));
  expect(result.current.drawn).toBeNull();
  rerender({ map: good });
  await waitFor(() => expect(result.current.drawn?.map).toBe(good));
  expect(result.current.error).toBeNull();
});
it('starts another worker when the first has died before there was a map', async () => {
  const good = mapOf('good');
  const { result, rerender } = renderHook(({ map }) => useGraphLayout(map), {
    initialProps: { map: null as ServiceMap | null },
  });
  const first = made.at(-1)!;
  first.isDead = true;
  first.dispatchEvent(new Event('error'));
  rerender({ map: good });
  await waitFor(() => expect(result.current.drawn?.map).toBe(good));
});
