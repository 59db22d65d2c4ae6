// Beside the map: all services as a list, or one of them with who calls it, whom it calls, and traces through it.
import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useState } from 'react';
import { rowsOptions } from '../../api/options';
import { agoText, durationText } from '../../model/format';
import type { QuerySpec } from '../../model/query-spec';
import { msOf, rateOf, SERVICE, shareOf, type Flow, type ServiceMap } from '../../model/services';
import { Button, IconButton } from '../../widgets/basic';
import { Link } from '../../widgets/Link';
import { datasetPath, type Place } from '../../widgets/route';
import css from './map.module.css';

const TRACES = 8;

interface Props {
  map: ServiceMap;
  seconds: number;
  spec: QuerySpec;
  chosen: string | undefined;
  isIsolated: boolean;
  place: Place;
  queryPath: string;
  onChoose: (service: string | undefined) => void;
  onIsolate: (is: boolean) => void;
}
export function Panel(props: Props) {
  const node = props.map.nodes.find((n) => n.name === props.chosen);
  return (
    <aside className={css.panel} aria-label={node ? `Service ${node.name}` : 'Services'} data-testid="map-panel">
      {node ? <One {...props} name={node.name} /> : <All {...props} />}
    </aside>
  );
}

function All({ map, seconds, onChoose }: Props) {
  const rows = [...map.nodes].sort((a, b) => b.count - a.count);
  return (
    <>
      <h2>
        {map.nodes.length} services, {map.edges.length} calls
      </h2>
      <FlowTable head="service" rows={rows.map((n) => ({ ...n, key: n.name }))} seconds={seconds} onChoose={onChoose} />
    </>
  );
}

function One({
  map,
  seconds,
  spec,
  name,
  place,
  isIsolated,
  onChoose,
  onIsolate,
  queryPath,
}: Props & { name: string }) {
  const node = map.nodes.find((n) => n.name === name)!;
  const filters = [...(spec.filters ?? []), { column: SERVICE, op: '=', value: name }];
  const times =
    spec.time_range === undefined
      ? { start_time: spec.start_time, end_time: spec.end_time }
      : { time_range: spec.time_range };
  const traces = useQuery(
    rowsOptions(place.env, '__all__', {
      filters: [...filters, { column: 'trace.trace_id', op: 'exists' }, { column: 'duration_ms', op: 'exists' }],
      filter_combination: 'AND',
      ...(spec.time_range === undefined
        ? {
            start_time_ns: `${spec.start_time ?? 0}000000000`,
            ...(spec.end_time === undefined ? {} : { end_time_ns: `${spec.end_time}000000000` }),
          }
        : { time_range: spec.time_range }),
      limit: 50,
      before: null,
    }),
  );
  const [now] = useState(() => Date.now());
  const seen = new Set<string>();
  const rows = (traces.data?.rows ?? []).filter((row) => {
    const id = String(row.data['trace.trace_id']);
    return !seen.has(id) && seen.add(id).size <= TRACES;
  });
  return (
    <>
      <header>
        <h2>{name}</h2>
        <IconButton label="Back to all services" onClick={() => onChoose(undefined)}>
          <X size={16} />
        </IconButton>
      </header>
      <dl className={css.facts}>
        <div>
          <dt>requests</dt>
          <dd>{rateOf(node.count, seconds)}</dd>
        </div>
        <div data-bad={node.errors > 0 || undefined}>
          <dt>errors</dt>
          <dd>{shareOf(node)}</dd>
        </div>
        <div>
          <dt>P95</dt>
          <dd>{msOf(node.p95)}</dd>
        </div>
      </dl>
      <div className={css.actions}>
        <Button aria-pressed={isIsolated} onClick={() => onIsolate(!isIsolated)}>
          {isIsolated ? 'Show all' : 'Isolate'}
        </Button>
        <Link
          to={queryPath}
          search={{
            query: { calculations: [{ op: 'COUNT' }, { op: 'HEATMAP', column: 'duration_ms' }], filters, ...times },
          }}
        >
          Open as a query
        </Link>
      </div>
      <Calls
        title="Called by"
        none={node.entries > 0 ? 'Nobody in these traces: requests begin here.' : 'Nobody in these traces.'}
        rows={map.edges.filter((e) => e.to === name).map((e) => ({ ...e, key: e.from }))}
        seconds={seconds}
        onChoose={onChoose}
      />
      <Calls
        title="Calls"
        none="No other service."
        rows={map.edges.filter((e) => e.from === name).map((e) => ({ ...e, key: e.to }))}
        seconds={seconds}
        onChoose={onChoose}
      />
      <h3>Newest traces through it</h3>
      {traces.error && <p className={css.none}>{traces.error.message}</p>}
      {traces.data && rows.length === 0 && <p className={css.none}>None in this time.</p>}
      <ol className={css.traces}>
        {rows.map((row) => (
          <li key={String(row.data['trace.trace_id'])}>
            <Link
              to={datasetPath(place, '__all__', '/trace')}
              search={{ trace_id: String(row.data['trace.trace_id']), span: row.data['trace.span_id'] }}
            >
              {String(row.data['name'] ?? '(no name)')}
            </Link>
            <span className="num">
              {durationText(Math.round(Number(row.data['duration_ms']) * 1e6))} ·{' '}
              {agoText(Date.parse(row.timestamp), now)}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}

type FlowRow = Flow & { key: string };
interface TableProps {
  rows: FlowRow[];
  seconds: number;
  onChoose: (service: string) => void;
}
function Calls({ title, none, ...table }: TableProps & { title: string; none: string }) {
  return (
    <section>
      <h3>{title}</h3>
      {table.rows.length === 0 ? <p className={css.none}>{none}</p> : <FlowTable head="service" {...table} />}
    </section>
  );
}
function FlowTable({ head, rows, seconds, onChoose }: TableProps & { head: string }) {
  return (
    <table className={css.table}>
      <thead>
        <tr>
          <th scope="col">{head}</th>
          <th scope="col">rate</th>
          <th scope="col">errors</th>
          <th scope="col">P95</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.key}>
            <th scope="row">
              <button type="button" onClick={() => onChoose(row.key)}>
                {row.key}
              </button>
            </th>
            <td className="num">{rateOf(row.count, seconds)}</td>
            <td className="num" data-bad={row.errors > 0 || undefined}>
              {shareOf(row)}
            </td>
            <td className="num">{msOf(row.p95)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
