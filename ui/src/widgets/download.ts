// Files that the browser makes itself.

export function download(name: string, type: string, content: BlobPart): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
/** Every canvas of the charts inside an element, one below the other on the page's colour, as a PNG. */
export async function downloadCharts(root: ParentNode, name: string): Promise<boolean> {
  const charts = [...root.querySelectorAll<HTMLElement>('[data-chart]')].filter((c) => c.querySelector('canvas'));
  if (charts.length === 0) return false;
  const ratio = window.devicePixelRatio || 1;
  const title = 22;
  const width = Math.max(...charts.map((c) => c.clientWidth));
  const height = charts.reduce((sum, c) => sum + c.clientHeight + title, 8);
  const canvas = document.createElement('canvas');
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const context = canvas.getContext('2d')!;
  const style = getComputedStyle(document.body);
  context.scale(ratio, ratio);
  context.fillStyle = style.backgroundColor;
  context.fillRect(0, 0, width, height);
  let top = 0;
  for (const chart of charts) {
    context.fillStyle = style.color;
    context.font = `500 12px ${style.fontFamily}`;
    context.fillText(chart.dataset.chart ?? '', 8, top + 15);
    for (const part of chart.querySelectorAll('canvas')) {
      const outer = chart.getBoundingClientRect();
      const inner = part.getBoundingClientRect();
      context.drawImage(part, inner.left - outer.left, top + title + inner.top - outer.top, inner.width, inner.height);
    }
    top += chart.clientHeight + title;
  }
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'));
  if (!blob) return false;
  download(name, 'image/png', blob);
  return true;
}
