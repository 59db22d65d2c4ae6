// What was taken in, day by day: lists without gaps, this month so far and where it leads.

export interface DayCount {
  /** As 2026-11-22, UTC. */
  day: string;
  events: number;
}
const DAY_MS = 86_400_000;
const dayText = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** The last `count` days with their events, today last; days that are not listed had none. */
export function lastDays(days: readonly DayCount[], count: number, now: number): DayCount[] {
  const known = new Map(days.map((d) => [d.day, d.events]));
  return Array.from({ length: count }, (_, i) => {
    const day = dayText(now - (count - 1 - i) * DAY_MS);
    return { day, events: known.get(day) ?? 0 };
  });
}
/** Events of this month, and what it comes to when it goes on like this; days are those of UTC. */
export function monthOf(days: readonly DayCount[], now: number): { events: number; projected: number } {
  const month = dayText(now).slice(0, 7);
  const events = days.filter((d) => d.day.startsWith(month)).reduce((sum, d) => sum + d.events, 0);
  const begin = Date.parse(`${month}-01T00:00:00Z`);
  const at = new Date(begin);
  const end = Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1);
  return { events, projected: Math.round((events * (end - begin)) / Math.max(1, now - begin)) };
}
/** The same days of several lists added up. */
export function addDays(lists: readonly (readonly DayCount[])[]): DayCount[] {
  const sums = new Map<string, number>();
  for (const { day, events } of lists.flat()) sums.set(day, (sums.get(day) ?? 0) + events);
  return [...sums].map(([day, events]) => ({ day, events })).sort((a, b) => a.day.localeCompare(b.day));
}
