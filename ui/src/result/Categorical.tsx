// Charts without a time axis: one number, bars by group, shares of the whole.
import { useMemo } from 'react';
import { cellText, quantityText, shortNumber } from '../model/format';
import type { ThemeColours } from '../model/palette';
import { pastValues, type Group, type QueryAnswer } from '../model/result';
import { shareText } from '../model/bubble-up';
import css from './result.module.css';

interface Props {
  calculation: string;
  /** The column whose unit the values have. */
  unitOf: string;
  answer: QueryAnswer;
  groups: readonly Group[];
  hidden: ReadonlySet<string>;
  colours: ThemeColours;
  onGroup?: (group: Group, at: { x: number; y: number }) => void;
}
const SHOWN_MAX = 30;
const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
const at = (e: React.MouseEvent<Element>) => ({
  x: e.clientX || e.currentTarget.getBoundingClientRect().left + 16,
  y: e.clientY || e.currentTarget.getBoundingClientRect().bottom,
});

/** The value of all groups, large, with its course below. */
export function Stat({ calculation, unitOf, answer, colours }: Props) {
  const whole = answer.breakdowns.length === 0 ? (answer.results[0]?.data ?? answer.total) : answer.total;
  const value = number(whole?.[calculation]);
  const old = number(pastValues(answer)?.get('')?.[calculation]);
  const points = useMemo(() => {
    const rows = answer.total_series.length > 0 ? answer.total_series : answer.series;
    return rows.flatMap((r) => {
      const y = number(r.data[calculation]);
      return y === null ? [] : [[Date.parse(r.time) / 1000, y] as const];
    });
  }, [answer, calculation]);
  const max = Math.max(...points.map(([, y]) => y), 0) || 1;
  const span = answer.end_time - answer.start_time || 1;
  const path = points.map(([x, y]) => `${((x - answer.start_time) / span) * 100},${30 - (y / max) * 28}`).join(' ');
  return (
    <div className={css.stat} data-chart={calculation} data-kind="stat">
      <p>
        <strong className="num">{value === null ? '–' : quantityText(unitOf, value)}</strong>
        {old !== null && value !== null && (
          <span className="num">
            {changeText(value, old)} <small>was {quantityText(unitOf, old)}</small>
          </span>
        )}
      </p>
      {points.length > 1 && (
        <svg viewBox="0 0 100 32" preserveAspectRatio="none" aria-hidden>
          <polyline points={path} fill="none" stroke={colours.series[0]} vectorEffect="non-scaling-stroke" />
        </svg>
      )}
    </div>
  );
}
/** `+12 %`, `−3.5 %`, `new`. */
export function changeText(value: number, old: number): string {
  if (old === 0) return value === 0 ? '±0' : 'new';
  const share = (value - old) / Math.abs(old);
  const percent = Number((Math.abs(share) * 100).toPrecision(3));
  return percent === 0 ? '±0 %' : `${share < 0 ? '−' : '+'}${percent} %`;
}

/** One bar per group, the longest the largest value. */
export function GroupBars({ calculation, unitOf, groups, hidden, colours, onGroup }: Props) {
  const shown = groups.filter((g) => !hidden.has(g.key) && number(g.data[calculation]) !== null);
  const max = Math.max(...shown.map((g) => number(g.data[calculation])!), 0) || 1;
  return (
    <ul className={css.bars} data-chart={calculation} data-kind="cbar">
      {shown.slice(0, SHOWN_MAX).map((g) => (
        <li key={g.key}>
          <button type="button" onClick={(e) => onGroup?.(g, at(e))} disabled={!onGroup}>
            <span title={g.label}>{g.label}</span>
            <i>
              <b
                style={{
                  width: `${Math.max(0, (number(g.data[calculation])! / max) * 100)}%`,
                  background: colours.series[g.style.colour],
                }}
              />
            </i>
            <span className="num">{cellText(unitOf, number(g.data[calculation])!)}</span>
          </button>
        </li>
      ))}
      {shown.length > SHOWN_MAX && <li className={css.more}>and {shown.length - SHOWN_MAX} more in the table</li>}
    </ul>
  );
}

/** The share of each group in the sum of all; what lies beyond the first slices is one grey slice. */
export function GroupShares({ calculation, unitOf, answer, groups, hidden, colours, onGroup }: Props) {
  const valued = groups
    .filter((g) => !hidden.has(g.key))
    .map((group) => ({ group, value: Math.max(0, number(group.data[calculation]) ?? 0) }))
    .filter((g) => g.value > 0)
    .sort((a, b) => b.value - a.value);
  const slices = valued.slice(0, 12);
  const other =
    valued.slice(12).reduce((sum, g) => sum + g.value, 0) + Math.max(0, number(answer.other?.[calculation]) ?? 0);
  const sum = slices.reduce((total, g) => total + g.value, 0) + other || 1;
  const begins = slices.map((_, i) => slices.slice(0, i).reduce((total, g) => total + g.value, 0) / sum);
  return (
    <div className={css.shares} data-chart={calculation} data-kind="cpie">
      <svg viewBox="-1.05 -1.05 2.1 2.1" role="img" aria-label={`Shares of ${calculation} by group`}>
        {slices.map(({ group, value }, i) => (
          <path
            key={group.key}
            d={arcPath(begins[i]!, begins[i]! + value / sum)}
            fill={colours.series[group.style.colour]}
            stroke={colours.bg}
            strokeWidth={0.015}
            onClick={(e) => onGroup?.(group, at(e))}
          >
            <title>{`${group.label}: ${cellText(unitOf, value)}, ${shareText(value / sum)}`}</title>
          </path>
        ))}
        {other > 0 && (
          <path d={arcPath(1 - other / sum, 1)} fill={colours.border} stroke={colours.bg} strokeWidth={0.015} />
        )}
        <text textAnchor="middle" dominantBaseline="central" fontSize={0.24} fill={colours.text}>
          {shortNumber(sum)}
        </text>
      </svg>
      <ul>
        {slices.map(({ group, value }) => (
          <li key={group.key}>
            <button type="button" onClick={(e) => onGroup?.(group, at(e))} disabled={!onGroup}>
              <i style={{ background: colours.series[group.style.colour] }} />
              <span title={group.label}>{group.label}</span>
              <span className="num">{shareText(value / sum)}</span>
            </button>
          </li>
        ))}
        {other > 0 && (
          <li className={css.more}>
            all others <span className="num">{shareText(other / sum)}</span>
          </li>
        )}
      </ul>
    </div>
  );
}
function arcPath(from: number, to: number): string {
  const end = to - from >= 1 ? from + 0.99999 : to;
  const point = (turn: number, radius: number) => {
    const angle = turn * 2 * Math.PI - Math.PI / 2;
    return `${(Math.cos(angle) * radius).toFixed(4)} ${(Math.sin(angle) * radius).toFixed(4)}`;
  };
  const large = end - from > 0.5 ? 1 : 0;
  return `M${point(from, 1)}A1 1 0 ${large} 1 ${point(end, 1)}L${point(end, 0.58)}A.58 .58 0 ${large} 0 ${point(from, 0.58)}Z`;
}
