// What a board sends when it is saved or shared, and what Cancel leaves behind.
import { answers, asked, showPage } from '../page.test.kit';
import { cleanup, fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import BoardPage from './BoardPage';

const sharing = { kind: 'team', collaborators: [], maker: 'ann@example.com', can_change: true };
const board = {
  id: 'b1',
  name: 'Shop',
  description: '',
  type: 'flexible',
  panels: [],
  preset_filters: [],
  tags: [{ key: 'team', value: 'shop' }],
  sharing,
};
const path = '/api/environments/e/boards/b1';
const puts = () => asked.filter((a) => a.method === 'PUT' && a.path === path).map((a) => a.body as object);
const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }));
const tags = () => screen.getByRole<HTMLInputElement>('textbox', { name: 'Tags of the board' });

beforeEach(async () => {
  asked.length = 0;
  answers.set(`GET ${path}`, () => board);
  answers.set(`PUT ${path}`, ({ body }) => ({ ...board, ...(body as object) }));
  showPage('/board/$board', '/board/b1', <BoardPage />);
  await screen.findByRole('heading', { name: 'Shop' });
});
afterEach(cleanup);

describe('a board', () => {
  it('forgets on Cancel what was typed, tags too', () => {
    press('Edit');
    fireEvent.change(tags(), { target: { value: 'team:other' } });
    press('Cancel');
    press('Edit');
    expect(tags().value).toBe('team:shop');
  });
  it('is saved without saying who sees it, which somebody else may have changed', async () => {
    press('Edit');
    fireEvent.change(screen.getByRole('textbox', { name: 'Name of the board' }), { target: { value: 'Store' } });
    press('Save board');
    await screen.findByRole('heading', { name: 'Store' });
    expect(puts()).toEqual([expect.objectContaining({ name: 'Store' })]);
    expect(puts()[0]).not.toHaveProperty('sharing');
  });
  it('is shared as it is by then, not as it was loaded', async () => {
    answers.set(`GET ${path}`, () => ({ ...board, name: 'Renamed meanwhile' }));
    answers.set('GET /api/environments/e/members', () => []);
    press('More');
    fireEvent.click(await screen.findByRole('menuitem', { name: 'Who sees this board' }));
    fireEvent.change(await screen.findByRole('combobox'), { target: { value: 'limited' } });
    press('Set it');
    await waitFor(() => expect(puts()).toHaveLength(1));
    expect(puts()[0]).toMatchObject({ name: 'Renamed meanwhile', sharing: { kind: 'limited', collaborators: [] } });
  });
});
