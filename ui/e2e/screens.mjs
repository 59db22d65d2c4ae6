// Every page in every state, to be looked at by a person: full, empty, loading and failing, light and dark, wide and narrow.
// Not a test. Needs a server with demo data (`waggle serve --dev`, `waggle demo`) that may be written to: it makes an empty
// environment, a board, a trigger and an SLO once.
//
//   node e2e/screens.mjs http://127.0.0.1:8080 /tmp/screens [--api ORIGIN] [--only home,trace] [--states full,empty] [--widths 1440]
//
// Leaves one picture a page, state, theme and width, and sheets of many side by side. `--api` is where the API is when the pages
// come from somewhere else (`npx vite preview`).
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    api: { type: 'string' },
    only: { type: 'string' },
    states: { type: 'string' },
    widths: { type: 'string' },
    themes: { type: 'string' },
  },
});
const [origin, folder] = positionals;
if (!origin || !folder) {
  console.error(
    'usage: node e2e/screens.mjs ORIGIN FOLDER [--only PAGES] [--states full,empty,loading,failing] [--widths 1440,900,360]',
  );
  process.exit(2);
}
const server = options.api ?? origin;
const list = (text, all) => (text ? text.split(',') : all);
const TEAM = 'default';
const FULL = `/${TEAM}/environments/production`;
const EMPTY = `/${TEAM}/environments/quiet`;
/** Pages that must stay usable on a telephone. */
const NARROW = new Set(['triggers', 'boards', 'board', 'trace', 'home', 'query']);

async function api(path, body, { key, at = '/api/environments/production', method = body ? 'POST' : 'GET' } = {}) {
  const response = await fetch(`${server}${at}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(key && { 'x-honeycomb-team': key }) },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${at}${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** What a full page shows beside the demonstration's events, made once. */
async function seed() {
  const environments = await api('/environments');
  if (!environments.some((e) => e.slug === 'quiet'))
    await api('/environments', { name: 'quiet', description: 'An environment without events' });
  const heat = {
    calculations: [{ op: 'HEATMAP', column: 'duration_ms' }],
    filters: [{ column: 'name', op: '=', value: 'apply rules' }],
    time_range: 3600,
  };
  const slow = await api('/datasets/pricing/rows', {
    filters: [...heat.filters, { column: 'duration_ms', op: '>', value: 20 }],
    time_range: 7200,
    limit: 1,
  });
  let board = (await api('/boards')).find((b) => b.name === 'Shop');
  if (!board) {
    const { key } = await api('/keys', { name: 'screens', kind: 'configuration' });
    const v1 = (path, body) => api(path, body, { key, at: '/1' });
    const fields = await api('/datasets/pricing/calculated-fields');
    if (!fields.some((f) => f.alias === 'fast_rules'))
      await api('/datasets/pricing/calculated-fields', { alias: 'fast_rules', expression: 'LT($duration_ms, 20)' });
    const slo = await v1('/slos/pricing', {
      name: 'Rules are fast',
      description: 'Applying the rules takes less than 20 ms',
      sli: { alias: 'fast_rules' },
      time_period_days: 30,
      target_per_million: 990000,
    });
    await v1('/triggers/pricing', {
      name: 'Slow rules',
      description: 'Applying the rules takes too long',
      frequency: 300,
      query: { calculations: [{ op: 'P95', column: 'duration_ms' }], filters: heat.filters, time_range: 900 },
      threshold: { op: '>', value: 50 },
    });
    const panel = async (dataset, name, query, x, y, width, height, query_style) => {
      const { id: query_id } = await v1(`/queries/${dataset}`, query);
      const { id } = await v1(`/query_annotations/${dataset}`, { name, query_id });
      return {
        type: 'query',
        query_panel: { query_id, query_annotation_id: id, query_style },
        position: { x_coordinate: x, y_coordinate: y, width, height },
      };
    };
    const count = { calculations: [{ op: 'COUNT' }], time_range: 3600 };
    board = await api('/boards', {
      name: 'Shop',
      description: 'How the demonstration shop does',
      type: 'flexible',
      tags: [{ key: 'team', value: 'shop' }],
      preset_filters: [{ column: 'build_id', alias: 'Build' }],
      panels: [
        await panel('pricing', 'How long the rules take', heat, 0, 0, 8, 5, 'graph'),
        {
          type: 'text',
          text_panel: {
            content:
              '# Shop\n\nStart with **pricing**: a build of it is slow.\n\n- [guide](https://example.com)\n- `build_id`',
          },
          position: { x_coordinate: 8, y_coordinate: 0, width: 4, height: 5 },
        },
        await panel(
          'pricing',
          'By build',
          { ...count, calculations: [{ op: 'P95', column: 'duration_ms' }], breakdowns: ['build_id'] },
          0,
          5,
          6,
          6,
          'combo',
        ),
        await panel('payment', 'Payments by region', { ...count, breakdowns: ['cloud.region'] }, 6, 5, 6, 3, 'graph'),
        {
          type: 'slo',
          slo_panel: { slo_id: slo.id },
          position: { x_coordinate: 6, y_coordinate: 8, width: 6, height: 3 },
        },
      ],
    });
  }
  return { heat, board: board.id, slow: slow.rows[0].data };
}

const seeded = await seed();
const search = (values) =>
  `?${new URLSearchParams(Object.entries(values).map(([k, v]) => [k, typeof v === 'string' ? v : JSON.stringify(v)]))}`;
const RESULTS = '[data-testid="results"][data-state="ready"]';
const { heat, board, slow } = seeded;
const lines = {
  calculations: [{ op: 'COUNT' }, { op: 'P95', column: 'duration_ms' }],
  breakdowns: ['build_id'],
  time_range: 3600,
};
const nanoseconds = (seconds) => `${seconds}000000000`;
const now = Math.floor(Date.now() / 1000);
const box = {
  start_ns: nanoseconds(now - 3600),
  end_ns: nanoseconds(now),
  filters: [{ column: 'duration_ms', op: '>', value: 20 }],
};
/** Page -> where it is, what says that it is full, and what is done to it before the picture. */
const PAGES = {
  home: { path: '', full: '[data-testid="home"][data-state="ready"]', also: 'ol a[href*="trace_id="]' },
  query: { path: `/datasets/pricing${search({ query: { time_range: 3600 } })}`, full: RESULTS },
  lines: { path: `/datasets/pricing${search({ query: lines })}`, full: RESULTS },
  heatmap: { path: `/datasets/pricing${search({ query: heat })}`, full: RESULTS },
  builder: {
    path: `/datasets/pricing${search({ query: heat })}`,
    full: RESULTS,
    act: async (page) => {
      await page.keyboard.press('q');
      await page.keyboard.type('p9');
      await page.getByRole('option').first().waitFor();
    },
  },
  'bubble-up': {
    path: `/datasets/pricing${search({ query: heat, tab: 'bubble', bubble: box })}`,
    full: '[data-testid="bubble-up"] [data-field]',
  },
  traces: {
    path: `/datasets/pricing${search({ query: lines, tab: 'traces' })}`,
    full: '[aria-label="Traces"] [data-index]',
  },
  raw: {
    path: `/datasets/pricing${search({ query: lines, tab: 'raw' })}`,
    full: '[aria-label="Raw events"] [data-index]',
  },
  trace: {
    path: `/datasets/__all__/trace${search({ trace_id: slow['trace.trace_id'], span: slow['trace.span_id'], critical: '1' })}`,
    full: '[data-testid="span-details"] [data-field]',
    empty: `/datasets/__all__/trace${search({ trace_id: '0af7651916cd43dd8448eb211c80319c' })}`,
  },
  map: {
    path: `/map${search({ service: 'checkout' })}`,
    full: '[data-testid="map"][data-state="ready"]',
    also: '[data-testid="map-panel"] ol a',
  },
  boards: { path: '/boards', full: `a[href*="/board/"]` },
  board: { path: `/board/${board}`, full: '[data-panel="query"] [data-chart]', empty: null },
  'board-edit': {
    path: `/board/${board}${search({ edit: '1' })}`,
    full: '[data-panel="query"] [data-chart]',
    empty: null,
  },
  triggers: { path: '/triggers', full: 'text=Slow rules' },
  slos: { path: '/slos', full: 'text=Rules are fast' },
  history: { path: `/history${search({ who: 'team' })}`, full: '[data-testid="runs"] li' },
  datasets: { path: '/datasets', full: '[aria-label="Datasets"] [data-index]' },
  schema: {
    path: `/datasets/pricing/schema${search({ column: 'duration_ms' })}`,
    full: '[data-testid="column-panel"]',
  },
  fields: { path: `/datasets/pricing/schema${search({ tab: 'fields' })}`, full: 'text=fast_rules' },
  'dataset-settings': {
    path: `/datasets/pricing/schema${search({ tab: 'settings' })}`,
    full: 'text=How long events stay',
  },
  ...Object.fromEntries(
    ['keys', 'team', 'environments', 'recipients', 'retention', 'x-ray', 'usage', 'browser', 'about'].map((tab) => [
      `settings-${tab}`,
      { path: `/settings${search({ tab })}`, full: 'main section' },
    ]),
  ),
  templates: { path: `/boards${search({ template: 'list' })}`, full: '[role="dialog"] button strong', empty: null },
  correlations: {
    path: `/datasets/pricing${search({ query: lines, tab: 'correlations' })}`,
    full: '[data-chart] canvas',
  },
  palette: {
    path: `/datasets/pricing${search({ query: heat })}`,
    full: RESULTS,
    act: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('dialog').waitFor();
      await page.keyboard.type('pri');
      await page.getByRole('option').first().waitFor();
    },
  },
  missing: { path: '/nowhere', full: 'main' },
  'send-data': { path: '/send-data', full: '[data-testid="arrival"]' },
  shortcuts: {
    path: `/datasets/pricing${search({ query: heat })}`,
    full: RESULTS,
    act: (page) => page.keyboard.press('?').then(() => page.getByRole('dialog').waitFor()),
  },
  'sign-in': { path: '', full: 'input[type="password"]', signedOut: true },
};
const pages = list(options.only, Object.keys(PAGES)).map((name) => {
  if (!PAGES[name]) throw new Error(`no page ${name}; there are ${Object.keys(PAGES).join(', ')}`);
  return [name, PAGES[name]];
});
const states = list(options.states, ['full', 'empty', 'loading', 'failing']);
const widths = list(options.widths, ['1440', '900', '360']).map(Number);
const themes = list(options.themes, ['light', 'dark']);

const frames = (page) =>
  page.evaluate(() =>
    document.fonts.ready.then(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
    ),
  );
/** What the API answers in a state: the session and the list of datasets stay, so that it is the page that loads or fails. */
async function stage(page, state, { signedOut }) {
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  if (signedOut)
    await page.route('**/api/session', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...(await answer.json()), dev: false, user: null } });
    });
  if (state !== 'loading' && state !== 'failing') return;
  await page.route(/\/api\/environments\//, (route) => {
    const path = new URL(route.request().url()).pathname;
    if (path.endsWith('/datasets')) return route.continue();
    // No answer: the page is left before one comes.
    if (state === 'loading') return undefined;
    return route.fulfill({
      status: 500,
      headers: { 'x-request-id': 'b7ad6b7169203331' },
      json: { error: 'the disk says: input/output error' },
    });
  });
}
const profile = mkdtempSync(join(tmpdir(), 'waggle-screens-'));
mkdirSync(folder, { recursive: true });
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.WAGGLE_CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  viewport: { width: 1440, height: 900 },
  reducedMotion: 'reduce',
});
const page = context.pages()[0] ?? (await context.newPage());
page.setDefaultTimeout(15_000);
page.on('pageerror', (error) => console.log(`  page error: ${error.message}`));
try {
  const taken = new Map();
  for (const state of states)
    for (const [name, spec] of pages) {
      if (state !== 'full' && (spec.signedOut || spec.act)) continue;
      if (state === 'empty' && spec.empty === null) continue;
      await stage(page, state, spec);
      const path = state === 'empty' ? `${EMPTY}${spec.empty ?? spec.path}` : `${FULL}${spec.path}`;
      await page.setViewportSize({ width: 1440, height: 900 });
      await page.goto(`${origin}${path}`);
      const seen = async () => {
        if (state === 'full') {
          await page.locator(spec.full).first().waitFor();
          if (spec.also) await page.locator(spec.also).first().waitFor();
          await spec.act?.(page);
        }
        if (state === 'failing') await page.locator('[role="alert"]').first().waitFor();
        if (state === 'loading') await page.locator('nav, main').first().waitFor();
        else await page.waitForLoadState('networkidle');
      };
      await seen().catch((error) => console.log(`  ${name} ${state}: ${error.message.split('\n')[0]}`));
      for (const width of widths) {
        if (width < 500 && !NARROW.has(name)) continue;
        await page.setViewportSize({ width, height: 900 });
        for (const theme of themes) {
          await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
          await frames(page);
          // Charts follow the size of their box one observation later.
          await frames(page);
          const file = `${state}-${name}-${theme}-${width}.png`;
          await page.screenshot({ path: join(folder, file) });
          const sheet = `${state}-${theme}-${width}`;
          taken.set(sheet, [...(taken.get(sheet) ?? []), [name, file]]);
        }
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (over > 0) console.log(`  ${state} ${name} ${width}: the page is ${over} px too wide`);
      }
      console.log(`${state} ${name}`);
    }
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  for (const [sheet, shots] of taken) await makeSheets(sheet, shots);
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}

/** Pictures side by side, four wide ones or eight narrow ones a sheet. */
async function makeSheets(sheet, shots) {
  const width = Number(sheet.split('-').at(-1));
  const [columns, count] = width > 1000 ? [2, 6] : width > 500 ? [3, 6] : [6, 6];
  for (let i = 0; i * count < shots.length; i++) {
    const { readFileSync } = await import('node:fs');
    const figures = shots
      .slice(i * count, (i + 1) * count)
      .map(
        ([name, file]) =>
          `<figure><figcaption>${name}</figcaption><img src="data:image/png;base64,${readFileSync(join(folder, file)).toString('base64')}"></figure>`,
      );
    await page.setViewportSize({ width: 1900, height: 1000 });
    await page.goto('about:blank');
    await page.setContent(
      `<style>body{margin:8px;display:grid;grid-template-columns:repeat(${columns},1fr);gap:8px;font:13px sans-serif;background:#777}figure{margin:0}img{width:100%;display:block}</style>${figures.join('')}`,
    );
    await page.screenshot({ path: join(folder, `sheet-${sheet}-${i + 1}.png`), fullPage: true });
  }
}
