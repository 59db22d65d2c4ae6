// The part of the walk about what Home lists: slow traces, errors, triggers and SLOs, each with what the API says of it.

export async function walkHome({ page, step, shoot, check, origin, environment }) {
  const api = `${origin}/api/environments/${environment.split('/').at(-1)}`;
  const ask = async (method, url, data, key) => {
    const response = await page.request.fetch(url, {
      method,
      data,
      headers: key ? { 'x-honeycomb-team': key } : {},
    });
    check(response.ok(), `${method} ${url}: ${response.status()} ${await response.text()}`);
    return response.status() === 204 ? null : response.json();
  };
  const list = (title) => page.locator('section', { has: page.getByRole('heading', { name: title, exact: true }) });
  const home = async () => {
    await page.goto(`${origin}${environment}`);
    await page.locator('[data-testid="home"][data-state="ready"]').waitFor();
  };

  await step('Home: the slowest traces and the newest errors are those of the API, and open', async () => {
    await home();
    const roots = [
      { column: 'trace.trace_id', op: 'exists' },
      { column: 'trace.parent_id', op: 'does-not-exist' },
    ];
    const { results } = await ask('POST', `${api}/datasets/__all__/query?keep=false`, {
      calculations: [{ op: 'MAX', column: 'duration_ms' }],
      breakdowns: ['trace.trace_id', 'name'],
      filters: roots,
      orders: [{ op: 'MAX', column: 'duration_ms', order: 'descending' }],
      limit: 8,
      time_range: 3600,
    });
    const slowest = list('Slowest traces').getByRole('link');
    await slowest.first().waitFor();
    const shown = await slowest.evaluateAll((links) =>
      links.map((a) => new URL(a.href).searchParams.get('trace_id').replaceAll('"', '')),
    );
    const wanted = results.map(({ data }) => data['trace.trace_id']);
    check(shown.join() === wanted.join(), `Home lists ${shown}, the API ${wanted}`);
    await list('Recent errors').getByRole('link').first().click();
    await page.locator('[data-testid="span-details"] [data-field="error"]').waitFor();
    await home();
    await page.getByRole('link', { name: 'Explore data' }).click();
    await page.getByRole('grid', { name: 'Raw events' }).locator('[data-index]').first().waitFor();
  });

  await step(
    'Home: a trigger and an SLO that are kept stand there, with the threshold and the budget left',
    async () => {
      const { key, id: keyId } = await ask('POST', `${api}/keys`, { name: 'walked alerts', kind: 'configuration' });
      const field = await ask('POST', `${api}/datasets/pricing/calculated-fields`, {
        alias: 'walked_fast',
        expression: 'LT($duration_ms, 20)',
      });
      const slo = await ask(
        'POST',
        `${origin}/1/slos/pricing`,
        {
          name: 'Walked SLO',
          sli: { alias: 'walked_fast' },
          time_period_days: 30,
          target_per_million: 500_000,
        },
        key,
      );
      const trigger = await ask(
        'POST',
        `${origin}/1/triggers/pricing`,
        {
          name: 'Walked trigger',
          frequency: 300,
          query: { calculations: [{ op: 'P95', column: 'duration_ms' }], time_range: 900 },
          threshold: { op: '>', value: 1234 },
        },
        key,
      );
      await home();
      const told = list('Triggers').getByRole('listitem').filter({ hasText: 'Walked trigger' });
      await told.getByText('> 1,234').waitFor();
      await told.getByText('not evaluated').waitFor();
      const kept = list('SLOs').getByRole('listitem').filter({ hasText: 'Walked SLO' });
      await kept.getByText(/^budget/).waitFor();
      const { budget_remaining: left } = await ask('GET', `${api}/datasets/__all__/slos/${slo.id}?detailed=true`);
      const said = Number(/([\d.]+) %/.exec(await kept.innerText())[1]);
      check(Math.abs(said - Math.abs(left)) < 0.01, `Home says ${said} %, the API ${left}`);
      await shoot('home-alerts');
      await told.getByRole('link').click();
      await page.locator('[data-chart="P95(duration_ms)"] canvas').waitFor();
      await ask('DELETE', `${origin}/1/triggers/pricing/${trigger.id}`, undefined, key);
      await ask('DELETE', `${origin}/1/slos/pricing/${slo.id}`, undefined, key);
      await ask('DELETE', `${api}/datasets/pricing/calculated-fields/${field.id}`);
      await ask('DELETE', `${api}/keys/${keyId}`);
    },
  );
}
