// The whole trace in a strip: the first six levels, to see where one is, to jump and to zoom.
import { useEffect, useMemo, useRef, useState } from 'react';
import { durationText } from '../model/format';
import type { ThemeColours } from '../model/palette';
import type { Trace } from '../model/trace';
import { drawMinimap, minimapCells, minimapHit, type NodeValues } from './draw';
import css from './waterfall.module.css';

const HEIGHT = 42;

interface Props {
  trace: Trace;
  colouring: NodeValues;
  valueColour: readonly number[];
  isErrorLit: boolean;
  colours: ThemeColours;
  zoom: [number, number];
  onZoom: (zoom: [number, number] | null) => void;
  onJump: (node: number) => void;
}

export function Minimap({ trace, colouring, valueColour, isErrorLit, colours, zoom, onZoom, onJump }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const drag = useRef<number | null>(null);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(canvas.current!.parentElement!);
    return () => observer.disconnect();
  }, []);
  const [from, to] = zoom;
  const cells = useMemo(() => minimapCells(trace, width), [trace, width]);
  useEffect(() => {
    const el = canvas.current;
    if (!el || width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    el.width = Math.round(width * ratio);
    el.height = Math.round(HEIGHT * ratio);
    const context = el.getContext('2d')!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const painted = { trace, colouring, colours: valueColour, isErrorLit };
    drawMinimap(context, painted, cells, width, HEIGHT, [from, to], colours);
  }, [trace, cells, colouring, valueColour, isErrorLit, colours, width, from, to]);

  const at = (e: React.PointerEvent): [number, number] => {
    const rect = canvas.current!.getBoundingClientRect();
    return [e.clientX - rect.left, e.clientY - rect.top];
  };
  const timeAt = (e: React.PointerEvent) => (at(e)[0] / width) * trace.durationNs;
  return (
    <div className={css.minimap}>
      <canvas
        ref={canvas}
        role="img"
        aria-label="The first six levels of the trace. Drag to zoom, double click to show all; with the keyboard: z and 0 in the waterfall."
        style={{ width, height: HEIGHT }}
        onPointerDown={(e) => {
          e.currentTarget.setPointerCapture(e.pointerId);
          drag.current = timeAt(e);
        }}
        onPointerMove={(e) => {
          const node = minimapHit(cells, width, HEIGHT, ...at(e));
          e.currentTarget.title =
            node < 0 ? '' : `${trace.names[trace.name[node]!]} · ${durationText(trace.duration[node]!)}`;
        }}
        onPointerUp={(e) => {
          const start = drag.current;
          drag.current = null;
          if (start === null) return;
          const end = timeAt(e);
          if (Math.abs(end - start) < trace.durationNs * 0.005) {
            const node = minimapHit(cells, width, HEIGHT, ...at(e));
            if (node >= 0) onJump(node);
            return;
          }
          onZoom([Math.max(0, Math.min(start, end)), Math.min(trace.durationNs, Math.max(start, end))]);
        }}
        onDoubleClick={() => onZoom(null)}
      />
    </div>
  );
}
