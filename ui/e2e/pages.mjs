// The part of the walk beside the query page: what a trace says, the service map, Home, calculated fields, columns, keys and alerts.
// Begins on a trace page. Numbers on screen are checked against the query API.

export async function walkPages({ page, step, shoot, still, check, origin, environment, dataset }) {
  const env = environment.split('/').at(-1);
  const api = `${origin}/api/environments/${env}`;
  const ask = async (method, path, body) => {
    const response = await page.request.fetch(`${api}${path}`, { method, data: body });
    check(response.ok(), `${method} ${path}: ${response.status()} ${await response.text()}`);
    return response.status() === 204 ? undefined : response.json();
  };
  const query = (where, spec) => ask('POST', `/datasets/${where}/query?keep=false`, spec);
  const has = (name) => new URL(page.url()).searchParams.get(name);

  await step('Trace: critical path, colours, columns and what took the time', async () => {
    const waterfall = page.locator('[data-testid="waterfall"]');
    const spans = Number(await waterfall.getAttribute('aria-rowcount'));
    await waterfall.focus();
    await page.keyboard.press('p');
    await page.locator('dl').getByText('critical path').waitFor();
    check(has('critical') === '1', 'the critical path is not in the link');
    await page.getByRole('button', { name: 'Columns' }).click();
    await page
      .getByPlaceholder(/Filter \d+ fields/)
      .last()
      .fill('span.kind');
    await page.getByRole('button', { name: 'span.kind', exact: true }).click();
    await page.keyboard.press('Escape');
    check(has('columns') === '["span.kind"]', `the column is not in the link: ${page.url()}`);
    await page.locator('[data-testid="minigraph"]').waitFor();
    await shoot('trace-path');
    await page.getByRole('tab', { name: 'In this trace' }).click();
    const rows = page.locator('[data-testid="breakdown"] tbody tr');
    await rows.first().waitFor();
    const counted = await rows
      .locator('td:nth-child(2)')
      .evaluateAll((cells) => cells.reduce((sum, cell) => sum + Number(cell.textContent.replaceAll(',', '')), 0));
    check(counted === spans, `the shares count ${counted} spans, the waterfall has ${spans} rows`);
    await page.getByRole('tab', { name: 'Fields' }).click();
  });

  await step('Trace: beside another one', async () => {
    const { results } = await query(dataset, {
      calculations: [{ op: 'COUNT' }],
      breakdowns: ['trace.trace_id'],
      filters: [{ column: 'trace.trace_id', op: '!=', value: has('trace_id') }],
      limit: 1,
    });
    const other = String(results[0].data['trace.trace_id']);
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByLabel('Trace id, or a link to the trace').fill(`${origin}${environment}/trace?trace_id=${other}`);
    await page.keyboard.press('Enter');
    await page.getByRole('grid', { name: 'Differences by service and name' }).locator('[data-index]').first().waitFor();
    check(has('compare') === other, 'the other trace is not in the link');
    await shoot('compare');
    await page.getByRole('button', { name: 'End the comparison' }).click();
    await page.locator('[data-testid="waterfall"]').waitFor();
  });

  await step('Home: rate, errors and duration agree with the query API', async () => {
    await page.goto(`${origin}${environment}`);
    await page.locator('[data-testid="home"][data-state="ready"]').waitFor();
    const rows = page.getByRole('table', { name: 'Rate, errors and duration' }).locator('tbody tr');
    await rows.first().waitFor();
    const service = await rows.first().locator('th').innerText();
    const answer = await query('__all__', {
      calculations: [{ op: 'COUNT' }],
      breakdowns: ['service.name'],
      filters: [{ column: 'span.kind', op: 'in', value: ['server', 'consumer'] }],
      orders: [{ op: 'COUNT', order: 'descending' }],
      time_range: 3600,
    });
    check(
      answer.results[0].data['service.name'] === service,
      `the busiest service is ${answer.results[0].data['service.name']}, Home says ${service}`,
    );
    await page.getByRole('heading', { name: 'Slowest traces' }).waitFor();
    await page.locator('ol a[href*="trace_id="]').first().waitFor();
    await shoot('home');
  });

  await step('Service map: services and calls agree with the query API, by keyboard too', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('m');
    await page.locator('[data-testid="map"][data-state="ready"]').waitFor();
    const shown = await page.locator('[data-testid="graph"] [data-service]').count();
    const { results } = await query('__all__', {
      calculations: [{ op: 'COUNT' }],
      breakdowns: ['service.name'],
      filters: [
        { column: 'trace.span_id', op: 'exists' },
        { column: 'service.name', op: 'exists' },
      ],
      limit: 1000,
      time_range: 3600,
    });
    check(shown > 0 && shown <= results.length, `the map shows ${shown} services, the API knows ${results.length}`);
    await page.locator('[data-testid="graph"]').focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction(() => new URL(location.href).searchParams.get('service'));
    await page.getByRole('heading', { name: 'Called by' }).waitFor();
    await page.locator('[data-testid="map-panel"] ol a').first().waitFor();
    await still();
    await shoot('map');
    await page.getByRole('button', { name: 'Isolate' }).click();
    await page.waitForFunction(
      (before) => document.querySelectorAll('[data-testid="graph"] [data-service]').length <= before,
      shown,
    );
    await page.locator('[data-testid="map-panel"] ol a').first().click();
    await page.locator('[data-testid="waterfall"]').waitFor();
  });

  await step('Datasets: a column is described, and a calculated field is written, tried and kept', async () => {
    await page.goto(`${origin}${environment}/datasets/${dataset}/schema?find=duration_ms&column=duration_ms`);
    const panel = page.locator('[data-testid="column-panel"]');
    await panel.getByLabel('Description').fill('How long the span took, in ms');
    await page.keyboard.press('Enter');
    await panel.getByText('Saved').waitFor();
    const { columns } = await ask('GET', `/datasets/${dataset}/columns?prefix=duration_ms`);
    check(columns[0].description === 'How long the span took, in ms', 'the description was not kept');
    await shoot('column');
    await page.getByRole('tab', { name: 'Calculated fields' }).click();
    await page.getByRole('button', { name: 'New calculated field' }).click();
    await page.getByLabel('Name').fill('walk_slow');
    await page.locator('.cm-content').click();
    await page.keyboard.type('IF(GT($duration_m');
    await page.locator('.cm-tooltip-autocomplete li').filter({ hasText: '$duration_ms' }).first().click();
    await page.keyboard.type(' 10');
    await page.locator('[data-kind="error"]').filter({ hasText: 'Line 1, character' }).waitFor();
    await page.locator('.expression-problem').waitFor();
    await shoot('field-error');
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Delete');
    await page.keyboard.type('GT($duration_ms, 10)');
    await page.locator('[data-kind="ok"]').filter({ hasText: 'Gives boolean' }).waitFor();
    await page.getByRole('heading', { name: 'In the newest events' }).waitFor();
    await shoot('field');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.locator('li').filter({ hasText: 'walk_slow' }).waitFor();
    const { results } = await query(dataset, { calculations: [{ op: 'COUNT' }], breakdowns: ['walk_slow'] });
    check(results.length > 0, 'the calculated field gives no groups');
    await page.locator('li').filter({ hasText: 'walk_slow' }).getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete the field' }).click();
    await page.locator('li').filter({ hasText: 'walk_slow' }).waitFor({ state: 'detached' });
    await page.getByRole('tab', { name: 'Settings' }).click();
    await page.getByRole('heading', { name: 'How long events stay' }).waitFor();
    await shoot('dataset-settings');
  });

  await step('Datasets: what the query page begins with is set, and it does', async () => {
    const form = page.locator('section', {
      has: page.getByRole('heading', { name: 'What the query page begins with' }),
    });
    await form.getByLabel('Columns offered first in GROUP BY').fill('span.kind');
    await form
      .getByLabel('Query of a page that is opened without one')
      .fill('{"calculations": [{"op": "P95", "column": "duration_ms"}]}');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByText('Saved').waitFor();
    await page.getByRole('link', { name: 'Query this dataset' }).click();
    await page.locator('[data-clause="SELECT"]').getByText('P95(duration_ms)').waitFor();
    await page.locator('[data-testid="results"][data-state="ready"]').waitFor();
    await page.locator('[data-clause="GROUP BY"] input').click();
    await page.getByRole('option').first().filter({ hasText: 'span.kind' }).waitFor();
    await ask('PUT', `/datasets/${dataset}/suggestions`, { groupings: [], query: null });
  });

  await step('Settings: a key is made, works, is disabled and deleted', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('button', { name: 'Create a key' }).click();
    await page.getByLabel('Name').fill('walk');
    await page.keyboard.press('Enter');
    const made = page.locator('[data-testid="made-key"]');
    await made.waitFor();
    const key = await made.locator('code').innerText();
    await shoot('made-key');
    const send = () =>
      page.request.post(`${origin}/1/events/${dataset}`, {
        headers: { 'x-honeycomb-team': key },
        data: { name: 'walk' },
      });
    check((await send()).ok(), 'the new key may not send events');
    await page.getByRole('button', { name: 'I have copied it' }).click();
    const row = page.getByRole('table', { name: 'API keys' }).locator('tbody tr').filter({ hasText: 'walk' });
    await row.getByRole('button', { name: 'Disable' }).click();
    await row.getByRole('button', { name: 'Enable' }).waitFor();
    check((await send()).status() === 401, 'a disabled key still sends events');
    await shoot('keys');
    await row.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete the key' }).click();
    await row.waitFor({ state: 'detached' });
    for (const tab of ['Team', 'Environments', 'Recipients', 'Retention', 'This browser']) {
      await page.getByRole('tab', { name: tab }).click();
      await page.locator('section').first().waitFor();
      await still();
      await shoot(`settings-${tab.toLowerCase().replaceAll(' ', '-')}`);
    }
  });

  await step('Triggers and SLOs say that nothing is evaluated', async () => {
    for (const name of ['Triggers', 'SLOs']) {
      await page.getByRole('navigation').getByRole('link', { name }).click();
      await page.getByRole('heading', { name, exact: true }).waitFor();
      await page.getByText('does not evaluate them').waitFor();
      await shoot(name.toLowerCase());
    }
  });
}
