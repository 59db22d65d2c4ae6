// The part of the walk about traces and the map: on spans it sends itself, so that each mark of a trace and each call of the map is
// known. Numbers on screen are checked against the query API.
import { randomBytes } from 'node:crypto';

const hex = (bytes) => randomBytes(bytes).toString('hex');
const text = (key, stringValue) => ({ key, value: { stringValue } });
/** A caller, a gateway, what is behind it, of this run alone, and how many calls go through. */
const RUN = `walk-${hex(3)}`;
const [FRONT, GATE, BACK] = [`${RUN}-front`, `${RUN}-gate`, `${RUN}-back`];
const CALLS = 3;
/** A link to a trace this old needs no times. */
const OLD_DAYS = 20;

/** Sends traces through the gateway and one with a span event, a link, an error and a log; resolves to what they are called. */
async function sendTraces({ page, origin, check }) {
  const now = BigInt(Date.now()) * 1_000_000n;
  const ms = (n) => String(now - 60_000_000_000n + BigInt(n) * 1_000_000n);
  const post = async (path, data) => {
    const response = await page.request.post(`${origin}${path}`, { data });
    check(response.ok(), `POST ${path}: ${response.status()} ${await response.text()}`);
  };
  const of = (service, spans) => ({
    resource: { attributes: [text('service.name', service)] },
    scopeSpans: [{ spans }],
  });
  const span = (traceId, spanId, parentSpanId, from, to, more = {}) => ({
    traceId,
    spanId,
    parentSpanId,
    name: 'walk call',
    kind: 2,
    startTimeUnixNano: ms(from),
    endTimeUnixNano: ms(to),
    ...more,
  });
  const [marked, linked, old, child] = [hex(16), hex(16), hex(16), hex(8)];
  const root = hex(8);
  const through = Array.from({ length: CALLS }, (_, i) => {
    const [traceId, a, b, c] = [hex(16), hex(8), hex(8), hex(8)];
    return [
      of(FRONT, [span(traceId, a, '', i * 10, i * 10 + 9)]),
      of(GATE, [span(traceId, b, a, i * 10 + 1, i * 10 + 8)]),
      of(BACK, [span(traceId, c, b, i * 10 + 2, i * 10 + 7)]),
    ];
  }).flat();
  await post('/v1/traces', {
    resourceSpans: [
      ...through,
      of('walk-old', [
        span(old, hex(8), '', -OLD_DAYS * 86_400_000, 1000 - OLD_DAYS * 86_400_000, { name: 'long ago' }),
      ]),
      of('walk-linked', [span(linked, hex(8), '', 0, 100, { name: 'linked to' })]),
      of('walk-marked', [
        span(marked, root, '', 0, 1000, { name: 'walk root' }),
        span(marked, child, root, 100, 600, {
          name: 'walk child',
          status: { code: 2, message: 'walked into a wall' },
          events: [{ timeUnixNano: ms(350), name: 'walk retry', attributes: [text('why', 'busy')] }],
          links: [{ traceId: linked, spanId: '' }],
        }),
      ]),
    ],
  });
  await post('/v1/logs', {
    resourceLogs: [
      {
        resource: { attributes: [text('service.name', 'walk-marked')] },
        scopeLogs: [
          {
            logRecords: [
              { timeUnixNano: ms(700), traceId: marked, spanId: root, body: { stringValue: 'walk log line' } },
            ],
          },
        ],
      },
    ],
  });
  return { marked, linked, old, child };
}

export async function walkTraces({ page, step, shoot, still, check, origin, environment }) {
  const api = `${origin}/api/environments/${environment.split('/').at(-1)}`;
  const query = async (spec) => {
    const response = await page.request.post(`${api}/datasets/__all__/query?keep=false`, { data: spec });
    check(response.ok(), `the query API answers ${response.status()}`);
    return response.json();
  };
  const has = (name) => new URL(page.url()).searchParams.get(name);
  const details = page.locator('[data-testid="span-details"]');
  const waterfall = page.locator('[data-testid="waterfall"]');
  const sent = await sendTraces({ page, origin, check });
  /** Moves over the rows until the canvas says what is there, and clicks on it. */
  const clickOn = async (title) => {
    const box = await waterfall.boundingBox();
    const canvas = waterfall.locator('canvas');
    for (let row = 0; row < 4; row++)
      for (let x = box.width * 0.3; x < box.width; x += 4) {
        await page.mouse.move(box.x + x, box.y + row * 22 + 11);
        if ((await canvas.getAttribute('title')) !== title) continue;
        await page.mouse.click(box.x + x, box.y + row * 22 + 11);
        return;
      }
    throw new Error(`nothing in the waterfall is called “${title}”`);
  };

  await step('Trace: the id alone finds it; a log, an event, a link and an error are seen and clicked', async () => {
    await page.goto(`${origin}${environment}/datasets/__all__/trace?trace_id=${sent.marked}`);
    await waterfall.waitFor();
    check((await waterfall.getAttribute('aria-rowcount')) === '3', 'the trace is not two spans and a log');
    await page.getByRole('button', { name: 'Highlight 1 errors' }).waitFor();
    await waterfall.focus();
    await page.keyboard.press('x');
    await waterfall.locator('[role="row"]', { hasText: 'walk child, error' }).waitFor({ state: 'attached' });
    check(has('span') === sent.child, 'the span with the error is not the one chosen');
    await page.keyboard.press('End');
    await waterfall.locator('[role="row"]', { hasText: 'walk log line' }).waitFor({ state: 'attached' });
    await clickOn('Show its events');
    await details.locator('summary', { hasText: 'walk retry' }).waitFor();
    await shoot('trace-marks');
    await clickOn('Show its links');
    await details.getByRole('link', { name: /^Trace/ }).click();
    await page.getByRole('heading', { name: 'linked to', level: 1 }).waitFor();
    check(has('trace_id') === sent.linked, 'the link leads to another trace');
    await page.goBack();
    await details.waitFor();
  });

  await step('Trace: the id alone finds one of twenty days ago', async () => {
    await page.goto(`${origin}${environment}/datasets/__all__/trace?trace_id=${sent.old}`);
    await page.getByRole('heading', { name: 'long ago', level: 1 }).waitFor();
    check((await waterfall.getAttribute('aria-rowcount')) === '1', 'the old trace is not one span');
  });

  await step(
    'Trace: colours are the same when it is opened again; flame, list and map show the same spans',
    async () => {
      const { results } = await query({
        calculations: [{ op: 'COUNT' }],
        breakdowns: ['trace.trace_id'],
        filters: [
          { column: 'trace.span_id', op: 'exists' },
          { column: 'service.name', op: 'in', value: [FRONT, GATE, BACK] },
        ],
        time_range: 3600,
        limit: 1,
      });
      const id = results[0].data['trace.trace_id'];
      check(results[0].data.COUNT === CALLS, `a trace has ${results[0].data.COUNT} spans`);
      await page.goto(`${origin}${environment}/datasets/__all__/trace?trace_id=${id}`);
      await waterfall.waitFor();
      const colours = () =>
        page
          .locator('button:has(> i[data-series])')
          .evaluateAll((all) => all.map((b) => `${b.textContent.trim()} ${b.firstElementChild.dataset.series}`).sort());
      const before = await colours();
      check(before.length === 3, `the legend has ${before}`);
      await page.reload();
      await waterfall.waitFor();
      check(String(await colours()) === String(before), `the colours were ${before}, now ${await colours()}`);
      const views = page.getByRole('group', { name: 'View' });
      await views.getByRole('button', { name: 'Flame' }).click();
      await page.getByRole('application', { name: 'Flame graph of 3 spans' }).focus();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowDown');
      await details.getByText(BACK).first().waitFor();
      await shoot('trace-flame');
      await views.getByRole('button', { name: 'List' }).click();
      const rows = page.getByRole('grid', { name: /^Spans/ }).locator('[data-index]');
      await rows.first().waitFor();
      check((await rows.count()) === 3, `the list has ${await rows.count()} rows`);
      await shoot('trace-list');
      await views.getByRole('button', { name: 'Map' }).click();
      await page.locator('[data-testid="graph"] [data-service]').nth(2).waitFor();
      await shoot('trace-map');
    },
  );

  await step('Service map: a part of names, gateways passed through, entries, and what was chosen before', async () => {
    const put = (gateways) => page.request.put(`${api}/service-map`, { data: { gateways } });
    check((await put([GATE])).ok(), 'the gateway could not be declared');
    await page.goto(`${origin}${environment}/map`);
    // A server that is not optimised takes its time for the whole map.
    await page.locator('[data-testid="map"][data-state="ready"]').waitFor({ timeout: 60_000 });
    await page.getByLabel('Find a service').fill(RUN);
    await page.getByRole('button', { name: 'Map only these' }).click();
    const calls = () =>
      page.locator('[data-testid="graph"] [data-call]').evaluateAll((all) => all.map((g) => g.dataset.call).sort());
    const drawn = (call) => page.locator(`[data-testid="graph"] [data-call="${call}"]`).waitFor({ state: 'attached' });
    await drawn(`${FRONT} ${BACK}`);
    check(String(await calls()) === `${FRONT} ${BACK}`, `through the gateway the calls are ${await calls()}`);
    await page.getByRole('button', { name: 'Gateways', exact: true }).click();
    await drawn(`${GATE} ${BACK}`);
    await page.locator(`[data-service="${GATE}"][data-marked]`).waitFor();
    await page.getByRole('button', { name: 'Entries' }).click();
    await page.locator(`[data-service="${FRONT}"][data-marked]`).waitFor();
    check((await page.locator(`[data-service="${BACK}"][data-marked]`).count()) === 0, 'what is called is no entry');
    await still();
    await shoot('map-gateways');
    const panel = page.locator('[data-testid="map-panel"]');
    const choose = (name) => panel.getByRole('button', { name, exact: true }).click();
    const heading = (name) => panel.getByRole('heading', { name, exact: true }).waitFor();
    await choose(FRONT);
    await heading(FRONT);
    await choose(GATE);
    await heading(GATE);
    await page.getByRole('button', { name: 'Selection before' }).click();
    await heading(FRONT);
    await page.getByRole('button', { name: 'Selection after' }).click();
    await heading(GATE);
    const [made] = (
      await query({
        calculations: [{ op: 'COUNT' }],
        breakdowns: ['service.name'],
        filters: [{ column: 'service.name', op: '=', value: GATE }],
        time_range: 3600,
      })
    ).results;
    check(made.data.COUNT === CALLS, `the API counts ${made.data.COUNT} requests of ${GATE}`);
    await panel
      .getByText(`${((CALLS / 3600) * 60).toFixed(2)} /min`)
      .first()
      .waitFor();
    const look = () => page.locator('[data-testid="graph"]').getAttribute('viewBox');
    const whole = await look();
    await page.getByRole('button', { name: 'Zoom in' }).click();
    check((await look()) !== whole, 'zooming in changes nothing');
    await page.getByRole('button', { name: 'Fit' }).click();
    await page.getByText(/^computed at \d/).waitFor();
    check((await put([])).ok(), 'the gateway could not be taken back');
  });

  await step(
    'Home: each graph opens the query it shows; five breakdowns; traces, errors and alerts are listed',
    async () => {
      const home = page.locator('[data-testid="home"][data-state="ready"]');
      const open = async (by) => {
        await page.goto(`${origin}${environment}${by ? `?by=${by}` : ''}`);
        await home.waitFor();
      };
      const number = (value) => Number(value.replaceAll(',', '').match(/[\d.]+/)[0]);
      const near = (a, b) => Math.abs(a - b) <= 0.02 * Math.abs(b) + 0.011;
      const facts = {
        Requests: (total) => (total.COUNT >= 3600 ? total.COUNT / 3600 : total.COUNT / 60),
        Errors: (total) => (total.errors / total.COUNT) * 100,
        'Duration, P95': (total) => total['P95(duration_ms)'],
      };
      for (const [title, fact] of Object.entries(facts)) {
        await open();
        const card = page.getByRole('link', { name: new RegExp(`^${title}`) });
        const shown = await card.locator('strong').innerText();
        await card.click();
        await page.locator('[data-testid="results"][data-state="ready"]').waitFor();
        const { total } = await query(JSON.parse(has('query')));
        const value = / s$/.test(shown)
          ? number(shown) * 1000
          : / µs$/.test(shown)
            ? number(shown) / 1000
            : number(shown);
        check(near(value, fact(total)), `${title} says ${shown}, the query it opens ${fact(total)}`);
      }
      for (const by of ['http.route', 'http.response.status_code', 'name', 'user.id', 'error']) {
        await open(by);
        const { results } = await query({
          calculations: [{ op: 'COUNT' }],
          breakdowns: [by],
          filters: [{ column: 'span.kind', op: 'in', value: ['server', 'consumer'] }],
          orders: [{ op: 'COUNT', order: 'descending' }],
          time_range: 3600,
        });
        const rows = page.getByRole('table', { name: 'Rate, errors and duration' }).locator('tbody tr th');
        const wanted = results[0].data[by];
        const first = await rows.first().innerText();
        check(wanted == null || first === String(wanted), `by ${by} the first is ${first}, the API says ${wanted}`);
      }
      for (const name of ['Newest traces', 'Slowest traces', 'Recent errors', 'Triggers', 'SLOs'])
        await page.getByRole('heading', { name, exact: true }).waitFor();
    },
  );

  await step('By keys alone: from Home through a query to a span of a trace', async () => {
    await page.goto(`${origin}${environment}`);
    await page.locator('[data-testid="home"][data-state="ready"]').waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.type(FRONT);
    await page
      .getByRole('option', { name: new RegExp(FRONT) })
      .first()
      .waitFor();
    await page.keyboard.press('Enter');
    await page.locator('[data-testid="results"][data-state="ready"]').waitFor();
    await page.keyboard.press('q');
    await page.keyboard.type('count');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Shift+Enter');
    await page.locator('[data-chart="COUNT"] canvas').first().waitFor();
    await page.locator('[data-testid="results"][data-state="ready"]').waitFor();
    await page.evaluate(() => document.activeElement?.blur());
    for (let i = 0; i < 6 && has('tab') !== 'traces'; i++) {
      await page.keyboard.press('v');
      await still();
    }
    const traces = page.getByRole('grid', { name: 'Traces' });
    await traces.locator('[data-index]').first().waitFor();
    const isInside = () => traces.evaluate((grid) => grid.contains(document.activeElement));
    for (let i = 0; i < 80 && !(await isInside()); i++) await page.keyboard.press('Tab');
    check(await isInside(), 'Tab does not reach the traces');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await waterfall.waitFor();
    check((await waterfall.getAttribute('aria-rowcount')) === '3', 'the trace is not the one that was sent');
    await waterfall.evaluate(
      (el) => new Promise((done) => (document.activeElement === el ? done() : el.addEventListener('focus', done))),
    );
    await page.keyboard.press('ArrowDown');
    await page.waitForFunction(() => new URL(location.href).searchParams.get('span'));
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.matches('[data-testid="span-details"]'));
    await details.getByText(GATE).first().waitFor();
  });
}
