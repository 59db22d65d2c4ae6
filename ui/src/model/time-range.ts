// Time ranges: the query's own members, what people type for them, and how they read.
import { DEFAULT_TIME_RANGE, type QuerySpec } from './query-spec';

export interface Preset {
  seconds: number;
  label: string;
}
const HOUR = 3600;
const DAY = 86400;
export const PRESETS: readonly Preset[] = [
  { seconds: 600, label: '10 minutes' },
  { seconds: 1800, label: '30 minutes' },
  { seconds: HOUR, label: '1 hour' },
  { seconds: 2 * HOUR, label: '2 hours' },
  { seconds: 8 * HOUR, label: '8 hours' },
  { seconds: DAY, label: '24 hours' },
  { seconds: 7 * DAY, label: '7 days' },
  { seconds: 28 * DAY, label: '28 days' },
  { seconds: 60 * DAY, label: '60 days' },
];

const UNITS: Record<string, number> = {
  s: 1,
  sec: 1,
  second: 1,
  m: 60,
  min: 60,
  minute: 60,
  h: HOUR,
  hr: HOUR,
  hour: HOUR,
  d: DAY,
  day: DAY,
  w: 7 * DAY,
  week: 7 * DAY,
};

/** Seconds of "45 min", "last 3h", "1h 30m", "2 days"; null when the text is no span of time. */
export function parseSpan(text: string): number | null {
  const bare = text
    .trim()
    .toLowerCase()
    .replace(/^(the\s+)?last\s+/, '');
  if (bare === '') return null;
  let rest = bare;
  let seconds = 0;
  while (rest !== '') {
    const match = /^(\d+(?:\.\d+)?)\s*([a-z]+)\s*/.exec(rest);
    const unit = match && (UNITS[match[2]!] ?? UNITS[match[2]!.replace(/s$/, '')]);
    if (!match || !unit) return null;
    seconds += Number(match[1]) * unit;
    rest = rest.slice(match[0].length);
  }
  return seconds > 0 ? Math.round(seconds) : null;
}

/** "1 h 30 min"; at most two units. */
export function spanText(seconds: number): string {
  const units: [number, string][] = [
    [DAY, 'd'],
    [HOUR, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const parts: string[] = [];
  let rest = seconds;
  for (const [size, name] of units) {
    const count = Math.floor(rest / size);
    if (count > 0) {
      parts.push(`${count} ${name}`);
      rest -= count * size;
    }
    if (parts.length === 2) break;
  }
  return parts.join(' ') || `${seconds} s`;
}

export const pad = (n: number, width = 2): string => String(n).padStart(width, '0');

/** `2026-11-22 09:41:05` in local time or UTC; the form that {@link parseMoment} reads. */
export function momentText(ms: number, utc: boolean): string {
  const d = new Date(ms);
  return utc
    ? `${d.getUTCFullYear()}-${pad(d.getUTCMonth() + 1)}-${pad(d.getUTCDate())} ${pad(d.getUTCHours())}:${pad(d.getUTCMinutes())}:${pad(d.getUTCSeconds())}`
    : `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())} ${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
}
/** Unix seconds of a typed moment: Unix seconds, or date and time with optional zone. */
export function parseMoment(text: string, utc: boolean): number | null {
  const bare = text.trim();
  if (/^\d{9,11}$/.test(bare)) return Number(bare);
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?$/i.exec(bare);
  if (!match) return null;
  const [, y, mo, d, h = '00', mi = '00', s = '00', zone] = match;
  const iso = `${y}-${mo}-${d}T${h}:${mi}:${s}`;
  const suffix = zone ? (/^(z|utc)$/i.test(zone) ? 'Z' : zone) : utc ? 'Z' : '';
  const ms = Date.parse(iso + suffix);
  return Number.isNaN(ms) ? null : Math.floor(ms / 1000);
}
/** The two ends of a window in Unix seconds; one of them may be written as a length counted from the other. */
export function readEnds(from: string, to: string, utc: boolean): [number | null, number | null] {
  const start = parseMoment(from, utc);
  const end = parseMoment(to, utc);
  const length = parseSpan(start === null ? from : to);
  if (start === null && end !== null && length) return [end - length, end];
  if (end === null && start !== null && length) return [start, start + length];
  return [start, end];
}

export function rangeSeconds(spec: QuerySpec): number {
  if (spec.start_time !== undefined && spec.end_time !== undefined) return spec.end_time - spec.start_time;
  return spec.time_range ?? DEFAULT_TIME_RANGE;
}
export const isRelative = (spec: QuerySpec): boolean => spec.start_time === undefined && spec.end_time === undefined;

export function rangeText(spec: QuerySpec, utc: boolean): string {
  if (isRelative(spec)) {
    const seconds = rangeSeconds(spec);
    return `Last ${PRESETS.find((p) => p.seconds === seconds)?.label ?? spanText(seconds)}`;
  }
  const [start, end] = resolveRange(spec, 0);
  const from = momentText(start * 1000, utc);
  const to = momentText(end * 1000, utc);
  return `${from} – ${from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to}`;
}
/** Start and end in Unix seconds. */
export function resolveRange(spec: QuerySpec, nowSeconds: number): [number, number] {
  const range = spec.time_range ?? DEFAULT_TIME_RANGE;
  if (spec.start_time !== undefined) return [spec.start_time, spec.end_time ?? spec.start_time + range];
  const end = spec.end_time ?? nowSeconds;
  return [end - range, end];
}
/** How much earlier a time to compare with may be; and always the range itself. */
export const COMPARE_OFFSETS: readonly Preset[] = [
  { seconds: 1800, label: '30 minutes before' },
  { seconds: HOUR, label: '1 hour before' },
  { seconds: 2 * HOUR, label: '2 hours before' },
  { seconds: 8 * HOUR, label: '8 hours before' },
  { seconds: DAY, label: 'the day before' },
  { seconds: 7 * DAY, label: 'the week before' },
  { seconds: 28 * DAY, label: '4 weeks before' },
  { seconds: 182 * DAY, label: '26 weeks before' },
];
/** A comparison with the range just before goes along with a new range; another is dropped when it has become too short. */
function fitCompare(old: QuerySpec, next: QuerySpec): QuerySpec {
  const offset = old.compare_time_offset_seconds;
  if (offset === undefined) return next;
  const { compare_time_offset_seconds: _c, ...rest } = next;
  if (offset === rangeSeconds(old)) return { ...rest, compare_time_offset_seconds: rangeSeconds(next) };
  return offset >= rangeSeconds(next) ? next : rest;
}
export function withRelative(spec: QuerySpec, seconds: number): QuerySpec {
  const { start_time: _s, end_time: _e, granularity: _g, ...rest } = spec;
  return fitCompare(spec, { ...rest, time_range: seconds });
}
export function withAbsolute(spec: QuerySpec, start: number, end: number): QuerySpec {
  const { time_range: _t, granularity: _g, ...rest } = spec;
  return fitCompare(spec, {
    ...rest,
    start_time: Math.floor(start),
    end_time: Math.max(Math.floor(start) + 1, Math.ceil(end)),
  });
}
/** Earlier (-1) or later (+1) by one range; a factor below 1 zooms in, above 1 zooms out. */
export function shiftRange(spec: QuerySpec, direction: number, nowSeconds: number): QuerySpec {
  const [start, end] = resolveRange(spec, nowSeconds);
  const step = (end - start) * direction;
  return withAbsolute(spec, start + step, end + step);
}
export function zoomRange(spec: QuerySpec, factor: number, nowSeconds: number): QuerySpec {
  if (isRelative(spec) && factor > 1) return withRelative(spec, Math.round(rangeSeconds(spec) * factor));
  const [start, end] = resolveRange(spec, nowSeconds);
  const middle = (start + end) / 2;
  const half = Math.max(0.5, ((end - start) * factor) / 2);
  return withAbsolute(spec, middle - half, middle + half);
}

const STEPS = [
  1,
  2,
  5,
  10,
  15,
  30,
  60,
  120,
  300,
  600,
  900,
  1800,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  7 * DAY,
];
/** The smallest and largest bucket that the server accepts for a range of so many seconds: at most 1,000 of them, at least one. */
export const granularityBounds = (range: number): [number, number] => [Math.max(1, Math.ceil(range / 1000)), range];
/** Of these, few enough to choose from. */
export const granularities = (range: number): number[] =>
  STEPS.filter((g) => g >= granularityBounds(range)[0] && g <= range / 4);
