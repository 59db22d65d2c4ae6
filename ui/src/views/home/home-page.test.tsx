// Whose numbers Home shows while it asks for others.
import { answers, asked, showPage } from '../page.test.kit';
import { cleanup, fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { QuerySpec } from '../../model/query-spec';
import HomePage from './HomePage';

const of = (service: string, count: number) => {
  const data = { 'service.name': service, COUNT: count };
  return {
    start_time: 0,
    end_time: 3600,
    granularity: 60,
    calculations: ['COUNT'],
    breakdowns: ['service.name'],
    results: count > 0 ? [{ data }] : [],
    series: [],
    total: { COUNT: count },
    total_series: [],
    other: null,
    group_count: 1,
    stats: {},
  };
};
let open: () => void = () => {};
const later = <T,>(value: T) => new Promise<T>((resolve) => (open = () => resolve(value)));
const isRequests = (body: unknown) => ((body as QuerySpec).filters?.length ?? 0) > 0;

beforeEach(() => {
  asked.length = 0;
  answers.clear();
  const dataset = (slug: string) => ({ slug, name: slug, event_count: 9 });
  answers.set('GET /api/environments/e/datasets', () => ['one', 'two'].map(dataset));
  answers.set('POST /api/environments/e/datasets/one/query', () => of('web', 7200));
});
afterEach(cleanup);
const pick = (label: string, value: string | number) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value: String(value) } });
/** The page has taken what was chosen. */
const explores = (text: string) =>
  waitFor(() => expect(screen.getByText('Explore data').getAttribute('href')).toContain(text));

it('shows nothing of one dataset as what another has', async () => {
  answers.set('POST /api/environments/e/datasets/two/query', () => later(of('cart', 3600)));
  showPage('/home', '/home?dataset=one', <HomePage />);
  await screen.findByRole('rowheader', { name: 'web' });
  pick('of', 'two');
  await explores('/datasets/two');
  expect(screen.getByTestId('home').dataset['state']).toBe('loading');
  expect(screen.queryByRole('rowheader', { name: 'web' })).toBeNull();
});
it('says that there are no events only when that was answered for the times asked about', async () => {
  answers.set('POST /api/environments/e/datasets/two/query', () => of('', 0));
  showPage('/home', '/home?dataset=two', <HomePage />);
  await screen.findByText('No events in the last 1 h.');
  answers.set('POST /api/environments/e/datasets/two/query', ({ body }) =>
    isRequests(body) ? of('', 0) : later(of('logger', 9)),
  );
  pick('in the last', 86_400);
  await screen.findByText('Events');
  expect(screen.queryByText(/^No events in the last/)).toBeNull();
  open();
  await screen.findByRole('rowheader', { name: 'logger' });
});
it('counts what is still drawn by the times that it is of', async () => {
  answers.set('POST /api/environments/e/datasets/one/query', ({ body }) =>
    (body as QuerySpec).time_range === 3600 ? of('web', 7200) : later(of('web', 86_400 * 3)),
  );
  showPage('/home', '/home?dataset=one', <HomePage />);
  await screen.findByRole('rowheader', { name: 'web' });
  expect(screen.getAllByText('2 /s')).toHaveLength(2);
  pick('in the last', 86_400);
  await explores('86400');
  expect(screen.getAllByText('2 /s')).toHaveLength(2);
});
