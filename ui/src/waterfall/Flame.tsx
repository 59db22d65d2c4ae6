// The trace as lanes of time: all spans at once, those below a span beneath it. The waterfall is its twin for assistive technology;
// here arrows walk to the parent, the first child and the siblings.
import { useEffect, useMemo, type KeyboardEvent, type MouseEvent } from 'react';
import { lanesOf, type Lanes } from '../model/flame';
import { durationText } from '../model/format';
import type { ThemeColours } from '../model/palette';
import { FLAG_ERROR, FLAG_MISSING, type Trace } from '../model/trace';
import { colourOf, valueColours, type NodeValues, type Painted } from './draw';
import { pointOf, titleOf, useSurface } from './surface';
import css from './waterfall.module.css';

const LANE = 19;
const TEXT_MIN = 34;

interface Props {
  trace: Trace;
  colours: ThemeColours;
  colouring: NodeValues;
  isErrorLit: boolean;
  matches: Uint8Array | null;
  /** Only these nodes. */
  only: Uint8Array | undefined;
  root: number;
  selected: number;
  zoom: [number, number] | null;
  onSelect: (node: number) => void;
  onZoom: (zoom: [number, number] | null) => void;
}
export function Flame(props: Props) {
  const { trace, colours, colouring, isErrorLit, matches, only, root, selected, zoom } = props;
  const lanes = useMemo(() => lanesOf(trace, root), [trace, root]);
  const valueColour = useMemo(() => valueColours(colouring.field, colouring.values), [colouring]);
  const whole: [number, number] =
    root < 0 ? [0, Math.max(1, trace.durationNs)] : [trace.reachFrom[root]!, trace.reachTo[root]! + 1];
  const [from, to] = zoom ?? whole;
  const { scroller, canvas, size, sight, redraw, scrollTo } = useSurface((context, { width, height, scrollTop }) => {
    const painted = { trace, colouring, colours: valueColour, isErrorLit };
    drawFlame(context, painted, { lanes, matches, only, selected, scrollTop, from, to, width, height }, colours);
  });
  useEffect(() => {
    const lane = selected < 0 ? -1 : lanes.lane[selected]!;
    if (lane >= 0) scrollTo(lane * LANE, LANE);
  }, [scrollTo, selected, lanes, size.height]);

  const hit = (e: MouseEvent): number => {
    const [x, y] = pointOf(e);
    const lane = Math.floor((y + sight().scrollTop) / LANE);
    const slack = ((to - from) / size.width) * 2;
    const at = from + (x / size.width) * (to - from);
    let best = -1;
    for (let node = 0; node < trace.count; node++) {
      if (lanes.lane[node] !== lane || (only && !only[node])) continue;
      if (trace.start[node]! - slack > at || trace.start[node]! + trace.duration[node]! + slack < at) continue;
      best = node;
      if (trace.start[node]! <= at && trace.start[node]! + trace.duration[node]! >= at) break;
    }
    return best;
  };
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.ctrlKey || e.metaKey || e.altKey || trace.count === 0) return;
    const up = selected < 0 ? -1 : trace.parent[selected]!;
    let next: number | undefined;
    if (selected < 0) next = e.key.startsWith('Arrow') ? 0 : undefined;
    else if (e.key === 'ArrowUp') next = up;
    else if (e.key === 'ArrowDown') next = trace.children[selected]! > 0 ? selected + 1 : -1;
    else if (e.key === 'ArrowRight') {
      const after = selected + trace.below[selected]! + 1;
      next = after < trace.count && trace.parent[after] === up ? after : -1;
    } else if (e.key === 'ArrowLeft') {
      next = selected - 1;
      while (next >= 0 && next > up && trace.parent[next] !== up) next = trace.parent[next]!;
      if (next <= up) next = -1;
    } else if (e.key === 'z') {
      props.onZoom([trace.start[selected]!, trace.start[selected]! + Math.max(1, trace.duration[selected]!)]);
      next = -1;
    } else if (e.key === '0') {
      props.onZoom(null);
      next = -1;
    }
    if (next === undefined) return;
    if (next >= 0) props.onSelect(next);
    e.preventDefault();
    e.stopPropagation();
  };
  const name = selected < 0 ? '' : trace.names[trace.name[selected]!]!;
  return (
    <div className={css.waterfall}>
      <div className={css.head}>
        <div className={css.ruler} style={{ width: size.width }}>
          {[0, 1, 2, 3, 4].map((i) => (
            <i key={i}>{durationText(Math.round(from + ((to - from) * i) / 4))}</i>
          ))}
        </div>
      </div>
      <div
        ref={scroller}
        className={css.scroller}
        role="application"
        aria-label={`Flame graph of ${trace.count} spans. Arrows walk to the parent, the first child and the siblings; z zooms to the span, 0 shows all. The waterfall says the same as a tree.`}
        tabIndex={0}
        data-testid="flame"
        onScroll={redraw}
        onKeyDown={onKeyDown}
      >
        <div className={css.spacer} style={{ height: lanes.count * LANE }} role="presentation">
          <canvas
            ref={canvas}
            className={css.canvas}
            style={{ width: size.width, height: size.height }}
            aria-hidden
            onMouseMove={(e) => {
              e.currentTarget.title = titleOf(trace, hit(e));
            }}
            onClick={(e) => {
              const node = hit(e);
              if (node >= 0) props.onSelect(node);
            }}
            onDoubleClick={(e) => {
              const node = hit(e);
              if (node >= 0)
                props.onZoom([trace.start[node]!, trace.start[node]! + Math.max(1, trace.duration[node]!)]);
              else props.onZoom(null);
            }}
          />
        </div>
      </div>
      <p className="sr" aria-live="polite">
        {selected >= 0 && `${name}, ${durationText(trace.duration[selected]!)}, level ${trace.depth[selected]! + 1}`}
      </p>
    </div>
  );
}

interface Look {
  lanes: Lanes;
  matches: Uint8Array | null;
  only: Uint8Array | undefined;
  selected: number;
  scrollTop: number;
  width: number;
  height: number;
  from: number;
  to: number;
}
function drawFlame(context: CanvasRenderingContext2D, painted: Painted, look: Look, c: ThemeColours): void {
  const { trace } = painted;
  const { lanes, matches, only, selected, scrollTop, width, height, from, to } = look;
  context.clearRect(0, 0, width, height);
  const scale = width / Math.max(1, to - from);
  const [top, bottom] = [Math.floor(scrollTop / LANE), Math.ceil((scrollTop + height) / LANE)];
  // Where the last bar of a lane ended: of many within a pixel one is drawn.
  const drawnTo = new Float64Array(Math.max(0, bottom - top)).fill(-1);
  context.font = `11px ${c.sans}`;
  context.textBaseline = 'middle';
  for (let node = 0; node < trace.count; node++) {
    const lane = lanes.lane[node]! - top;
    if (lane < 0 || lane >= drawnTo.length || (only && !only[node])) continue;
    const left = Math.max(-2, (trace.start[node]! - from) * scale);
    const right = Math.min(width + 2, (trace.start[node]! + trace.duration[node]! - from) * scale);
    if (right < 0 || left > width) continue;
    const wide = Math.max(1, right - left - 0.5);
    if (wide <= 1 && left < drawnTo[lane]! && node !== selected) continue;
    drawnTo[lane] = left + wide;
    const y = (lane + top) * LANE - scrollTop;
    context.globalAlpha = matches !== null && !matches[node] ? 0.25 : 1;
    context.fillStyle = colourOf(painted, node, c);
    if (trace.flags[node]! & FLAG_MISSING) {
      context.strokeStyle = c.muted;
      context.setLineDash([3, 3]);
      context.strokeRect(left + 0.5, y + 2.5, Math.max(1, wide - 1), LANE - 5);
      context.setLineDash([]);
    } else context.fillRect(left, y + 1, wide, LANE - 2);
    if (trace.flags[node]! & FLAG_ERROR) {
      context.fillStyle = c.error;
      context.fillRect(left, y + LANE - 4, wide, 3);
    }
    if (wide > TEXT_MIN) {
      // The name lies on a patch of the page's colour, which every bar's colour leaves readable.
      const x = Math.max(0, left) + 3;
      const room = Math.min(right, width) - x - 6;
      let name = trace.names[trace.name[node]!]!.slice(0, 80);
      if (context.measureText(name).width > room) {
        const keep = Math.floor(room / 6.4) - 1;
        name = keep > 2 ? `${name.slice(0, keep)}…` : '';
      }
      if (name !== '') {
        context.fillStyle = c.bg;
        context.fillRect(x, y + 3, context.measureText(name).width + 5, LANE - 7);
        context.fillStyle = c.text;
        context.fillText(name, x + 2.5, y + LANE / 2);
      }
    }
    context.globalAlpha = 1;
    if (node === selected) {
      context.strokeStyle = c.info;
      context.lineWidth = 2;
      context.strokeRect(left + 1, y + 1, Math.max(2, wide - 2), LANE - 2);
      context.lineWidth = 1;
    }
  }
}
