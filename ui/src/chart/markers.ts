// Markers on a canvas: a line at a moment, a pale band over a span of time. The same on every chart of a result.
import type { ChartMarker } from '../model/result';

export function drawMarkers(
  context: CanvasRenderingContext2D,
  markers: readonly ChartMarker[],
  xOf: (seconds: number) => number,
  [left, right]: [number, number],
  [top, bottom]: [number, number],
  fallback: string,
  ratio: number,
): void {
  context.save();
  for (const marker of markers) {
    const from = Math.max(left, xOf(marker.start));
    const to = Math.min(right, xOf(marker.end ?? marker.start));
    if (to < left || from > right) continue;
    const colour = marker.color ?? fallback;
    if (to - from > ratio) {
      context.globalAlpha = 0.1;
      context.fillStyle = colour;
      context.fillRect(from, top, to - from, bottom - top);
    }
    context.globalAlpha = 0.9;
    context.strokeStyle = colour;
    context.lineWidth = ratio;
    context.setLineDash([4 * ratio, 3 * ratio]);
    for (const x of marker.end === undefined ? [from] : [from, to]) {
      context.beginPath();
      context.moveTo(Math.round(x) + 0.5, top);
      context.lineTo(Math.round(x) + 0.5, bottom);
      context.stroke();
    }
  }
  context.restore();
}
