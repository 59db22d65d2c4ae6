import { describe, expect, it } from 'vitest';
import { queryChanges } from './query-text';

describe('what two queries differ in', () => {
  it('is nothing for the same question at another time', () =>
    expect(queryChanges({ time_range: 60 }, { calculations: [{ op: 'COUNT' }], start_time: 1, end_time: 2 })).toEqual(
      [],
    ));
  it('is said clause by clause', () =>
    expect(
      queryChanges(
        {
          calculations: [{ op: 'COUNT' }, { op: 'AVG', column: 'a' }],
          filters: [{ column: 'e', op: 'exists' }],
          limit: 5,
        },
        { calculations: [{ op: 'COUNT' }], filters: [{ column: 'e', op: 'exists' }], breakdowns: ['name'] },
      ),
    ).toEqual([
      { clause: 'SELECT', gone: ['AVG(a)'], added: [] },
      { clause: 'GROUP BY', gone: [], added: ['name'] },
      { clause: 'LIMIT', gone: ['5'], added: [] },
    ]));
});
