// How numbers, durations and times read. One place, so that a value looks the same in chart, table and trace.
import { momentText, pad } from './time-range';

const groupsOf3 = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** Full precision for counts, four significant digits otherwise: `12,345`, `8.25`, `0.000512`. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) || Math.abs(value) >= 10_000)
    return Math.abs(value) < 1e15 ? groupsOf3.format(value) : value.toExponential(3);
  if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential(2);
  return String(Number(value.toPrecision(Math.abs(value) >= 1000 ? 6 : 4)));
}
/** `1 event`, `12,345 events`. */
export const countText = (count: number, one: string): string => `${numberText(count)} ${one}${count === 1 ? '' : 's'}`;
/** For axes: `1.2k`, `34M`. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  const cut = (n: number, unit: string) => `${Number(n.toPrecision(3))}${unit}`;
  if (size >= 1e12) return cut(value / 1e12, 'T');
  if (size >= 1e9) return cut(value / 1e9, 'G');
  if (size >= 1e6) return cut(value / 1e6, 'M');
  if (size >= 1e4) return cut(value / 1e3, 'k');
  return String(Number(value.toPrecision(4)));
}
/** Bytes on disk of so many events; those that came last are in memory and in the log only. */
export const storedText = (bytes: number, events: number): string =>
  bytes === 0 && events > 0 ? 'in memory' : bytesText(bytes);
const DURATIONS: [string, number][] = [
  ['ns', 1],
  ['µs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
];
const SIZES: [string, number][] = [
  ['B', 1],
  ['kB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['TB', 1e12],
];
/** By the end of a column's name: its unit in the first of the units it may be shown in. */
const COLUMN_UNITS = new Map<string, [number, [string, number][]]>([
  ['ns', [1, DURATIONS]],
  ['us', [1e3, DURATIONS]],
  ['ms', [1e6, DURATIONS]],
  ['s', [1e9, DURATIONS]],
  ['seconds', [1e9, DURATIONS]],
  ['bytes', [1, SIZES]],
]);
const unitsOf = (column: string) => COLUMN_UNITS.get(/[_.]([a-z]+)$/.exec(column)?.[1] ?? '');
/** The unit that a column's name ends in, in the largest step that some value reaches. */
function unitOf(column: string, values: readonly number[]): { unit: string; share: number } | null {
  const known = unitsOf(column);
  if (!known) return null;
  const [factor, units] = known;
  const most = Math.max(...values.map((v) => Math.abs(v) * factor));
  const [unit, size] = units.findLast(([, s]) => most >= s) ?? units[0]!;
  return { unit, share: factor / size };
}
/** Values along one axis, in one unit when the name of their column ends in one: `0.5 s`, `1 s`; else `1.2k`. */
export function axisTexts(column: string, values: readonly number[], digits = 6): string[] {
  const known = unitOf(column, values);
  if (!known) return values.map(shortNumber);
  return values.map((v) => {
    const value = Number((v * known.share).toPrecision(digits));
    return `${Math.abs(value) >= 1e4 ? shortNumber(value) : value} ${known.unit}`;
  });
}
/** One value of a column with its unit: `812.4 ms`, `1.204 s`; the number alone when the column's name ends in none. */
export function quantityText(column: string, value: number): string {
  const known = unitOf(column, [value]);
  return known ? `${numberText(value * known.share)} ${known.unit}` : numberText(value);
}
/** One value in the unit of its column as it is, where values are compared line by line: `1,204 ms`. */
export function cellText(column: string, value: number): string {
  const [factor, units] = unitsOf(column) ?? [];
  const unit = units?.find(([, size]) => size === factor)?.[0];
  return unit === undefined ? numberText(value) : `${numberText(value)} ${unit}`;
}
/** From one value to another in one unit: `80 – 100 ms`. */
export function quantitiesText(column: string, from: number, to: number): string {
  const known = unitOf(column, [from, to]);
  if (!known) return `${numberText(from)} – ${numberText(to)}`;
  return `${numberText(from * known.share)} – ${numberText(to * known.share)} ${known.unit}`;
}
/** A duration given in ns: `812 ns`, `3.4 µs`, `12.5 ms`, `1.204 s`, `2 min 5 s`. */
export function durationText(ns: number): string {
  const trim = (n: number) => String(Number(n.toPrecision(n >= 100 ? 4 : 3)));
  if (ns === 0) return '0 ms';
  if (ns < 1e3) return `${Math.round(ns)} ns`;
  if (ns < 1e6) return `${trim(ns / 1e3)} µs`;
  if (ns < 1e9) return `${trim(ns / 1e6)} ms`;
  if (ns < 60e9) return `${trim(ns / 1e9)} s`;
  const seconds = Math.round(ns / 1e9);
  return seconds < 3600
    ? `${Math.floor(seconds / 60)} min ${seconds % 60} s`
    : `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 'B';
  for (const next of units) {
    if (value < 1000) break;
    value /= 1000;
    unit = next;
  }
  return `${Number(value.toPrecision(3))} ${unit}`;
}
export const elapsedText = (ms: number): string =>
  ms < 1000 ? `${Number(ms.toPrecision(2))} ms` : `${(ms / 1000).toFixed(1)} s`;

/** `09:41:05` for a bucket, with the date when the range is longer than a day, with ms when buckets are below 1 s. */
export function bucketText(seconds: number, utc: boolean, withDate: boolean, withMs: boolean): string {
  const full = momentText(seconds * 1000, utc);
  const ms = withMs ? `.${pad(Math.round((seconds % 1) * 1000), 3)}` : '';
  return `${withDate ? `${full.slice(5, 10)} ` : ''}${full.slice(11)}${ms}`;
}
/** `2026-11-22 09:41:05.123456`: a row's own time with µs, from its RFC 3339 text. */
export function rowTimeText(rfc3339: string, utc: boolean): string {
  const fraction = /\.(\d+)/.exec(rfc3339)?.[1] ?? '';
  return `${momentText(Date.parse(rfc3339), utc)}.${fraction.padEnd(6, '0').slice(0, 6)}`;
}
export function agoText(then: number, now: number): string {
  const seconds = Math.round((now - then) / 1000);
  const plural = (n: number, unit: string) => `${n} ${unit}${n === 1 ? '' : 's'} ago`;
  if (seconds < 5) return 'just now';
  if (seconds < 60) return plural(seconds, 'second');
  if (seconds < 3600) return plural(Math.floor(seconds / 60), 'minute');
  if (seconds < 86400) return plural(Math.floor(seconds / 3600), 'hour');
  return plural(Math.floor(seconds / 86400), 'day');
}
/** Nanoseconds since the epoch of an RFC 3339 time, without the rounding of `Date`. */
export function rfc3339ToNs(text: string): bigint {
  const fraction = (/\.(\d+)/.exec(text)?.[1] ?? '').padEnd(9, '0').slice(0, 9);
  const whole = Date.parse(text.replace(/\.\d+/, ''));
  return BigInt(whole) * 1_000_000n + BigInt(fraction || '0');
}
/** Any value as one line of text; a missing one reads as "(no value)". */
export function valueText(value: unknown): string {
  if (value === undefined || value === null) return '(no value)';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(12)));
  return typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value);
}
/** Cuts the middle out of long ids and URLs: `4bf92f35…0e4736`. */
export function middleCut(text: string, keep: number): string {
  if (text.length <= keep) return text;
  const tail = Math.floor((keep - 1) / 3);
  return `${text.slice(0, keep - 1 - tail)}…${text.slice(text.length - tail)}`;
}
