// Beside the map: all services as a list, or one of them with who calls it, whom it calls, and traces through it.
import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useMemo, useState, type Ref } from 'react';
import { rowsOptions } from '../../api/options';
import { agoText, countText, durationText, numberText } from '../../model/format';
import type { Filter, QuerySpec } from '../../model/query-spec';
import {
  callFilters,
  CLIENT,
  hasText,
  msOf,
  rateOf,
  SERVICE,
  shareOf,
  STATES,
  type Edge,
  type Flow,
  type ServiceMap,
} from '../../model/services';
import { Button, IconButton } from '../../widgets/basic';
import { Link } from '../../widgets/Link';
import { datasetPath, type Place } from '../../widgets/route';
import css from './map.module.css';
import type { GatewayList } from './MapPage';

const TRACES = 8;

interface Props {
  ref?: Ref<HTMLElement>;
  map: ServiceMap;
  gateways: GatewayList;
  /** The other end of the call that is chosen. */
  calls?: string;
  seconds: number;
  spec: QuerySpec;
  chosen: string | undefined;
  isIsolated: boolean;
  place: Place;
  queryPath: string;
  onChoose: (service: string | undefined) => void;
  onIsolate: (is: boolean) => void;
  /** The part of names that the map keeps to. */
  named: string | undefined;
  onNamed: (text: string | undefined) => void;
}
export function Panel({ ref, ...props }: Props) {
  const node = props.map.nodes.find((n) => n.name === props.chosen);
  const call = node && props.map.edges.find((e) => e.from === node.name && e.to === props.calls);
  const label = call ? `Calls from ${call.from} to ${call.to}` : node ? `Service ${node.name}` : 'Services';
  return (
    <aside ref={ref} tabIndex={-1} className={css.panel} aria-label={label} data-testid="map-panel">
      {call ? <Call {...props} call={call} /> : node ? <One {...props} name={node.name} /> : <All {...props} />}
    </aside>
  );
}

function Call({ map, call, seconds, spec, place, queryPath, onChoose }: Omit<Props, 'ref'> & { call: Edge }) {
  const target = map.nodes.find((n) => n.name === call.to);
  const isOwn = target?.kind === 'service' && call.from !== CLIENT;
  const filters: Filter[] = [...(spec.filters ?? []), ...callFilters(call)];
  return (
    <>
      <header>
        <h2>
          {call.from} → {call.to}
        </h2>
        <IconButton label="Back to all services" onClick={() => onChoose(undefined)}>
          <X size={16} />
        </IconButton>
      </header>
      <Facts flow={call} seconds={seconds} what="calls" />
      <States flow={call} what="calls" />
      {call.via && (
        <p className={css.none}>
          Counts what {call.via.join(' and ')} called in traces with a span of {call.from}.
        </p>
      )}
      <div className={css.actions}>
        <Button onClick={() => onChoose(call.from)}>{call.from}</Button>
        <Button onClick={() => onChoose(call.to)}>{call.to}</Button>
        {isOwn && (
          <Link
            to={queryPath}
            search={{
              query: {
                calculations: [{ op: 'COUNT' }, { op: 'HEATMAP', column: 'duration_ms' }],
                filters,
                ...timesOf(spec),
              },
            }}
          >
            Open as a query
          </Link>
        )}
      </div>
      {isOwn && <Traces title="Newest of these calls" filters={filters} spec={spec} place={place} />}
    </>
  );
}
function Facts({ flow, seconds, what }: { flow: Flow; seconds: number; what: string }) {
  return (
    <dl className={css.facts}>
      <div>
        <dt>{what}</dt>
        <dd title={numberText(flow.count)}>{rateOf(flow.count, seconds)}</dd>
      </div>
      <div data-bad={flow.errors > 0 || undefined}>
        <dt>errors</dt>
        <dd>{shareOf(flow)}</dd>
      </div>
      <div>
        <dt>P95</dt>
        <dd>{msOf(flow.p95)}</dd>
      </div>
    </dl>
  );
}
function States({ flow, what }: { flow: Flow; what: string }) {
  if (!flow.states) return null;
  return (
    <dl className={css.states} aria-label={`How ${what} failed`}>
      {STATES.map((state) => (
        <div key={state} data-state={state}>
          <dt>{STATE_WORDS[state]}</dt>
          <dd>
            {numberText(flow.states![state])} ({shareOf({ count: flow.count, errors: flow.states![state] })})
          </dd>
        </div>
      ))}
    </dl>
  );
}
const STATE_WORDS = { fault: 'faults (5xx)', error: 'client errors (4xx)', throttle: 'throttles (429)' } as const;
const timesOf = (spec: QuerySpec) =>
  spec.time_range === undefined
    ? { start_time: spec.start_time, end_time: spec.end_time }
    : { time_range: spec.time_range };

function All({ map, seconds, gateways, named, onNamed, onChoose }: Omit<Props, 'ref'>) {
  const [find, setFind] = useState('');
  const isNew = find.trim() !== '' && find.trim() !== named;
  const rows = useMemo(() => {
    return map.nodes.filter((n) => hasText(n.name, find)).sort((a, b) => b.count - a.count);
  }, [map, find]);
  return (
    <>
      <h2>
        {countText(map.nodes.length, 'service')}, {countText(map.edges.length, 'call')}
      </h2>
      <form
        className={css.actions}
        onSubmit={(e) => {
          e.preventDefault();
          if (isNew) onNamed(find.trim());
        }}
      >
        <input
          className={css.find}
          aria-label="Find a service"
          placeholder="Find a service"
          value={find}
          spellCheck={false}
          onChange={(e) => setFind(e.target.value)}
        />
        {isNew && <Button type="submit">Map only these</Button>}
      </form>
      <FlowTable head="service" rows={rows.map((n) => ({ ...n, key: n.name }))} seconds={seconds} onChoose={onChoose} />
      {gateways.list.length > 0 && (
        <section>
          <h3>Gateways</h3>
          <p className={css.none}>Calls through these are drawn as calls of what is behind them.</p>
          <ul className={css.traces}>
            {gateways.list.map((name) => (
              <li key={name}>
                {name}
                <IconButton
                  label={`${name} is no gateway`}
                  onClick={() => gateways.set(gateways.list.filter((other) => other !== name))}
                >
                  <X size={14} />
                </IconButton>
              </li>
            ))}
          </ul>
          {gateways.error && <p className={css.none}>{gateways.error.message}</p>}
        </section>
      )}
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
  gateways,
  onChoose,
  onIsolate,
  queryPath,
}: Omit<Props, 'ref'> & { name: string }) {
  const node = map.nodes.find((n) => n.name === name)!;
  const filters = [...(spec.filters ?? []), { column: SERVICE, op: '=', value: name }];
  const isOwn = node.kind === 'service';
  return (
    <>
      <header>
        <h2>{name}</h2>
        <IconButton label="Back to all services" onClick={() => onChoose(undefined)}>
          <X size={16} />
        </IconButton>
      </header>
      <Facts flow={node} seconds={seconds} what={isOwn ? 'requests' : 'calls'} />
      <States flow={node} what={isOwn ? 'requests' : 'calls'} />
      <div className={css.actions}>
        <Button aria-pressed={isIsolated} onClick={() => onIsolate(!isIsolated)}>
          {isIsolated ? 'Show all' : 'Isolate'}
        </Button>
        {isOwn && (
          <Button
            title="A gateway passes calls on: they are drawn as calls of what is behind it"
            aria-pressed={gateways.list.includes(name)}
            onClick={() =>
              gateways.set(
                gateways.list.includes(name)
                  ? gateways.list.filter((other) => other !== name)
                  : [...gateways.list, name],
              )
            }
          >
            Gateway
          </Button>
        )}
        {isOwn && (
          <Link
            to={queryPath}
            search={{
              query: {
                calculations: [{ op: 'COUNT' }, { op: 'HEATMAP', column: 'duration_ms' }],
                filters,
                ...timesOf(spec),
              },
            }}
          >
            Open as a query
          </Link>
        )}
      </div>
      {gateways.error && <p className={css.none}>{gateways.error.message}</p>}
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
      {isOwn && <Traces title="Newest traces through it" filters={filters} spec={spec} place={place} />}
    </>
  );
}

/** The newest traces with a span that passes the filters. */
function Traces({ title, filters, spec, place }: { title: string; filters: Filter[]; spec: QuerySpec; place: Place }) {
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
    <section>
      <h3>{title}</h3>
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
    </section>
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
  const most = Math.max(0, ...rows.map((row) => row.count));
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
            <td className="num">{rateOf(row.count, seconds, most)}</td>
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
