// The part of the walk about what is managed: usage, the team, recipients.

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
    await row.waitFor({ state: 'detached' });
    check(!(await get('/recipients')).some((r) => r.id === known.id), 'the recipient is not deleted');
  });
}
