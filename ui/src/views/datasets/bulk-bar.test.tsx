// Columns deleted many at once: whichever stays is named.
import { answers, asked, showPage } from '../page.test.kit';
import { cleanup, fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { BulkBar } from './BulkBar';

const door = '/api/environments/e/datasets/d/column-settings';
const column = (i: number) => ({
  id: `c${i}`,
  key_name: `junk.${i}`,
  type: 'string' as const,
  description: '',
  hidden: false,
  last_written: null,
  created_at: '',
  updated_at: '',
});
const onDone = vi.fn<(ids: readonly string[]) => void>();

beforeEach(() => {
  asked.length = 0;
  onDone.mockClear();
});
afterEach(cleanup);
async function deleteAll(count: number) {
  const columns = Array.from({ length: count }, (_, i) => column(i));
  const place = { team: 't', env: 'e', dataset: 'd' };
  showPage(
    '/datasets/$dataset/schema',
    '/datasets/d/schema',
    <BulkBar place={place} dataset="d" columns={columns as never} onDone={onDone} onNone={() => {}} />,
  );
  fireEvent.click(await screen.findByRole('button', { name: 'Delete' }));
  fireEvent.click(await screen.findByRole('button', { name: 'Delete the columns' }));
  await waitFor(() => expect(onDone).toHaveBeenCalledOnce(), { timeout: 10_000 });
}

it('goes on past columns that are refused, names them with the reason, and lets go of the others', async () => {
  for (const i of [0, 1, 3]) answers.set(`DELETE ${door}/c${i}`, () => null);
  await deleteAll(4);
  expect(asked.map((a) => a.path)).toEqual([0, 1, 2, 3].map((i) => `${door}/c${i}`));
  expect(onDone).toHaveBeenCalledWith(['c0', 'c1', 'c3']);
  expect(await screen.findByText(/junk\.2: not found/, {}, { timeout: 10_000 })).toBeTruthy();
});
