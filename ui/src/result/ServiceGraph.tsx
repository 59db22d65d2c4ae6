// The picture of the map: services as boxes, calls as lines whose width is their rate. Arrows of the keyboard walk along the calls.
import { Boxes, Cloud, Database, Inbox, User } from 'lucide-react';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import {
  msOf,
  NODE_HEIGHT,
  NODE_WIDTH,
  shareOf,
  STATES,
  type Edge,
  type Flow,
  type GraphLayout,
  type Node,
  type NodeKind,
  type ServiceMap,
} from '../model/services';
import { countText, middleCut } from '../model/format';
import { Button } from '../widgets/basic';
import css from './service-graph.module.css';

/** Largest radius of the ring that shows how requests went; it is smaller for a service with fewer. */
const RING = 17;
const RING_MIN = 11;
/** Size of a name in a box, and the largest that has room there. */
const NAME = 12;
const NAME_MAX = 16;
const ICONS: Record<NodeKind, typeof User | null> = {
  service: null,
  client: User,
  database: Database,
  queue: Inbox,
  remote: Cloud,
  group: Boxes,
};

interface Props {
  map: ServiceMap;
  layout: GraphLayout;
  /** How a number of requests is written: a rate, or the number. */
  amount: (count: number) => string;
  /** What is counted, where `amount` writes a rate; the number is said beside it. */
  counted?: string;
  chosen: string | undefined;
  onChoose: (service: string | undefined) => void;
  /** The call that is chosen, and what choosing one does. */
  chosenCall?: [string, string];
  onChooseCall?: (from: string, to: string) => void;
  /** Names that stand out: entries, gateways. */
  marked?: ReadonlySet<string>;
  onOpen?: () => void;
  onList?: () => void;
}
interface Look {
  x: number;
  y: number;
  width: number;
  height: number;
}

export function ServiceGraph(props: Props) {
  const { map, layout, amount, counted, chosen, onChoose, chosenCall } = props;
  const box = useRef<SVGSVGElement>(null);
  const [hover, setHover] = useState<string | null>(null);
  const [look, setLook] = useState<Look | null>(null);
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      if (width > 0 && height > 0) setSize({ width, height });
    });
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  const [seen, setSeen] = useState(layout);
  if (seen !== layout) {
    setSeen(layout);
    setLook(null);
  }
  const view = look ?? lookAt(layout, size, SCALE_MIN, layout.nodes[map.nodes.findIndex((n) => n.name === chosen)]);
  // Names stay readable where the boxes are small.
  const nameSize = Math.min(NAME_MAX, Math.max(NAME, (8 * view.width) / (size?.width ?? view.width)));
  const drag = useRef<{ x: number; y: number; look: Look } | null>(null);
  const most = map.edges.reduce((max, e) => Math.max(max, e.count), 1);
  const largest = map.nodes.reduce((max, n) => (n.kind === 'client' ? max : Math.max(max, n.count)), 1);
  const degrees = new Map<string, number>();
  for (const { from, to } of map.edges) for (const name of [from, to]) degrees.set(name, (degrees.get(name) ?? 0) + 1);
  const mostDegrees = Math.max(1, ...degrees.values());
  const say = (flow: Flow) =>
    (counted === undefined ? '' : `${countText(flow.count, counted)}, `) +
    `${amount(flow.count)}, ${shareOf(flow)} errors, P95 ${msOf(flow.p95)}${statesText(flow)}`;
  // With a call chosen, it alone stands out.
  const lit = hover ?? (chosenCall ? undefined : chosen);
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
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === 'l' && props.onList) {
      props.onList();
      e.preventDefault();
      e.stopPropagation();
      return;
    }
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
    else if (e.key === 'Enter' && props.onOpen) {
      props.onOpen();
      e.preventDefault();
      e.stopPropagation();
    }
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
          const isChosen = chosenCall?.[0] === edge.from && chosenCall[1] === edge.to;
          const isLit = isChosen || (lit !== undefined && lit !== null && (edge.from === lit || edge.to === lit));
          const middle = points[Math.floor(points.length / 2)]!;
          const path = curve(points);
          return (
            <g
              key={`${edge.from} ${edge.to}`}
              className={css.edge}
              data-lit={isLit || undefined}
              data-faint={((lit || chosenCall) && !isLit) || undefined}
              data-bad={edge.errors > 0 || undefined}
              data-call={`${edge.from} ${edge.to}`}
              onClick={() => props.onChooseCall?.(edge.from, edge.to)}
            >
              <path d={path} strokeWidth={1 + 5 * Math.sqrt(edge.count / most)} markerEnd="url(#arrow)" />
              <path d={path} className={css.grip} strokeWidth={12}>
                <title>{`${edge.from} → ${edge.to}: ${say(edge)}${viaText(edge)}`}</title>
              </path>
              {(isLit || map.edges.length <= 12) && edge.p95 !== null && (
                <text x={middle[0]} y={middle[1] - 6}>
                  {msOf(edge.p95)}
                </text>
              )}
            </g>
          );
        })}
        {layout.apartFrom !== null && (
          <text x={20} y={layout.apartFrom + 12} className={css.apart}>
            No calls to or from these in this time
          </text>
        )}
        {map.nodes.map((node, i) => {
          const at = layout.nodes[i];
          if (!at) return null;
          return (
            <g
              key={node.name}
              data-service={node.name}
              className={css.node}
              data-kind={node.kind}
              data-chosen={node.name === chosen || undefined}
              data-marked={props.marked?.has(node.name) || undefined}
              data-faint={isFaint(node.name) || undefined}
              transform={`translate(${at[0] - NODE_WIDTH / 2} ${at[1] - NODE_HEIGHT / 2})`}
              onMouseEnter={() => setHover(node.name)}
              onMouseLeave={() => setHover(null)}
              onClick={() => onChoose(node.name === chosen ? undefined : node.name)}
            >
              <title>{`${node.name}: ${say(node)}`}</title>
              <rect
                width={NODE_WIDTH}
                height={NODE_HEIGHT}
                rx={6}
                // The more others a service is tied to, the stronger its box.
                strokeOpacity={0.45 + 0.55 * ((degrees.get(node.name) ?? 0) / mostDegrees)}
                strokeWidth={1 + 1.5 * ((degrees.get(node.name) ?? 0) / mostDegrees)}
              />
              <Ring node={node} share={Math.sqrt(node.count / largest)} />
              <text x={50} y={22} className={css.name} style={{ fontSize: nameSize }}>
                {middleCut(node.name, Math.floor((18 * NAME) / nameSize))}
              </text>
              <text x={50} y={41}>
                {amount(node.count)}
                {node.p95 !== null && ` · ${msOf(node.p95)}`}
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
        <Button onClick={() => setLook(lookAt(layout, size, 0))}>Fit</Button>
        <span className={css.key}>
          ring: <i data-state="ok" /> ok <i data-state="fault" /> fault <i data-state="error" /> error{' '}
          <i data-state="throttle" /> throttle, larger for more requests · lines: calls, wider is more
        </span>
      </div>
      <p className="sr" aria-live="polite">
        {active && `${active.name}: ${say(active)}`}
      </p>
    </>
  );
}

/** Smaller boxes can't be read. */
const SCALE_MIN = 0.5;
/** Larger ones look like another kind of picture. */
const SCALE_MAX = 1.5;
/** Pixels below the map that its key and buttons take. */
const FOOT = 48;
/** All of the map above its key; where its texts would be smaller than `least` allows, the part around a place, or where calls begin. */
function lookAt(
  { width, height }: GraphLayout,
  size: { width: number; height: number } | null,
  least: number,
  [x, y]: [number, number] = [0, height / 2],
): Look {
  if (!size) return { x: 0, y: 0, width: Math.max(1, width), height: Math.max(1, height) };
  const room = Math.max(1, size.height - FOOT);
  const scale = Math.min(SCALE_MAX, Math.max(least, Math.min(size.width / width, room / height)));
  const begin = (all: number, part: number, middle: number) =>
    all <= part ? (all - part) / 2 : Math.max(0, Math.min(all - part, middle - part / 2));
  return {
    x: begin(width, size.width / scale, x),
    y: begin(height, room / scale, y),
    width: size.width / scale,
    height: size.height / scale,
  };
}
const viaText = ({ from, via }: Edge): string =>
  via ? `, counting calls of ${via.join(' and ')} in traces of ${from}` : '';
const statesText = ({ states }: Flow): string =>
  states ? STATES.map((state) => `, ${states[state]} ${state}${states[state] === 1 ? '' : 's'}`).join('') : '';

/** How requests went as arcs, and the share that failed printed inside; of what is no service, what it is. */
function Ring({ node, share }: { node: Node; share: number }) {
  const Icon = ICONS[node.kind];
  const radius = RING_MIN + (RING - RING_MIN) * Math.min(1, share);
  const length = 2 * Math.PI * radius;
  const parts: [string, number][] = node.states
    ? STATES.map((state) => [state, node.states![state]])
    : [['fault', node.errors]];
  const failed = node.count === 0 ? 0 : Math.min(1, parts.reduce((sum, [, n]) => sum + n, 0) / node.count);
  const arcs = parts.reduce<{ state: string; arc: number; from: number }[]>((list, [state, n]) => {
    if (n === 0 || node.count === 0) return list;
    const from = list.reduce((end, a) => end + a.arc, 0);
    // A share above nothing is never drawn as nothing.
    return [...list, { state, arc: Math.max(2.5, (n / node.count) * length), from }];
  }, []);
  return (
    <g transform={`translate(26 ${NODE_HEIGHT / 2})`} className={css.ring}>
      <circle r={radius} />
      {arcs.map(({ state, arc, from }) => (
        <circle
          key={state}
          r={radius}
          data-state={state}
          strokeDasharray={`${arc} ${length}`}
          strokeDashoffset={-from}
          transform="rotate(-90)"
        />
      ))}
      {Icon ? (
        <Icon x={-7} y={-7} width={14} height={14} aria-hidden />
      ) : (
        <text y={3.5} data-bad={failed > 0 || undefined}>
          {failed === 0 ? '0' : failed < 0.1 ? (failed * 100).toFixed(1) : Math.round(failed * 100)}%
        </text>
      )}
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
