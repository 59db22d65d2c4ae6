// The part of the walk about what is managed: usage, the team, recipients, environments, X-Ray's rules and groups, a dataset's schema.

export async function walkSettings({ page, step, shoot, check, origin, environment }) {
  const api = `${origin}/api/environments/${environment.split('/').at(-1)}`;
  const get = async (path) => {
    const response = await page.request.get(`${api}${path}`);
    check(response.ok(), `GET ${path}: ${response.status()}`);
    return response.json();
  };
  const whole = (text) => Number(text.replaceAll(',', '').replace(/[^\d.-].*$/, ''));

  await step(
    'Usage: the month, the datasets and their shares agree with the API and with what was stored',
    async () => {
      await page.goto(`${origin}${environment}/settings?tab=usage`);
      const table = page.getByRole('table', { name: 'Usage by dataset' });
      await table.locator('tbody tr').first().waitFor();
      const usage = await get('/usage');
      const stored = await get('/datasets');
      const rows = await table.locator('tbody tr').all();
      check(
        rows.length === usage.datasets.length,
        `${rows.length} rows, the API has ${usage.datasets.length} datasets`,
      );
      for (const row of rows) {
        const name = await row.locator('th').innerText();
        const events = whole(await row.locator('td').nth(1).innerText());
        const said = usage.datasets.find((d) => d.name === name);
        const held = stored.find((d) => d.name === name);
        check(events === said?.events, `${name}: the page says ${events}, the API ${said?.events}`);
        check(events === held?.event_count, `${name}: ${events} were taken in, ${held?.event_count} are stored`);
      }
      const month = new Date().toISOString().slice(0, 7);
      const sum = usage.datasets
        .flatMap((d) => d.days)
        .filter((d) => d.day.startsWith(month))
        .reduce((all, d) => all + d.events, 0);
      const shown = await page.locator('dt', { hasText: 'This month so far' }).locator('xpath=../dd').innerText();
      check(whole(shown) === sum, `this month so far: ${shown}, the API says ${sum}`);
      await shoot('settings-usage');
    },
  );

  await step('Team and recipients: who belongs to it, and one who is told, added and deleted', async () => {
    await page.getByRole('tab', { name: 'Team' }).click();
    const members = await get('/members');
    const table = page.getByRole('table');
    await table.waitFor();
    for (const member of members) await table.getByText(member.email).waitFor();
    check((await table.locator('tbody tr').count()) === members.length, 'the page has another number of members');
    await page.getByRole('tab', { name: 'Recipients' }).click();
    await page.getByLabel('Kind').selectOption('webhook');
    await page.getByLabel('Name').fill('walked pager');
    await page.getByLabel('Address').fill('https://pager.example.com/walk');
    await shoot('recipient', { axe: false });
    await page.getByRole('button', { name: 'Add' }).click();
    const row = page.getByRole('row').filter({ hasText: 'walked pager' });
    await row.waitFor();
    const known = (await get('/recipients')).find((r) => r.details.webhook_name === 'walked pager');
    check(known?.details.webhook_url === 'https://pager.example.com/walk', 'the API knows another address');
    await row.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete the recipient' }).click();
    await row.waitFor({ state: 'detached' });
    check(!(await get('/recipients')).some((r) => r.id === known.id), 'the recipient is not deleted');
  });

  await step('Environments: one is made, gets a description and a colour, and is chosen by it', async () => {
    await page.getByRole('tab', { name: 'Environments' }).click();
    await page.getByLabel('Name').fill('Walked place');
    await page.getByLabel('Colour').selectOption('purple');
    await page.getByRole('button', { name: 'Create' }).click();
    const row = page.getByRole('table', { name: 'Environments' }).getByRole('row').filter({ hasText: 'Walked place' });
    await row.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('dialog').getByLabel('Description').fill('made by the walk');
    await page.getByRole('dialog').getByLabel('Colour').selectOption('green');
    await shoot('environment', { axe: false });
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await row.getByText('made by the walk').waitFor();
    const kept = (await get('/environments')).find((e) => e.slug === 'walked-place');
    check(kept.color === 'green' && kept.description === 'made by the walk', `the API keeps ${JSON.stringify(kept)}`);
    await page.getByRole('button', { name: 'Environment', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Walked place' }).locator('[style*="--env-green"]').waitFor();
    await page.keyboard.press('Escape');
    await shoot('settings-environments');
  });

  await step('Environments: a protected one stays; without the protection it goes once its name is typed', async () => {
    const row = page.getByRole('table', { name: 'Environments' }).getByRole('row').filter({ hasText: 'Walked place' });
    const dialog = page.getByRole('dialog');
    const has = async () => (await get('/environments')).some((e) => e.slug === 'walked-place');
    await row.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByText('It is protected from deletion').waitFor();
    await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
    await row.getByRole('button', { name: 'Edit' }).click();
    await dialog.getByLabel('Protected from deletion').uncheck();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await row.getByText('allowed').waitFor();
    await row.getByRole('button', { name: 'Delete' }).click();
    const end = dialog.getByRole('button', { name: 'Delete the environment' });
    await dialog.getByLabel('Type walked-place to delete it').fill('walked');
    check(await end.isDisabled(), 'half of the name is enough');
    await shoot('environment-delete');
    check(await has(), 'it is gone before anybody agreed');
    await dialog.getByLabel('Type walked-place to delete it').fill('walked-place');
    await end.click();
    // Behind a dialog nothing has a role.
    await dialog.waitFor({ state: 'detached' });
    await row.waitFor({ state: 'detached' });
    check(!(await has()), 'the environment is not deleted');
  });

  await step(
    'X-Ray: a sampling rule is made, changed and deleted; the default one only changes its shares',
    async () => {
      await page.getByRole('tab', { name: 'X-Ray' }).click();
      const table = page.getByRole('table', { name: 'Sampling rules' });
      await page.getByRole('button', { name: 'New rule' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name', { exact: true }).fill('walked');
      await dialog.getByLabel('Priority').fill('7');
      await dialog.getByLabel('Reservoir, requests a second').fill('3');
      await dialog.getByLabel('Rate beyond it, %').fill('12.5');
      await dialog.getByLabel('Path').fill('/cart/*');
      await dialog.getByRole('button', { name: 'Add an attribute' }).click();
      await dialog.getByLabel('Name of attribute 1').fill('tier');
      await dialog.getByLabel('Pattern of attribute 1').fill('gold*');
      await shoot('sampling-rule');
      await dialog.getByRole('button', { name: 'Create' }).click();
      const row = table.getByRole('row').filter({ hasText: 'walked' });
      await row.getByText('path /cart/*, tier = gold*').waitFor();
      const rule = async (name) =>
        (await get('/xray/sampling-rules')).find((r) => r.SamplingRule.RuleName === name)?.SamplingRule;
      const made = await rule('walked');
      check(
        made.Priority === 7 &&
          made.ReservoirSize === 3 &&
          made.FixedRate === 0.125 &&
          made.URLPath === '/cart/*' &&
          made.Attributes.tier === 'gold*',
        `the API has ${JSON.stringify(made)}`,
      );
      check((await row.innerText()).includes('12.5 %'), `the page says ${await row.innerText()}`);
      await row.getByRole('button', { name: 'Edit' }).click();
      await dialog.getByLabel('Rate beyond it, %').fill('100');
      await dialog.getByRole('button', { name: 'Take attribute 1 away' }).click();
      await dialog.getByRole('button', { name: 'Save' }).click();
      await row.getByText('100 %').waitFor();
      const changed = await rule('walked');
      check(
        changed.FixedRate === 1 && Object.keys(changed.Attributes).length === 0,
        `the API has ${JSON.stringify(changed)}`,
      );
      const last = table.getByRole('row').filter({ hasText: 'Default' });
      check((await last.getByRole('button', { name: 'Delete' }).count()) === 0, 'the default rule can be deleted');
      await last.getByRole('button', { name: 'Edit' }).click();
      await dialog.getByLabel('Reservoir, requests a second').fill('2');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await last.getByText('2/s').waitFor();
      check((await rule('Default')).ReservoirSize === 2, 'the default rule is not changed');
      const find = page.getByRole('button', { name: 'Find the rule' });
      await page.getByLabel('Path', { exact: true }).fill('/CART/7');
      await find.click();
      await page.getByText('walked decides: 3 a second, then 100 %.').waitFor();
      await page.getByLabel('Path', { exact: true }).fill('/pay');
      await find.click();
      await page.getByText('Default decides: 2 a second, then 5 %.').waitFor();
      await page.getByText('walked: path differs').waitFor();
      await shoot('settings-x-ray');
      await row.getByRole('button', { name: 'Delete' }).click();
      await shoot('delete-rule');
      await dialog.getByRole('button', { name: 'Keep it' }).click();
      check((await rule('walked')) !== undefined, 'the rule is deleted before anybody agreed');
      await row.getByRole('button', { name: 'Delete' }).click();
      await dialog.getByRole('button', { name: 'Delete the rule' }).click();
      await row.waitFor({ state: 'detached' });
      check((await rule('walked')) === undefined, 'the rule is not deleted');
    },
  );

  await step('X-Ray: a group is made with a filter expression, which is checked, and deleted', async () => {
    const table = page.getByRole('table', { name: 'Groups of traces' });
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'New group' }).click();
    await dialog.getByRole('textbox', { name: /^Name/ }).fill('walked-faults');
    await dialog.getByLabel('Filter expression').fill('service("checkout") { fault }');
    await dialog.getByLabel('Watch its faults').check();
    await dialog.getByRole('button', { name: 'Create' }).click();
    const row = table.getByRole('row').filter({ hasText: 'walked-faults' });
    await row.getByText('watched').waitFor();
    const made = (await get('/xray/groups')).find((g) => g.GroupName === 'walked-faults');
    check(
      made.FilterExpression === 'service("checkout") { fault }' && made.InsightsConfiguration.InsightsEnabled,
      `the API has ${JSON.stringify(made)}`,
    );
    await row.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByRole('button', { name: 'Delete the group' }).click();
    await row.waitFor({ state: 'detached' });

    // That of all traces has no filter to change, but its faults may be watched.
    const all = table.getByRole('row').filter({ hasText: 'Default' });
    for (const isWatched of [true, false]) {
      await all.getByRole('button', { name: 'Edit' }).click();
      check((await dialog.getByLabel('Filter expression').count()) === 0, 'the filter of Default may be changed');
      await dialog.getByLabel('Watch its faults').setChecked(isWatched);
      await dialog.getByRole('button', { name: 'Save' }).click();
      await all.getByText(isWatched ? 'watched' : '–', { exact: true }).waitFor();
    }
  });

  await step('Schema: columns are found, chosen, hidden, shown and deleted, and one gets another type', async () => {
    const { key } = await (
      await page.request.post(`${api}/keys`, { data: { name: 'walked schema', kind: 'ingest' } })
    ).json();
    const send = (data) =>
      page.request.post(`${origin}/1/events/walked-schema`, { headers: { 'x-honeycomb-team': key }, data });
    for (const code of ['200', '404'])
      check((await send({ code, 'junk.one': 1, 'junk.two': 2 })).ok(), 'an event is refused');
    await page.goto(`${origin}${environment}/datasets/walked-schema/schema`);
    const grid = page.getByRole('grid', { name: 'Columns' });
    await grid.getByText('junk.one').waitFor();
    await page.getByPlaceholder('Search columns').fill('junk');
    await page.waitForFunction(() => document.querySelectorAll('[role="grid"] [data-index]').length === 2);
    await page.getByLabel('Choose all columns found').check();
    await page.getByText('2 chosen').waitFor();
    await shoot('schema-chosen');
    const columns = async () => (await get('/datasets/walked-schema/columns?prefix=junk')).columns;
    await page.getByRole('button', { name: 'Hide', exact: true }).click();
    await page.getByText('2 chosen').waitFor({ state: 'detached' });
    await grid.getByText('hidden').nth(1).waitFor();
    check(
      (await columns()).every((c) => c.hidden),
      'the columns are not hidden',
    );
    // With the keys alone: the arrows go to a row, Space ticks it.
    await grid.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('Space');
    await page.getByRole('checkbox', { name: 'Choose junk.one', checked: true }).waitFor();
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.waitForFunction(() => document.querySelectorAll('[role="grid"] [data-index] em').length === 1);
    await page.getByLabel('Choose junk.two').check();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByRole('button', { name: 'Delete the column' }).click();
    await page.waitForFunction(() => document.querySelectorAll('[role="grid"] [data-index]').length === 1);
    check((await columns()).length === 1, 'the column is not deleted');
  });

  await step('Schema: another type reads old events anew, and the one they came in takes that back', async () => {
    const query = JSON.stringify({ filters: [{ column: 'code', op: '>', value: 300 }], time_range: 3600 });
    const found = async () => {
      await page.goto(`${origin}${environment}/datasets/walked-schema?${new URLSearchParams({ query, tab: 'raw' })}`);
      const rows = page.locator('[data-testid="row-count"][data-state="ready"]');
      await rows.or(page.getByText('No events match in this time range')).waitFor();
      return page.getByRole('grid', { name: 'Raw events' }).locator('[data-column="code"]').allInnerTexts();
    };
    const choose = async (type) => {
      await page.goto(`${origin}${environment}/datasets/walked-schema/schema?column=code`);
      const panel = page.locator('[data-testid="column-panel"]');
      await panel.getByLabel('Type').selectOption(type);
      await panel.getByRole('button', { name: 'Save' }).click();
      await panel.getByText('Saved').waitFor();
      const [column] = (await get('/datasets/walked-schema/columns?prefix=code')).columns;
      check(column.type === type, `the API says ${column.type}`);
    };
    check((await found()).length === 0, 'texts are greater than a number');
    await choose('integer');
    check(String(await found()) === '404', `read as numbers, those above 300 are ${await found()}`);
    await choose('string');
    check((await found()).length === 0, 'texts are greater than a number once they have been numbers');
  });

  await step(
    'Dataset: nested objects become columns as deep as it says; trace view and map go by the columns that play duration and service',
    async () => {
      await page.goto(`${origin}${environment}/datasets/walked-schema/schema?tab=settings`);
      const general = page.locator('section', { has: page.getByRole('heading', { name: 'General' }) });
      await general.getByLabel('Levels of nested objects that become columns').fill('2');
      await general.getByRole('button', { name: 'Save' }).click();
      await general.getByText('Saved').waitFor();
      const { key } = await (
        await page.request.post(`${api}/keys`, { data: { name: 'walked depth', kind: 'ingest' } })
      ).json();
      const time = new Date().toISOString();
      const sent = await page.request.post(`${origin}/1/batch/walked-schema`, {
        headers: { 'x-honeycomb-team': key },
        data: [
          {
            time,
            data: {
              'trace.trace_id': 'walkedwalkedwalkedwalked',
              'trace.span_id': 'aaaa',
              'service.name': 'walked-one',
              svc: 'walked-two',
              name: 'walk',
              duration_ms: 10,
              took_ms: 4000,
              a: { b: { c: 1 } },
            },
          },
        ],
      });
      check(sent.ok(), `the span is answered with ${sent.status()}`);
      const named = async (prefix) =>
        (await get(`/datasets/walked-schema/columns?prefix=${prefix}`)).columns.map((c) => c.key_name);
      check((await named('a.b')).join() === 'a.b.c', `a.b gives ${await named('a.b')}`);
      /** What the trace view and the map say of the span: its service and how long it took. */
      const follow = async (service, trace, map) => {
        await page.goto(`${origin}${environment}/datasets/walked-schema/trace?trace_id=walkedwalkedwalkedwalked`);
        const details = page.locator('[data-testid="span-details"]');
        await details.getByText(`${service} · ${trace}`).waitFor();
        await page.goto(`${origin}${environment}/map?named=walked-`);
        const node = page.locator(`[data-testid="graph"] [data-service="${service}"]`);
        await node.filter({ hasText: map }).waitFor();
        const names = await page.locator('[data-testid="graph"] [data-service^="walked-"]').count();
        check(names === 1, `the map has ${names} services of the span`);
      };
      await follow('walked-one', '10 ms ·', / · (10|9\.\d+|10\.\d+) ms/);
      await page.goto(`${origin}${environment}/datasets/walked-schema/schema?tab=settings`);
      const parts = page.locator('section', {
        has: page.getByRole('heading', { name: 'Which column plays which part' }),
      });
      await parts.getByLabel('duration ms').fill('took_ms');
      await parts.getByLabel('service name').fill('svc');
      await parts.getByRole('button', { name: 'Save' }).click();
      await parts.getByText('Saved').waitFor();
      const { duration_ms: part } = await get('/datasets/walked-schema/definition');
      check(part?.name === 'took_ms', `the duration is ${part?.name}`);
      await follow('walked-two', '4 s ·', / · (4|3\.9\d*|4\.0\d*) s/);
    },
  );
}
