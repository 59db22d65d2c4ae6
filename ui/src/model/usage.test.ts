import { describe, expect, it } from 'vitest';
import { addDays, lastDays, monthOf } from './usage';

const NOW = Date.parse('2026-11-16T00:00:00Z');

describe('usage', () => {
  it('has a place for every day, also those without events', () => {
    expect(lastDays([{ day: '2026-11-15', events: 7 }], 3, NOW)).toEqual([
      { day: '2026-11-14', events: 0 },
      { day: '2026-11-15', events: 7 },
      { day: '2026-11-16', events: 0 },
    ]);
  });
  it('takes this month as it is and goes on with it: half a month gone is half of it', () => {
    const days = [
      { day: '2026-10-31', events: 1000 },
      { day: '2026-11-01', events: 100 },
      { day: '2026-11-15', events: 50 },
    ];
    expect(monthOf(days, NOW)).toEqual({ events: 150, projected: 300 });
    expect(monthOf([], Date.parse('2026-11-01T00:00:00Z'))).toEqual({ events: 0, projected: 0 });
  });
  it('adds lists up by day', () => {
    const a = [{ day: '2026-11-02', events: 1 }];
    const b = [
      { day: '2026-11-01', events: 2 },
      { day: '2026-11-02', events: 3 },
    ];
    expect(addDays([a, b])).toEqual([
      { day: '2026-11-01', events: 2 },
      { day: '2026-11-02', events: 4 },
    ]);
  });
});
