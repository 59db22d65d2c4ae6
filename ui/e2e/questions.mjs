// The walk that asks of events it sent itself, so that every answer is known: what is behind a point, a cell and a row, what downloads
// hold, what links restore, what menus do and what settings of charts leave in the link. Needs a server without sign-in; no data.
//
//   node e2e/questions.mjs ORIGIN [/TEAM/environments/ENVIRONMENT]
import { readFileSync } from 'node:fs';
import { inBrowser, inked, main } from './browser.mjs';

/** So many events, so many seconds apart, four to a trace; every seventh stands for three. */
const COUNT = 480;
const STEP = 5;
const ROUTES = ['/cart', '/pay', '/search'];
/** Of what is asked slowly: ten thousand events each, how long the question takes at least, and its most calculations. */
const SLOW_BATCHES = 5;
const SLOW_MS = 6000;
const CALCULATIONS_MAX = 64;

function seeded(begin) {
  return Array.from({ length: COUNT }, (_, i) => {
    const isSlow = i % 12 === 5;
    const data = {
      name: i % 4 === 0 ? 'request' : 'work',
      route: ROUTES[i % 3],
      duration_ms: isSlow ? 900 + i : 10 + (i % 50),
      error: i % 10 === 0,
      page: `https://shop.example/orders/${i}`,
      'trace.trace_id': `walk${Math.floor(i / 4)}`,
      'trace.span_id': `walk${i}`,
      ...(i % 4 === 0 ? {} : { 'trace.parent_id': `walk${i - (i % 4)}` }),
      // What is slow lacks it: the planted cause.
      ...(isSlow ? {} : { shard: `s${i % 5}` }),
    };
    return {
      time: new Date((begin + i * STEP) * 1000).toISOString(),
      samplerate: i % 7 === 0 ? 3 : 1,
      data,
    };
  });
}

/** A counter, a gauge and a histogram, a point a minute, as OpenTelemetry's exporters send them. */
function metrics(begin) {
  const minutes = Array.from({ length: (COUNT * STEP) / 60 }, (_, i) => i);
  const attributes = (named) => Object.entries(named).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  const points = (named, values) =>
    minutes.map((i) => ({
      attributes: attributes(named),
      startTimeUnixNano: `${begin - 60}000000000`,
      timeUnixNano: `${begin + i * 60}000000000`,
      ...values(i),
    }));
  const cumulative = { aggregationTemporality: 2 };
  const counter = points({ route: '/cart', code: '200' }, (i) => ({ asInt: String(i * 10) }));
  const latency = points({ route: '/cart' }, (i) => ({
    count: String(i * 4),
    sum: i * 100,
    explicitBounds: [10, 50],
    bucketCounts: [i, i * 2, i].map(String),
  }));
  return {
    resourceMetrics: [
      {
        resource: { attributes: attributes({ 'service.name': 'shop' }) },
        scopeMetrics: [
          {
            metrics: [
              { name: 'requests', sum: { ...cumulative, isMonotonic: true, dataPoints: counter } },
              { name: 'queue', gauge: { dataPoints: points({ shelf: 'a' }, (i) => ({ asDouble: i % 7 })) } },
              { name: 'latency', histogram: { ...cumulative, dataPoints: latency } },
            ],
          },
        ],
      },
    ],
  };
}

async function walkQuestions({ page, step, shoot, still, check, origin, environment }) {
  const env = environment.split('/').at(-1);
  const api = `${origin}/api/environments/${env}`;
  const dataset = `walk-${Date.now().toString(36)}`;
  const begin = Math.floor(Date.now() / 60_000) * 60 - 3000;
  const range = { start_time: begin, end_time: begin + COUNT * STEP };
  const events = seeded(begin);
  const call = async (method, path, body, headers = {}) => {
    const response = await page.request.fetch(path.startsWith('/') ? `${api}${path}` : path, {
      method,
      data: body,
      headers,
    });
    const text = await response.text();
    check(response.ok(), `${method} ${path}: ${response.status()} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  const asked = (spec) => call('POST', `/datasets/${dataset}/query?keep=false`, { ...range, ...spec });
  const at = (spec, search = {}) => {
    const all = { query: { ...range, ...spec }, ...search };
    const params = Object.entries(all).map(([k, v]) => [k, typeof v === 'string' ? v : JSON.stringify(v)]);
    return `${origin}${environment}/datasets/${dataset}?${new URLSearchParams(params)}`;
  };
  const open = async (spec, search) => {
    await page.goto(at(spec, search));
    await ready();
  };
  const ready = () => page.locator('[data-testid="results"][data-state="ready"]').waitFor();
  const has = (name) => new URL(page.url()).searchParams.get(name);
  const link = (name) => JSON.parse(has(name) ?? 'null');
  const table = page.getByRole('grid', { name: 'Results by group' });
  const item = (name) => page.getByRole('menuitem', { name });
  /** What a cell says, without its unit. */
  const number = (text) => Number(text.replaceAll(',', '').replace(/ [a-zµ]+$/i, ''));
  /** All rows behind what the link names: how many events they stand for. */
  const weight = async () => {
    const count = page.locator('[data-testid="row-count"][data-state="ready"]');
    const more = page.getByRole('button', { name: 'Load more' });
    await count.waitFor();
    while ((await more.count()) > 0) {
      const before = await count.getAttribute('data-weight');
      await more.click({ timeout: 2000 }).catch(() => undefined);
      await page.waitForFunction(
        (old) =>
          document.querySelector('[data-testid="row-count"][data-state="ready"]')?.getAttribute('data-weight') !== old,
        before,
      );
    }
    return Number(await count.getAttribute('data-weight'));
  };
  /** Deletes a dataset, which is protected from that at first. */
  const remove = async (name) => {
    const { settings } = await call('GET', `/datasets/${name}`);
    if (settings.delete_protected) {
      const open = { description: '', expand_json_depth: 0, settings: { delete_protected: false } };
      await call('PUT', `/datasets/${name}`, open);
    }
    await call('DELETE', `/datasets/${name}`);
  };
  /** The file that comes of a click. */
  const file = async (click) => {
    const [download] = await Promise.all([page.waitForEvent('download'), click()]);
    return readFileSync(await download.path());
  };
  const more = async (name) => {
    await page.getByRole('button', { name: 'More', exact: true }).click();
    await item(name).click();
  };
  const chartMenu = async (name, entry) => {
    await page.getByRole('button', { name: `Settings of ${name}` }).click();
    await item(entry).click();
  };

  await step('Seeded: events are sent with sample rates and found with their weight', async () => {
    const { key } = await call('POST', '/keys', { name: 'walk', kind: 'ingest' });
    const answers = await call('POST', `${origin}/1/batch/${dataset}`, events, { 'x-honeycomb-team': key });
    check(
      answers.every((a) => a.status === 202),
      `an event was refused: ${JSON.stringify(answers.find((a) => a.status !== 202))}`,
    );
    const { total } = await asked({});
    const weighed = events.reduce((sum, e) => sum + e.samplerate, 0);
    check(total.COUNT === weighed, `COUNT is ${total.COUNT}, the events stand for ${weighed}`);
  });

  await step('Calculations: the builder offers every one, and each answers as the query API does', async () => {
    await open({});
    await page.locator('[data-clause="SELECT"] input').click();
    const offered = await page.getByRole('option').allInnerTexts();
    const ops = 'AVG SUM MIN MAX COUNT_DISTINCT RATE_AVG RATE_SUM RATE_MAX HEATMAP'.split(' ');
    const percentiles = ['001', '01', '05', 10, 20, 25, 50, 75, 80, 90, 95, 99, 999].map((p) => `P${p}`);
    for (const op of [...ops, ...percentiles, 'COUNT', 'CONCURRENCY'])
      check(
        offered.some((text) => text.split(/[\s(…]+/).includes(op)),
        `${op} is not offered: ${offered.join(' ')}`,
      );
    const column = 'duration_ms';
    const calculations = [...ops, ...percentiles].map((op) => ({ op, column }));
    const spec = { calculations: [{ op: 'COUNT' }, { op: 'CONCURRENCY' }, ...calculations], breakdowns: ['route'] };
    await open(spec);
    const answer = await asked(spec);
    for (const label of answer.calculations.filter((c) => !c.startsWith('HEATMAP'))) {
      const [cell] = await page.locator(`[data-pinned="total"] [data-column="c:${label}"]`).allInnerTexts();
      const value = answer.total[label];
      const isSame =
        value === null || value === undefined
          ? cell === '–'
          : Math.abs(number(cell) - value) <= Math.abs(value) * 0.001;
      check(isSame, `${label}: the table says ${cell}, the query API ${value}`);
    }
  });

  await step('Calculations: CONCURRENCY of three spans, each within the one before, is 1, 2, 3, 2, 1', async () => {
    const nested = `${dataset}-nested`;
    const spans = [50, 30, 10].map((seconds, i) => ({
      time: new Date((begin + i * 10) * 1000).toISOString(),
      data: { name: 'nested', duration_ms: seconds * 1000 },
    }));
    const { key } = await call('POST', '/keys', { name: 'nested', kind: 'ingest' });
    await call('POST', `${origin}/1/batch/${nested}`, spans, { 'x-honeycomb-team': key });
    const query = {
      calculations: [{ op: 'CONCURRENCY' }],
      granularity: 10,
      start_time: begin,
      end_time: begin + 50,
    };
    await page.goto(at(query).replace(`/datasets/${dataset}?`, `/datasets/${nested}?`));
    await ready();
    const chart = page.locator('[data-chart="CONCURRENCY"]');
    await chart.locator('canvas').waitFor();
    await chart.focus();
    const shown = [];
    for (const press of ['Home', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight']) {
      await page.keyboard.press(press);
      shown.push(number((await chart.locator('[aria-live]').innerText()).replace(/^.*: /, '')));
    }
    check(shown.join() === '1,2,3,2,1', `the chart shows ${shown}`);
  });

  await step('Raw data: of 20 points each leads to exactly its events, every field as it was sent', async () => {
    const spec = {
      calculations: [
        { op: 'COUNT' },
        { op: 'COUNT', name: 'failed', filters: [{ column: 'error', op: '=', value: true }] },
        { op: 'COUNT', column: 'shard' },
      ],
      breakdowns: ['route'],
      granularity: 60,
    };
    await open(spec);
    const chart = (name) => page.locator(`[data-chart="${name}"]`);
    for (let i = 0; i < 20; i++) {
      const name = ['COUNT', 'failed', 'COUNT(shard)'][i % 3];
      await page.getByRole('tab', { name: 'Overview' }).click();
      await chart(name).locator('canvas').waitFor();
      await chart(name).focus();
      const live = chart(name).locator('[aria-live]');
      await page.keyboard.press('Home');
      for (let n = 0; n < (i * 5) % 11; n++) await page.keyboard.press('ArrowRight');
      for (let n = 0; n < i % 3; n++) await page.keyboard.press('ArrowDown');
      for (let n = 0; n < 60 && !/: [1-9]/.test(await live.innerText()); n++) await page.keyboard.press('ArrowRight');
      const said = await live.innerText();
      await page.keyboard.press('Enter');
      await item('View events').click();
      const weighed = await weight();
      const plotted = number(said.slice(said.lastIndexOf(':') + 1));
      check(weighed === plotted, `${name}: the point says ${said}, the rows behind it stand for ${weighed}`);
    }
    const rows = page.getByRole('grid', { name: 'Raw events' }).locator('[data-index]');
    await rows.first().locator('[data-column="name"]').click();
    await page.getByRole('tab', { name: 'JSON' }).click();
    const shown = JSON.parse(await page.locator('aside pre').innerText());
    const sent = events.find((e) => e.data['trace.span_id'] === shown.data['trace.span_id']);
    const inOrder = (data) => JSON.stringify(Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1)));
    check(
      inOrder(shown.data) === inOrder(sent.data),
      `sent ${JSON.stringify(sent.data)}, shown ${JSON.stringify(shown.data)}`,
    );
    check(shown.samplerate === sent.samplerate, `sent with rate ${sent.samplerate}, shown ${shown.samplerate}`);
  });

  await step('Raw data: a cell of a heat map and a row of the table lead to exactly their events', async () => {
    await open({ calculations: [{ op: 'HEATMAP', column: 'duration_ms' }, { op: 'COUNT' }], breakdowns: ['route'] });
    const heat = page.locator('[data-chart="HEATMAP(duration_ms)"]');
    await heat.locator('canvas').first().waitFor();
    await heat.focus();
    await page.keyboard.press('ArrowRight');
    for (let i = 0; i < 8; i++) await page.keyboard.press('Shift+ArrowDown');
    const live = heat.locator('[aria-live]');
    for (let i = 0; i < 60 && !/: [1-9]/.test(await live.innerText()); i++) await page.keyboard.press('ArrowUp');
    const said = await live.innerText();
    await page.keyboard.press('Enter');
    for (const entry of [
      'View trace',
      'List traces',
      'BubbleUp',
      'Zoom to here',
      'Add a marker',
      'Show only these values',
    ])
      check((await item(new RegExp(entry)).count()) > 0, `the menu of a cell lacks “${entry}”`);
    await item('View events').click();
    const plotted = number(/: ([\d,]+) event/.exec(said)[1]);
    check((await weight()) === plotted, `the cell says ${said}, the rows behind it stand for ${await weight()}`);
    await page.getByRole('tab', { name: 'Overview' }).click();
    const row = table.locator('[data-index="1"]');
    const counted = number(await row.locator('[data-column="c:COUNT"]').innerText());
    await row.getByRole('button', { name: /^Actions for/ }).click();
    await item('View events').click();
    check((await weight()) === counted, `the row says ${counted}, the events behind it stand for ${await weight()}`);
  });

  await step(
    'Raw data: a value narrows, leaves out and groups; log lines; a trace a click away; addresses are links',
    async () => {
      await open({}, { tab: 'raw' });
      const grid = page.getByRole('grid', { name: 'Raw events' });
      const cell = grid.locator('[data-index="0"] [data-column="route"]');
      for (const [entry, clause, wanted] of [
        ['Show only this value', 'WHERE', /^route = /],
        ['Exclude this value', 'WHERE', /^route != /],
        ['Group by route', 'GROUP BY', /^route$/],
      ]) {
        await open({}, { tab: 'raw' });
        await cell.click({ button: 'right' });
        await item(entry).click();
        await page.locator(`[data-clause="${clause}"] [data-token]`).filter({ hasText: wanted }).waitFor();
        await ready();
      }
      await open({}, { tab: 'raw', columns: ['page', 'name'] });
      const address = grid.locator('[data-index="0"] [data-column="page"] a');
      check((await address.getAttribute('href')).startsWith('https://shop.example/orders/'), 'an address is no link');
      check((await address.getAttribute('rel')).includes('noopener'), 'the link may reach back');
      check((await grid.getByTestId('trace-link').count()) > 0, 'no row leads to its trace');
      await page.getByRole('tab', { name: 'Log lines' }).click();
      await grid.locator('[data-column=" line"]').first().waitFor();
      check(has('lines') !== null, 'log lines are not in the link');
      await shoot('log-lines');
      // More rows come as one scrolls.
      const first = Number((await page.locator('[data-testid="row-count"]').innerText()).replace(/[^\d].*$/, ''));
      check(first < COUNT, `${first} rows came at once`);
      check((await weight()) === events.reduce((sum, e) => sum + e.samplerate, 0), 'not all rows come');
    },
  );

  await step('Menus: what they say about a line and a bar they do', async () => {
    const spec = { breakdowns: ['route'], granularity: 60 };
    const openMenu = async (kind) => {
      await open(spec, { view: { charts: [{ chart_index: 0, chart_type: kind }] } });
      const chart = page.locator('[data-chart="COUNT"]');
      await chart.locator('canvas').waitFor();
      await chart.focus();
      for (const key of ['Home', 'ArrowRight', 'ArrowRight', 'Enter']) await page.keyboard.press(key);
      await item('View events').waitFor();
    };
    for (const kind of ['line', 'tsbar']) {
      await openMenu(kind);
      if (kind === 'tsbar') await shoot('menu-bars', { axe: false });
      await item('Show only this group').click();
      await page.locator('[data-clause="WHERE"] [data-token]').filter({ hasText: 'route = ' }).waitFor();
      await openMenu(kind);
      await item('Exclude this group').click();
      await page.locator('[data-clause="WHERE"] [data-token]').filter({ hasText: 'route != ' }).waitFor();
      await openMenu(kind);
      await item('Zoom to here').click();
      await page.waitForFunction(
        (end) => JSON.parse(new URL(location.href).searchParams.get('query')).end_time < end,
        range.end_time,
      );
      await openMenu(kind);
      await item(/BubbleUp/).click();
      await page.locator('[data-testid="bubble-up"] [data-field]').first().waitFor();
      await openMenu(kind);
      await item('Hide this series').click();
      await page.waitForFunction(() => new URL(location.href).searchParams.has('hidden'));
      await openMenu(kind);
      await item(/View trace/).click();
      await page.locator('[data-testid="waterfall"]').waitFor();
    }
  });

  await step('Charts: every setting is in the link and stays after a reload', async () => {
    const spec = {
      calculations: [
        { op: 'AVG', column: 'duration_ms' },
        { op: 'MAX', column: 'duration_ms' },
      ],
      compare_time_offset_seconds: 7200,
    };
    for (const [entry, read] of [
      ['Logarithmic values', (view) => view.charts[0].log_scale],
      ['Join over empty times', (view) => view.charts[0].omit_missing_values],
      [/on one chart/, (view) => view.overlaid_charts],
      ['Hide the earlier time', (view) => view.hide_compare],
      ['Hide what the pointer shows', (view) => view.hide_hovers],
      ['Times in UTC', (view) => view.utc_xaxis],
    ]) {
      await open(spec);
      await chartMenu('AVG(duration_ms)', entry);
      await page.waitForFunction(() => new URL(location.href).searchParams.has('view'));
      check(read(link('view')) === true, `${entry} is not in the link: ${has('view')}`);
      await page.reload();
      await ready();
      const name = (await page.locator('[data-chart]').first().getAttribute('data-chart')) ?? '';
      await page.getByRole('button', { name: `Settings of ${name}` }).click();
      await item(entry).getByLabel('on').waitFor();
      await page.keyboard.press('Escape');
    }
  });

  await step('Charts: markers are hidden and shown by m and by the menu, and the link says so', async () => {
    const times = { start_time: begin + 600, end_time: begin + 900 };
    await call('POST', `/datasets/${dataset}/markers`, { ...times, message: 'a deploy', type: 'deploy' });
    await open({ breakdowns: ['route'] });
    const marker = page.locator('[data-testid="markers"]').getByText('a deploy');
    await marker.waitFor();
    await page.locator('body').press('m');
    await marker.waitFor({ state: 'detached' });
    check(link('view')?.hide_markers === true, `the link says ${has('view')}`);
    await page.reload();
    await ready();
    check((await marker.count()) === 0, 'the markers are back after a reload');
    await chartMenu('COUNT', 'Hide markers');
    await marker.waitFor();
    check(!link('view')?.hide_markers, `the link says ${has('view')}`);
  });

  await step('Keyboard: the sheet lists every shortcut; Shift+Enter and Ctrl+Enter run', async () => {
    await open({});
    await page.locator('body').press('?');
    const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await sheet.waitFor();
    const source = readFileSync(new URL('../src/model/keys.ts', import.meta.url), 'utf8');
    const bindings = [...source.matchAll(/ b\(\s*'[^']+',\s*'[^']+',\s*\[[^]*?\],\s*'([^']+)'/g)].map(
      ([, action]) => action,
    );
    check(bindings.length > 50, `${bindings.length} bindings were found in the registry`);
    const listed = await sheet.locator('dt').allInnerTexts();
    const missing = bindings.filter((action) => !listed.includes(action));
    check(missing.length === 0 && listed.length === bindings.length, `the sheet lacks ${missing.join('; ')}`);
    await shoot('shortcuts');
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });
    for (const keys of ['Shift+Enter', 'Control+Enter']) {
      const asked = page.waitForRequest((r) => r.method() === 'POST' && r.url().endsWith(`/${dataset}/query`));
      await page.locator('body').press(keys);
      await asked;
      await ready();
    }
  });

  await step(
    'The menu beside Run: every entry leads where it says; a trigger and an SLO are made of the query',
    async () => {
      const spec = { filters: [{ column: 'error', op: '=', value: true }] };
      await open(spec);
      await page.getByRole('button', { name: 'More', exact: true }).click();
      const entries = (await page.getByRole('menuitem').allInnerTexts()).map((text) => text.split('\n')[0]);
      for (const entry of [
        'Add to a board',
        'Name this query',
        'Copy link to the query',
        'Clear the query',
        'View or edit as JSON',
      ])
        check(entries.includes(entry), `the menu lacks “${entry}”: ${entries}`);
      await page.keyboard.press('Escape');
      await more('View or edit as JSON');
      const shown = await page.getByRole('dialog').getByRole('textbox').inputValue();
      check(JSON.parse(shown).filters[0].column === 'error', `the JSON is ${shown}`);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });

      await more('Make a trigger');
      await page.locator('[data-testid="watched"]').filter({ hasText: 'error = true' }).waitFor();
      await page.getByLabel('Name of the trigger').fill(`errors of ${dataset}`);
      await page.getByLabel('Threshold').fill('12');
      await shoot('make-trigger');
      await page.getByRole('button', { name: 'Make the trigger' }).click();
      await page.getByRole('table', { name: 'Triggers' }).getByText(`errors of ${dataset}`).waitFor();
      const triggers = await call('GET', `/datasets/${dataset}/triggers`);
      const { query, threshold } = triggers.find((t) => t.name === `errors of ${dataset}`);
      check(query.filters[0].column === 'error' && threshold.value === 12, `it is ${JSON.stringify(triggers)}`);

      await open(spec);
      await more('Make an SLO');
      const formula = await page.getByLabel('An event is good when').inputValue();
      check(formula === 'NOT(EQUALS($"error", true))', `the form begins with ${formula}`);
      await page.getByLabel('Name of the SLO').fill(`good of ${dataset}`);
      await shoot('make-slo');
      await page.getByRole('button', { name: 'Make the SLO' }).click();
      const row = page
        .getByRole('table', { name: 'SLOs' })
        .getByRole('row')
        .filter({ hasText: `good of ${dataset}` });
      const weighed = events.reduce((sum, e) => sum + e.samplerate, 0);
      const failed = events.filter((e) => e.data.error).reduce((sum, e) => sum + e.samplerate, 0);
      const compliance = (100 - (failed / weighed) * 100).toFixed(3);
      await row.getByText(`${compliance} %`).waitFor();

      await open(spec);
      await more('Clear the query');
      await page.locator('[data-clause="WHERE"] [data-token]').waitFor({ state: 'detached' });
    },
  );

  await step('Compare: only earlier times that do not overlap, and the table says the change', async () => {
    await open({});
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    const offers = await page.getByRole('menuitem').allInnerTexts();
    check(!offers.some((text) => /30 min/.test(text)), `an overlapping time is offered: ${offers}`);
    await page.keyboard.press('Escape');
    const half = (COUNT * STEP) / 2;
    const spec = { start_time: begin + half, compare_time_offset_seconds: half, breakdowns: ['route'] };
    await open(spec);
    const answer = await asked(spec);
    for (const [i, row] of answer.results.entries()) {
      const past = answer.compare.results.find((r) => r.data.route === row.data.route).data.COUNT;
      const cells = table.locator(`[data-index="${i}"]`);
      const [now, before, change] = await Promise.all(
        ['c', 'p', 'd'].map((c) => cells.locator(`[data-column="${c}:COUNT"]`).innerText()),
      );
      check(number(now) === row.data.COUNT && number(before) === past, `row ${i} says ${now} and ${before}`);
      const percent = ((row.data.COUNT - past) / past) * 100;
      const shown = Number(change.replace('−', '-').replace(/[^\d.-]/g, ''));
      check(Math.abs(shown - percent) <= 0.51, `row ${i} says ${change}, the change is ${percent} %`);
    }
    await shoot('compare-earlier');
  });

  await step('Downloads: CSV, JSON, PNG and raw rows hold what is shown', async () => {
    const spec = { calculations: [{ op: 'COUNT' }, { op: 'MAX', column: 'duration_ms' }], breakdowns: ['route'] };
    await open(spec);
    const answer = await asked(spec);
    const csv = String(await file(() => more('Download the table as CSV')))
      .trim()
      .split(/\r?\n/);
    check(csv[0] === 'route,COUNT,MAX(duration_ms)', `the head of the CSV is ${csv[0]}`);
    const lines = answer.results.map(({ data }) => [data.route, data.COUNT, data['MAX(duration_ms)']].join());
    check(
      lines.every((l) => csv.includes(l)),
      `${csv.join(' | ')} is not ${lines.join(' | ')}`,
    );
    const json = JSON.parse(String(await file(() => more('Download the result as JSON'))));
    check(JSON.stringify(json.results) === JSON.stringify(answer.results), 'the JSON is not the result');
    const png = await file(() => more('Download the charts as PNG'));
    check(png.subarray(1, 4).toString() === 'PNG' && png.length > 2000, 'the PNG is none');
    await open({}, { tab: 'raw' });
    await weight();
    for (const name of ['Loaded rows as JSON lines', 'All rows as JSON lines']) {
      const text = await file(async () => {
        await page.getByRole('button', { name: 'Download' }).click();
        await item(name).click();
      });
      const rows = String(text)
        .trim()
        .split('\n')
        .map((l) => JSON.parse(l));
      check(rows.length === COUNT, `${name}: ${rows.length} rows of ${COUNT}`);
    }
    const raw = await file(async () => {
      await page.getByRole('button', { name: 'Download' }).click();
      await item('Loaded rows as CSV').click();
    });
    check(String(raw).trim().split(/\r?\n/).length === COUNT + 1, 'the CSV of the rows has another number of lines');
  });

  await step(
    'BubbleUp: a missing field is a value and comes first; ids have a note; calculated fields and all datasets',
    async () => {
      const calculated_fields = [{ name: 'is_slow', expression: 'GTE($duration_ms, 900)' }];
      const box = { start_ns: `${begin}000000000`, end_ns: `${range.end_time}000000000` };
      const bubble = { ...box, range: { column: 'duration_ms', from: 900, to: 5000 } };
      await open({ calculated_fields, filters: [{ column: 'is_slow', op: 'exists' }] }, { tab: 'bubble', bubble });
      const fields = page.locator('[data-testid="bubble-up"] [data-field]');
      await fields.first().waitFor();
      const names = await fields.evaluateAll((all) => all.map((el) => el.dataset.field));
      check(names.slice(0, 3).includes('shard'), `the planted cause is not among the first: ${names.slice(0, 5)}`);
      check(names.includes('is_slow'), 'the calculated field is not compared');
      await page.locator('[data-field="shard"]').getByText('no value', { exact: true }).waitFor();
      await page.locator('[data-field="trace.span_id"]').getByText('Every event has a value of its own.').waitFor();
      const count = async (side) =>
        number((await page.locator(`[data-testid="${side}-count"]`).innerText()).replace(/ .*/, ''));
      const slow = events.filter((e) => e.data.duration_ms >= 900).reduce((sum, e) => sum + e.samplerate, 0);
      check((await count('selection')) === slow, `the selection has ${await count('selection')} events, not ${slow}`);
      await shoot('bubble-missing');
      await page.goto(at({}, { tab: 'bubble', bubble }).replace(`/datasets/${dataset}?`, '/datasets/__all__?'));
      await fields.first().waitFor();
      check((await count('selection')) >= slow, 'over all datasets the selection is smaller');
    },
  );

  await step('A slow query: how far it is is shown, and Cancel stops the engine within a second', async () => {
    const slow = `${dataset}-slow`;
    const { key } = await call('POST', '/keys', { name: 'slow', kind: 'ingest' });
    for (let part = 0; part < SLOW_BATCHES; part++) {
      const rows = Array.from({ length: 10_000 }, (_, i) => ({
        time: new Date((begin + (i % (COUNT * STEP))) * 1000).toISOString(),
        data: { n: part * 10_000 + i, text: `order ${i} of ${part} was packed, sent, returned and sent again` },
      }));
      await call('POST', `${origin}/1/batch/${slow}`, rows, { 'x-honeycomb-team': key });
    }
    // A group per event, and as many calculations as make it slow on this machine; no two questions are the same, or one would be remembered.
    const heavy = (calculations, salt) => ({
      ...range,
      calculations: Array.from({ length: calculations }, (_, i) => ({
        op: 'COUNT_DISTINCT',
        column: 'text',
        name: `c${i}`,
        filters: [{ column: 'n', op: '>', value: i + 100 * salt }],
      })),
      breakdowns: ['n'],
    });
    let count = 1;
    for (;;) {
      const began = performance.now();
      await call('POST', `/datasets/${slow}/query?keep=false`, heavy(count, count));
      if (performance.now() - began >= SLOW_MS || count >= CALCULATIONS_MAX) break;
      count *= 2;
    }
    const meters = async () => {
      const text = await (await page.request.get(`${origin}/metrics`)).text();
      const read = (name) => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1] ?? 0);
      return {
        cancelled: read('waggle_queries_finished_total\\{outcome="cancelled"\\}'),
        held: read('waggle_query_memory_bytes'),
        rows: read('waggle_query_rows_read_total'),
      };
    };
    const gone = page.getByText('The query was cancelled before it had an answer');
    const answered = page.locator('[data-testid="results"]');
    const took = [];
    // Other programs may hold the browser up until the answer is there: then there was nothing to cancel.
    for (let i = 0; i < 8 && !(Math.min(...took) <= 1000); i++) {
      await page.goto(at(heavy(count, 200 + i)).replace(`/datasets/${dataset}?`, `/datasets/${slow}?`));
      const read = page.locator('[data-testid="running"]').getByText(/[1-9][\d.]*[kM]? rows read/);
      await read.or(answered).first().waitFor();
      const before = await meters();
      const clicked = performance.now();
      await page
        .getByTestId('cancel')
        .click({ timeout: 1000 })
        .catch(() => undefined);
      await gone.or(answered).first().waitFor();
      if ((await gone.count()) === 0) continue;
      check(before.held > 0, 'a running query holds nothing');
      // Counted, nothing is held for it, and its thread reads no more.
      let [last, now] = [before, await meters()];
      while (now.cancelled === before.cancelled || now.held > 0 || now.rows !== last.rows) {
        check(performance.now() - clicked < 20_000, `it goes on: ${JSON.stringify(now)}`);
        [last, now] = [now, await meters()];
      }
      took.push(performance.now() - clicked);
    }
    const { queries } = await call('GET', '/queries/running');
    check(queries.length === 0, `running: ${JSON.stringify(queries)}`);
    check(Math.min(...took) <= 1000, `the engine stopped after ${took.map(Math.round).join(', ')} ms`);
    await shoot('cancelled');
    await remove(slow);
  });

  await step('Usage mode: every stored event counts once, and a banner says so', async () => {
    await open({ calculations: [{ op: 'COUNT' }, { op: 'SUM', column: 'sample_rate' }] });
    await more(/^Usage mode/);
    await page.locator('[data-testid="usage-mode"]').waitFor();
    await ready();
    const cell = (name) => table.locator(`[data-index="0"] [data-column="c:${name}"]`).innerText();
    check(number(await cell('COUNT')) === COUNT, `COUNT is ${await cell('COUNT')}, ${COUNT} are stored`);
    const weighed = events.reduce((sum, e) => sum + e.samplerate, 0);
    check(number(await cell('SUM(sample_rate)')) === weighed, `the rates sum up to ${await cell('SUM(sample_rate)')}`);
    check(link('query').usage_mode === true, 'usage mode is not in the link');
    await shoot('usage-mode');
    await page.getByRole('button', { name: 'Weigh by sample rate' }).click();
    await page.locator('[data-testid="usage-mode"]').waitFor({ state: 'detached' });
  });

  await step(
    'Metrics: a dataset of them offers them by kind, narrows to what they came with and refuses to count',
    async () => {
      const name = `${dataset}-metrics`;
      const { key } = await call('POST', '/keys', { name: 'metrics', kind: 'ingest' });
      await call('POST', `${origin}/v1/metrics`, metrics(begin), {
        'x-honeycomb-team': key,
        'x-honeycomb-dataset': name,
      });
      await page.goto(`${origin}${environment}/datasets/${name}/schema?tab=settings`);
      await page.getByLabel('Its metrics are series').check();
      await page.getByRole('button', { name: 'Save', exact: true }).first().click();
      await page.getByRole('status').filter({ hasText: 'Saved' }).first().waitFor();
      await shoot('metrics-settings');
      const box = (clause) => page.locator(`[data-clause="${clause}"] input`);
      const options = () => page.getByRole('option').allInnerTexts();
      const offers = (text) => page.getByRole('option').filter({ hasText: text }).first().waitFor();
      const typed = async (clause, text) => {
        await box(clause).click();
        await box(clause).fill(text);
      };
      await page.goto(at({}).replace(`/datasets/${dataset}?`, `/datasets/${name}?`));
      await page.getByText('Choose a metric').waitFor();
      await page.getByRole('button', { name: 'SUM(requests)' }).waitFor();
      await shoot('metrics-begin');
      await typed('SELECT', 'COUNT');
      await offers('COUNT_DATAPOINTS');
      check(!(await options()).some((text) => /CONCURRENCY|RATE_/.test(text)), `offered: ${await options()}`);
      await page.keyboard.press('Shift+Enter');
      await page.getByRole('alert').filter({ hasText: 'COUNT_DATAPOINTS(metric)' }).waitFor();
      await shoot('metrics-refused');
      await typed('SELECT', 'SUM(req');
      await offers('counter, INCREASE');
      await shoot('metrics-offer', { axe: false });
      await page.keyboard.press('Enter');
      await typed('SELECT', 'MAX(RATE(requests, 300))');
      await page.keyboard.press('Enter');
      await page.locator('[data-clause="SELECT"] [data-token]').filter({ hasText: 'RATE(requests, 300)' }).waitFor();
      await box('GROUP BY').click();
      await offers('route');
      check(!(await options()).some((text) => /shelf|queue/.test(text)), `offered: ${await options()}`);
      await page.keyboard.type('cod');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Shift+Enter');
      await ready();
      const answer = await call('POST', `/datasets/${name}/query?keep=false`, link('query'));
      const total = (label) => page.locator(`[data-pinned="total"] [data-column="c:${label}"]`).innerText();
      const grown = number(await total('SUM(requests)'));
      check(grown === 390 && grown === answer.total['SUM(requests)'], `requests grew by ${grown}`);
      const rate = number(await total('MAX(RATE(requests, 300))'));
      check(Math.abs(rate - 1 / 6) < 0.001, `they grew by ${rate} a second`);
      await page.getByRole('tab', { name: 'Overview' }).click();
      await still();
      await shoot('metrics');

      // A histogram is asked itself, and by the numbers below its name.
      await page.goto(at({}).replace(`/datasets/${dataset}?`, `/datasets/${name}?`));
      for (const text of ['P99(latency)', 'HEATMAP(latency)', 'HISTOGRAM_COUNT(latency)']) {
        await typed('SELECT', text.slice(0, -1));
        await offers('histogram');
        await page.keyboard.press('Enter');
      }
      await typed('SELECT', 'MAX(latency.');
      for (const part of ['count', 'sum', 'avg', 'p001', 'p50', 'p99', 'p999']) await offers(`latency.${part}`);
      for (const text of ['MAX(latency.p99)', 'MAX(latency.avg)']) {
        await typed('SELECT', text);
        await page.keyboard.press('Enter');
      }
      await page.keyboard.press('Shift+Enter');
      await ready();
      const parts = await call('POST', `/datasets/${name}/query?keep=false`, link('query'));
      const cellOf = (label) => table.locator(`[data-index="0"] [data-column="c:${label}"]`).innerText();
      const shown = async (label) => number(await cellOf(label));
      for (const label of ['P99(latency)', 'MAX(latency.p99)', 'MAX(latency.avg)', 'HISTOGRAM_COUNT(latency)'])
        check(
          Math.abs((await shown(label)) - parts.results[0].data[label]) < 0.01,
          `${label} is ${await cellOf(label)}, the query API says ${parts.results[0].data[label]}`,
        );
      check((await shown('MAX(latency.avg)')) === 25, `the mean is ${await cellOf('MAX(latency.avg)')}`);
      const values = (COUNT * STEP) / 60 - 1;
      check(
        (await shown('HISTOGRAM_COUNT(latency)')) === values * 4,
        `${await cellOf('HISTOGRAM_COUNT(latency)')} values`,
      );
      const cells = parts.heatmaps['HEATMAP(latency)'].counts.flat().reduce((sum, count) => sum + count, 0);
      check(Math.abs(cells - values * 4) < 0.01, `the heat map holds ${cells} values`);
      check((await inked(page, '[data-chart="HEATMAP(latency)"] canvas')) > 0.002, 'the heat map is empty');
      await shoot('metrics-histogram');
    },
  );

  await step('Names: a query has several, each with its description, and they stay', async () => {
    await open({ breakdowns: ['route'] });
    for (const [name, about] of [
      ['Events by route', 'what the shop is asked for'],
      ['The other name', ''],
    ]) {
      await more('Name this query');
      await page.getByLabel('Name of the query').fill(name);
      await page.getByLabel('Description').fill(about);
      await page.getByRole('button', { name: 'Save name' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    await page.reload();
    await ready();
    await more('Name this query');
    await page.getByRole('dialog').getByText('Events by route').waitFor();
    await page.getByRole('dialog').getByText('The other name').waitFor();
    await page.keyboard.press('Escape');
  });

  await step('A kept result is shown after its events are gone, and says from when it is', async () => {
    await open({ breakdowns: ['route'] });
    const before = await table.innerText();
    const { runs } = await call('GET', '/history?limit=1');
    await remove(dataset);
    await page.goto(`${origin}${environment}/result/${runs[0].result_id}`);
    await page
      .locator('[data-testid="kept"]')
      .filter({ hasText: /Result from|Kept result/ })
      .waitFor();
    await page.locator('[data-chart="COUNT"] canvas').waitFor();
    await still();
    check((await table.innerText()) === before, 'the kept result is another');
    await shoot('kept-result');
  });
}

await main(
  'node e2e/questions.mjs ORIGIN [/TEAM/environments/ENVIRONMENT]',
  (origin, environment = '/default/environments/production') =>
    inBrowser({}, (tools) => walkQuestions({ ...tools, origin, environment })),
);
