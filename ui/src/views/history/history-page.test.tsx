// Who may hide their queries, and how.
import { answers, asked, showPage } from '../page.test.kit';
import { cleanup, fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, it } from 'vitest';
import HistoryPage from './HistoryPage';

const settings = '/api/environments/e/history/settings';
const session = { team: { name: 'T', slug: 't' }, environments: [], version: '0', dev: false, origin: '' };
let hidden = false;

beforeEach(() => {
  hidden = false;
  asked.length = 0;
  answers.set('GET /api/environments/e/datasets', () => []);
  answers.set('GET /api/environments/e/history', () => ({ runs: [], next: null }));
  answers.set(`GET ${settings}`, () => ({ hidden }));
  answers.set(`PUT ${settings}`, ({ body }) => ({ hidden: (hidden = (body as { hidden: boolean }).hidden) }));
});
afterEach(cleanup);
const show = (user: object | null) => {
  answers.set('GET /api/session', () => ({ ...session, user }));
  showPage('/history', '/history', <HistoryPage />);
};

it('a person hides their queries from the team, and shows them again', async () => {
  show({ email: 'ann@example.com', name: 'Ann' });
  const box = await screen.findByRole<HTMLInputElement>('checkbox', { name: 'Hide my queries from the team' });
  expect(box.checked).toBe(false);
  fireEvent.click(box);
  await waitFor(() => expect(hidden).toBe(true));
  await waitFor(() => expect(box.checked && !box.disabled).toBe(true));
  fireEvent.click(box);
  await waitFor(() => expect(hidden).toBe(false));
});
it('whoever is not signed in has nothing to hide', async () => {
  show(null);
  await screen.findByText('Nothing has been asked yet');
  expect(screen.queryByRole('checkbox')).toBeNull();
  expect(asked.some((a) => a.path === settings)).toBe(false);
});
