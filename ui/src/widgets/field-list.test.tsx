// Pinned fields stand first, in every list of fields and after the page was left.
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';
import { FieldList } from './FieldList';

afterEach(() => {
  cleanup();
  localStorage.clear();
});

const names = () => [...document.querySelectorAll('[data-field]')].map((el) => (el as HTMLElement).dataset.field);

it('pins a field to the top, keeps it there, and lets it go', () => {
  const data = { name: 'walk', duration_ms: 3, 'user.id': 'u-1' };
  const { unmount } = render(<FieldList data={data} />);
  expect(names()).toEqual(['duration_ms', 'name', 'user.id']);
  fireEvent.click(screen.getByRole('button', { name: 'Pin user.id' }));
  expect(names()).toEqual(['user.id', 'duration_ms', 'name']);
  unmount();
  render(<FieldList data={{ ...data, another: 1 }} />);
  expect(names()).toEqual(['user.id', 'another', 'duration_ms', 'name']);
  fireEvent.click(screen.getByRole('button', { name: 'Unpin user.id' }));
  expect(names()).toEqual(['another', 'duration_ms', 'name', 'user.id']);
});
