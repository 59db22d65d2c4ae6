// Where a span stands among spans of the same name and service, an hour around it: a small heat map with the span marked on it.
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { meantOptions } from '../../api/options';
import { durationText, numberText } from '../../model/format';
import { meantOf, type EventRow } from '../../model/result';
import { datasetPath, hrefOf, type Place } from '../../widgets/route';
import { Link } from '../../widgets/Link';
import { useThemeColours } from '../../widgets/theme';
import css from './trace.module.css';

const HEIGHT = 64;
/** Durations span decades: the graph is of their logarithm. */
const LOG = 'log10';

export function MiniGraph({ place, row, service }: { place: Place; row: EventRow; service: string }) {
  const numeric = useMemo(() => {
    const cells = meantOf(row);
    return Object.keys(cells)
      .filter((field) => typeof cells[field] === 'number')
      .sort();
  }, [row]);
  const [chosen, setChosen] = useState('duration_ms');
  const field = numeric.includes(chosen) ? chosen : numeric[0];
  const name = meantOf(row)['name'];
  if (field === undefined || typeof name !== 'string') return null;
  return (
    <Graph place={place} row={row} service={service} name={name} field={field} fields={numeric} onField={setChosen} />
  );
}

interface Props {
  place: Place;
  row: EventRow;
  service: string;
  name: string;
  field: string;
  fields: readonly string[];
  onField: (field: string) => void;
}
function Graph({ place, row, service, name, field, fields, onField }: Props) {
  const colours = useThemeColours();
  const canvas = useRef<HTMLCanvasElement>(null);
  const seconds = Math.round(Number(BigInt(row.timestamp_ns) / 1_000_000_000n) / 600) * 600;
  const spec = useMemo(
    () => ({
      calculated_fields: [{ name: LOG, expression: `LOG10($"${field.replace(/["\\]/g, '\\$&')}")` }],
      calculations: [{ op: 'HEATMAP', column: LOG }, ...['P50', 'P95', 'P99'].map((op) => ({ op, column: field }))],
      filters: [
        { column: 'name', op: '=' as const, value: name },
        ...((meantOf(row)['service.name'] ?? null) === null
          ? []
          : [{ column: 'service.name', op: '=' as const, value: service }]),
      ],
      start_time: seconds - 1800,
      end_time: seconds + 1800,
    }),
    [field, name, service, seconds, row],
  );
  const { data, error } = useQuery(meantOptions(place.env, row.dataset, spec));
  const value = Number(meantOf(row)[field]);
  const heat = data?.heatmaps?.[`HEATMAP(${LOG})`];
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(canvas.current!.parentElement!);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const el = canvas.current;
    if (!el || width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    el.width = Math.round(width * ratio);
    el.height = Math.round(HEIGHT * ratio);
    const context = el.getContext('2d')!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, HEIGHT);
    if (!heat || heat.times.length === 0) return;
    const most = Math.log1p(Math.max(1, ...heat.counts.flat()));
    const range = Math.max(1e-9, heat.step_size * heat.bins);
    const [from, to] = [spec.start_time, spec.end_time];
    const xOf = (s: number) => ((s - from) / (to - from)) * width;
    const cell = Math.max(1.5, width / Math.max(1, (to - from) / Math.max(1, data!.granularity)));
    heat.times.forEach((time, x) =>
      heat.counts[x]!.forEach((count, y) => {
        if (count === 0) return;
        const step = colours.ramp[Math.min(7, 1 + Math.floor((Math.log1p(count) / most) * 6.99))]!;
        context.fillStyle = `rgb(${step.join(' ')})`;
        const high = HEIGHT / heat.bins;
        context.fillRect(xOf(Date.parse(time) / 1000), HEIGHT - (y + 1) * high, cell, Math.max(1.5, high));
      }),
    );
    const x = xOf(Number(BigInt(row.timestamp_ns) / 1_000_000n) / 1000);
    const y = HEIGHT - ((Math.log10(value) - heat.min_value) / range) * HEIGHT;
    context.strokeStyle = colours.accent;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(Math.max(5, Math.min(width - 5, x)), Math.max(5, Math.min(HEIGHT - 5, y)), 4, 0, 2 * Math.PI);
    context.stroke();
  }, [heat, data, colours, width, value, row, spec]);

  const totals = data?.results[0]?.data ?? {};
  const text = (n: unknown) =>
    typeof n !== 'number' ? '–' : field.endsWith('_ms') ? durationText(Math.round(n * 1e6)) : numberText(n);
  const place95 = ['P50', 'P95', 'P99'].filter((op) => value > Number(totals[`${op}(${field})`] ?? Infinity)).at(-1);
  const query = {
    calculations: [{ op: 'HEATMAP', column: field }],
    filters: spec.filters,
    start_time: spec.start_time,
    end_time: spec.end_time,
  };
  return (
    <figure className={css.mini} data-testid="minigraph">
      <figcaption>
        <select aria-label="Field of the graph" value={field} onChange={(e) => onField(e.target.value)}>
          {fields.map((f) => (
            <option key={f}>{f}</option>
          ))}
        </select>
        <span>of spans like this, ±30 min, log scale</span>
        <Link to={datasetPath(place, row.dataset)} search={{ query }} title={hrefOf('', { query })}>
          Query
        </Link>
      </figcaption>
      <canvas
        ref={canvas}
        style={{ width, height: HEIGHT }}
        role="img"
        aria-label={`${field} of spans named ${name}; this one has ${text(value)}`}
      />
      {error ? (
        <p className={css.hint}>{error.message}</p>
      ) : (
        <p className={css.miniFacts}>
          {['P50', 'P95', 'P99'].map((op) => (
            <span key={op}>
              {op} <b className="num">{text(totals[`${op}(${field})`])}</b>
            </span>
          ))}
          <span>
            this <b className="num">{text(value)}</b>
            {data && (place95 ? `, above ${place95}` : ', below the median')}
          </span>
        </p>
      )}
    </figure>
  );
}
