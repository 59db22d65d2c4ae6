// Seeds one very large trace over OTLP and measures the trace page against its budgets (spec: opening, frames, drawing, folding,
// search, memory). Draw times are limits of the code and checked as they are; frame and opening times depend on the machine, so
// WAGGLE_BUDGET_FACTOR (default 1) widens them on a busy one.
//
//   node e2e/trace-budget.mjs http://127.0.0.1:8080 /default/environments/production [spans]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
const SERVICES = 12;
const BATCH = 2_500;
/** The value that only one span has. */
export const NEEDLE = 'needle-7f3a';

/** Sends a trace of so many spans that ended a minute ago; resolves to its id once all of it can be read. */
export async function seedTrace({ origin, environment, spans, key }) {
  const env = environment.split('/').at(-1);
  key ??= (
    await (
      await fetch(`${origin}/api/environments/${env}/keys`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'trace budget' }),
      })
    ).json()
  ).key;
  const hex = (n, width) => n.toString(16).padStart(width, '0');
  const traceId = `5eed${hex(Date.now(), 28)}`;
  const end = BigInt(Date.now() - 60_000) * 1_000_000n;
  const step = 100_000n;
  const start = end - BigInt(spans) * step - 2_000_000_000n;
  const id = (i) => hex(i + 1, 16);
  const text = (k, v) => ({ key: k, value: { stringValue: v } });
  const batches = new Map();
  for (let i = 0; i < spans; i++) {
    // Four children each: nine levels at 50,000; every tenth branch is one long list of siblings.
    const parent = i === 0 ? undefined : i % 10 === 9 ? (i % 1000) * 3 : Math.floor((i - 1) / 4);
    const from = start + BigInt(i) * step;
    const service = parent === undefined ? 0 : (i * 7 + (i >> 5)) % SERVICES;
    const list = batches.get(service) ?? [];
    batches.set(service, list);
    list.push({
      traceId,
      spanId: id(i),
      ...(parent === undefined ? {} : { parentSpanId: id(parent) }),
      name:
        i === 0 ? 'GET /everything' : `${['SELECT orders', 'GET /cart', 'render', 'publish', 'lock'][i % 5]} ${i % 37}`,
      kind: i % 5 === 1 ? 3 : 2,
      startTimeUnixNano: String(from),
      endTimeUnixNano: String(i === 0 ? end : from + BigInt(200_000 + ((i * 7919) % 5_000_000))),
      status: i % 97 === 13 ? { code: 2, message: 'timeout' } : {},
      attributes: [
        text('http.route', `/api/v1/items/${i % 37}`),
        text('http.request.method', i % 3 === 0 ? 'POST' : 'GET'),
        { key: 'http.response.status_code', value: { intValue: i % 97 === 13 ? 503 : 200 } },
        text('db.statement', `SELECT * FROM orders WHERE customer = ${i % 499} AND state = 'open'`),
        text('app.user_id', `user-${(i * 31) % 5000}`),
        text('cloud.region', ['eu-west-1', 'us-east-1', 'ap-south-1'][i % 3]),
        { key: 'app.items', value: { intValue: i % 211 } },
        ...(i === Math.floor(spans * 0.9) ? [text('app.note', NEEDLE)] : []),
      ],
      events:
        i % 50 === 7
          ? [{ timeUnixNano: String(from + 90_000n), name: 'retry', attributes: [text('why', 'busy')] }]
          : [],
      links: i % 500 === 3 ? [{ traceId: hex(i + 5, 32), spanId: id(i) }] : [],
    });
  }
  for (const [service, list] of batches) {
    for (let at = 0; at < list.length; at += BATCH) {
      const answer = await fetch(`${origin}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-honeycomb-team': key },
        body: JSON.stringify({
          resourceSpans: [
            {
              resource: { attributes: [text('service.name', `huge-${service}`), text('host.name', `node-${service}`)] },
              scopeSpans: [{ scope: { name: 'trace-budget' }, spans: list.slice(at, at + BATCH) }],
            },
          ],
        }),
      });
      if (!answer.ok) throw new Error(`seeding: ${answer.status} ${await answer.text()}`);
    }
  }
  return traceId;
}

const p95 = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? 0;

/** Opens the trace and works on it; resolves to the figures. */
export async function measureTrace({ origin, environment, traceId, search = '' }) {
  const profile = mkdtempSync(join(tmpdir(), 'waggle-trace-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.WAGGLE_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [...FLAGS, '--enable-precise-memory-info', '--js-flags=--expose-gc'],
    viewport: { width: 1440, height: 900 },
  });
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    page.setDefaultTimeout(60_000);
    await page.addInitScript(() => {
      window.longTasks = [];
      new PerformanceObserver((list) => {
        for (const { startTime, duration } of list.getEntries()) window.longTasks.push({ startTime, duration });
      }).observe({ type: 'longtask', buffered: true });
    });
    // The code of the page is warm: Home first, then the trace by a route change as a click would do it.
    await page.goto(`${origin}${environment}/datasets/__all__/trace?trace_id=none-such`);
    await page.getByText('were found').waitFor();
    const opened = await page.evaluate(
      async ({ path }) => {
        window.longTasks.length = 0;
        performance.clearMarks();
        const began = performance.now();
        history.pushState({}, '', path);
        dispatchEvent(new PopStateEvent('popstate'));
        const painted = await new Promise((done) => {
          const look = () => {
            const mark = performance.getEntriesByName('waterfall-painted')[0];
            if (mark) done(mark.startTime);
            else requestAnimationFrame(look);
          };
          look();
        });
        await new Promise((done) => setTimeout(done, 300));
        const bytes = performance.getEntriesByName('trace-bytes')[0];
        return {
          total: painted - began,
          // The worker says when the last byte was there.
          fromBytes: bytes ? painted - bytes.startTime : NaN,
          blocked: Math.max(0, ...window.longTasks.map((t) => t.duration)),
          bytes: bytes?.detail?.bytes,
        };
      },
      { path: `${environment}/datasets/__all__/trace?trace_id=${traceId}${search}` },
    );
    const tree = page.getByTestId('waterfall');
    await tree.waitFor();

    const scrolled = await tree.evaluate(async (el) => {
      const frames = [];
      performance.clearMeasures();
      let last = await new Promise((done) => requestAnimationFrame(done));
      for (let i = 0; i < 180; i++) {
        el.scrollTop += 400;
        const now = await new Promise((done) => requestAnimationFrame(done));
        frames.push(now - last);
        last = now;
      }
      return { frames, draws: performance.getEntriesByName('waterfall-draw').map((m) => m.duration) };
    });
    await tree.evaluate((el) => (el.scrollTop = 0));
    await tree.focus();
    const folds = [];
    for (const key of ['Home', 'ArrowLeft', 'ArrowRight', 'Shift+ArrowLeft', 'Shift+ArrowRight']) {
      await tree.evaluate(() => performance.clearMeasures('waterfall-fold'));
      await page.keyboard.press(key);
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      folds.push(...(await page.evaluate(() => performance.getEntriesByName('waterfall-fold').map((m) => m.duration))));
    }
    const finder = page.getByLabel('Search this trace');
    await finder.fill('needle-7f');
    await page.getByText('1 match').waitFor();
    const find = await page.evaluate(() => performance.getEntriesByName('trace-find').at(-1)?.duration ?? NaN);
    const session = await context.newCDPSession(page);
    await session.send('HeapProfiler.collectGarbage');
    const heap = await page.evaluate(() => performance.memory.usedJSHeapSize);
    return {
      openMs: opened.total,
      fromBytesMs: opened.fromBytes,
      blockedMs: opened.blocked,
      answerBytes: opened.bytes,
      frameP95Ms: p95(scrolled.frames),
      frameMaxMs: Math.max(...scrolled.frames),
      drawP95Ms: p95(scrolled.draws),
      drawMaxMs: Math.max(...scrolled.draws),
      foldMaxMs: Math.max(...folds),
      findMs: find,
      heapMiB: heap / 1024 / 1024,
    };
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

/** What each figure may be at most; those that a busy machine stretches are widened by the factor. */
export function traceFaults(figures, factor = Number(process.env.WAGGLE_BUDGET_FACTOR ?? 1)) {
  const limits = {
    fromBytesMs: 700 * factor,
    blockedMs: 50 * factor,
    frameP95Ms: 17 * factor,
    frameMaxMs: 50 * factor,
    drawP95Ms: 4,
    foldMaxMs: 16,
    findMs: 500 * factor,
    heapMiB: 150,
  };
  return Object.entries(limits)
    .filter(([name, limit]) => !(figures[name] <= limit))
    .map(([name, limit]) => `${name} is ${figures[name]?.toFixed(1)}, at most ${limit}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [origin, environment = '/default/environments/production', spans = '50000'] = process.argv.slice(2);
  const traceId = await seedTrace({ origin, environment, spans: Number(spans) });
  console.log(`${origin}${environment}/datasets/__all__/trace?trace_id=${traceId}`);
  const figures = await measureTrace({ origin, environment, traceId });
  for (const [name, value] of Object.entries(figures)) console.log(`${name}: ${value?.toFixed(1)}`);
  const faults = traceFaults(figures);
  for (const fault of faults) console.error(`OVER ${fault}`);
  process.exit(faults.length > 0 ? 1 : 0);
}
