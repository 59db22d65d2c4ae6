import { renderHook } from '@testing-library/react';
import { expect, it } from 'vitest';
import { useLinked } from './use-trace';

it('a very large trace is loaded around the span of its own link, also after following a link to it', () => {
  const { result, rerender } = renderHook(({ id, span }) => useLinked(id, span), {
    initialProps: { id: 't1', span: 'a' as string | undefined },
  });
  const seen = [result.current];
  for (const props of [
    { id: 't1', span: 'b' },
    { id: 't2', span: 'c' },
    { id: 't2', span: 'd' },
    { id: 't3', span: undefined },
    { id: 't3', span: 'e' },
  ]) {
    rerender(props);
    seen.push(result.current);
  }
  expect(seen).toEqual(['a', 'a', 'c', 'c', undefined, undefined]);
});
