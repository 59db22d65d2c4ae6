import { describe, expect, it } from 'vitest';
import type { QueryAnswer } from './result';
import {
  callFilters,
  CLIENT,
  callersOf,
  passThrough,
  edgesSpec,
  groupSmallest,
  hasText,
  isolate,
  overviewOf,
  serviceMap,
  withClients,
  type ServiceMap,
} from './services';

const answer = (results: object[], more: object = {}): QueryAnswer =>
  ({
    query: { calculations: [{ op: 'COUNT' }] },
    start_time: 0,
    end_time: 60,
    granularity: 10,
    calculations: ['COUNT'],
    breakdowns: ['service.name'],
    results: results.map((data) => ({ data })),
    series: [],
    total: null,
    total_series: [],
    other: null,
    group_count: results.length,
    stats: {},
    ...more,
  }) as unknown as QueryAnswer;

describe('a map of services', () => {
  const none = { fault: 0, error: 0, throttle: 0 };
  const map = serviceMap(
    answer([
      { 'service.name': 'web', COUNT: 10, errors: 1, fault: 1, 'P95(duration_ms)': 20 },
      { 'service.name': 'db', COUNT: 30, errors: 0, 'P95(duration_ms)': 2 },
    ]),
    answer([
      { 'service.name': 'web', COUNT: 10, errors: 1 },
      { 'parent.service.name': 'web', 'service.name': 'db', COUNT: 25, errors: 0, 'P95(duration_ms)': 2 },
      { 'parent.service.name': 'cron', 'service.name': 'db', COUNT: 5, errors: 0 },
    ]),
  );
  it('shows callers from outside and parties that send no spans', () => {
    const remotes = answer([
      { 'service.name': 'web', remote: 'kafka', remote_kind: 'queue', COUNT: 4, fault: 1, 'P95(duration_ms)': 3 },
      { 'service.name': 'db', remote: 'kafka', remote_kind: 'queue', COUNT: 2, errors: 1, fault: 1, throttle: 1 },
      { 'service.name': 'web', remote: 'db', remote_kind: 'remote', COUNT: 9, errors: 0 },
    ]);
    const all = withClients(
      serviceMap(
        answer([
          { 'service.name': 'web', COUNT: 10 },
          { 'service.name': 'db', COUNT: 5 },
        ]),
        answer([{ 'service.name': 'web', COUNT: 10, errors: 2, error: 3, 'P95(duration_ms)': 20 }]),
        remotes,
      ),
    );
    expect(all.nodes.map((n) => [n.name, n.kind, n.count, n.errors, n.p95])).toEqual([
      [CLIENT, 'client', 10, 0, null],
      ['web', 'service', 10, 0, null],
      ['db', 'service', 5, 0, null],
      ['kafka', 'queue', 6, 1, null],
    ]);
    expect(all.edges.map((e) => `${e.from}>${e.to} ${e.count}`)).toEqual([
      'clients>web 10',
      'web>kafka 4',
      'db>kafka 2',
    ]);
    // The line from the clients is of the requests that nobody else made, and what both call failed for both.
    expect(all.edges[0]).toMatchObject({ errors: 2, p95: 20, states: { fault: 0, error: 3, throttle: 0 } });
    expect(all.nodes.at(-1)!.states).toEqual({ fault: 2, error: 0, throttle: 1 });
  });
  it('passes calls through a gateway to what is behind it', () => {
    const proxied = serviceMap(
      answer(['web', 'proxy', 'cart', 'auth'].map((name) => ({ 'service.name': name, COUNT: 10 }))),
      answer([
        { 'parent.service.name': 'web', 'service.name': 'proxy', COUNT: 10 },
        { 'parent.service.name': 'proxy', 'service.name': 'cart', COUNT: 7, 'P95(duration_ms)': 4 },
        { 'parent.service.name': 'proxy', 'service.name': 'auth', COUNT: 3 },
        { 'parent.service.name': 'web', 'service.name': 'auth', COUNT: 1 },
      ]),
    );
    expect(callersOf(proxied, ['proxy'])).toEqual(['web']);
    const behind = answer([
      { 'service.name': 'cart', COUNT: 7, 'P95(duration_ms)': 4 },
      { 'service.name': 'auth', COUNT: 3, errors: 2 },
    ]);
    const passed = passThrough(proxied, ['proxy'], new Map([['web', behind]]));
    expect(passed.nodes.map((n) => n.name)).toEqual(['web', 'cart', 'auth']);
    expect(passed.edges).toEqual([
      { from: 'web', to: 'auth', count: 4, errors: 2, p95: null, via: ['proxy'], states: none },
      { from: 'web', to: 'cart', count: 7, errors: 0, p95: 4, via: ['proxy'], states: none },
    ]);
    expect(passThrough(proxied, ['web'], new Map())).toBe(proxied);
  });
  const called = (more: object[]) =>
    serviceMap(
      answer(['web', 'app', 'proxy', 'cart'].map((name) => ({ 'service.name': name, COUNT: 10 }))),
      answer([
        { 'parent.service.name': 'web', 'service.name': 'proxy', COUNT: 6 },
        { 'parent.service.name': 'proxy', 'service.name': 'cart', COUNT: 9 },
        ...more,
      ]),
    );
  const cart = answer([{ 'service.name': 'cart', COUNT: 5 }]);
  const callsOf = (map: ServiceMap) => map.edges.map((e) => `${e.from}>${e.to} ${e.count}`).sort();
  it('keeps a gateway, and what it calls, for callers whose calls behind it are not known', () => {
    const map = called([{ 'parent.service.name': 'app', 'service.name': 'proxy', COUNT: 4 }]);
    const passed = passThrough(map, ['proxy'], new Map([['web', cart]]));
    expect(passed.nodes.map((n) => n.name)).toContain('proxy');
    expect(callsOf(passed)).toEqual(['app>proxy 4', 'proxy>cart 9', 'web>cart 5']);
  });
  it('keeps a gateway at which calls begin, though a service calls it too, and those that it calls', () => {
    const map = called([{ 'service.name': 'proxy', COUNT: 3 }]);
    expect(callsOf(passThrough(map, ['proxy'], new Map([['web', cart]])))).toEqual(['proxy>cart 9', 'web>cart 5']);
    const chain = called([
      { 'service.name': 'edge', COUNT: 3 },
      { 'parent.service.name': 'edge', 'service.name': 'proxy', COUNT: 3 },
    ]);
    expect(callsOf(passThrough(chain, ['edge', 'proxy'], new Map([['web', cart]])))).toEqual([
      'edge>proxy 3',
      'proxy>cart 9',
      'web>cart 5',
    ]);
  });
  it('finds the spans of a call through gateways as the map counted them', () => {
    const [edge] = passThrough(called([]), ['proxy'], new Map([['web', cart]])).edges;
    expect(edge).toMatchObject({ from: 'web', to: 'cart', via: ['proxy'] });
    expect(callFilters(edge!)).toEqual([
      { column: 'service.name', op: '=', value: 'cart' },
      { column: 'parent.service.name', op: 'in', value: ['web', 'proxy'] },
      { column: 'any.service.name', op: '=', value: 'web' },
    ]);
    expect(callFilters(called([]).edges[0]!)).toEqual([
      { column: 'service.name', op: '=', value: 'proxy' },
      { column: 'parent.service.name', op: '=', value: 'web' },
    ]);
  });
  it('makes one box of the smallest when there are too many, and keeps all counts', () => {
    const names = Array.from({ length: 200 }, (_, i) => `s${i}`);
    const large = serviceMap(
      answer(names.map((name, i) => ({ 'service.name': name, COUNT: 1000 - i, errors: 1 }))),
      answer(names.slice(1).map((name) => ({ 'parent.service.name': 's0', 'service.name': name, COUNT: 2 }))),
    );
    const small = groupSmallest(large);
    expect(small.nodes.length).toBe(150);
    expect(small.nodes.at(-1)!.name).toBe('51 smaller services');
    expect(small.nodes.at(-1)!.members!.length).toBe(51);
    for (const map of [large, small]) expect(map.edges.reduce((sum, e) => sum + e.count, 0)).toBe(398);
    const total = (map: typeof large) => map.nodes.reduce((sum, n) => sum + n.count, 0);
    expect(total(small)).toBe(total(large));
    expect(groupSmallest(small)).toBe(small);
  });
  it('has services, calls, and who is asked by nobody', () => {
    expect(map.nodes).toEqual([
      {
        name: 'web',
        kind: 'service',
        count: 10,
        errors: 1,
        p95: 20,
        entries: 10,
        entered: { count: 10, errors: 1, p95: null, states: none },
        states: { ...none, fault: 1 },
      },
      {
        name: 'db',
        kind: 'service',
        count: 30,
        errors: 0,
        p95: 2,
        entries: 0,
        states: none,
      },
      { name: 'cron', kind: 'service', count: 0, errors: 0, p95: null, entries: 0, states: none },
    ]);
    expect(map.edges.map((e) => [e.from, e.to, e.count])).toEqual([
      ['web', 'db', 25],
      ['cron', 'db', 5],
    ]);
  });
  it('can be one service and its neighbours', () => {
    expect(isolate(map, (name) => name === 'web').nodes.map((n) => n.name)).toEqual(['web', 'db']);
  });
  it('can be the services with a part of a name and their neighbours', () => {
    const kept = isolate(map, (name) => hasText(name, ' CRO'));
    expect(kept.nodes.map((n) => n.name)).toEqual(['db', 'cron']);
    expect(kept.edges.map((e) => [e.from, e.to])).toEqual([['cron', 'db']]);
  });
  it('keeps the filters and the times of a query', () => {
    const filter = { column: 'cloud.region', op: '=', value: 'eu' };
    const spec = edgesSpec({ filters: [filter], start_time: 5, end_time: 9 });
    expect(spec.filters?.at(-1)).toEqual(filter);
    expect([spec.start_time, spec.end_time, spec.time_range]).toEqual([5, 9, undefined]);
  });
});

it('an overview has a line for all from the totals', () => {
  const { total } = overviewOf(
    answer([], {
      total: { COUNT: 7, errors: 1, 'P95(duration_ms)': 3 },
      total_series: [
        { time: '1970-01-01T00:00:20Z', data: { COUNT: 4 } },
        { time: '1970-01-01T00:00:40Z', data: { COUNT: 3 } },
      ],
    }),
  );
  // What came late stands late, not at the beginning.
  expect(total.counts).toEqual([0, 0, 4, 0, 3, 0]);
  expect([total.count, total.errors, total.p95]).toEqual([7, 1, 3]);
});
