// The picture of the map: services as boxes, calls as lines whose width is their rate. Arrows of the keyboard walk along the calls.
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import type { GraphLayout } from '../../api/layout-client';
import { msOf, rateOf, shareOf, type Node, type ServiceMap } from '../../model/services';
import { middleCut } from '../../model/format';
import { Button } from '../../widgets/basic';
import css from './map.module.css';

export const NODE_WIDTH = 172;
export const NODE_HEIGHT = 54;
/** Radius of the ring that shows the share of errors. */
const RING = 14;

interface Props {
  map: ServiceMap;
  layout: GraphLayout;
  seconds: number;
  chosen: string | undefined;
  onChoose: (service: string | undefined) => void;
}
interface Look {
  x: number;
  y: number;
  width: number;
  height: number;
}

export function Graph({ map, layout, seconds, chosen, onChoose }: Props) {
  const box = useRef<SVGSVGElement>(null);
  const [hover, setHover] = useState<string | null>(null);
  const whole: Look = { x: 0, y: 0, width: Math.max(400, layout.width), height: Math.max(240, layout.height) };
  const [look, setLook] = useState<Look | null>(null);
  const [seen, setSeen] = useState(layout);
  if (seen !== layout) {
    setSeen(layout);
    setLook(null);
  }
  const view = look ?? whole;
  const drag = useRef<{ x: number; y: number; look: Look } | null>(null);
  const most = Math.max(1, ...map.edges.map((e) => e.count));
  const lit = hover ?? chosen;
  const near = new Set(map.edges.filter((e) => e.from === lit || e.to === lit).flatMap((e) => [e.from, e.to]));
  const isFaint = (name: string) => lit !== undefined && lit !== null && name !== lit && !near.has(name);

  const zoom = (factor: number, at = { x: view.x + view.width / 2, y: view.y + view.height / 2 }) =>
    setLook({
      x: at.x - (at.x - view.x) * factor,
      y: at.y - (at.y - view.y) * factor,
      width: view.width * factor,
      height: view.height * factor,
    });
  const latest = useRef(zoom);
  useEffect(() => {
    latest.current = zoom;
  });
  // React's wheel listeners are passive; this one must keep the page from scrolling.
  useEffect(() => {
    const el = box.current!;
    const onWheel = (e: WheelEvent) => {
      if (!e.ctrlKey && !e.metaKey) return;
      e.preventDefault();
      const at = new DOMPoint(e.clientX, e.clientY).matrixTransform(el.getScreenCTM()!.inverse());
      latest.current(e.deltaY > 0 ? 1.15 : 1 / 1.15, at);
    };
    el.addEventListener('wheel', onWheel, { passive: false });
    return () => el.removeEventListener('wheel', onWheel);
  }, []);

  const onKeyDown = (e: KeyboardEvent) => {
    const at = map.nodes.findIndex((n) => n.name === chosen);
    const go = (name: string | undefined) => {
      if (name !== undefined) onChoose(name);
      e.preventDefault();
      e.stopPropagation();
    };
    if (at < 0) {
      if (e.key.startsWith('Arrow')) go(map.nodes[0]?.name);
      return;
    }
    const busiest = (edges: typeof map.edges) => [...edges].sort((a, b) => b.count - a.count)[0];
    const [x, y] = layout.nodes[at] ?? [0, 0];
    const column = map.nodes
      .map((n, i) => ({ n, at: layout.nodes[i] ?? [0, 0] }))
      .filter((o) => Math.abs(o.at[0]! - x) < 10)
      .sort((a, b) => a.at[1]! - b.at[1]!);
    if (e.key === 'ArrowRight') go(busiest(map.edges.filter((edge) => edge.from === chosen))?.to);
    else if (e.key === 'ArrowLeft') go(busiest(map.edges.filter((edge) => edge.to === chosen))?.from);
    else if (e.key === 'ArrowDown') go(column.find((o) => o.at[1]! > y)?.n.name);
    else if (e.key === 'ArrowUp') go(column.findLast((o) => o.at[1]! < y)?.n.name);
    else if (e.key === 'Escape') onChoose(undefined);
  };
  const active = map.nodes.find((n) => n.name === chosen);

  return (
    <>
      <svg
        ref={box}
        className={css.graph}
        viewBox={`${view.x} ${view.y} ${view.width} ${view.height}`}
        role="application"
        aria-label={`Map of ${map.nodes.length} services. Arrows walk along the calls; the list beside it says the same.`}
        tabIndex={0}
        data-testid="graph"
        onKeyDown={onKeyDown}
        onPointerDown={(e) => {
          if ((e.target as Element).closest('[data-service]')) return;
          drag.current = { x: e.clientX, y: e.clientY, look: view };
          e.currentTarget.setPointerCapture(e.pointerId);
        }}
        onPointerMove={(e) => {
          if (!drag.current) return;
          const { x, y, look: from } = drag.current;
          const scale = e.currentTarget.getScreenCTM()!.a;
          setLook({ ...from, x: from.x - (e.clientX - x) / scale, y: from.y - (e.clientY - y) / scale });
        }}
        onPointerUp={() => (drag.current = null)}
      >
        <defs>
          <marker
            id="arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="8"
            markerHeight="8"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path d="M0 0 8 4 0 8z" className={css.arrow} />
          </marker>
        </defs>
        {map.edges.map((edge, i) => {
          const points = layout.edges[i];
          if (!points) return null;
          const isLit = lit !== undefined && lit !== null && (edge.from === lit || edge.to === lit);
          const middle = points[Math.floor(points.length / 2)]!;
          return (
            <g
              key={`${edge.from} ${edge.to}`}
              className={css.edge}
              data-lit={isLit || undefined}
              data-faint={(lit && !isLit) || undefined}
              data-bad={edge.errors > 0 || undefined}
            >
              <path d={curve(points)} strokeWidth={1 + 5 * Math.sqrt(edge.count / most)} markerEnd="url(#arrow)">
                <title>
                  {`${edge.from} → ${edge.to}: ${rateOf(edge.count, seconds)}, ${shareOf(edge)} errors, P95 ${msOf(edge.p95)}`}
                </title>
              </path>
              {(isLit || map.edges.length <= 12) && (
                <text x={middle[0]} y={middle[1] - 6}>
                  {msOf(edge.p95)}
                </text>
              )}
            </g>
          );
        })}
        {map.nodes.map((node, i) => {
          const at = layout.nodes[i];
          if (!at) return null;
          return (
            <g
              key={node.name}
              data-service={node.name}
              className={css.node}
              data-chosen={node.name === chosen || undefined}
              data-faint={isFaint(node.name) || undefined}
              transform={`translate(${at[0] - NODE_WIDTH / 2} ${at[1] - NODE_HEIGHT / 2})`}
              onMouseEnter={() => setHover(node.name)}
              onMouseLeave={() => setHover(null)}
              onClick={() => onChoose(node.name === chosen ? undefined : node.name)}
            >
              <title>{`${node.name}: ${rateOf(node.count, seconds)}, ${shareOf(node)} errors, P95 ${msOf(node.p95)}`}</title>
              <rect width={NODE_WIDTH} height={NODE_HEIGHT} rx={6} />
              <Ring node={node} />
              <text x={46} y={21} className={css.name}>
                {middleCut(node.name, 17)}
              </text>
              <text x={46} y={40}>
                {rateOf(node.count, seconds)} · {msOf(node.p95)}
              </text>
            </g>
          );
        })}
      </svg>
      <div className={css.zoom}>
        <Button onClick={() => zoom(1 / 1.3)} aria-label="Zoom in">
          +
        </Button>
        <Button onClick={() => zoom(1.3)} aria-label="Zoom out">
          −
        </Button>
        <Button onClick={() => setLook(null)}>Fit</Button>
        <span>boxes: requests and P95 · ring: errors · lines: calls, wider is more</span>
      </div>
      <p className="sr" aria-live="polite">
        {active &&
          `${active.name}: ${rateOf(active.count, seconds)}, ${shareOf(active)} errors, P95 ${msOf(active.p95)}`}
      </p>
    </>
  );
}

/** The share of errors as an arc, and printed inside. */
function Ring({ node }: { node: Node }) {
  const share = node.count === 0 ? 0 : node.errors / node.count;
  const length = 2 * Math.PI * RING;
  // A share above nothing is never drawn as nothing.
  const arc = share === 0 ? 0 : Math.max(2.5, share * length);
  return (
    <g transform={`translate(24 ${NODE_HEIGHT / 2})`} className={css.ring}>
      <circle r={RING} />
      {arc > 0 && <circle r={RING} data-bad="" strokeDasharray={`${arc} ${length}`} transform="rotate(-90)" />}
      <text y={4} data-bad={share > 0 || undefined}>
        {share === 0 ? '0' : share < 0.1 ? (share * 100).toFixed(1) : Math.round(share * 100)}%
      </text>
    </g>
  );
}
function curve(points: [number, number][]): string {
  const [first, ...rest] = points;
  if (!first) return '';
  let path = `M${first[0]} ${first[1]}`;
  for (let i = 0; i < rest.length - 1; i++) {
    const [a, b] = [rest[i]!, rest[i + 1]!];
    path += ` Q${a[0]} ${a[1]} ${(a[0] + b[0]) / 2} ${(a[1] + b[1]) / 2}`;
  }
  const last = rest.at(-1) ?? first;
  return `${path} L${last[0]} ${last[1]}`;
}
