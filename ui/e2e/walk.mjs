// One walk through the query experience in a real Chromium, against a running server that already holds demo data and the dataset
// `backend-flask`; the other pages are walked by the modules beside it. Waits on state, never on time.
//
//   node e2e/walk.mjs http://127.0.0.1:8080 /default/environments/production
import { pathToFileURL } from 'node:url';
import { check, inBrowser, inked, main } from './browser.mjs';
import { walkHome } from './home.mjs';
import { walkPages } from './pages.mjs';
import { walkTraces } from './walk-trace.mjs';

/** Runs the walk; resolves to the names of the steps done, rejects at the first thing that is wrong. */
export async function walk({
  origin,
  environment,
  dataset = 'backend-flask',
  // The mock server knows the query experience only.
  pages = true,
}) {
  return inBrowser({}, async (tools) => {
    const { page, step, shoot, still } = tools;
    const ready = () => page.locator('[data-testid="results"][data-state="ready"]').waitFor();
    const clause = (name) => page.locator(`[data-clause="${name}"] input`);

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
        check((await inked(page, `[data-chart="${name}"] canvas`)) > 0.005, `the chart of ${name} is empty`);
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
      check((await inked(page, '[data-testid="waterfall"] canvas')) > 0.003, 'the waterfall is empty');
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

    if (pages) {
      await walkPages({ ...tools, origin, environment, dataset });
      await walkTraces({ ...tools, origin, environment });
      await walkHome({ ...tools, origin, environment });
    }
    // The demonstration's own dataset with a planted slow build; without it these steps ask the walk's dataset.
    const slugs = async () => {
      const answer = await page.request.get(`${origin}/api${environment.replace(/^\/[^/]+/, '')}/datasets`);
      return (await answer.json()).map((d) => d.slug);
    };
    const about = (await slugs()).includes('pricing') ? 'pricing' : dataset;
    const column = about === 'pricing' ? 'build_id' : 'name';
    const at = (path, search = {}) =>
      `${origin}${environment}${path}?${new URLSearchParams(Object.entries(search).map(([k, v]) => [k, JSON.stringify(v)]))}`;
    /** What the query API says to the question on screen. */
    const asked = async (query) => {
      const answer = await page.request.post(
        `${origin}/api${environment.replace(/^\/[^/]+/, '')}/datasets/${about}/query?keep=false`,
        { data: query },
      );
      check(answer.ok(), `the query API answers ${answer.status()}`);
      return answer.json();
    };
    const whole = (text) => Number(text.replaceAll(',', '').replace(/[^\d.-].*$/, ''));
    const now = Math.floor(Date.now() / 1000);
    const range = { start_time: now - 3600, end_time: now };

    await step('Query: calculations with filters and names, and a formula of them, typed and right', async () => {
      await page.goto(at(`/datasets/${about}`, { query: range }));
      await ready();
      await clause('SELECT').click();
      for (const [text, token] of [
        ['count as all', 'COUNT as all'],
        ['count where duration_ms > 10 as slow', 'COUNT where duration_ms > 10 as slow'],
        ['= DIV($slow, $all) as share', '= DIV($slow, $all) as share'],
      ]) {
        await page.keyboard.type(text);
        await page.keyboard.press('Enter');
        await page.locator('[data-clause="SELECT"] [data-token]', { hasText: token }).waitFor();
      }
      await page.keyboard.press('Shift+Enter');
      await page.getByRole('tab', { name: 'Overview' }).click();
      await page.locator('[data-chart="share"]').waitFor();
      await ready();
      const answer = await asked(JSON.parse(new URL(page.url()).searchParams.get('query')));
      const cell = await page
        .getByRole('grid', { name: 'Results by group' })
        .locator('[data-index] [data-column="c:share"]')
        .innerText();
      const share = answer.results[0].data.share;
      check(Math.abs(Number(cell) - share) <= share * 0.001, `the table says ${cell}, the query API ${share}`);
      // Back leaves the tab, then takes back the last edit.
      await page.goBack();
      await page.waitForFunction(() => !new URL(location.href).searchParams.has('tab'));
      await page.goBack();
      await page.locator('[data-clause="SELECT"] [data-token]', { hasText: 'DIV' }).waitFor({ state: 'detached' });
    });

    await step('Query: every kind of chart draws the same groups, and an earlier time stands beside them', async () => {
      const query = { ...range, breakdowns: [column], compare_time_offset_seconds: 3600 };
      for (const kind of ['stacked', 'tsbar', 'stat', 'cbar', 'cpie']) {
        await page.goto(at(`/datasets/${about}`, { query, view: { charts: [{ chart_index: 0, chart_type: kind }] } }));
        await ready();
        const shown = { stacked: 'stacked', tsbar: 'bars' }[kind] ?? kind;
        await page.locator(`[data-chart="COUNT"][data-kind="${shown}"]`).waitFor();
        await still();
        if (kind === 'stacked' || kind === 'tsbar')
          check((await inked(page, '[data-chart="COUNT"] canvas')) > 0.005, `the ${kind} chart is empty`);
        if (kind === 'stacked' || kind === 'cpie') await shoot(`chart-${kind}`);
      }
      const answer = await asked(query);
      const total = page.locator('[data-pinned="total"]');
      check(
        whole(await total.locator('[data-column="c:COUNT"]').innerText()) === answer.total.COUNT,
        'the total is not that of the query API',
      );
      const before = whole(await total.locator('[data-column="p:COUNT"]').innerText());
      check(before === answer.compare.total.COUNT, `the earlier total is ${before}`);
    });

    await step('BubbleUp: of a row, then of a box drawn by keys; both sides add up to the query', async () => {
      const query = {
        ...range,
        calculations: [{ op: 'HEATMAP', column: 'duration_ms' }, { op: 'COUNT' }],
        breakdowns: [column],
      };
      await page.goto(at(`/datasets/${about}`, { query }));
      await ready();
      const count = (await asked(query)).total.COUNT;
      const sides = async () => {
        await page.locator('[data-testid="bubble-up"] [data-field]').first().waitFor();
        const [selection, baseline] = await Promise.all(
          ['selection', 'baseline'].map((side) => page.locator(`[data-testid="${side}-count"]`).innerText()),
        );
        return [whole(selection), whole(baseline)];
      };
      await page
        .getByRole('grid', { name: 'Results by group' })
        .getByRole('button', { name: /^Actions for/ })
        .last()
        .click();
      await page.getByRole('menuitem', { name: /BubbleUp/ }).click();
      const [group, others] = await sides();
      check(group > 0 && group + others === count, `${group} and ${others} are not ${count}`);
      const first = page.locator('[data-testid="bubble-up"] [data-field]').first();
      await first.waitFor();
      await page.getByRole('tab', { name: 'Overview' }).click();
      const chart = page.locator('[data-chart="HEATMAP(duration_ms)"]');
      await chart.focus();
      // From the lowest row at the first time to the upper right: all but what lies in the lowest bins.
      await page.keyboard.press('ArrowRight');
      for (let i = 0; i < 6; i++) await page.keyboard.press('Shift+ArrowDown');
      for (let i = 0; i < 2; i++) await page.keyboard.press('ArrowUp');
      await page.keyboard.press('Space');
      for (let i = 0; i < 30; i++) await page.keyboard.press('Shift+ArrowRight');
      for (let i = 0; i < 6; i++) await page.keyboard.press('Shift+ArrowUp');
      await page.keyboard.press('Space');
      await page.getByRole('menuitem', { name: /BubbleUp/ }).waitFor();
      await page.keyboard.press('Enter');
      const [box, rest] = await sides();
      check(box > 0 && box < count && box + rest === count, `${box} and ${rest} are not ${count}`);
      const link = page.url();
      await shoot('bubble-up');
      await page.goto(link);
      check((await sides())[0] === box, 'the link does not restore the box');
      // A value's menu narrows the query to it.
      const value = page.locator('[data-testid="bubble-up"] [data-field] [data-value]').first();
      await value.click();
      await page
        .getByRole('menuitem', { name: /^Show only/ })
        .first()
        .click();
      await page.locator('[data-clause="WHERE"] [data-token]').waitFor();
      await ready();
    });

    await step('Query: one that takes long says so and can be cancelled; the result before stays', async () => {
      await page.goto(at(`/datasets/${about}`, { query: range }));
      await ready();
      // A server that does not answer: the page must not depend on how fast this one is.
      await page.route('**/datasets/*/query', () => undefined);
      const sent = page.waitForRequest('**/datasets/*/query');
      await page.keyboard.press('Shift+Enter');
      await page.locator('[data-testid="running"]').waitFor();
      await sent;
      const gone = page.waitForEvent('requestfailed');
      await page.locator('[data-testid="cancel"]').click();
      check((await gone).url().endsWith('/query'), 'cancelling does not end the request');
      await page.getByText('Cancelled. This is the result before.').waitFor();
      await page.unroute('**/datasets/*/query');
      await page.locator('[data-testid="run"]').click();
      await ready();
    });

    await step('Traces: the slowest first, each a click from its waterfall', async () => {
      await page.goto(at(`/datasets/${about}`, { query: range }));
      await ready();
      await page.getByRole('tab', { name: 'Traces' }).click();
      const rows = page.getByRole('grid', { name: 'Traces' }).locator('[data-index]');
      await rows.first().waitFor();
      const count = await rows.count();
      check(count >= 1 && count <= 10, `${count} traces`);
      await shoot('traces');
      await rows.first().getByRole('link').click();
      await page.locator('[data-testid="waterfall"]').waitFor();
      await page.goBack();
      await rows.first().waitFor();
    });

    await step('Markers: made from the menu of a point, shown on the chart, deleted', async () => {
      await page.getByRole('tab', { name: 'Overview' }).click();
      const chart = page.locator('[data-chart="COUNT"]');
      await chart.focus();
      await page.keyboard.press('End');
      await page.keyboard.press('Enter');
      await page.getByRole('menuitem', { name: 'Add a marker' }).click();
      await page.getByLabel('What happened').fill('walked by');
      await page.getByRole('button', { name: 'Add marker' }).click();
      const marker = page.locator('[data-testid="markers"]').getByRole('button', { name: 'walked by' });
      await marker.waitFor();
      await marker.click();
      await page.getByRole('menuitem', { name: 'Delete this marker' }).click();
      await marker.waitFor({ state: 'detached' });
    });

    await step('Boards: a query put on a new one, arranged by keys, filtered, and kept', async () => {
      await page.goto(at(`/datasets/${about}`, { query: { ...range, breakdowns: [column] } }));
      await ready();
      await page.keyboard.press('s');
      await page.getByLabel('Name of the query').fill('Events by group');
      await page.getByLabel('Name of the new board').fill('Walked board');
      await page.getByRole('button', { name: 'Add to board' }).click();
      await page.getByRole('dialog').getByRole('link', { name: 'Walked board' }).click();
      const panel = page.locator('[data-panel="query"]');
      await panel.locator('[data-chart="COUNT"] canvas').first().waitFor();
      await page.getByRole('button', { name: 'Edit', exact: true }).click();
      await page.getByRole('button', { name: 'Add text' }).click();
      await page.getByRole('dialog').getByRole('textbox').fill('# Read me\n- one\n- two');
      await page.getByRole('button', { name: 'Take it' }).click();
      await page.locator('[data-panel="text"] li').nth(1).waitFor();
      await page.getByLabel('Column to filter the board by').fill(column);
      await page.getByRole('button', { name: 'Offer it' }).click();
      const grip = page.getByRole('button', { name: 'Move Events by group' });
      await grip.focus();
      await page.keyboard.press('Enter');
      for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight');
      for (let i = 0; i < 2; i++) await page.keyboard.press('Shift+ArrowRight');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Save board' }).click();
      await page.getByRole('button', { name: 'Edit', exact: true }).waitFor();
      await page.reload();
      await panel.locator('[data-chart="COUNT"] canvas').first().waitFor();
      const place = await panel.evaluate((el) => el.style.gridColumn);
      check(place === '4 / span 8', `the panel is at ${place}`);
      const filter = page.getByRole('group', { name: 'Filters of the board' }).getByRole('combobox');
      await filter.locator('option').nth(1).waitFor({ state: 'attached' });
      const offered = await filter.locator('option').allTextContents();
      const answer = await asked({ ...range, calculations: [{ op: 'COUNT' }], breakdowns: [column], limit: 1000 });
      const group = answer.results.map((row) => row.data[column]).find((value) => offered.includes(value));
      check(group !== undefined, `none of the query's groups is offered: ${offered}`);
      await filter.selectOption({ label: group });
      await page.waitForFunction(() => new URL(location.href).searchParams.get('filters')?.includes('"="'));
      await panel.locator('[data-chart="COUNT"] canvas').first().waitFor();
      await shoot('board');
      await page.getByRole('navigation').getByRole('link', { name: 'Boards' }).click();
      await page
        .getByRole('link', { name: /Walked board/ })
        .first()
        .waitFor();
      await shoot('boards');
    });

    await step('History: what was asked, found by a column, opened as it was and run again', async () => {
      await page.keyboard.press('g');
      await page.keyboard.press('y');
      const runs = page.locator('[data-testid="runs"] li');
      await runs.first().waitFor();
      await page.getByRole('tab', { name: 'Team' }).click();
      await page.getByLabel('Column').fill(column);
      await page.waitForFunction((c) => new URL(location.href).searchParams.get('column') === c, column);
      await page.waitForFunction((c) => {
        const all = [...document.querySelectorAll('[data-testid="runs"] li')];
        return all.length > 0 && all.every((li) => li.textContent.includes(c));
      }, column);
      check(
        (await runs.first().innerText()).includes('Events by group'),
        'the name of the query is not in the history',
      );
      await shoot('history');
      await runs.first().getByRole('link').first().click();
      await page.locator('[data-testid="kept"]').waitFor();
      await page.getByRole('button', { name: 'Run it again' }).click();
      await page.locator('[data-testid="kept"]').waitFor({ state: 'detached' });
      await ready();
    });

    await step('Everywhere: shortcuts and themes', async () => {
      await page.goto(`${origin}${environment}/datasets`);
      await page.getByRole('grid', { name: 'Datasets' }).waitFor();
      await page.keyboard.press('?');
      await page.getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor();
      await shoot('shortcuts', { axe: false });
      await page.keyboard.press('Escape');
      await page.getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Theme' }).click();
      await page.getByRole('menuitem', { name: 'Dark theme' }).click();
      await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
      await page.reload();
      await page.getByRole('grid', { name: 'Datasets' }).waitFor();
      check(
        (await page.evaluate(() => getComputedStyle(document.body).backgroundColor)) === 'rgb(20, 20, 15)',
        'the dark theme is not kept',
      );
    });
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  await main(
    'node e2e/walk.mjs ORIGIN [/TEAM/environments/ENVIRONMENT] [DATASET]',
    (origin, environment = '/default/environments/production', dataset) => walk({ origin, environment, dataset }),
  );
