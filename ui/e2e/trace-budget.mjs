// One very large trace, sent over OTLP, and what the trace page takes to open it and to work on it: for budgets.mjs, which has the limits.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { longestTask } from './main-thread.mjs';

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
const SERVICES = 12;
const BATCH = 2_500;
/** The value that only one span has. */
const NEEDLE = 'needle-7f3a';

/** Sends a trace of so many spans that ended a minute ago; resolves to its id once all of it can be read. */
export async function seedTrace({ origin, spans, key }) {
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

/** Of nothing there is none: NaN keeps no limit. */
const p95 = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? Number.NaN;

/** Opens the trace and works on it; resolves to the figures. Nothing of the page knows that it is measured. */
export async function measureTrace({ origin, environment, traceId }) {
  const profile = mkdtempSync(join(tmpdir(), 'waggle-trace-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.WAGGLE_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [...FLAGS, '--enable-precise-memory-info'],
    viewport: { width: 1440, height: 900 },
  });
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    page.setDefaultTimeout(120_000);
    await page.addInitScript(() => {
      // Every callback of a frame is timed: while scrolling, that is the drawing.
      const frame = window.requestAnimationFrame.bind(window);
      window.seen = { draws: [] };
      window.requestAnimationFrame = (work) =>
        frame((time) => {
          const began = window.performance.now();
          work(time);
          if (!work.isMeasure) window.seen.draws.push(window.performance.now() - began);
        });
      window.nextFrame = () =>
        new Promise((done) => {
          done.isMeasure = true;
          window.requestAnimationFrame(done);
        });
    });
    let bytesAt = Number.NaN;
    page.context().on('requestfinished', (request) => {
      if (!request.url().includes(`/traces/${traceId}`)) return;
      const { startTime, responseEnd } = request.timing();
      bytesAt = startTime + responseEnd;
    });
    // The code of the page is there: first a trace that is not, then the large one as a click would open it.
    await page.goto(`${origin}${environment}/datasets/__all__/trace?trace_id=none`);
    await page.getByText('were found').waitFor();
    const open = async (path) => {
      window.history.pushState({}, '', path);
      window.dispatchEvent(new window.PopStateEvent('popstate'));
      for (;;) {
        await window.nextFrame();
        const canvas = document.querySelector('[data-testid="waterfall"] canvas');
        if (!canvas || canvas.width < 10) continue;
        const { data } = canvas.getContext('2d').getImageData(0, 0, 400, 200);
        if (data.some((value) => value > 0)) break;
      }
      const painted = Date.now();
      for (let i = 0; i < 20; i++) await window.nextFrame();
      return painted;
    };
    const path = `${environment}/datasets/__all__/trace?trace_id=${traceId}`;
    const { answer: painted, longest } = await longestTask(page, () => page.evaluate(open, path));
    const tree = page.getByTestId('waterfall');
    await tree.waitFor();

    const scrolled = await tree.evaluate(async (el) => {
      const frames = [];
      window.seen.draws.length = 0;
      let last = await window.nextFrame();
      for (let i = 0; i < 180; i++) {
        el.scrollTop += 400;
        const now = await window.nextFrame();
        frames.push(now - last);
        last = now;
      }
      // The last picture is drawn after its frame was counted.
      await window.nextFrame();
      const draws = [...window.seen.draws];
      el.scrollTop = 0;
      return { frames, draws };
    });
    if (scrolled.draws.length < scrolled.frames.length * 0.9)
      throw new Error(`${scrolled.draws.length} draws in ${scrolled.frames.length} frames that scroll`);
    // From the key to the end of the drawing, without the wait for the screen.
    const folds = await tree.evaluate(async (el) => {
      el.focus();
      const out = [];
      for (const [key, shiftKey] of [
        ['Home', false],
        ['ArrowLeft', false],
        ['ArrowRight', false],
        ['ArrowLeft', true],
        ['ArrowRight', true],
        ['r', false],
      ]) {
        window.seen.draws.length = 0;
        const began = window.performance.now();
        el.dispatchEvent(new window.KeyboardEvent('keydown', { key, shiftKey, bubbles: true, cancelable: true }));
        await Promise.resolve();
        const handled = window.performance.now() - began;
        await window.nextFrame();
        await window.nextFrame();
        if (key !== 'Home') out.push(handled + Math.max(0, ...window.seen.draws));
      }
      return out;
    });
    const find = await page.getByPlaceholder('Search names and values').evaluate(async (input, needle) => {
      const began = window.performance.now();
      const set = Object.getOwnPropertyDescriptor(window.HTMLInputElement.prototype, 'value').set;
      set.call(input, needle);
      input.dispatchEvent(new window.Event('input', { bubbles: true }));
      while (!/^1 match/.test(input.parentElement.querySelector('[role="status"]')?.textContent ?? ''))
        await window.nextFrame();
      return window.performance.now() - began;
    }, NEEDLE);
    const session = await context.newCDPSession(page);
    await session.send('HeapProfiler.collectGarbage');
    const heap = await page.evaluate(() => window.performance.memory.usedJSHeapSize);
    return {
      fromBytesMs: painted - bytesAt,
      blockedMs: longest,
      frameP95Ms: p95(scrolled.frames),
      frameMaxMs: Math.max(...scrolled.frames),
      drawP95Ms: p95(scrolled.draws),
      foldMaxMs: Math.max(...folds),
      findMs: find,
      heapMiB: heap / 1024 / 1024,
    };
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}
