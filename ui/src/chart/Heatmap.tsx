// A HEATMAP calculation as a canvas: cells below, hover and selection above, labels in the same canvas.
import { useEffect, useMemo, useRef, useState } from 'react';
import { bucketText, numberText, shortNumber } from '../model/format';
import type { ThemeColours } from '../model/palette';
import type { HeatmapData } from '../model/result';
import { AXIS_BOTTOM, AXIS_LEFT, PAD_RIGHT, timeLabels, timeTicks } from './axis';
import css from './chart.module.css';
import type { SharedCursor } from './cursor';
import { heatLevels, paint, rampTable, type HeatScale } from './heat-image';

export interface HeatCell {
  bucket: number;
  from: number;
  to: number;
  count: number;
  x: number;
  y: number;
}
interface Props {
  calculation: string;
  data: HeatmapData;
  range: [number, number];
  granularity: number;
  colours: ThemeColours;
  utc: boolean;
  scale: HeatScale;
  cursor: SharedCursor;
  height?: number;
  onZoom: (start: number, end: number) => void;
  onCell: (cell: HeatCell) => void;
}
const TOP = 8;

export function Heatmap(props: Props) {
  const { data, range, granularity, colours, utc, scale, cursor, height = 240 } = props;
  const frame = useRef<HTMLDivElement>(null);
  const base = useRef<HTMLCanvasElement>(null);
  const over = useRef<HTMLCanvasElement>(null);
  const tip = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [said, setSaid] = useState('');
  const state = useRef<{ hover: [number, number] | null; drag: [number, number] | null; line: number | null }>({
    hover: null,
    drag: null,
    line: null,
  });
  const times = useMemo(() => data.times.map((t) => Date.parse(t) / 1000), [data]);
  const image = useMemo(() => {
    const levels = heatLevels(data.counts, data.bins, scale);
    const pixels = new ImageData(Math.max(1, data.counts.length), Math.max(1, data.bins));
    paint(levels, rampTable(colours.ramp), pixels.data);
    const canvas = document.createElement('canvas');
    canvas.width = pixels.width;
    canvas.height = pixels.height;
    canvas.getContext('2d')!.putImageData(pixels, 0, 0);
    return canvas;
  }, [data, scale, colours]);

  const plotWidth = Math.max(1, width - AXIS_LEFT - PAD_RIGHT);
  const plotHeight = height - TOP - AXIS_BOTTOM;
  const xOf = (seconds: number) => AXIS_LEFT + ((seconds - range[0]) / (range[1] - range[0])) * plotWidth;
  const timeAt = (x: number) => range[0] + ((x - AXIS_LEFT) / plotWidth) * (range[1] - range[0]);
  const top = data.min_value + data.step_size * data.bins;
  const yOf = (value: number) =>
    TOP + plotHeight - ((value - data.min_value) / (top - data.min_value || 1)) * plotHeight;

  const drawOver = () => {
    if (!over.current || width === 0) return;
    const context = prepare(over.current, width, height);
    const { hover, drag, line } = state.current;
    if (line !== null && line >= range[0] && line <= range[1]) {
      context.strokeStyle = colours.borderStrong;
      context.setLineDash([3, 3]);
      context.beginPath();
      context.moveTo(Math.round(xOf(line)) + 0.5, TOP);
      context.lineTo(Math.round(xOf(line)) + 0.5, TOP + plotHeight);
      context.stroke();
      context.setLineDash([]);
    }
    if (hover) {
      const [x, y] = hover;
      const left = xOf(times[x]!);
      const upper = yOf(data.min_value + data.step_size * (y + 1));
      context.strokeStyle = colours.text;
      context.lineWidth = 1.5;
      context.strokeRect(
        left,
        upper,
        Math.max(3, xOf(times[x]! + granularity) - left),
        Math.max(3, plotHeight / data.bins),
      );
    }
    if (drag) {
      context.fillStyle = colours.info;
      context.globalAlpha = 0.18;
      context.fillRect(Math.min(...drag), TOP, Math.abs(drag[1] - drag[0]), plotHeight);
    }
  };
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(entry!.contentRect.width));
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    if (width === 0) return;
    const context = prepare(base.current!, width, height);
    context.imageSmoothingEnabled = false;
    context.save();
    context.beginPath();
    context.rect(AXIS_LEFT, TOP, plotWidth, plotHeight);
    context.clip();
    // Buckets without events may be left out of the answer, so every column is placed by its own time.
    for (let i = 0; i < times.length; i++) {
      const x = Math.round(xOf(times[i]!));
      const next = Math.round(xOf(times[i]! + granularity));
      context.drawImage(image, i, 0, 1, data.bins, x, TOP, Math.max(1, next - x), plotHeight);
    }
    context.restore();
    context.font = `11px ${colours.sans}`;
    context.fillStyle = colours.muted;
    context.strokeStyle = colours.border;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    for (let i = 0; i <= 4; i++) {
      const value = data.min_value + ((top - data.min_value) * i) / 4;
      context.fillText(shortNumber(value), AXIS_LEFT - 6, yOf(value));
    }
    context.textAlign = 'center';
    context.textBaseline = 'top';
    const ticks = timeTicks(range[0], range[1], plotWidth, utc);
    timeLabels(ticks, utc).forEach((label, i) => {
      const x = Math.round(xOf(ticks[i]!)) + 0.5;
      context.beginPath();
      context.moveTo(x, TOP + plotHeight);
      context.lineTo(x, TOP + plotHeight + 4);
      context.stroke();
      context.fillText(label, x, TOP + plotHeight + 7);
    });
    context.strokeRect(AXIS_LEFT + 0.5, TOP + 0.5, plotWidth - 1, plotHeight - 1);
    drawOver();
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [image, times, width, height, colours, utc, range, granularity]);

  useEffect(
    () =>
      cursor.listen((seconds, from) => {
        if (from === state.current) return;
        state.current.line = seconds;
        drawOver();
      }),
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [cursor, width, colours, range],
  );

  const cellAt = (x: number, y: number): [number, number] | null => {
    const seconds = timeAt(x);
    const column = times.findLastIndex((t) => t <= seconds && seconds < t + granularity);
    const row = Math.floor(((TOP + plotHeight - y) / plotHeight) * data.bins);
    return column >= 0 && row >= 0 && row < data.bins ? [column, row] : null;
  };
  const cell = ([x, y]: [number, number], at: { x: number; y: number }): HeatCell => ({
    bucket: times[x]!,
    from: data.min_value + data.step_size * y,
    // The last bin holds the largest value itself.
    to:
      y === data.bins - 1
        ? Math.max(top, data.max_value) * (1 + 1e-9) + 1e-9
        : data.min_value + data.step_size * (y + 1),
    count: data.counts[x]![y] ?? 0,
    ...at,
  });
  const show = (hit: [number, number] | null) => {
    state.current.hover = hit;
    drawOver();
    const el = tip.current!;
    el.hidden = !hit;
    if (!hit) return;
    const c = cell(hit, { x: 0, y: 0 });
    const [time, values, count] = el.children as unknown as HTMLElement[];
    time!.textContent = bucketText(c.bucket, utc, range[1] - range[0] > 86400, granularity < 1);
    values!.textContent = `${numberText(c.from)} – ${numberText(c.to)}`;
    count!.textContent = `${numberText(c.count)} ${c.count === 1 ? 'event' : 'events'}`;
    const x = xOf(c.bucket);
    const onRight = x > width * 0.6;
    el.style.transform = `translate(${x + (onRight ? -12 : 24)}px, ${Math.min(height - 70, Math.max(4, yOf(c.to) - 10))}px) translateX(${onRight ? '-100%' : '0'})`;
    setSaid(`${time!.textContent}, ${values!.textContent}: ${count!.textContent}`);
  };
  const local = (e: React.PointerEvent) => {
    const rect = over.current!.getBoundingClientRect();
    return { x: e.clientX - rect.left, y: e.clientY - rect.top };
  };
  const onKeyDown = (e: React.KeyboardEvent) => {
    const [x, y] = state.current.hover ?? [0, Math.floor(data.bins / 2)];
    const far = e.shiftKey ? 10 : 1;
    const move: Record<string, [number, number]> = {
      ArrowLeft: [-far, 0],
      ArrowRight: [far, 0],
      ArrowUp: [0, far],
      ArrowDown: [0, -far],
    };
    const step = move[e.key];
    if (step && times.length > 0) {
      show([Math.max(0, Math.min(times.length - 1, x + step[0])), Math.max(0, Math.min(data.bins - 1, y + step[1]))]);
    } else if (e.key === 'Enter' && state.current.hover) {
      const rect = over.current!.getBoundingClientRect();
      const c = cell(state.current.hover, { x: 0, y: 0 });
      props.onCell({ ...c, x: rect.left + xOf(c.bucket), y: rect.top + yOf(c.from) });
    } else return;
    e.preventDefault();
    e.stopPropagation();
  };

  return (
    <div
      className={css.chart}
      role="application"
      aria-roledescription="heat map"
      aria-label={`${props.calculation} over time. Arrow keys move between cells, Enter opens the menu of a cell.`}
      tabIndex={0}
      data-chart={props.calculation}
      onKeyDown={onKeyDown}
    >
      <div ref={frame} className={css.layers} style={{ height }}>
        <canvas ref={base} className={css.layer} />
        <canvas
          ref={over}
          className={css.layer}
          onPointerDown={(e) => {
            if (e.button !== 0) return;
            e.currentTarget.setPointerCapture(e.pointerId);
            const { x } = local(e);
            state.current.drag = [x, x];
          }}
          onPointerMove={(e) => {
            const { x, y } = local(e);
            if (state.current.drag) {
              state.current.drag[1] = Math.max(AXIS_LEFT, Math.min(AXIS_LEFT + plotWidth, x));
              drawOver();
            } else {
              show(x >= AXIS_LEFT && y >= TOP ? cellAt(x, y) : null);
              cursor.say(x >= AXIS_LEFT ? timeAt(x) : null, state.current);
            }
          }}
          onPointerUp={(e) => {
            const { drag } = state.current;
            state.current.drag = null;
            const { x, y } = local(e);
            if (drag && Math.abs(drag[1] - drag[0]) > 5)
              props.onZoom(timeAt(Math.min(...drag)), timeAt(Math.max(...drag)));
            else {
              const hit = cellAt(x, y);
              if (hit && drag) props.onCell(cell(hit, { x: e.clientX, y: e.clientY }));
            }
            drawOver();
          }}
          onPointerLeave={() => {
            show(null);
            cursor.say(null, state.current);
          }}
        />
        <div ref={tip} className={`${css.tip} ${css.tipTall}`} hidden>
          <span className={css.tipTime} />
          <strong className="num" />
          <span className="num" />
        </div>
      </div>
      <span className="sr" aria-live="polite">
        {said}
      </span>
    </div>
  );
}

/** The scale with its numbers, beside the heat map's title. */
export function HeatLegend({ data, colours }: { data: HeatmapData; colours: ThemeColours }) {
  let max = 0;
  for (const column of data.counts) for (const count of column) if (count > max) max = count;
  return (
    <span className={css.heatLegend}>
      <span className="num">{max > 0 ? 1 : 0}</span>
      {colours.ramp.slice(1).map((c, i) => (
        <i key={i} style={{ background: `rgb(${c.join(' ')})` }} />
      ))}
      <span className="num">{numberText(max)} events a cell</span>
    </span>
  );
}

function prepare(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const ratio = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext('2d')!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}
