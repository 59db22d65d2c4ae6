import { describe, expect, it } from 'vitest';
import { addDays, inMonths, lastDays, lastMonths } from './usage';

const NOW = Date.parse('2026-11-16T00:00:00Z');

describe('usage', () => {
  it('has a place for every day, also those without events', () => {
    expect(lastDays([{ day: '2026-11-15', events: 7 }], 3, NOW)).toEqual([
      { day: '2026-11-14', events: 0 },
      { day: '2026-11-15', events: 7 },
      { day: '2026-11-16', events: 0 },
    ]);
  });
  it('adds days up by month, with a place for every month, across the turn of a year', () => {
    const days = [
      { day: '2026-10-31', events: 1000 },
      { day: '2026-12-01', events: 100 },
      { day: '2026-12-15', events: 50 },
    ];
    const now = Date.parse('2027-01-31T23:00:00Z');
    expect(lastMonths(3, now)).toEqual(['2026-11', '2026-12', '2027-01']);
    expect(inMonths(days, 4, now)).toEqual([
      { day: '2026-10', events: 1000 },
      { day: '2026-11', events: 0 },
      { day: '2026-12', events: 150 },
      { day: '2027-01', events: 0 },
    ]);
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
