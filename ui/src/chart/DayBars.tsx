// One bar a day, without axes: its numbers stand beside it, and in the tips of the bars.
import css from './chart.module.css';

interface Props {
  days: readonly { day: string; events: number }[];
  width?: number;
  height?: number;
}
export function DayBars({ days, width = 120, height = 20 }: Props) {
  const most = Math.max(1, ...days.map((d) => d.events));
  const step = width / Math.max(1, days.length);
  return (
    <svg className={css.bars} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" height={height} aria-hidden>
      {days.map((d, i) => {
        // A day with any event is seen.
        const tall = d.events === 0 ? 0.5 : Math.max(1.5, (d.events / most) * height);
        return (
          <rect key={d.day} x={i * step} y={height - tall} width={Math.max(0.5, step - 1)} height={tall}>
            <title>{`${d.day}: ${d.events.toLocaleString('en')} events`}</title>
          </rect>
        );
      })}
    </svg>
  );
}
