import { renderHook, waitFor } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import type { ServiceMap } from '../model/services';
import { useGraphLayout } from './use-layout';

afterEach(() => vi.unstubAllGlobals());

it('says that a map could not be laid out, and forgets that with the next map', async () => {
  vi.stubGlobal(
    'Worker',
    class extends EventTarget {
      postMessage({ id, nodes }: { id: number; nodes: string[] }) {
        const isBad = nodes.includes('bad');
        queueMicrotask(() =>
          this.dispatchEvent(
            isBad ? new Event('error') : new MessageEvent('message', { data: { id, layout: { nodes: [] } } }),
          ),
        );
      }
    },
  );
  const mapOf = (name: string): ServiceMap => ({
    nodes: [{ name, kind: 'service', count: 1, errors: 0, p95: null, entries: 0 }],
    edges: [],
  });
  const [bad, good] = [mapOf('bad'), mapOf('good')];
  const { result, rerender } = renderHook(({ map }) => useGraphLayout(map), { initialProps: { map: bad } });
  await waitFor(() => expect(result.current.error?.message).toBe('The map could not be laid out'));
  expect(result.current.drawn).toBeNull();
  rerender({ map: good });
  await waitFor(() => expect(result.current.drawn?.map).toBe(good));
  expect(result.current.error).toBeNull();
});
