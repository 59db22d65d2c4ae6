// A HEATMAP calculation as a canvas: cells below, hover and selection above, labels in the same canvas.
import { useEffect, useMemo, useRef, useState } from 'react';
import { axisTexts, bucketText, countText, numberText, quantitiesText } from '../model/format';
import type { ThemeColours } from '../model/palette';
import type { ChartMarker, HeatmapData } from '../model/result';
import { measured } from '../model/timing';
import { AXIS_BOTTOM, AXIS_LEFT, PAD_RIGHT, timeLabels, timeTicks } from './axis';
import css from './chart.module.css';
import type { SharedCursor } from './cursor';
import { drawMarkers } from './markers';
import { cellsImage, type HeatScale } from './heat-image';
import { HeatRows } from './heat-rows';

export interface HeatCell {
  bucket: number;
  from: number;
  to: number;
  count: number;
  x: number;
  y: number;
}
/** A rectangle of whole cells: half-open ranges of time in seconds and of values. */
export interface HeatArea {
  start: number;
  end: number;
  from: number;
  to: number;
}
interface Props {
  calculation: string;
  /** Whose values these are; its name may tell their unit. */
  column: string;
  data: HeatmapData;
  range: [number, number];
  granularity: number;
  colours: ThemeColours;
  utc: boolean;
  scale: HeatScale;
  cursor: SharedCursor;
  markers?: readonly ChartMarker[];
  hideTip?: boolean;
  height?: number;
  /** The box that is compared with the rest, kept visible. */
  box?: HeatArea | null;
  onBox?: (box: HeatArea & { count: number; x: number; y: number }) => void;
  onCell?: (cell: HeatCell) => void;
  /** A box or a cell, and what a key asks for: `z` its times, `w` its values as a filter, `x` a trace of it. */
  onKey?: (key: 'z' | 'w' | 'x', area: HeatArea) => void;
}
const TOP = 8;
/** Width of the histogram of the column under the pointer. */
const HISTOGRAM = 84;

export function Heatmap(props: Props) {
  const { data, range, granularity, colours, utc, scale, cursor, height = 240 } = props;
  const frame = useRef<HTMLDivElement>(null);
  const base = useRef<HTMLCanvasElement>(null);
  const over = useRef<HTMLCanvasElement>(null);
  const tip = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [said, setSaid] = useState('');
  // `drag` holds the two corners of a box being drawn, as cells; `from` is where a press began, in pixels.
  const state = useRef<{
    hover: [number, number] | null;
    drag: [[number, number], [number, number]] | null;
    from: { x: number; y: number } | null;
    /** A finished box, until something is done with it or another is begun. */
    taken: HeatArea | null;
    line: number | null;
  }>({ hover: null, drag: null, from: null, taken: null, line: null });
  const times = useMemo(() => data.times.map((t) => Date.parse(t) / 1000), [data]);
  const image = useMemo(() => {
    const rows = new HeatRows(data, 0, 0);
    return cellsImage(rows.columns(), rows.count, scale, colours.ramp);
  }, [data, scale, colours]);

  const plotWidth = Math.max(1, width - AXIS_LEFT - PAD_RIGHT);
  const plotHeight = height - TOP - AXIS_BOTTOM;
  const xOf = (seconds: number) => AXIS_LEFT + ((seconds - range[0]) / (range[1] - range[0])) * plotWidth;
  const timeAt = (x: number) => range[0] + ((x - AXIS_LEFT) / plotWidth) * (range[1] - range[0]);
  const rows = new HeatRows(data, TOP, plotHeight);

  const drawOver = () => {
    if (!over.current || width === 0) return;
    const context = prepare(over.current, width, height);
    const { hover, drag, line } = state.current;
    const area = drag ? areaOf(drag) : (state.current.taken ?? props.box);
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
      if (!drag) drawColumn(context, x, y, area);
      context.strokeStyle = colours.text;
      context.lineWidth = 1.5;
      context.strokeRect(
        left,
        rows.upper(y),
        Math.max(3, xOf(times[x]! + granularity) - left),
        Math.max(3, rows.lower(y) - rows.upper(y)),
      );
    }
    if (area) {
      const left = Math.max(AXIS_LEFT, xOf(area.start));
      const right = Math.min(AXIS_LEFT + plotWidth, xOf(area.end));
      const upper = rows.pixel(area.to);
      const lower = rows.pixel(area.from);
      context.fillStyle = colours.selection;
      context.globalAlpha = 0.16;
      context.fillRect(left, upper, right - left, lower - upper);
      context.globalAlpha = 1;
      context.strokeStyle = colours.selection;
      context.lineWidth = 2;
      context.strokeRect(left, upper, right - left, lower - upper);
    }
  };
  /** The cells between two corners, in whatever order these were drawn. */
  const areaOf = ([a, b]: [[number, number], [number, number]]): HeatArea => {
    const [x0, x1] = [Math.min(a[0], b[0]), Math.max(a[0], b[0])];
    const [y0, y1] = [Math.min(a[1], b[1]), Math.max(a[1], b[1])];
    return {
      start: times[x0]!,
      end: times[x1]! + granularity,
      from: rows.from(y0),
      to: rows.to(y1),
    };
  };
  const countIn = ([a, b]: [[number, number], [number, number]]): number => {
    let sum = 0;
    for (let x = Math.min(a[0], b[0]); x <= Math.max(a[0], b[0]); x++)
      for (let y = Math.min(a[1], b[1]); y <= Math.max(a[1], b[1]); y++) sum += rows.events(x, y);
    return sum;
  };
  /** The events of one time by their values, as bars from the edge that is farther from the pointer; nothing where a box lies. */
  const drawColumn = (context: CanvasRenderingContext2D, x: number, row: number, box: HeatArea | null | undefined) => {
    let max = 0;
    for (let y = 0; y < rows.count; y++) max = Math.max(max, rows.events(x, y));
    if (max === 0 || plotWidth < 4 * HISTOGRAM) return;
    const edge = AXIS_LEFT + plotWidth;
    const isRight = xOf(times[x]!) < edge - 2 * HISTOGRAM;
    const left = isRight ? edge - HISTOGRAM : AXIS_LEFT + 1;
    if (box && xOf(box.start) < left + HISTOGRAM && xOf(box.end) > left) return;
    context.globalAlpha = 0.9;
    context.fillStyle = colours.bg;
    context.fillRect(left, TOP + 1, HISTOGRAM - 1, plotHeight - 2);
    context.globalAlpha = 1;
    for (let y = 0; y < rows.count; y++) {
      const events = rows.events(x, y);
      if (events === 0) continue;
      // As the colours by default: a few events beside many are still to be seen.
      const length = (Math.log1p(events) / Math.log1p(max)) * (HISTOGRAM - 8);
      const size = Math.max(1, rows.lower(y) - rows.upper(y) - 1);
      context.fillStyle = y === row ? colours.selection : colours.muted;
      context.fillRect(isRight ? edge - 1 - length : left, rows.upper(y), length, size);
    }
  };
  useEffect(() => {
    state.current.taken = null;
  }, [data, props.box]);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(entry!.contentRect.width));
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    if (width === 0) return;
    const began = performance.now();
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
      const size = Math.max(1, next - x);
      const upper = rows.upper(data.bins - 1);
      context.drawImage(image, i, rows.count - data.bins, 1, data.bins, x, upper, size, TOP + plotHeight - upper);
      if (data.above) context.drawImage(image, i, 0, 1, 1, x, TOP, size, rows.lower(data.bins) - TOP);
    }
    context.restore();
    context.font = `11px ${colours.sans}`;
    context.fillStyle = colours.muted;
    context.strokeStyle = colours.border;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    const labels = rows.labels();
    axisTexts(props.column, labels).forEach((text, i) => context.fillText(text, AXIS_LEFT - 6, rows.pixel(labels[i]!)));
    if (data.above) context.fillText(`≥ ${axisTexts(props.column, [data.above.from], 3)[0]}`, AXIS_LEFT - 6, TOP + 2);
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
    drawMarkers(
      context,
      props.markers ?? [],
      xOf,
      [AXIS_LEFT, AXIS_LEFT + plotWidth],
      [TOP, TOP + plotHeight],
      colours.accent,
      1,
    );
    drawOver();
    measured('heat map drawn', began);
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [image, times, width, height, colours, utc, range, granularity, props.box, props.markers]);

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
    return column >= 0 && y <= TOP + plotHeight ? [column, rows.at(y)] : null;
  };
  const cell = ([x, y]: [number, number], at: { x: number; y: number }): HeatCell => ({
    bucket: times[x]!,
    from: rows.from(y),
    to: rows.to(y),
    count: rows.events(x, y),
    ...at,
  });
  const show = (hit: [number, number] | null) => {
    state.current.hover = hit;
    drawOver();
    const el = tip.current!;
    el.hidden = !hit || !!props.hideTip;
    if (!hit) return;
    const c = cell(hit, { x: 0, y: 0 });
    const [time, values, count] = el.children as unknown as HTMLElement[];
    time!.textContent = bucketText(c.bucket, utc, range[1] - range[0] > 86400, granularity < 1);
    values!.textContent = quantitiesText(props.column, c.from, c.to);
    count!.textContent = `${numberText(c.count)} ${c.count === 1 ? 'event' : 'events'}`;
    const x = xOf(c.bucket);
    const onRight = x > width * 0.6;
    el.style.transform = `translate(${x + (onRight ? -12 : 24)}px, ${Math.min(height - 70, Math.max(4, rows.upper(hit[1]) - 10))}px) translateX(${onRight ? '-100%' : '0'})`;
    setSaid(`${time!.textContent}, ${values!.textContent}: ${count!.textContent}`);
  };
  const local = (e: React.PointerEvent) => {
    const rect = over.current!.getBoundingClientRect();
    return { x: e.clientX - rect.left, y: e.clientY - rect.top };
  };
  const onKeyDown = (e: React.KeyboardEvent) => {
    // Those belong to the browser and to the page.
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const [x, y] = state.current.hover ?? [0, Math.floor(data.bins / 2)];
    const far = e.shiftKey ? 10 : 1;
    const move: Record<string, [number, number]> = {
      ArrowLeft: [-far, 0],
      ArrowRight: [far, 0],
      ArrowUp: [0, far],
      ArrowDown: [0, -far],
    };
    const step = move[e.key];
    const { drag, hover } = state.current;
    const rect = over.current!.getBoundingClientRect();
    if (step && times.length > 0) {
      const next: [number, number] = [
        Math.max(0, Math.min(times.length - 1, x + step[0])),
        Math.max(0, Math.min(rows.count - 1, y + step[1])),
      ];
      if (drag) drag[1] = next;
      show(next);
      if (drag) setSaid(`Box of ${numberText(countIn(drag))} events; Space or Enter takes it`);
    } else if (hover && (e.key === ' ' || (e.key === 'Enter' && drag))) {
      if (drag) takeBox(drag, { x: rect.left + xOf(times[hover[0]]!), y: rect.top + rows.upper(hover[1]) });
      else {
        state.current.drag = [hover, hover];
        setSaid('Box begun; arrow keys size it, Space takes it');
        drawOver();
      }
    } else if (e.key === 'Escape' && drag) {
      state.current.drag = null;
      drawOver();
    } else if (e.key === 'Enter' && hover) {
      const c = cell(hover, { x: 0, y: 0 });
      props.onCell?.({ ...c, x: rect.left + xOf(c.bucket), y: rect.top + rows.lower(hover[1]) });
    } else if ((e.key === 'z' || e.key === 'w' || e.key === 'x') && props.onKey) {
      const area = drag ? areaOf(drag) : (state.current.taken ?? props.box ?? (hover && areaOf([hover, hover])));
      if (!area) return;
      props.onKey(e.key, area);
    } else return;
    e.preventDefault();
    e.stopPropagation();
  };
  const takeBox = (drag: [[number, number], [number, number]], at: { x: number; y: number }) => {
    state.current.drag = null;
    state.current.taken = areaOf(drag);
    props.onBox?.({ ...areaOf(drag), count: countIn(drag), ...at });
    drawOver();
  };
  /** The cell at a pixel, or the nearest one at the edge of the plot. */
  const nearCell = (x: number, y: number): [number, number] => {
    const seconds = timeAt(x);
    let column = times.findLastIndex((t) => t <= seconds);
    if (column < 0) column = 0;
    return [column, rows.at(y)];
  };

  return (
    <div
      className={css.chart}
      role="application"
      aria-roledescription="heat map"
      aria-label={`${props.calculation} over time. Arrow keys move between cells, Enter opens the menu of a cell, Space begins and ends a box, z zooms to it, w filters by its values, x opens a trace.`}
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
            state.current.from = local(e);
            state.current.taken = null;
            drawOver();
          }}
          onPointerMove={(e) => {
            const { x, y } = local(e);
            const { from } = state.current;
            if (from && times.length > 0) {
              if (state.current.drag || Math.abs(x - from.x) + Math.abs(y - from.y) > 6) {
                state.current.drag = [nearCell(from.x, from.y), nearCell(x, y)];
                tip.current!.hidden = true;
                drawOver();
              }
            } else {
              show(x >= AXIS_LEFT && y >= TOP ? cellAt(x, y) : null);
              cursor.say(x >= AXIS_LEFT ? timeAt(x) : null, state.current);
            }
          }}
          onPointerUp={(e) => {
            const { drag, from } = state.current;
            state.current.from = null;
            if (drag) return takeBox(drag, { x: e.clientX, y: e.clientY });
            const { x, y } = local(e);
            const hit = cellAt(x, y);
            if (hit && from) props.onCell?.(cell(hit, { x: e.clientX, y: e.clientY }));
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
  for (const column of new HeatRows(data, 0, 0).columns()) for (const count of column) if (count > max) max = count;
  return (
    <span className={css.heatLegend}>
      <span className="num">{max > 0 ? 1 : 0}</span>
      {colours.ramp.slice(1).map((c, i) => (
        <i key={i} style={{ background: `rgb(${c.join(' ')})` }} />
      ))}
      <span className="num">{countText(max, 'event')} a cell</span>
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
