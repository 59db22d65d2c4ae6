// What the budgets are measured on, sent through the doors that everybody's events come through, into an environment of its own.

const at = (seconds) => new Date(seconds * 1000).toISOString();
/** Numbers that are the same in every run. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
const hex = (number, length) => number.toString(16).padStart(length, '0');

/** 50 groups of an event every 5 s: 1,000 points each, 50,000 values for a heat map. */
export const GRID = { dataset: 'grid', groups: 50, points: 1000, seconds: 5 };
export const COLUMNS = 9_980;
export const MAP = { services: 100, calls: 250 };

/** Sends everything; resolves to the environment and the first second of the grid once all of it can be queried. */
export async function sendData(origin, say) {
  const now = Math.floor(Date.now() / 1000);
  const begin = now - (now % GRID.seconds) - GRID.points * GRID.seconds;
  const name = `budgets-${begin}`;
  const call = async (method, path, body, key) => {
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(key && { 'x-honeycomb-team': key }) },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const session = await (await fetch(`${origin}/api/session`)).json();
  const first = session.environments[0].slug;
  const { slug } = await call('POST', `/api/environments/${first}/environments`, { name, description: '' });
  const api = `/api/environments/${slug}`;
  const { key } = await call('POST', `${api}/keys`, { name: 'budgets', kind: 'configuration' });

  const rnd = random(7);
  const batch = async (dataset, events) => {
    const answers = await call('POST', `/1/batch/${dataset}`, events, key);
    const bad = answers.find((a) => a.status !== 202);
    if (bad) throw new Error(`an event for ${dataset} was refused: ${JSON.stringify(bad)}`);
  };
  for (let part = 0; part < 10; part++) {
    const events = [];
    for (let i = (part * GRID.points) / 10; i < ((part + 1) * GRID.points) / 10; i++)
      for (let g = 0; g < GRID.groups; g++)
        events.push({
          time: at(begin + i * GRID.seconds + (g % GRID.seconds)),
          data: { group: `group ${g}`, n: i * GRID.groups + g, value: rnd() * 100 },
        });
    await batch(GRID.dataset, events);
  }
  for (let i = 0; i < 10; i++) {
    const from = (COLUMNS / 10) * i;
    const fields = Array.from({ length: COLUMNS / 10 }, (_, c) => [`column_${String(from + c).padStart(5, '0')}`, c]);
    await batch('wide', [{ time: at(now), data: Object.fromEntries(fields) }]);
  }
  say?.('sent 50,000 events and 10,000 columns');

  const spansOf = (service, spans) => ({
    resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
    scopeSpans: [{ spans }],
  });
  const start = BigInt(now - 60) * 1_000_000_000n;
  const span = (traceId, id, parent, from) => ({
    traceId,
    spanId: hex(id, 16),
    parentSpanId: parent ? hex(parent, 16) : '',
    name: 'call',
    kind: 2,
    startTimeUnixNano: String(start + BigInt(from) * 1000n),
    endTimeUnixNano: String(start + BigInt(from + 50_000) * 1000n),
  });
  const service = (i) => `service-${String(i).padStart(3, '0')}`;
  // A chain through all services and then calls between any two; in each trace one service calls another.
  const calls = Array.from({ length: MAP.calls }, (_, i) =>
    i < MAP.services - 1
      ? [Math.floor(i / 3), i + 1]
      : [Math.floor(rnd() * (MAP.services / 2)), MAP.services / 2 + Math.floor((rnd() * MAP.services) / 2)],
  );
  await call(
    'POST',
    '/v1/traces',
    {
      resourceSpans: calls.flatMap(([from, to], i) => {
        const traceId = hex(i + 1, 32).replace(/^0/, 'a');
        return [
          spansOf(service(from), [span(traceId, 2 * i + 1, 0, i * 100)]),
          spansOf(service(to), [span(traceId, 2 * i + 2, 2 * i + 1, i * 100)]),
        ];
      }),
    },
    key,
  );
  say?.('sent 250 traces between 100 services');

  const spec = { calculations: [{ op: 'COUNT' }], time_range: 7200 };
  const { results } = await call('POST', `${api}/datasets/${GRID.dataset}/query?keep=false`, spec);
  const count = results[0]?.data.COUNT ?? 0;
  if (count !== GRID.groups * GRID.points) throw new Error(`of 50,000 events ${count} are found`);
  const environment = `/${session.team.slug}/environments/${slug}`;
  return { environment, key, begin, end: begin + GRID.points * GRID.seconds };
}
