// Columns deleted many at once: in as few calls as the server allows, and whoever stays is named.
import { answers, asked, showPage } from '../page.test.kit';
import { cleanup, fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { BulkBar } from './BulkBar';

const door = '/api/environments/e/datasets/d/column-deletions';
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
  await waitFor(() => expect(onDone).toHaveBeenCalledOnce());
}

it('deletes a hundred columns a call, names those that stay, and lets go of the others', async () => {
  answers.set(`POST ${door}`, ({ body }) => {
    const { ids } = body as { ids: string[] };
    return { deleted: ids.filter((id) => id !== 'c7'), in_use: ids.filter((id) => id === 'c7') };
  });
  await deleteAll(150);
  expect(asked.map((a) => (a.body as { ids: string[] }).ids.length)).toEqual([100, 50]);
  expect(onDone.mock.calls[0]![0]).toHaveLength(149);
  expect(onDone.mock.calls[0]![0]).not.toContain('c7');
  expect(await screen.findByText(/junk\.7: the dataset’s definition uses it/)).toBeTruthy();
});

it('goes on past a call that fails, and says which columns stay', async () => {
  answers.set(`POST ${door}`, ({ body }) => {
    const { ids } = body as { ids: string[] };
    if (ids[0] === 'c0') throw new Error('no connection');
    return { deleted: ids, in_use: [] };
  });
  await deleteAll(101);
  expect(onDone).toHaveBeenCalledWith(['c100']);
  expect(await screen.findByText(/junk\.0, junk\.1.* and 92 more: The server does not answer/)).toBeTruthy();
});
