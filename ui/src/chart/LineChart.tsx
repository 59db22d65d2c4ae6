// Values over time: lines, stacked areas or bars. uPlot draws; this file gives it our look, the shared cursor, markers, the point
// menu and the keys.
import { useEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { axisTexts, bucketText, quantityText } from '../model/format';
import { measured } from '../model/timing';
import type { ThemeColours } from '../model/palette';
import type { ChartData, ChartMarker, Group } from '../model/result';
import { AXIS_BOTTOM, AXIS_LEFT, PAD_RIGHT, timeLabels, timeTicks } from './axis';
import css from './chart.module.css';
import type { SharedCursor, SharedHighlight } from './cursor';
import { drawMarkers } from './markers';
import { stackHit, stackTops } from './stack';

export interface ChartPoint {
  bucket: number;
  group: Group;
  calculation: string;
  value: number;
  /** The column whose unit the value has. */
  unitOf: string;
  x: number;
  y: number;
}
export interface TimeSpan {
  start: number;
  end: number;
  x: number;
  y: number;
}
interface Props {
  data: ChartData;
  /** The column whose unit the values have; empty for numbers without one. */
  unitOf: string;
  kind: 'line' | 'stacked' | 'bars';
  range: [number, number];
  granularity: number;
  colours: ThemeColours;
  utc: boolean;
  ylog: boolean;
  joinGaps: boolean;
  hidden: ReadonlySet<string>;
  highlight?: SharedHighlight;
  cursor: SharedCursor;
  markers?: readonly ChartMarker[];
  /** The span of time that is chosen, kept visible. */
  chosen?: [number, number];
  hideTip?: boolean;
  height?: number;
  /** A dragged span of time. */
  onSpan?: (span: TimeSpan) => void;
  onPoint?: (point: ChartPoint) => void;
  onHide?: (key: string) => void;
}
const DASHES: (number[] | undefined)[] = [undefined, [6, 3], [2, 3]];
const DIM = 0.15;
const NO_MARKERS: readonly ChartMarker[] = [];

export function LineChart(props: Props) {
  const { data, unitOf, kind, colours, utc, joinGaps, hidden, cursor, range, height = 180, chosen } = props;
  const isStack = kind !== 'line';
  const ylog = props.ylog && !isStack;
  const markers = props.markers ?? NO_MARKERS;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const tip = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  const [said, setSaid] = useState('');
  const lines = useMemo(() => data.lines.filter((l) => !hidden.has(l.group.key)), [data, hidden]);
  const withDate = range[1] - range[0] > 86400;
  const withMs = props.granularity < 1;
  /** Two calculations on one chart are told apart by the line, as the groups are by colour. */
  const calculations = useMemo(() => [...new Set(data.lines.map((l) => l.calculation))], [data]);
  /** Which line a series of uPlot shows: of a stack the uppermost edge is painted first. */
  const order = useMemo(
    () => (isStack ? lines.map((_, i) => lines.length - 1 - i) : lines.map((_, i) => i)),
    [lines, isStack],
  );

  useEffect(() => {
    const el = box.current!;
    const me = {};
    const raw = lines.map((l) => (ylog ? l.ys.map((y) => (y !== null && y > 0 ? y : null)) : l.ys));
    const tops = isStack ? stackTops(raw) : raw;
    const past = isStack ? [] : lines.flatMap((l) => (l.past ? [l] : []));
    let press: { x: number; y: number } | null = null;

    const nearest = (u: uPlot, index: number, top: number): number => {
      if (isStack) return stackHit(tops as number[][], raw, index, u.posToVal(top, 'y'));
      let best = -1;
      let distance = Infinity;
      raw.forEach((line, i) => {
        const y = line[index];
        if (y === null || y === undefined) return;
        const d = Math.abs(u.valToPos(y, 'y') - top);
        if (d < distance) [best, distance] = [i, d];
      });
      return best;
    };
    /** Bars stand right of their time: the bucket under the pointer, not the nearest start. */
    const indexAt = (u: uPlot): number | null => {
      const { idx, left = -1 } = u.cursor;
      if (idx === null || idx === undefined || left < 0) return null;
      if (kind !== 'bars') return idx;
      const at = u.posToVal(left, 'x');
      const found = data.xs.findLastIndex((x) => x <= at);
      return found < 0 ? null : found;
    };
    const showTip = (u: uPlot) => {
      const el = tip.current;
      const top = u.cursor.top ?? -1;
      const idx = indexAt(u);
      if (!el) return;
      const i = idx === null || top < 0 || latest.current.hideTip ? -1 : nearest(u, idx, top);
      if (i < 0) {
        el.hidden = true;
        return;
      }
      const line = lines[i]!;
      el.hidden = false;
      const [time, swatch, name, value, before] = el.children as unknown as HTMLElement[];
      time!.textContent = bucketText(data.xs[idx!]!, utc, withDate, withMs);
      swatch!.style.background = colours.series[line.group.style.colour]!;
      name!.textContent = calculations.length > 1 ? `${line.group.label} ${line.calculation}` : line.group.label;
      value!.textContent = quantityText(unitOf, raw[i]![idx!] ?? 0);
      const old = line.past?.[idx!];
      before!.textContent = old === undefined ? '' : `before: ${old === null ? '–' : quantityText(unitOf, old)}`;
      const x = u.valToPos(data.xs[idx!]!, 'x');
      const onRight = x > u.over.clientWidth * 0.6;
      el.style.transform = `translate(${AXIS_LEFT + x + (onRight ? -12 : 12)}px, ${Math.max(0, Math.min(u.over.clientHeight - 44, top - 20))}px) translateX(${onRight ? '-100%' : '0'})`;
    };
    const colourOf = (i: number) => colours.series[lines[i]!.group.style.colour]!;
    const dashOf = (i: number) =>
      calculations.length > 1
        ? DASHES[calculations.indexOf(lines[i]!.calculation) % DASHES.length]
        : DASHES[lines[i]!.group.style.dash];

    let began: number | null = performance.now();
    const options: uPlot.Options = {
      width: Math.max(120, el.clientWidth),
      height,
      padding: [8, PAD_RIGHT, 0, 0],
      legend: { show: false },
      tzDate: (ts) => (utc ? uPlot.tzDate(new Date(ts * 1000), 'Etc/UTC') : new Date(ts * 1000)),
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false },
        points: {
          show: kind !== 'bars',
          size: 7,
          width: 1,
          stroke: () => colours.bg,
          fill: (_u, i) => (order[i - 1] === undefined ? colours.muted : colourOf(order[i - 1]!)),
        },
        bind: {
          mousedown: (_u, _t, handler) => (e) => {
            press = { x: e.clientX, y: e.clientY };
            return handler(e);
          },
          dblclick: () => () => null,
        },
      },
      scales: {
        x: { time: true, range: () => [latest.current.range[0], latest.current.range[1]] },
        y: ylog
          ? { distr: 3 }
          : { range: (_u, min, max) => (isStack ? [0, max > 0 ? max * 1.06 : 1] : spread(min, max)) },
      },
      axes: [
        {
          size: AXIS_BOTTOM,
          stroke: colours.muted,
          font: `11px ${colours.sans}`,
          grid: { show: false },
          ticks: { stroke: colours.border, width: 1, size: 4 },
          gap: 4,
          splits: (u) => timeTicks(range[0], range[1], u.over.clientWidth || u.width, utc),
          values: (_u, splits) => timeLabels(splits, utc),
        },
        {
          size: AXIS_LEFT,
          stroke: colours.muted,
          font: `11px ${colours.sans}`,
          grid: { stroke: colours.border, width: 1 },
          ticks: { show: false },
          gap: 6,
          // A low chart has at least two numbers, or nobody can read a height from it.
          space: (_u, _axis, _min, _max, plot) => Math.min(36, Math.max(14, plot / 3)),
          // Logarithmic axes leave some of their lines without a number.
          values: (_u, splits) => {
            const texts = axisTexts(
              unitOf,
              splits.map((s) => s ?? 0),
            );
            return splits.map((s, i) => (s === null ? null : texts[i]!));
          },
        },
      ],
      bands: kind === 'stacked' ? lines.slice(1).map((_, i): uPlot.Band => ({ series: [i + 1, i + 2] })) : undefined,
      series: [
        {},
        ...order.map((i): uPlot.Series => ({
          stroke: colourOf(i),
          width: kind === 'bars' ? 0 : isStack ? 1 : 1.5,
          fill:
            kind === 'bars'
              ? colourOf(i)
              : isStack
                ? `color-mix(in srgb, ${colourOf(i)} 55%, ${colours.bg})`
                : undefined,
          paths: kind === 'bars' ? uPlot.paths.bars!({ size: [0.86, 60], align: 1 }) : undefined,
          dash: isStack ? undefined : dashOf(i),
          spanGaps: joinGaps,
          points: isStack
            ? { show: false }
            : {
                show: true,
                size: 5,
                fill: colourOf(i),
                filter: () => lonely(raw[i]!, joinGaps),
              },
        })),
        ...past.map((line): uPlot.Series => ({
          stroke: colours.series[line.group.style.colour],
          width: 1,
          alpha: 0.75,
          dash: [3, 3],
          spanGaps: joinGaps,
          points: { show: false },
        })),
      ],
      hooks: {
        drawClear: [() => (began ??= performance.now())],
        drawAxes: [
          (u) => {
            const { left, top, width, height } = u.bbox;
            const xOf = (s: number) => u.valToPos(s, 'x', true);
            const span = latest.current.chosen;
            if (span) {
              u.ctx.save();
              u.ctx.fillStyle = colours.selected;
              const from = Math.max(left, xOf(span[0]));
              u.ctx.fillRect(from, top, Math.max(2, Math.min(left + width, xOf(span[1])) - from), height);
              u.ctx.restore();
            }
          },
        ],
        draw: [
          (u) => {
            const { left, top, width, height } = u.bbox;
            drawMarkers(
              u.ctx,
              markers,
              (s) => u.valToPos(s, 'x', true),
              [left, left + width],
              [top, top + height],
              colours.accent,
              uPlot.pxRatio,
            );
            measured('line chart drawn', began!);
            began = null;
          },
        ],
        setCursor: [
          (u) => {
            showTip(u);
            if (u.over.matches(':hover'))
              cursor.say(u.cursor.left !== undefined && u.cursor.left >= 0 ? u.posToVal(u.cursor.left, 'x') : null, me);
          },
        ],
        setSelect: [
          (u) => {
            const { left, width } = u.select;
            if (width < 6) return;
            const rect = u.over.getBoundingClientRect();
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            latest.current.onSpan?.({
              start: u.posToVal(left, 'x'),
              end: u.posToVal(left + width, 'x'),
              x: rect.left + left + width,
              y: rect.top + Math.max(0, u.cursor.top ?? 0),
            });
          },
        ],
      },
    };
    const u = new uPlot(
      options,
      [data.xs, ...order.map((i) => tops[i]!), ...past.map((l) => l.past!)] as uPlot.AlignedData,
      el,
    );
    plot.current = u;

    const onClick = (e: MouseEvent) => {
      if (!press || Math.abs(e.clientX - press.x) > 4) return;
      const idx = indexAt(u);
      const i = idx === null ? -1 : nearest(u, idx, e.clientY - u.over.getBoundingClientRect().top);
      if (i < 0) return;
      latest.current.onPoint?.({
        bucket: data.xs[idx!]!,
        group: lines[i]!.group,
        calculation: lines[i]!.calculation,
        value: raw[i]![idx!] ?? 0,
        unitOf,
        x: e.clientX,
        y: e.clientY,
      });
    };
    const onLeave = () => {
      tip.current!.hidden = true;
      cursor.say(null, me);
    };
    u.over.addEventListener('click', onClick);
    u.over.addEventListener('mouseleave', onLeave);
    const stop = cursor.listen((seconds, from) => {
      if (from !== me)
        u.setCursor(seconds === null ? { left: -10, top: -10 } : { left: u.valToPos(seconds, 'x'), top: -10 }, false);
    });
    const observer = new ResizeObserver(() => {
      if (el.clientWidth > 0 && el.clientWidth !== u.width) u.setSize({ width: el.clientWidth, height });
    });
    observer.observe(el);
    return () => {
      stop();
      observer.disconnect();
      u.destroy();
      plot.current = null;
    };
  }, [
    data,
    lines,
    order,
    calculations,
    unitOf,
    kind,
    isStack,
    colours,
    utc,
    ylog,
    joinGaps,
    cursor,
    height,
    range,
    withDate,
    withMs,
    markers,
  ]);

  useEffect(() => plot.current?.redraw(false), [chosen]);

  const { highlight } = props;
  useEffect(() => {
    let frame = 0;
    const stop = highlight?.listen((key) => {
      order.forEach((line, i) => {
        plot.current!.series[i + 1]!.alpha = key === null || key === lines[line]!.group.key ? 1 : DIM;
      });
      // The pointer may pass many rows before the next picture.
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => plot.current?.redraw(false));
    });
    return () => {
      stop?.();
      cancelAnimationFrame(frame);
    };
  }, [highlight, lines, order]);

  const focus = useRef({ index: -1, line: 0 });
  const onKeyDown = (e: React.KeyboardEvent) => {
    const u = plot.current;
    if (!u || lines.length === 0) return;
    const at = focus.current;
    const say = () => {
      const line = lines[at.line]!;
      const value = line.ys[at.index];
      const x = data.xs[at.index]!;
      u.setCursor({
        left: u.valToPos(x, 'x'),
        top: value === null || value === undefined ? u.over.clientHeight / 2 : u.valToPos(value, 'y'),
      });
      setSaid(
        `${bucketText(x, utc, withDate, withMs)}, ${line.group.label}: ${value === null || value === undefined ? 'no value' : quantityText(unitOf, value)}`,
      );
    };
    const step = (d: number) => {
      at.index =
        at.index < 0 ? (d > 0 ? 0 : data.xs.length - 1) : Math.max(0, Math.min(data.xs.length - 1, at.index + d));
      say();
    };
    switch (e.key) {
      case 'Home':
      case 'End':
        at.index = e.key === 'Home' ? 0 : data.xs.length - 1;
        say();
        break;
      case 'ArrowRight':
        step(1);
        break;
      case 'ArrowLeft':
        step(-1);
        break;
      case 'ArrowDown':
      case 'ArrowUp':
        at.line = (at.line + (e.key === 'ArrowDown' ? 1 : -1) + lines.length) % lines.length;
        if (at.index < 0) at.index = 0;
        say();
        break;
      case 'Enter': {
        const line = lines[at.line]!;
        const value = line.ys[at.index];
        if (value === null || value === undefined) return;
        const rect = u.over.getBoundingClientRect();
        props.onPoint?.({
          bucket: data.xs[at.index]!,
          group: line.group,
          calculation: line.calculation,
          value,
          unitOf,
          x: rect.left + u.valToPos(data.xs[at.index]!, 'x'),
          y: rect.top + u.valToPos(value, 'y'),
        });
        break;
      }
      case ' ':
        props.onHide?.(lines[at.line]!.group.key);
        break;
      default:
        return;
    }
    e.preventDefault();
    e.stopPropagation();
  };

  return (
    <div
      className={css.chart}
      role="application"
      aria-roledescription="chart"
      data-kind={kind}
      aria-label={`${data.calculation} over time, ${lines.length} series. Arrow keys move between points, Enter opens the menu of a point.`}
      tabIndex={0}
      data-chart={data.calculation}
      onKeyDown={onKeyDown}
    >
      <div ref={box} className={css.plot} />
      <div ref={tip} className={css.tip} hidden>
        <span className={css.tipTime} />
        <i className={css.swatch} />
        <span className={css.tipName} />
        <strong className="num" />
        <span className={css.tipTime} />
      </div>
      <span className="sr" aria-live="polite">
        {said}
      </span>
    </div>
  );
}

/** Starts at zero unless all values lie far from it; keeps a flat line off the edge. */
function spread(min: number | null, max: number | null): [number, number] {
  if (min === null || max === null) return [0, 1];
  const low = min >= 0 && min < max * 0.8 ? 0 : min;
  if (low === max) return max === 0 ? [0, 1] : max > 0 ? [0, max * 1.2] : [max * 1.2, 0];
  return [min >= 0 ? Math.max(0, low) : low - (max - low) * 0.05, max + (max - low) * 0.06];
}
/** Points without a neighbour would be invisible lines of length zero; they get a dot. */
function lonely(ys: readonly (number | null)[], joinGaps: boolean): number[] {
  if (joinGaps && ys.filter((y) => y !== null).length > 1) return [];
  const out: number[] = [];
  for (let i = 0; i < ys.length; i++) {
    if (ys[i] !== null && (ys[i - 1] ?? null) === null && (ys[i + 1] ?? null) === null) out.push(i);
  }
  return out;
}
