import { renderHook } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { useNewest } from './use-newest';

describe('the newest question', () => {
  it('aborts the one before, and goes with its page', () => {
    const { result, unmount } = renderHook(useNewest);
    const first = result.current();
    expect(first.aborted).toBe(false);
    const second = result.current();
    expect([first.aborted, second.aborted]).toEqual([true, false]);
    unmount();
    expect(second.aborted).toBe(true);
  });
});
