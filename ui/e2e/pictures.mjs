// The pictures of README.md and docs/guide/, from a server that holds the last hour of `waggle demo`.
//
//   node e2e/pictures.mjs http://127.0.0.1:8080 ../docs/images [/TEAM/environments/ENVIRONMENT]
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [origin, folder, environment = '/default/environments/production'] = process.argv.slice(2);
if (!origin || !folder) {
  console.error('usage: node e2e/pictures.mjs ORIGIN FOLDER [/TEAM/environments/ENVIRONMENT]');
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const profile = mkdtempSync(join(tmpdir(), 'waggle-pictures-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.WAGGLE_CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  viewport: { width: 1280, height: 800 },
  colorScheme: 'light',
  reducedMotion: 'reduce',
});
const page = context.pages()[0] ?? (await context.newPage());
page.setDefaultTimeout(60_000);
const at = (path, search = {}) =>
  `${origin}${environment}${path}?${new URLSearchParams(
    Object.entries(search).map(([k, v]) => [k, typeof v === 'string' ? v : JSON.stringify(v)]),
  )}`;
const ready = () => page.locator('[data-testid="results"][data-state="ready"]').waitFor();
const drawn = () =>
  page.evaluate(() =>
    document.fonts.ready.then(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
    ),
  );
const take = async (name) => {
  await drawn();
  await page.screenshot({ path: join(folder, `${name}.png`) });
  console.log(`${name}.png`);
};
/** The same page on a dark system. */
const takeDark = async (name) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await take(name);
  await page.emulateMedia({ colorScheme: 'light' });
};

try {
  await page.goto(at('/send-data', { service: 'checkout' }));
  await page.locator('[data-testid="arrival"][data-arrived]').waitFor();
  await page.getByRole('button', { name: 'Create a key' }).click();
  await page.getByText('Shown this once').waitFor();
  await take('send-data');

  await page.goto(at(''));
  await page.locator('[data-testid="home"][data-state="ready"]').waitFor();
  await page.locator('ol a[href*="trace_id="]').first().waitFor();
  await take('home');

  const heat = {
    calculations: [{ op: 'HEATMAP', column: 'duration_ms' }],
    filters: [{ column: 'name', op: '=', value: 'apply rules' }],
    time_range: 3600,
  };
  await page.goto(at('/datasets/pricing', { query: heat }));
  await ready();
  await take('heatmap');

  // A box from a little above the lowest values to the top, over the whole time.
  const chart = page.locator('[data-chart="HEATMAP(duration_ms)"]');
  await chart.focus();
  await page.keyboard.press('ArrowRight');
  for (let i = 0; i < 6; i++) await page.keyboard.press('Shift+ArrowDown');
  for (let i = 0; i < 6; i++) await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Space');
  for (let i = 0; i < 30; i++) await page.keyboard.press('Shift+ArrowRight');
  for (let i = 0; i < 6; i++) await page.keyboard.press('Shift+ArrowUp');
  await page.keyboard.press('Space');
  await page.getByRole('menuitem', { name: /BubbleUp/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('tab', { name: 'Dimensions' }).click();
  const build = page.locator('[data-testid="bubble-up"] [data-field="build_id"]');
  await build.waitFor();
  await build.evaluate((card) => card.scrollIntoView({ block: 'end' }));
  await take('bubble-up');
  await takeDark('bubble-up-dark');

  const byBuild = {
    calculations: [{ op: 'P95', column: 'duration_ms' }, { op: 'COUNT' }],
    breakdowns: ['build_id'],
    filters: heat.filters,
    time_range: 3600,
    granularity: 60,
  };
  await page.goto(at('/datasets/pricing', { query: byBuild }));
  await ready();
  await take('by-build');

  const rows = await page.request.post(
    `${origin}/api/environments/${environment.split('/').at(-1)}/datasets/pricing/rows`,
    {
      data: {
        filters: [...heat.filters, { column: 'duration_ms', op: '>', value: 20 }],
        time_range: 3600,
        limit: 1,
      },
    },
  );
  const slow = (await rows.json()).rows[0].data;
  await page.goto(
    at('/datasets/__all__/trace', {
      trace_id: slow['trace.trace_id'],
      span: slow['trace.span_id'],
      critical: '1',
    }),
  );
  await page.locator('[data-testid="minigraph"]').waitFor();
  await page.locator('[data-testid="span-details"] [data-field="trace.span_id"]').waitFor();
  await page.waitForLoadState('networkidle');
  await take('trace');

  await page.goto(at('/map', { service: 'checkout' }));
  await page.locator('[data-testid="map"][data-state="ready"]').waitFor();
  await page.locator('[data-testid="map-panel"] ol a').first().waitFor();
  await take('service-map');
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
