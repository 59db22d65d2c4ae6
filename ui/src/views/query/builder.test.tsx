// What the builder does with keys and pasted texts that are not meant for it.
import { answers, showPage } from '../page.test.kit';
import { cleanup, createEvent, fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { QuerySpec } from '../../model/query-spec';
import { Builder } from './Builder';

afterEach(() => {
  cleanup();
  answers.clear();
});
const shown = async (spec: QuerySpec) => {
  const onEdit = vi.fn();
  showPage(
    '/datasets/$dataset',
    '/datasets/shop',
    <Builder env="e" dataset="shop" spec={spec} onEdit={onEdit} selectRef={null} />,
  );
  const box = (name: string) => screen.findByRole<HTMLInputElement>('combobox', { name });
  return { onEdit, select: await box('SELECT'), where: await box('WHERE') };
};

describe('the builder', () => {
  it('leaves digits to the box that has the focus, empty or not', async () => {
    const { select } = await shown({});
    select.focus();
    const press = createEvent.keyDown(select, { key: '3' });
    fireEvent(select, press);
    expect(press.defaultPrevented).toBe(false);
    expect(document.activeElement).toBe(select);
  });
  it('leaves a pasted text to the box where it would join the filters anew', async () => {
    const { where, onEdit } = await shown({ filters: [{ column: 'a', op: '=', value: 1 }] });
    const paste = (text: string) => fireEvent.paste(where, { clipboardData: { getData: () => text } });
    expect(paste('b = 2 or c = 3')).toBe(true);
    expect(onEdit).not.toHaveBeenCalled();
    expect(paste('b = 2 and c = 3')).toBe(false);
    expect(onEdit.mock.lastCall![0].filters).toHaveLength(3);
  });
});

describe('the builder over a dataset of metrics', () => {
  const at = 'GET /api/environments/e/datasets';
  const column = (key_name: string, type: string) => ({ key_name, type, description: '', hidden: false });
  const offered = async () => (await screen.findAllByRole('option')).map((o) => o.textContent);
  const withMetrics = (dataset_type: string) => {
    answers.set(at, () => [{ slug: 'shop', name: 'shop', dataset_type }]);
    answers.set(`${at}/shop/metrics`, () => ({
      metrics: [
        { name: 'queue', type: 'gauge', default: 'LAST' },
        { name: 'requests', type: 'sum(cumulative,monotonic)', default: 'INCREASE' },
      ],
    }));
    answers.set(`${at}/shop/metrics/requests/attributes`, () => ({ attributes: ['code', 'host'] }));
    const columns = [column('code', 'integer'), column('host', 'string'), column('zone', 'string')];
    answers.set(`${at}/shop/columns`, () => ({ columns: [...columns, column('requests', 'integer')], total: 4 }));
  };
  it('offers its metrics with their kinds, and ways to follow them', async () => {
    withMetrics('metrics');
    const { select, onEdit } = await shown({});
    await waitFor(() => expect(select.placeholder).toContain('metric'));
    select.focus();
    fireEvent.change(select, { target: { value: 'SUM(req' } });
    await waitFor(async () => expect((await offered())[0]).toContain('counter, INCREASE'));
    fireEvent.change(select, { target: { value: 'SUM(RATE(req' } });
    await waitFor(async () => expect((await offered())[0]).toContain('RATE(requests)'));
    fireEvent.keyDown(select, { key: 'Enter' });
    expect(onEdit.mock.lastCall![0].calculations).toEqual([{ op: 'SUM', column: 'RATE(requests)' }]);
  });
  it('refuses what counts events, in words that say what to ask instead', async () => {
    withMetrics('metrics');
    const { select, onEdit } = await shown({});
    await waitFor(() => expect(select.placeholder).toContain('metric'));
    fireEvent.change(select, { target: { value: 'COUNT' } });
    fireEvent.keyDown(select, { key: 'Enter', shiftKey: true });
    expect((await screen.findByRole('alert')).textContent).toContain('COUNT_DATAPOINTS(metric)');
    expect(onEdit).not.toHaveBeenCalled();
  });
  it('narrows WHERE to what the chosen metric came with; elsewhere to nothing', async () => {
    for (const [type, names] of [
      ['metrics', ['code', 'host']],
      ['events', ['code', 'host', 'zone', 'requests']],
    ] as const) {
      withMetrics(type);
      const { where } = await shown({ calculations: [{ op: 'SUM', column: 'requests' }] });
      where.focus();
      const labels = async () => (await offered()).map((text) => names.find((n) => text.includes(n)) ?? text);
      await waitFor(async () => expect((await labels()).slice(0, -1)).toEqual(names));
      cleanup();
    }
  });
});
