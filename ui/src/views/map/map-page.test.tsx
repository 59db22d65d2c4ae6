// What the map says when what it was narrowed to leaves nothing, and what going back to nothing chosen undoes.
import { answers, showPage } from '../page.test.kit';
import { cleanup, fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { QuerySpec } from '../../model/query-spec';
import { SERVICE } from '../../model/services';
import { useTypedSearch } from '../../widgets/route';
import MapPage from './MapPage';

const Address = () => <output data-testid="address">{JSON.stringify(useTypedSearch())}</output>;
const address = () => JSON.parse(screen.getByTestId('address').textContent) as Record<string, unknown>;
const show = (search: string) =>
  showPage(
    '/map',
    `/map${search}`,
    <>
      <MapPage />
      <Address />
    </>,
  );
beforeEach(() => {
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe() {}
      disconnect() {}
    },
  );
  vi.stubGlobal(
    'Worker',
    class extends EventTarget {
      postMessage() {}
      terminate() {}
    },
  );
  answers.clear();
  answers.set('GET /api/environments/e/gateways', () => ({ gateways: [] }));
  answers.set('POST /api/environments/e/datasets/__all__/query', ({ body }) => {
    const breakdowns = (body as QuerySpec).breakdowns ?? [];
    const isNodes = breakdowns.length > 0 && breakdowns.every((b) => b !== `parent.${SERVICE}`);
    return {
      start_time: 0,
      end_time: 3600,
      granularity: 60,
      calculations: ['COUNT'],
      breakdowns,
      results: isNodes ? ['web', 'cart'].map((name) => ({ data: { [SERVICE]: name, COUNT: 9 } })) : [],
      series: [],
      total: null,
      total_series: [],
      other: null,
      group_count: 0,
      stats: {},
    };
  });
});
afterEach(cleanup);

it('says which part of names no service has, keeps the list, and shows all services again', async () => {
  show('?named=nothing');
  await screen.findByText('No service has “nothing” in its name');
  expect(screen.queryByText('No spans with a service name in this time')).toBeNull();
  expect(screen.getByTestId('map-panel').textContent).toContain('cart');
  fireEvent.click(screen.getAllByRole('button', { name: 'Show all services' }).at(-1)!);
  await waitFor(() => expect(screen.queryByText('No service has “nothing” in its name')).toBeNull());
  expect(address()).toEqual({});
});
it('says that the isolated service is not there, and shows the others', async () => {
  show('?service=gone&isolate=1');
  await screen.findByText('gone, which is isolated, is not among 2 services');
  fireEvent.click(screen.getByRole('button', { name: 'Show the others' }));
  await waitFor(() => expect(screen.queryByText(/which is isolated/)).toBeNull());
  expect(address()).toEqual({ service: 'gone' });
});
it('isolates nothing after the step back to nothing chosen', async () => {
  show('');
  fireEvent.click(await screen.findByRole('button', { name: 'cart' }));
  fireEvent.click(await screen.findByRole('button', { name: /^Isolate/ }));
  await waitFor(() => expect(address()).toEqual({ service: 'cart', isolate: '1' }));
  fireEvent.click(screen.getByRole('button', { name: 'Selection before' }));
  await waitFor(() => expect(address()).toEqual({}));
});
