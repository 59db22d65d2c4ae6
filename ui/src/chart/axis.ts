// Where the labels of axes stand: times, the same for line charts and heat maps, and the values of heat maps.
import { momentText } from '../model/time-range';

/** Room left of the plot for the labels of the value axis, and right of it; equal for all charts so that times line up. */
export const AXIS_LEFT = 64;
export const PAD_RIGHT = 16;
export const AXIS_BOTTOM = 24;

const STEPS = [
  0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600,
  43200, 86400, 172800, 604800, 1209600, 2592000,
];

/** Round moments between two times, at most one per `pixels` of the width, aligned to local or UTC midnight. */
export function timeTicks(start: number, end: number, width: number, utc: boolean, pixels = 90): number[] {
  const wanted = ((end - start) / Math.max(1, width)) * pixels;
  const step = STEPS.find((s) => s >= wanted) ?? STEPS[STEPS.length - 1]!;
  const offset = utc ? 0 : -new Date(start * 1000).getTimezoneOffset() * 60;
  const ticks: number[] = [];
  for (let t = Math.ceil((start + offset) / step) * step - offset; t <= end; t += step) ticks.push(t);
  return ticks;
}
export function timeLabels(ticks: readonly number[], utc: boolean): string[] {
  const step = ticks.length > 1 ? ticks[1]! - ticks[0]! : 60;
  return ticks.map((t, i) => {
    const full = momentText(t * 1000, utc);
    const date = full.slice(5, 10);
    if (step >= 86400) return date;
    const time =
      step < 1
        ? `${full.slice(11)}.${String(Math.round((t % 1) * 1000)).padStart(3, '0')}`
        : step < 60
          ? full.slice(11)
          : full.slice(11, 16);
    const isNewDay = i > 0 && momentText(ticks[i - 1]! * 1000, utc).slice(0, 10) !== full.slice(0, 10);
    return isNewDay || (i === 0 && step >= 10800) ? `${date} ${time}` : time;
  });
}
/** Round values between two others, at most `most` steps of 1, 2, 2.5 or 5 times a power of ten; ends that are all but round count as round. */
export function valueTicks(from: number, to: number, most: number): number[] {
  const span = to - from;
  if (!(span > 0)) return [from];
  const power = 10 ** Math.floor(Math.log10(span / most));
  const step = power * [1, 2, 2.5, 5, 10].find((m) => m * power * most >= span * 0.99)!;
  const slack = span * 0.01;
  const first = Math.ceil((from - slack) / step);
  const count = Math.floor((to + slack) / step) - first + 1;
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
