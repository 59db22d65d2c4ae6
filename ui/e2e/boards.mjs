// The part of the walk about boards: one made from a template on the data at hand, tagged, shared with few, made a favourite, deleted.

export async function walkBoards({ page, step, shoot, check, origin, environment, dataset }) {
  const api = `${origin}/api/environments/${environment.split('/').at(-1)}`;
  const get = async (path) => {
    const response = await page.request.get(`${api}${path}`);
    check(response.ok(), `GET ${path}: ${response.status()}`);
    return response.json();
  };
  const board = async () => get(`/boards/${new URL(page.url()).pathname.split('/').at(-1)}`);

  await step(
    'Boards: the template of service health finds its data, and is made with the panels that did',
    async () => {
      await page.goto(`${origin}${environment}/boards`);
      await page.getByRole('button', { name: 'From a template' }).first().click();
      await page
        .getByRole('dialog')
        .getByRole('button', { name: /^Service health/ })
        .waitFor();
      await shoot('templates');
      await page
        .getByRole('dialog')
        .getByRole('button', { name: /^Service health/ })
        .click();
      await page
        .getByRole('dialog')
        .getByRole('combobox', { name: /with the data of/ })
        .selectOption(dataset);
      await page.locator('[data-testid="template"][data-state="ready"]').waitFor();
      const progress = page.getByRole('progressbar', { name: 'Panels that found data' });
      const [found, all] = await progress.evaluate((bar) => [bar.value, bar.max]);
      check(found >= 0.9 * all, `${found} of ${all} panels found data`);
      const drawn = await page.locator('section[data-found] [data-chart]').count();
      check(drawn >= found, `${found} panels found data, ${drawn} charts are drawn`);
      await shoot('template');
      await page.getByLabel('Name of the board').fill('Walked health');
      await page.getByRole('button', { name: `Make the board with ${found} panels` }).click();
      await page.getByRole('heading', { name: 'Walked health' }).waitFor();
      const panels = page.locator('[data-panel="query"]');
      await panels.nth(found - 1).waitFor();
      const made = await board();
      check(made.panels.length === found, `the API says ${made.panels.length} panels`);
      check((await panels.count()) === found, `${await panels.count()} of ${found} panels are on the page`);
      await page.waitForFunction(
        (n) =>
          [...document.querySelectorAll('[data-panel="query"]')].filter((p) =>
            p.querySelector('[data-chart] canvas, [data-index]'),
          ).length === n,
        found,
      );
      await shoot('board-of-template');
    },
  );

  await step('Boards: tags are checked while they are typed, kept, and find the board', async () => {
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    const tags = page.getByLabel('Tags of the board');
    await tags.fill('Not a tag');
    await page.getByRole('alert').waitFor();
    check(await page.getByRole('button', { name: 'Save board' }).isDisabled(), 'a board with wrong tags can be saved');
    await shoot('board-tags', { axe: false });
    await tags.fill('team:walk, tier:one');
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Save board' }).click();
    await page.getByText('team:walk', { exact: true }).waitFor();
    const kept = (await board()).tags.map((t) => `${t.key}:${t.value}`).sort();
    check(kept.join() === 'team:walk,tier:one', `the API keeps the tags ${kept}`);
  });

  await step(
    'Boards: texts that are too long are counted while they are typed, and a sixth filter is refused',
    async () => {
      await page.getByRole('button', { name: 'Edit', exact: true }).click();
      const save = page.getByRole('button', { name: 'Save board' });
      const refused = async (label, text, said) => {
        const field = page.getByLabel(label);
        const before = await field.inputValue();
        await field.fill(text);
        await page.getByRole('alert').filter({ hasText: said }).waitFor();
        check(await save.isDisabled(), `a board can be saved although: ${said}`);
        await field.fill(before);
        await page.getByRole('alert').waitFor({ state: 'detached' });
      };
      await refused('Name of the board', '', 'A board needs a name');
      await refused('Name of the board', 'n'.repeat(256), 'The name has 256 characters; 255 are the most');
      await refused('Description of the board', 'd'.repeat(1024), '1,023 are the most');
      await refused('Tags of the board', 'abcdefghijk'.replaceAll(/./g, '$&:b '), 'at most 10 tags');
      await page.getByRole('button', { name: 'Add text' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('textbox').fill('t'.repeat(10_001));
      await dialog.getByText('The text has 10,001 characters; 10,000 are the most').waitFor();
      check(await dialog.getByRole('button', { name: 'Take it' }).isDisabled(), 'a text too long can be taken');
      await shoot('board-text-too-long', { axe: false });
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      for (const name of ['one', 'two', 'three', 'four', 'five', 'six']) {
        const column = page.getByLabel('Column to filter the board by');
        if ((await column.count()) === 0) break;
        await column.fill(`walked.${name}`);
        await page.getByRole('button', { name: 'Offer it' }).click();
        await page.getByRole('button', { name: `Take walked.${name} away` }).waitFor();
      }
      await page.getByText('Five filters are the most a board offers.').waitFor();
      await shoot('board-limits');
      await page.getByRole('button', { name: 'Cancel', exact: true }).click();
      await page.getByLabel('Name of the board').waitFor({ state: 'detached' });
    },
  );

  await step(
    'Boards: fifty views are kept, the next one is refused with the reason',
    async () => {
      const { id } = await board();
      const filters = [{ column: 'service.name', operation: '=', value: 'pricing' }];
      for (let i = 1; i <= 50; i++) {
        const made = await page.request.post(`${api}/boards/${id}/views`, { data: { name: `walked ${i}`, filters } });
        check(made.ok(), `view ${i}: ${made.status()} ${await made.text()}`);
      }
      const chosen = [{ column: 'service.name', op: '=', value: 'checkout' }];
      await page.goto(`${page.url().split('?')[0]}?filters=${encodeURIComponent(JSON.stringify(chosen))}`);
      await page.getByRole('button', { name: 'Views', exact: true }).click();
      await page.getByRole('menuitem', { name: 'Keep these filters as a view' }).click();
      await page.getByLabel('Name of the view').fill('walked 51');
      await page.getByRole('button', { name: 'Keep view' }).click();
      await page.getByRole('alert').filter({ hasText: '50' }).waitFor();
      await shoot('board-views-full');
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
      const views = await get(`/boards/${id}/views`);
      check(views.length === 50, `the board has ${views.length} views`);
      for (const view of views) await page.request.delete(`${api}/boards/${id}/views/${view.id}`);
    },
    { refused: 409 },
  );

  await step('Boards: what was looked at last is a click away, the newest first', async () => {
    const { id } = await board();
    const other = await (await page.request.post(`${api}/boards`, { data: { name: 'Walked other' } })).json();
    // The visit is written down while the page goes on.
    const visit = async (board, name) => {
      const written = page.waitForResponse(
        (answer) => answer.url().includes(board) && answer.request().method() === 'PUT',
      );
      await page.goto(`${origin}${environment}/board/${board}`);
      await page.getByRole('heading', { name }).waitFor();
      await written;
    };
    await visit(other.id, 'Walked other');
    await visit(id, 'Walked health');
    await page.getByRole('navigation').getByRole('link', { name: 'Boards' }).click();
    const seen = page.locator('p', { hasText: 'Seen last' });
    await seen.getByRole('link').nth(1).waitFor();
    const names = await seen.getByRole('link').allInnerTexts();
    check(names.slice(0, 2).join() === 'Walked health,Walked other', `seen last: ${names}`);
    const kept = (await get('/board-shelf')).viewed.map((v) => v.board);
    check(kept[0] === id && kept[1] === other.id, 'the API has another order');
    await page.request.delete(`${api}/boards/${other.id}`);
    await seen.getByRole('link', { name: 'Walked health' }).click();
    await page.getByRole('heading', { name: 'Walked health' }).waitFor();
  });

  await step('Boards: seen by few, and a favourite', async () => {
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Who sees this board' }).click();
    await page.getByLabel('Seen and changed by').selectOption('limited');
    await shoot('board-sharing');
    await page.getByRole('button', { name: 'Set it' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    check((await board()).sharing.kind === 'limited', 'the board is not limited');
    const { id } = await board();
    await page.getByRole('button', { name: 'Make it a favourite' }).click();
    await page.getByRole('button', { name: 'A favourite', exact: true }).waitFor();
    check((await get('/board-shelf')).starred.includes(id), 'the API does not know the favourite');
    await page.getByRole('navigation').getByRole('link', { name: 'Boards' }).click();
    await page.getByRole('tab', { name: 'Favourites' }).click();
    const row = page.getByRole('listitem').filter({ hasText: 'Walked health' });
    await row.getByText('limited').waitFor();
    await page.getByRole('tab', { name: 'All' }).click();
    await page.getByRole('button', { name: 'team:walk', exact: true }).click();
    await page.waitForFunction(() => document.querySelectorAll('main li').length === 1);
    await row.waitFor();
    await shoot('boards-by-tag');
    await row.getByRole('button', { name: 'Walked health is a favourite' }).click();
    await row.getByRole('button', { name: 'Make Walked health a favourite' }).waitFor();
    check(!(await get('/board-shelf')).starred.includes(id), 'the favourite is not taken back');
  });

  await step('Boards: copied and deleted', async () => {
    const before = (await get('/boards')).length;
    await page.getByRole('link', { name: /^Walked health/ }).click();
    await page.getByRole('heading', { name: 'Walked health' }).waitFor();
    const first = page.url();
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Copy this board' }).click();
    await page.waitForURL((url) => new URL(first).pathname !== url.pathname);
    check((await get('/boards')).length === before + 1, 'the copy is not in the API');
    const remove = async () => {
      await page.getByRole('button', { name: 'More' }).click();
      await page.getByRole('menuitem', { name: 'Delete this board' }).click();
      await page.getByRole('button', { name: 'Delete board' }).click();
      await page.waitForURL((url) => url.pathname.endsWith('/boards'));
    };
    await remove();
    await page.goto(first);
    await page.getByRole('heading', { name: 'Walked health' }).waitFor();
    await remove();
    check((await get('/boards')).length === before - 1, 'the boards are not deleted');
  });
}
