// What tests of pages stand on: a page at an address, and a server that answers from a table and keeps what it was asked.
// Imported before the page, so that whoever talks to the server finds this one.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from '@tanstack/react-router';
import { render } from '@testing-library/react';
import { useState, type ReactNode } from 'react';
import { vi } from 'vitest';
import { parseSearch, stringifySearch } from '../model/url-state';
import { TopBarSlot } from '../widgets/slot';

export interface Asked {
  method: string;
  path: string;
  body: unknown;
  signal: AbortSignal;
}
export const asked: Asked[] = [];
/** What the server answers by method and path; all else is not found. */
export const answers = new Map<string, (asked: Asked) => unknown>();

vi.stubGlobal('fetch', async (request: Request) => {
  const text = await request.text();
  const path = new URL(request.url).pathname;
  const one = { method: request.method, path, body: text === '' ? null : JSON.parse(text), signal: request.signal };
  asked.push(one);
  const answer = answers.get(`${one.method} ${path}`);
  const headers = { 'content-type': 'application/json' };
  return answer
    ? new Response(JSON.stringify(await answer(one)), { headers })
    : new Response('{"error":"not found"}', { status: 404, headers });
});

/** Shows a page of the environment `e` of the team `t`, at a path like `/board/$board` and an address like `/board/b1`. */
export function showPage(path: string, address: string, page: ReactNode): void {
  const Page = () => {
    const [slot, setSlot] = useState<HTMLElement | null>(null);
    return (
      <TopBarSlot value={slot}>
        <div ref={setSlot} />
        {page}
      </TopBarSlot>
    );
  };
  const root = createRootRoute();
  const at = '/$team/environments/$env';
  const shown = createRoute({ getParentRoute: () => root, path: at + path, component: Page });
  const router = createRouter({
    routeTree: root.addChildren([shown]),
    history: createMemoryHistory({ initialEntries: [`/t/environments/e${address}`] }),
    parseSearch,
    stringifySearch,
  });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={client}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
}
