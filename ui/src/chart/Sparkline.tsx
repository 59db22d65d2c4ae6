// A small line without axes: its numbers stand beside it.
import css from './chart.module.css';

interface Props {
  ys: readonly (number | null)[];
  width?: number;
  height?: number;
  kind?: 'calm' | 'error' | 'slow';
}
export function Sparkline({ ys, width = 120, height = 24, kind = 'calm' }: Props) {
  const most = Math.max(1e-9, ...ys.map((y) => y ?? 0));
  const step = ys.length > 1 ? width / (ys.length - 1) : width;
  const parts: string[] = [];
  let isOpen = false;
  ys.forEach((y, i) => {
    if (y === null) {
      isOpen = false;
      return;
    }
    const at = `${(i * step).toFixed(1)} ${(height - 1.5 - (y / most) * (height - 3)).toFixed(1)}`;
    parts.push(`${isOpen ? 'L' : 'M'}${at}`);
    isOpen = true;
  });
  return (
    <svg
      className={css.spark}
      data-kind={kind}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      height={height}
      aria-hidden
    >
      <path d={`M0 ${height - 0.5}H${width}`} />
      <path d={parts.join('')} />
    </svg>
  );
}
