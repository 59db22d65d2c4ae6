// What a heat map of histograms offers: nothing that asks for values, which no row has.
import { answers, asked, showPage } from '../page.test.kit';
import { cleanup, fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Behind, QueryAnswer } from '../../model/result';
import type { PointRequest } from './menus';
import { ResultView } from './ResultView';

beforeEach(() => {
  // The page's environment has neither sizes nor canvases.
  globalThis.ResizeObserver = class {
    observe() {}
    unobserve() {}
    disconnect() {}
  };
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue({ putImageData: () => {} } as never);
  globalThis.ImageData = class {
    data = new Uint8ClampedArray(4);
  } as never;
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  answers.clear();
  asked.length = 0;
});

/** A map nearly all of whose values are in its lowest bin, as the chart and its keys see it. */
async function behindCell(type: string): Promise<{ behind: Behind; bodies: number }> {
  const counts = [[1000, ...new Array<number>(48).fill(0), 1]];
  const map = { min_value: 0, max_value: 5000, step_size: 100, bins: 50, times: ['1970-01-01T00:00:00Z'], counts };
  const query = { calculations: [{ op: 'HEATMAP', column: 'size' }] };
  const answer = {
    ...{ query, start_time: 0, end_time: 60, granularity: 60, breakdowns: [], calculations: ['HEATMAP(size)'] },
    ...{ results: [{ data: {} }], series: [], total_series: [], heatmaps: { 'HEATMAP(size)': map } },
  } as unknown as QueryAnswer;
  const dataset = '/api/environments/e/datasets/shop';
  answers.set(`GET ${dataset}/columns`, () => ({ columns: [{ key_name: 'size', type }], total: 1 }));
  answers.set(`POST ${dataset}/query`, () => answer);
  const viewTrace = vi.fn<(request: PointRequest) => void>();
  const page = (
    <ResultView
      place={{ team: 't', env: 'e' } as never}
      dataset="shop"
      answer={answer}
      isStored={false}
      search={{} as never}
      tab="overview"
      utc
      actions={{ draft: query, answer, hidden: [], viewTrace } as never}
      onSearch={() => {}}
      onTab={() => {}}
      emptyAction={null}
    />
  );
  showPage('/datasets/$dataset', '/datasets/shop', page);
  const chart = await screen.findByRole('application');
  fireEvent.keyDown(chart, { key: 'ArrowUp' });
  const press = () => {
    fireEvent.keyDown(chart, { key: 'x' });
    return viewTrace.mock.lastCall![0].behind;
  };
  // The type comes a moment after the map.
  await waitFor(() => {
    expect(asked.some(({ path }) => path.endsWith('/columns'))).toBe(true);
    expect(press().range === undefined).toBe(type === 'string');
  });
  return { behind: press(), bodies: asked.filter(({ path }) => path.endsWith('/query')).length };
}

it('rows behind a map of numbers are those of its values, and its body is asked for', async () => {
  const { behind, bodies } = await behindCell('float');
  expect(behind.range?.column).toBe('size');
  expect(bodies).toBeGreaterThan(0);
});
it('rows behind a map of histograms are those of its time, and no body is asked for', async () => {
  const { behind, bodies } = await behindCell('string');
  expect(behind).toEqual({ start_ns: '0', end_ns: '60000000000' });
  expect(bodies).toBe(0);
});
