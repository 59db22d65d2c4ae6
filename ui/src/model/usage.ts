// What was taken in, day by day and month by month: lists without gaps.

export interface DayCount {
  /** As 2026-11-22, UTC; of a month as 2026-11. */
  day: string;
  events: number;
}
const DAY_MS = 86_400_000;
const dayText = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const filled = (days: readonly string[], known: readonly DayCount[]): DayCount[] => {
  const events = new Map(known.map((d) => [d.day, d.events]));
  return days.map((day) => ({ day, events: events.get(day) ?? 0 }));
};
/** The last `count` days with their events, today last; days that are not listed had none. */
export const lastDays = (days: readonly DayCount[], count: number, now: number): DayCount[] =>
  filled(
    Array.from({ length: count }, (_, i) => dayText(now - (count - 1 - i) * DAY_MS)),
    days,
  );
/** The last `count` months as 2026-11, this one last. */
export function lastMonths(count: number, now: number): string[] {
  const at = new Date(now);
  const first = (back: number) => Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - back, 1);
  return Array.from({ length: count }, (_, i) => dayText(first(count - 1 - i)).slice(0, 7));
}
/** The same days added up by month: each of the last `count` months, this one last. */
export const inMonths = (days: readonly DayCount[], count: number, now: number): DayCount[] =>
  filled(lastMonths(count, now), addDays([days.map((d) => ({ ...d, day: d.day.slice(0, 7) }))]));
/** The same days of several lists added up. */
export function addDays(lists: readonly (readonly DayCount[])[]): DayCount[] {
  const sums = new Map<string, number>();
  for (const { day, events } of lists.flat()) sums.set(day, (sums.get(day) ?? 0) + events);
  return [...sums].map(([day, events]) => ({ day, events })).sort((a, b) => a.day.localeCompare(b.day));
}
