// The part of the walk that goes across pages: the command palette, one's recent queries, and graphs of another dataset beside a query.

export async function walkShell({ page, step, shoot, still, check, origin, environment, dataset }) {
  const api = `${origin}/api/environments/${environment.split('/').at(-1)}`;
  const get = async (path) => {
    const response = await page.request.get(`${api}${path}`);
    check(response.ok(), `GET ${path}: ${response.status()}`);
    return response.json();
  };
  const ask = async (query) => {
    const response = await page.request.post(`${api}/datasets/${dataset}/query?keep=false`, { data: query });
    check(response.ok(), `the query API answers ${response.status()}`);
    return response.json();
  };
  const at = (search) =>
    `${origin}${environment}/datasets/${dataset}?${new URLSearchParams(Object.entries(search).map(([k, v]) => [k, JSON.stringify(v)]))}`;
  const ready = () => page.locator('[data-testid="results"][data-state="ready"]').waitFor();
  const has = (name) => new URL(page.url()).searchParams.get(name);
  const end_time = Math.floor(Date.now() / 1000);
  const range = { start_time: end_time - 3600, end_time };
  const option = (id) => page.locator(`[data-command="${id}"]`);
  const open = async (text) => {
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: /^Go to a page/ }).waitFor();
    await page.keyboard.type(text);
  };

  await step('Palette: a page, a dataset, a column, an action and a trace by its id, all by keyboard', async () => {
    await page.goto(`${origin}${environment}/datasets`);
    await page.getByRole('grid', { name: 'Datasets' }).waitFor();
    await open('hist');
    await option('page history').waitFor();
    await shoot('palette');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname.endsWith('/history'));
    await open(dataset);
    const shown = await option(`dataset ${dataset}`).innerText();
    const facts = (await get('/datasets')).find((d) => d.slug === dataset);
    check(
      shown.replaceAll(',', '').includes(`${facts.event_count} events`),
      `the palette says ${shown}, the API ${facts.event_count} events`,
    );
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname.endsWith(`/datasets/${dataset}`));
    await ready();
    await open('duration_ms');
    await option('column duration_ms').waitFor();
    while (
      (await page.locator('[role="option"][aria-selected="true"]').getAttribute('data-command')) !==
      'column duration_ms'
    )
      await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => new URL(location.href).searchParams.get('query')?.includes('"duration_ms"'));
    await ready();
    await open('json');
    await option('action json').waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByRole('textbox').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const traces = await ask({ ...range, calculations: [{ op: 'COUNT' }], breakdowns: ['trace.trace_id'], limit: 1 });
    const trace = String(traces.results[0].data['trace.trace_id']);
    await open(trace);
    await option('trace').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('[data-testid="waterfall"]').waitFor();
    check(has('trace_id') === trace, 'another trace was opened');
    await open('nothing is called that');
    await page.getByText('Nothing here is called').waitFor();
    await page.keyboard.press('Escape');
  });

  await step('Recent queries: back and forth through what was asked, each with the answer that it had', async () => {
    const totals = [];
    for (const filters of [[], [{ column: 'duration_ms', op: '>', value: 10 }]]) {
      const query = { ...range, calculations: [{ op: 'COUNT' }], breakdowns: ['name'], filters };
      await page.goto(at({ query }));
      await ready();
      totals.push((await ask(query)).total.COUNT);
    }
    const shows = (total) =>
      page.waitForFunction(
        (n) =>
          document.querySelector('[data-pinned="total"] [data-column="c:COUNT"]')?.textContent.replaceAll(',', '') ===
          String(n),
        total,
      );
    await shows(totals[1]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('h');
    await page.getByRole('heading', { name: 'My recent queries' }).waitFor();
    const entries = page.locator('[role="dialog"] li');
    const runs = (await get('/history?mine=true&limit=30')).runs;
    await entries.first().waitFor();
    check((await entries.count()) === runs.length, `${await entries.count()} entries, the API has ${runs.length}`);
    await shoot('recent');
    await page.getByRole('button', { name: 'Older' }).click();
    await page.waitForURL((url) => url.pathname.includes('/result/'));
    await shows(totals[0]);
    await page.getByRole('button', { name: 'Newer' }).click();
    await shows(totals[1]);
    await page.keyboard.press('Escape');
  });

  await step('Correlations: another calculation on the same time axis, drawn from the same numbers', async () => {
    await page.goto(at({ query: { ...range, calculations: [{ op: 'COUNT' }] } }));
    await ready();
    await page.getByRole('tab', { name: 'Correlations' }).click();
    await page.getByText('What else happened at these times?').waitFor();
    await page.getByLabel('Graphs from').selectOption(`dataset ${dataset}`);
    await page.getByText('Choose what to draw').waitFor();
    await page.getByRole('combobox', { name: 'DRAW' }).click();
    await page.keyboard.type('max(duration_ms)');
    await page.keyboard.press('Enter');
    const chart = page.locator('[data-testid="beside"] [data-chart="MAX(duration_ms)"]');
    await chart.locator('canvas').waitFor();
    check(has('beside')?.includes('MAX(duration_ms)'), 'what is drawn is not in the link');
    await chart.focus();
    await page.keyboard.press('End');
    const live = chart.locator('[aria-live]');
    for (let i = 0; i < 2000 && !/: [\d,.]+/.test(await live.innerText()); i++) await page.keyboard.press('ArrowLeft');
    check(/: [\d,.]+/.test(await live.innerText()), `no point has a value: ${await live.innerText()}`);
    await still();
    await shoot('correlations');
    await page.reload();
    await chart.locator('canvas').waitFor();
  });
}
