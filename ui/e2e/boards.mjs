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
