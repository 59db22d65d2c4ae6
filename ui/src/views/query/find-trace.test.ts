// A search for a trace ends with the page that asked for it.
import { answers, asked } from '../page.test.kit';
import { expect, it } from 'vitest';
import { behindGroup, type QueryAnswer } from '../../model/result';
import { findTrace } from './find-trace';

it('a search for a trace that is no longer wanted asks the server to stop', async () => {
  answers.set('POST /api/environments/e/datasets/shop/rows', ({ signal }) => {
    return new Promise((_answer, refuse) => signal.addEventListener('abort', () => refuse(signal.reason)));
  });
  const answer = { query: {}, start_time: 0, end_time: 60, breakdowns: [] } as unknown as QueryAnswer;
  const unwanted = new AbortController();
  const found = findTrace(
    'e',
    'shop',
    answer,
    { behind: behindGroup(answer, undefined), x: 0, y: 0, title: '' },
    unwanted.signal,
  );
  const ended = expect(found).rejects.toMatchObject({ name: 'AbortError' });
  await expect.poll(() => asked.length).toBe(1);
  unwanted.abort();
  await ended;
});
