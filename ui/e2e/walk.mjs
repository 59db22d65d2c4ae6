// One walk through the main screens in a real Chromium, against a running server that already holds demo data and the dataset
// `backend-flask`. Waits on state, never on time; fails on any console error, page error or Content-Security-Policy message.
//
//   node e2e/walk.mjs http://127.0.0.1:8080 /default/environments/production
//
// WAGGLE_CHROMIUM    the browser (default /usr/bin/chromium)
// WAGGLE_SCREENSHOTS a folder for screenshots, light and dark (default: none are kept)
import { AxeBuilder } from '@axe-core/playwright';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function check(condition, message) {
  if (!condition) throw new Error(message);
}

/** Runs the walk; resolves to the names of the steps done, rejects at the first thing that is wrong. */
export async function walk({
  origin,
  environment,
  dataset = 'backend-flask',
  shots = process.env.WAGGLE_SCREENSHOTS,
  say = console.log,
}) {
  const profile = mkdtempSync(join(tmpdir(), 'waggle-walk-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.WAGGLE_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: FLAGS,
    viewport: { width: 1440, height: 900 },
    colorScheme: 'light',
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(20_000);
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || /content security policy/i.test(message.text()))
      complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`page error: ${error.stack ?? error.message}`));
  page.on('requestfailed', (request) => {
    // Leaving a page cancels its requests; that is asked for.
    if (request.failure()?.errorText !== 'net::ERR_ABORTED')
      complaints.push(`request failed: ${request.url()} ${request.failure()?.errorText}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} from ${response.url()}`);
  });

  const steps = [];
  const step = async (name, work) => {
    try {
      await work();
      if (complaints.length > 0) throw new Error(complaints.join('\n'));
    } catch (error) {
      if (shots) await page.screenshot({ path: join(shots, 'failed.png') }).catch(() => undefined);
      throw new Error(
        `${name}: ${error.message}\n  at ${page.url()}${complaints.length > 0 ? `\n  ${complaints.join('\n  ')}` : ''}`,
        { cause: error },
      );
    }
    steps.push(name);
    say(`ok  ${name}`);
  };
  const still = () =>
    page.evaluate(() =>
      document.fonts.ready.then(
        () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
      ),
    );
  /** A screenshot in both themes, and the accessibility rules in both. */
  const shoot = async (name, { axe = true } = {}) => {
    for (const scheme of ['dark', 'light']) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      await still();
      if (axe) {
        const { violations } = await new AxeBuilder({ page })
          .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
          .setLegacyMode()
          .analyze();
        check(
          violations.length === 0,
          `accessibility (${scheme}): ${violations
            .map(
              (v) =>
                `${v.id}: ${v.nodes
                  .map((n) => `${n.target.join(' ')} ${n.failureSummary ?? ''}`)
                  .slice(0, 3)
                  .join(' | ')}`,
            )
            .join('; ')}`,
        );
      }
      if (shots) await page.screenshot({ path: join(shots, `${name}-${scheme}.png`) });
    }
  };
  /** Share of the pixels of a canvas that are not fully transparent. */
  const inked = (selector) =>
    page
      .locator(selector)
      .first()
      .evaluate((canvas) => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let i = 3; i < data.length; i += 4) if (data[i] > 0) count++;
        return count / (data.length / 4);
      });
  const ready = () => page.locator('[data-testid="results"][data-state="ready"]').waitFor();
  const clause = (name) => page.locator(`[data-clause="${name}"] input`);

  try {
    if (shots) mkdirSync(shots, { recursive: true });

    await step('Send data: snippets carry this server and a key, and the panel has flipped', async () => {
      await page.goto(`${origin}${environment}/send-data`);
      await page.locator('[data-testid="arrival"][data-arrived]').waitFor();
      await page.getByRole('button', { name: 'Create a key' }).click();
      await page.getByText('Shown this once').waitFor();
      const key = await page.locator('input[placeholder^="paste a key"]').inputValue();
      const run = await page.locator('[data-snippet="Run it"]').innerText();
      check(key.length > 10 && run.includes(`x-honeycomb-team=${key}`), `the Flask snippet lacks the key: ${run}`);
      check(run.includes('OTEL_EXPORTER_OTLP_ENDPOINT=http'), 'the Flask snippet lacks the endpoint');
      await page.getByRole('tab', { name: 'curl' }).click();
      await page.locator('[data-snippet="One event"]').filter({ hasText: '/1/events/backend-flask' }).waitFor();
      await page.getByRole('tab', { name: 'OpenTelemetry Python Flask' }).click();
      await shoot('send-data');
    });

    await step('Datasets: the list, then the columns of one', async () => {
      await page.getByRole('navigation').getByRole('link', { name: 'Datasets' }).click();
      const row = page.getByRole('grid', { name: 'Datasets' }).getByRole('row').filter({ hasText: dataset });
      await row.first().waitFor();
      await shoot('datasets');
      await row.first().getByRole('link', { name: 'Schema' }).click();
      const columns = page.getByRole('grid', { name: 'Columns' });
      await columns.getByText('duration_ms', { exact: true }).first().waitFor();
      await page.getByPlaceholder('Search columns').fill('duration');
      await page.waitForFunction(
        () =>
          document.querySelectorAll('[role="grid"] [data-index]').length <= 20 &&
          document.body.innerText.includes('duration_ms'),
      );
      await shoot('schema');
    });

    await step('Query: COUNT and P95(duration_ms) by name, built by keyboard and run', async () => {
      await page.getByRole('link', { name: 'Query this dataset' }).click();
      await ready();
      // The builder is blank: everything is typed.
      await page.keyboard.press('q');
      await page.keyboard.type('count');
      await page.keyboard.press('Enter');
      await page.keyboard.type('p95(dur');
      await page
        .getByRole('option', { name: /duration_ms/ })
        .first()
        .waitFor();
      await shoot('builder', { axe: false });
      await page.keyboard.press('Enter');
      await page.locator('[data-clause="SELECT"]').getByText('P95(duration_ms)').waitFor();
      await clause('GROUP BY').click();
      await page.keyboard.type('nam');
      await page.getByRole('option', { name: 'name', exact: false }).first().waitFor();
      await page.keyboard.type('e');
      await page.keyboard.press('Enter');
      await page.locator('[data-clause="GROUP BY"] [data-token]').waitFor();
      await page.keyboard.press('Shift+Enter');
      await page.locator('[data-chart="P95(duration_ms)"] canvas').waitFor();
      await ready();
      const spec = JSON.parse(new URL(page.url()).searchParams.get('query'));
      check(
        JSON.stringify(spec) ===
          JSON.stringify({
            calculations: [{ op: 'COUNT' }, { op: 'P95', column: 'duration_ms' }],
            breakdowns: ['name'],
          }),
        `the link holds ${JSON.stringify(spec)}`,
      );
      check(
        (await page.getByRole('grid', { name: 'Results by group' }).locator('[data-index]').count()) > 0,
        'the table has no rows',
      );
      await page.locator('[data-pinned="total"]').waitFor();
      await still();
      for (const name of ['COUNT', 'P95(duration_ms)'])
        check((await inked(`[data-chart="${name}"] canvas`)) > 0.005, `the chart of ${name} is empty`);
      await page.keyboard.press('Escape');
      await shoot('query');
    });

    await step('Query: the link alone gives the same result, and Back undoes an edit', async () => {
      const groups = () => page.getByRole('grid', { name: 'Results by group' }).getAttribute('aria-rowcount');
      const before = await groups();
      await page.reload();
      await page.locator('[data-chart="COUNT"] canvas').waitFor();
      await ready();
      check((await groups()) === before, 'the reloaded link shows another number of groups');
      await page.locator('[data-clause="GROUP BY"]').getByRole('button', { name: 'Remove name' }).click();
      await page.locator('[data-clause="GROUP BY"] [data-token]').waitFor({ state: 'detached' });
      await page.goBack();
      await page.locator('[data-clause="GROUP BY"] [data-token]').waitFor();
      await ready();
    });

    await step('Query: a filter is offered column, operator and value', async () => {
      await clause('WHERE').click();
      await page.keyboard.type('name');
      await page.getByRole('option').filter({ hasText: /name/ }).first().waitFor();
      await page.keyboard.type(' ');
      await page.getByRole('option').filter({ hasText: 'exists' }).first().waitFor();
      await page.keyboard.type('= ');
      await page.getByRole('option').filter({ hasText: 'events' }).first().waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.locator('[data-clause="WHERE"] [data-token]').waitFor();
      await page.keyboard.press('Shift+Enter');
      await page.waitForFunction(
        () => document.querySelectorAll('[aria-label="Results by group"] [data-index]').length === 1,
      );
      await page.goBack();
      await page.locator('[data-clause="WHERE"] [data-token]').waitFor({ state: 'detached' });
      await ready();
    });

    await step('Query: a click on a point leads to the raw events behind it', async () => {
      const chart = page.locator('[data-chart="COUNT"]');
      await chart.locator('canvas').waitFor();
      await still();
      // The keyboard finds a point that has a value wherever the data lies; the mouse is then used on the same menu.
      await chart.focus();
      const live = chart.locator('[aria-live]');
      await page.keyboard.press('End');
      // Events of a moment ago lie in the last bucket: it is asked first.
      for (let i = 0; i < 2000 && !/: [1-9]/.test(await live.innerText()); i++) await page.keyboard.press('ArrowLeft');
      const said = await live.innerText();
      check(/: [1-9]/.test(said), `no point has a value: ${said}`);
      await page.keyboard.press('Enter');
      await page.getByRole('menuitem', { name: 'View events' }).waitFor();
      await shoot('point-menu', { axe: false });
      await page.getByRole('menuitem', { name: 'View events' }).click();
      const rows = page.getByRole('grid', { name: 'Raw events' }).locator('[data-index]');
      await rows.first().waitFor();
      check(new URL(page.url()).searchParams.get('tab') === 'raw', 'the link does not lead to the raw events');
      const weight = () => page.locator('[data-testid="row-count"]').getAttribute('data-weight');
      const more = page.getByRole('button', { name: 'Load more' });
      while ((await more.count()) > 0) {
        const before = await weight();
        await more.click({ timeout: 2000 }).catch(() => undefined);
        await page.waitForFunction(
          (old) => document.querySelector('[data-testid="row-count"]')?.getAttribute('data-weight') !== old,
          before,
        );
        await page.locator('[data-testid="row-count"][data-state="ready"]').waitFor();
      }
      const weighed = await weight();
      const plotted = said
        .slice(said.lastIndexOf(':') + 1)
        .replaceAll(',', '')
        .trim();
      check(weighed === plotted, `the point shows ${plotted}, the rows behind it weigh ${weighed}`);
      await rows.first().locator('[data-column="name"]').click();
      const fields = page.locator('[data-testid="fields"] [data-field]');
      await fields.first().waitFor();
      check((await fields.count()) >= 5, 'the row shows fewer than five fields');
      await shoot('raw-events');
      await page.getByRole('tab', { name: 'JSON' }).click();
      await page.locator('pre').filter({ hasText: '"trace.trace_id"' }).waitFor();
    });

    await step('Query: a mouse click on a chart opens the same menu, a drag zooms, and Back returns', async () => {
      await page.getByRole('tab', { name: 'Overview' }).click();
      const over = page.locator('[data-chart="COUNT"] .u-over');
      const box = await over.boundingBox();
      await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.5);
      await page.mouse.click(box.x + box.width * 0.5, box.y + box.height * 0.5);
      await page.getByRole('menuitem', { name: 'View events' }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('menuitem', { name: 'View events' }).waitFor({ state: 'detached' });
      await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.5);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.99, box.y + box.height * 0.5, { steps: 6 });
      await page.mouse.up();
      await page.getByRole('menuitem', { name: 'Zoom in' }).click();
      await page.waitForFunction(() => JSON.parse(new URL(location.href).searchParams.get('query')).start_time > 0);
      await ready();
      // A dataset of one moment has no events in the part that was dragged over.
      await page.goBack();
      await page.waitForFunction(() => !JSON.parse(new URL(location.href).searchParams.get('query')).start_time);
      await ready();
    });

    await step('Trace: opened from a row, waterfall and the fields of a span', async () => {
      await page.getByRole('tab', { name: 'Events' }).click();
      const link = page.getByRole('grid', { name: 'Raw events' }).locator('[data-testid="trace-link"]').first();
      await link.waitFor();
      await link.click();
      const waterfall = page.locator('[data-testid="waterfall"]');
      await waterfall.waitFor();
      check(Number(await waterfall.getAttribute('aria-rowcount')) > 0, 'the waterfall has no rows');
      await still();
      check((await inked('[data-testid="waterfall"] canvas')) > 0.003, 'the waterfall is empty');
      const details = page.locator('[data-testid="span-details"]');
      await details.locator('[data-field="trace.trace_id"]').waitFor();
      await waterfall.focus();
      await page.keyboard.press('Home');
      const first = await waterfall.locator('[data-span]').getAttribute('data-span');
      if (Number(await waterfall.getAttribute('aria-rowcount')) > 1) {
        await page.keyboard.press('ArrowDown');
        await page.waitForFunction(
          (id) => document.querySelector('[data-testid="waterfall"] [data-span]')?.getAttribute('data-span') !== id,
          first,
        );
        const second = await waterfall.locator('[data-span]').getAttribute('data-span');
        await details.locator('[data-field="trace.span_id"]', { hasText: second }).waitFor();
        check(new URL(page.url()).searchParams.get('span') === second, 'the selected span is not in the link');
        // The mouse selects the first row again.
        const box = await waterfall.boundingBox();
        await page.mouse.click(box.x + box.width * 0.3, box.y + 11);
        await details.locator('[data-field="trace.span_id"]', { hasText: first }).waitFor();
      }
      await shoot('trace');
      await page.keyboard.press('/');
      await page.keyboard.type('duration_nothing_has_this');
      await page.getByText('0 matches').waitFor();
      await page.getByPlaceholder(/Search names and values/).fill('');
    });

    await step('Everywhere: shortcuts and themes', async () => {
      await page.goto(`${origin}${environment}`);
      await ready();
      await page.keyboard.press('?');
      await page.getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor();
      await shoot('shortcuts', { axe: false });
      await page.keyboard.press('Escape');
      await page.getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Theme' }).click();
      await page.getByRole('menuitem', { name: 'Dark theme' }).click();
      await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
      await page.reload();
      await ready();
      check(
        (await page.evaluate(() => getComputedStyle(document.body).backgroundColor)) === 'rgb(20, 20, 15)',
        'the dark theme is not kept',
      );
    });
    return steps;
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [origin, environment = '/default/environments/production', dataset] = process.argv.slice(2);
  if (!origin) {
    console.error('usage: node e2e/walk.mjs ORIGIN [/TEAM/environments/ENVIRONMENT] [DATASET]');
    process.exit(2);
  }
  try {
    const steps = await walk({ origin: origin.replace(/\/$/, ''), environment, dataset });
    console.log(`${steps.length} steps passed`);
  } catch (error) {
    console.error(`FAILED ${error.message}`);
    process.exitCode = 1;
  }
}
