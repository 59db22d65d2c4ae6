// What every scrolling canvas of spans needs: it covers the part in sight of a box as high as all of its content, is drawn anew at most
// once a frame at the resolution of the screen, and tells which place the mouse is at.
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type MouseEvent } from 'react';
import { durationText } from '../model/format';
import type { Trace } from '../model/trace';

/** The part in sight, in CSS pixels. */
export interface Sight {
  width: number;
  height: number;
  scrollTop: number;
  /** The box has the keyboard. */
  isFocused: boolean;
}

/** `paint` is called with the newest one after each rendering, each `redraw` and each change of size. */
export function useSurface(paint: (context: CanvasRenderingContext2D, sight: Sight) => void) {
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const frame = useRef(0);
  const sight = (): Sight => ({
    ...size,
    scrollTop: scroller.current?.scrollTop ?? 0,
    isFocused: scroller.current?.matches(':focus-visible') ?? false,
  });
  const draw = () => {
    frame.current = 0;
    const el = canvas.current;
    if (!el || size.width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (el.width !== w || el.height !== h) {
      el.width = w;
      el.height = h;
    }
    const context = el.getContext('2d')!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint(context, sight());
  };
  const latest = useRef(draw);
  useLayoutEffect(() => {
    latest.current = draw;
  });
  const redraw = () => {
    frame.current ||= requestAnimationFrame(() => latest.current());
  };
  useEffect(redraw);
  useEffect(() => {
    const el = scroller.current!;
    const observer = new ResizeObserver(() => setSize({ width: el.clientWidth, height: el.clientHeight }));
    observer.observe(el);
    return () => {
      observer.disconnect();
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    };
  }, []);
  /** Scrolls as little as brings a row into sight, or the row to the middle. */
  const scrollTo = useCallback((top: number, height: number, isCentred = false) => {
    const el = scroller.current;
    if (!el) return;
    if (isCentred) el.scrollTop = top - el.clientHeight / 2;
    else if (top < el.scrollTop) el.scrollTop = top;
    else if (top + height > el.scrollTop + el.clientHeight) el.scrollTop = top + height - el.clientHeight;
  }, []);
  return { scroller, canvas, size, sight, redraw, scrollTo };
}

/** Where the mouse is on what it is over. */
export function pointOf(e: MouseEvent): readonly [number, number] {
  const rect = e.currentTarget.getBoundingClientRect();
  return [e.clientX - rect.left, e.clientY - rect.top];
}
/** What a span is called under the mouse; empty for none. */
export const titleOf = (trace: Trace, node: number): string =>
  node < 0
    ? ''
    : `${trace.names[trace.name[node]!]} · ${trace.services[trace.service[node]!]} · ${durationText(trace.duration[node]!)}`;
