// What the builder does with keys and pasted texts that are not meant for it.
import { showPage } from '../page.test.kit';
import { cleanup, createEvent, fireEvent, screen } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { QuerySpec } from '../../model/query-spec';
import { Builder } from './Builder';

afterEach(cleanup);
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
