// A small stand-in for the server's /api contract: deterministic data, no storage. For working on the UI alone; the acceptance
// suite walks the real binary.
import { createServer } from 'node:http';
import { readFileSync, statSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomBytes } from 'node:crypto';

const dist = fileURLToPath(new URL('../dist', import.meta.url));

function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
const iso = (ns) =>
  `${new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19)}.${String(ns % 1_000_000_000n).padStart(9, '0')}Z`;
const hex = (rnd, length) => Array.from({ length }, () => Math.floor(rnd() * 16).toString(16)).join('');
const at = (ms) => BigInt(Math.round(ms * 1000)) * 1000n;
const row = (ns, dataset, data, rate = 1) => ({
  timestamp: iso(ns),
  timestamp_ns: String(ns),
  dataset,
  sample_rate: rate,
  data,
});

const ROUTES = [
  'GET /',
  'GET /cart',
  'POST /cart',
  'GET /products/<id>',
  'POST /checkout',
  'GET /search',
  'GET /healthz',
  'GET /account',
];
const CALLS = [
  ['inventory', 'SELECT inventory.items', 'client'],
  ['payments', 'POST /charge', 'server'],
  ['recommendations', 'rank products', 'internal'],
  ['cache', 'GET session', 'client'],
];

/** Traces over the last three hours, newest last. */
function makeEvents(now, seed = 7) {
  const rnd = random(seed);
  const events = [];
  for (let i = 0; i < 2600; i++) {
    const start = now - 3 * 3600_000 + (i / 2600) * 3 * 3600_000 + rnd() * 2000;
    const route = ROUTES[Math.floor(rnd() ** 1.7 * ROUTES.length)];
    const trace = hex(rnd, 32);
    const root = hex(rnd, 16);
    const isSlow = route === 'POST /checkout' && i > 1900;
    const isError = rnd() < (isSlow ? 0.18 : 0.015);
    const duration = (isSlow ? 900 : 24) * (0.4 + rnd() ** 3 * 6);
    const base = {
      'trace.trace_id': trace,
      'meta.signal_type': 'trace',
      'library.name': 'opentelemetry.instrumentation.flask',
      'telemetry.sdk.language': 'python',
    };
    const build = isSlow ? '4.2.1' : '4.2.0';
    const common = {
      'service.name': 'backend-flask',
      'service.version': build,
      'cloud.region': rnd() < 0.3 ? 'eu-west-1' : 'us-east-1',
      'host.name': `ip-10-0-0-${i % 9}`,
    };
    let time = start + 2;
    for (let c = 0; c < 1 + Math.floor(rnd() * 4); c++) {
      const [service, name, kind] = CALLS[Math.floor(rnd() * CALLS.length)];
      const share = (duration / 5) * (0.4 + rnd());
      events.push(
        row(at(time), service, {
          ...base,
          'service.name': service,
          name,
          'span.kind': kind,
          'trace.span_id': hex(rnd, 16),
          'trace.parent_id': root,
          duration_ms: Number(share.toFixed(4)),
          status_code: 0,
          'db.rows': Math.floor(rnd() * 40),
        }),
      );
      time += share;
    }
    if (isError) {
      events.push(
        row(at(start + duration * 0.8), 'backend-flask', {
          ...base,
          ...common,
          name: 'exception',
          parent_name: route,
          'trace.parent_id': root,
          'meta.annotation_type': 'span_event',
          'exception.type': 'PaymentDeclined',
          'exception.message': 'card refused by issuer',
          'meta.time_since_span_start_ms': duration * 0.8,
        }),
      );
    }
    events.push(
      row(
        at(start),
        'backend-flask',
        {
          ...base,
          ...common,
          name: route,
          'span.kind': 'server',
          'trace.span_id': root,
          duration_ms: Number(duration.toFixed(4)),
          status_code: isError ? 2 : 0,
          'span.num_events': isError ? 1 : 0,
          'http.request.method': route.split(' ')[0],
          'http.route': route.split(' ')[1],
          'http.response.status_code': isError ? 500 : 200,
          'user.id': `user-${Math.floor(rnd() * 5000)}`,
          ...(isError ? { error: true, 'exception.message': 'card refused by issuer' } : {}),
          ...(rnd() < 0.2 ? { 'feature.flag': 'new-cart' } : {}),
        },
        i % 10 === 0 ? 4 : 1,
      ),
    );
  }
  events.sort((a, b) => (BigInt(a.timestamp_ns) < BigInt(b.timestamp_ns) ? -1 : 1));
  return events;
}
/** A trace of many spans, for scrolling. */
export function bigTrace(count, now) {
  const rnd = random(99);
  const trace = 'f'.repeat(32);
  const ids = Array.from({ length: count }, () => hex(rnd, 16));
  const services = [
    'gateway',
    'orders',
    'inventory',
    'payments',
    'search',
    'users',
    'cache',
    'mail',
    'ranking',
    'audit',
  ];
  return ids.map((id, i) => {
    const parent = i === 0 ? null : ids[Math.max(0, i - 1 - Math.floor(rnd() * Math.min(i, 24)))];
    const data = {
      'trace.trace_id': trace,
      'trace.span_id': id,
      name: `${['load', 'store', 'rank', 'check', 'render'][i % 5]} ${i}`,
      'service.name': services[Math.floor(i / 7) % services.length],
      duration_ms: i === 0 ? count : 0.2 + rnd() * 80,
      item: i,
    };
    if (parent) data['trace.parent_id'] = parent;
    if (i % 997 === 5) data.error = true;
    // The one value that a search of it finds once.
    if (i === Math.floor(count * 0.9)) data.note = 'needle-7f3a';
    return row(at(now - 600_000 + i * 0.9), data['service.name'], data);
  });
}

const OPS = {
  '=': (a, b) => a !== undefined && String(a) === String(b),
  '!=': (a, b) => a === undefined || String(a) !== String(b),
  '>': (a, b) => a !== undefined && a > b,
  '>=': (a, b) => a !== undefined && a >= b,
  '<': (a, b) => a !== undefined && a < b,
  '<=': (a, b) => a !== undefined && a <= b,
  exists: (a) => a !== undefined,
  'does-not-exist': (a) => a === undefined,
  contains: (a, b) => String(a ?? '').includes(b),
  'does-not-contain': (a, b) => !String(a ?? '').includes(b),
  'starts-with': (a, b) => String(a ?? '').startsWith(b),
  'does-not-start-with': (a, b) => !String(a ?? '').startsWith(b),
  'ends-with': (a, b) => String(a ?? '').endsWith(b),
  'does-not-end-with': (a, b) => !String(a ?? '').endsWith(b),
  in: (a, b) => b.map(String).includes(String(a)),
  'not-in': (a, b) => !b.map(String).includes(String(a)),
};
const keyOf = (c) => c.name || (c.column ? `${c.op}(${c.column})` : c.op);

function calculate(c, rows) {
  if (c.op === 'COUNT')
    return rows.reduce((n, r) => n + (c.column && r.data[c.column] === undefined ? 0 : r.sample_rate), 0);
  const values = rows.map((r) => r.data[c.column]).filter((v) => v !== undefined);
  if (c.op === 'COUNT_DISTINCT') return new Set(values).size;
  const numbers = values
    .map(Number)
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  if (numbers.length === 0) return undefined;
  if (c.op === 'SUM') return numbers.reduce((a, b) => a + b, 0);
  if (c.op === 'AVG') return numbers.reduce((a, b) => a + b, 0) / numbers.length;
  if (c.op === 'MIN') return numbers[0];
  if (c.op === 'MAX') return numbers[numbers.length - 1];
  const share = Number(`0.${c.op.slice(1)}`);
  return numbers[Math.min(numbers.length - 1, Math.floor(share * numbers.length))];
}
const calculateAll = (calculations, rows) =>
  Object.fromEntries(
    calculations
      .filter((c) => c.op !== 'HEATMAP')
      .map((c) => [keyOf(c), calculate(c, rows)])
      .filter(([, v]) => v !== undefined),
  );

function groupBy(rows, key) {
  const groups = new Map();
  for (const r of rows) {
    const k = key(r);
    if (!groups.has(k)) groups.set(k, []);
    groups.get(k).push(r);
  }
  return groups;
}
const filterRows = (rows, filters = [], combination = 'AND') =>
  filters.length === 0
    ? rows
    : rows.filter((r) => filters[combination === 'OR' ? 'some' : 'every']((f) => OPS[f.op](r.data[f.column], f.value)));

function query(events, dataset, spec, now) {
  const range = spec.time_range ?? 7200;
  const start = spec.start_time ?? (spec.end_time ?? Math.ceil(now / 1000)) - range;
  const end = spec.end_time ?? (spec.start_time ? spec.start_time + range : Math.ceil(now / 1000));
  const granularity =
    spec.granularity ??
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 21600, 86400].find((g) => (end - start) / g <= 120) ??
    86400;
  const calculations = spec.calculations?.length ? spec.calculations : [{ op: 'COUNT' }];
  const breakdowns = spec.breakdowns ?? [];
  const seconds = (r) => Number(BigInt(r.timestamp_ns) / 1000n) / 1e6;
  const rows = filterRows(
    events.filter((r) => (dataset === '__all__' || r.dataset === dataset) && seconds(r) >= start && seconds(r) < end),
    spec.filters,
    spec.filter_combination,
  );
  const bucket = (r) => Math.floor(seconds(r) / granularity) * granularity;
  const label = (r) => Object.fromEntries(breakdowns.filter((b) => r.data[b] !== undefined).map((b) => [b, r.data[b]]));
  const groups = [...groupBy(rows, (r) => JSON.stringify(breakdowns.map((b) => r.data[b] ?? null)))];
  let results = groups.map(([key, list]) => ({
    key,
    data: { ...label(list[0]), ...calculateAll(calculations, list) },
  }));
  if (breakdowns.length === 0 && rows.length === 0) results = [];
  const orders = spec.orders?.length
    ? spec.orders
    : [{ ...calculations.find((c) => c.op !== 'HEATMAP'), order: 'descending' }];
  const orderKeys = orders.map((o) => [o.op ? keyOf(o) : o.column, o.order === 'descending' ? -1 : 1]);
  results.sort((a, b) => {
    for (const [k, sign] of orderKeys) {
      const [x, y] = [a.data[k], b.data[k]];
      if (x !== y) return x === undefined ? 1 : y === undefined ? -1 : x < y ? -sign : sign;
    }
    return a.key < b.key ? -1 : 1;
  });
  for (const h of spec.havings ?? [])
    results = results.filter((r) => OPS[h.op](r.data[keyOf({ op: h.calculate_op, column: h.column })], h.value));
  const groupCount = results.length;
  results = results.slice(0, spec.limit ?? 100);
  const kept = new Set(results.map((r) => r.key));
  const byKey = new Map(groups);
  const time = (t) => new Date(t * 1000).toISOString();
  const series = results.flatMap((r) =>
    [...groupBy(byKey.get(r.key), bucket)].map(([t, list]) => ({
      time: time(t),
      data: { ...label(list[0]), ...calculateAll(calculations, list) },
    })),
  );
  const others = groups.filter(([k]) => !kept.has(k)).flatMap(([, list]) => list);
  const heatmaps = {};
  for (const c of calculations.filter((c) => c.op === 'HEATMAP')) {
    const values = rows.map((r) => r.data[c.column]).filter((v) => typeof v === 'number');
    if (values.length === 0) continue;
    const [min, max] = [Math.min(0, ...values), Math.max(...values)];
    const step = (max - min) / 50 || 1;
    const columns = [...groupBy(rows, bucket)].sort((a, b) => a[0] - b[0]);
    heatmaps[keyOf(c)] = {
      min_value: min,
      max_value: max,
      step_size: step,
      bins: 50,
      times: columns.map(([t]) => time(t)),
      counts: columns.map(([, list]) => {
        const counts = new Array(50).fill(0);
        for (const r of list)
          if (typeof r.data[c.column] === 'number')
            counts[Math.min(49, Math.floor((r.data[c.column] - min) / step))] += r.sample_rate;
        return counts;
      }),
    };
  }
  return {
    query_id: 'q1',
    result_id: 'r1',
    query: { ...spec, calculations },
    start_time: start,
    end_time: end,
    granularity,
    calculations: calculations.map(keyOf),
    breakdowns,
    results: results.map(({ data }) => ({ data })),
    series,
    total: calculateAll(calculations, rows),
    total_series: [...groupBy(rows, bucket)].map(([t, list]) => ({
      time: time(t),
      data: calculateAll(calculations, list),
    })),
    other: others.length > 0 ? calculateAll(calculations, others) : null,
    group_count: groupCount,
    heatmaps,
    stats: {
      rows_read: events.length,
      bytes_read: events.length * 61,
      blocks_read: 2,
      elapsed_ms: 3.4,
      sample_rate_applied: rows.some((r) => r.sample_rate > 1),
      approximate: calculations.filter((c) => /^P\d/.test(c.op)).map(keyOf),
    },
  };
}

function typeOf(values) {
  const v = values.find((x) => x !== undefined);
  if (typeof v === 'boolean') return 'boolean';
  if (typeof v === 'number') return values.some((x) => x !== undefined && !Number.isInteger(x)) ? 'float' : 'integer';
  return 'string';
}

/** Starts the mock; `empty` serves an installation without data, `big` adds a trace of that many spans. */
export async function startMock({ port = 0, empty = false, big = 0, signedOut = false } = {}) {
  const now = Date.now();
  const events = empty ? [] : makeEvents(now);
  if (big > 0) events.push(...bigTrace(big, now));
  let isSignedIn = !signedOut;
  let arrivals = 0;
  const columnsOf = (dataset) => {
    const rows = events.filter((r) => dataset === '__all__' || r.dataset === dataset);
    const names = new Set(rows.flatMap((r) => Object.keys(r.data)));
    return [...names].map((name, i) => ({
      id: `c${i}`,
      key_name: name,
      type: typeOf(rows.map((r) => r.data[name])),
      description: name === 'duration_ms' ? 'How long the span took, in milliseconds' : '',
      hidden: false,
      last_written: rows[rows.length - 1].timestamp,
      created_at: rows[0].timestamp,
    }));
  };
  const session = () => ({
    version: '0.1.0',
    dev: !signedOut,
    user: isSignedIn && signedOut ? { email: 'ada@example.com', name: 'Ada' } : null,
    team: { name: 'Default', slug: 'default' },
    environments: [{ name: 'production', slug: 'production' }],
    origin: 'http://127.0.0.1:8080',
    grpc: '127.0.0.1:4317',
    otlp_http: '127.0.0.1:4318',
    xray: '127.0.0.1:2000',
  });
  const api = (method, path, search, body) => {
    const parts = path.split('/').slice(2).map(decodeURIComponent);
    if (parts[0] === 'session') {
      if (method === 'POST') {
        if (body.password !== 'waggle') return [401, { error: 'e-mail or password is wrong' }];
        isSignedIn = true;
      }
      return [200, session()];
    }
    const [, , what, name, sub, column] = parts;
    if (what === 'keys')
      return [201, { id: 'k1', name: body.name, key: 'wgl_ik_01j9x8mock7q2v5n4t3r6y8z', kind: 'configuration' }];
    if (what === 'board-shelf') return [200, { starred: [], viewed: [] }];
    if (what === 'rejections') return [200, { minutes: 10, rejections: [], of_unknown_senders: [] }];
    if (what === 'onboarding') {
      const count = !empty ? events.length : arrivals++ > 6 ? 3 : 0;
      const arrived = count > 0 ? { dataset: 'backend-flask', events: count } : null;
      return [
        200,
        { received: { events: count, last_dataset: arrived?.dataset ?? null, newest: arrived, service: arrived } },
      ];
    }
    if (what === 'traces') {
      const rows = events.filter((r) => r.data['trace.trace_id'] === name);
      return rows.length ? [200, traceColumns(name, rows)] : [404, { error: 'no such trace' }];
    }
    if (what === 'datasets' && !name) {
      return [
        200,
        [...groupBy(events, (r) => r.dataset)].map(([slug, rows]) => ({
          name: slug,
          slug,
          created_at: rows[0].timestamp,
          last_written_at: rows[rows.length - 1].timestamp,
          event_count: rows.length,
          column_count: columnsOf(slug).length,
          stored_bytes: rows.length * 67,
        })),
      ];
    }
    if (sub === 'columns' && column) {
      const prefix = (search.get('prefix') ?? '').toLowerCase();
      const counts = groupBy(
        events.filter((r) => (name === '__all__' || r.dataset === name) && r.data[column] !== undefined),
        (r) => r.data[column],
      );
      return [
        200,
        {
          values: [...counts]
            .map(([value, rows]) => ({ value, count: rows.length }))
            .filter((v) => String(v.value).toLowerCase().includes(prefix))
            .sort((a, b) => b.count - a.count)
            .slice(0, 20),
        },
      ];
    }
    if (sub === 'columns') {
      const prefix = (search.get('prefix') ?? '').toLowerCase();
      const found = columnsOf(name)
        .filter((c) => c.key_name.toLowerCase().includes(prefix))
        .sort(
          (a, b) =>
            Number(b.key_name.toLowerCase().startsWith(prefix)) - Number(a.key_name.toLowerCase().startsWith(prefix)),
        );
      return [200, { columns: found.slice(0, Number(search.get('limit') ?? 200)), total: found.length }];
    }
    if (sub === 'suggestions') return [200, { groupings: [], query: null }];
    if (sub === 'query') {
      const bad = (body.filters ?? []).findIndex((f) => !OPS[f.op]);
      return bad >= 0
        ? [400, { error: 'unknown operator', field: `filters[${bad}].op` }]
        : [200, query(events, name, body, now)];
    }
    if (sub === 'rows') {
      const [start, end] = [BigInt(body.start_time_ns ?? 0), BigInt(body.end_time_ns ?? `${now}000000`)];
      const rows = filterRows(
        events.filter(
          (r) =>
            (name === '__all__' || r.dataset === name) &&
            BigInt(r.timestamp_ns) >= start &&
            BigInt(r.timestamp_ns) < end,
        ),
        body.filters,
        body.filter_combination,
      ).reverse();
      const from = body.before ? Number(body.before) : 0;
      const limit = body.limit ?? 100;
      return [
        200,
        {
          rows: rows.slice(from, from + limit),
          next: from + limit < rows.length ? String(from + limit) : null,
          stats: {},
        },
      ];
    }
    return [404, { error: `no such path: ${path}` }];
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://mock');
    if (url.pathname.startsWith('/api/')) {
      const chunks = [];
      request.on('data', (c) => chunks.push(c));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const [status, body] = api(request.method, url.pathname, url.searchParams, text ? JSON.parse(text) : undefined);
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
      });
      return;
    }
    serveStatic(url.pathname, response);
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** A trace as the server says it to be drawn: column by column. */
function traceColumns(traceId, unsorted) {
  const ns = (row) => BigInt(row.timestamp_ns);
  const rows = [...unsorted].sort((a, b) => Number(ns(a) - ns(b)));
  const datasets = [...new Set(rows.map((row) => row.dataset))];
  return {
    trace_id: traceId,
    total_rows: rows.length,
    start_ns: String(ns(rows[0])),
    times: rows.map((row) => Number(ns(row) - ns(rows[0]))),
    datasets,
    dataset: rows.map((row) => datasets.indexOf(row.dataset)),
    sample_rate: rows.map((row) => row.sample_rate),
    columns: [...new Set(rows.flatMap((row) => Object.keys(row.data)))].sort().map((column) => {
      const has = rows.flatMap((row, at) => (row.data[column] === undefined ? [] : [at]));
      return { name: column, rows: has, values: has.map((at) => rows[at].data[column]) };
    }),
    left_out: [],
    stats: {},
  };
}

const TYPES = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};
function serveStatic(path, response) {
  const file = join(dist, normalize(path));
  if (path !== '/' && file.startsWith(dist) && statSync(file, { throwIfNoEntry: false })?.isFile()) {
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
    return response.end(readFileSync(file));
  }
  const nonce = randomBytes(16).toString('base64');
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'`,
  });
  response.end(readFileSync(join(dist, 'index.html'), 'utf8').replaceAll('__CSP_NONCE__', nonce));
}
