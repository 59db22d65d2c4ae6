// The first minutes of a person with an account, on a server that asks for one: sign-in, an empty environment, a key, the first event
// and the light that turns by itself, a board that few may see, sign-out. The environment must have no events yet.
//
//   node e2e/sign-in.mjs ORIGIN E-MAIL PASSWORD /TEAM/environments/ENVIRONMENT MEMBER=PASSWORD OTHER_MEMBER=PASSWORD
import { pathToFileURL } from 'node:url';
import { inBrowser, main } from './browser.mjs';

/** Runs the walk; resolves to the names of the steps done, rejects at the first thing that is wrong. */
export async function walkSignIn({ origin, email, password, environment, friend, stranger }) {
  return inBrowser({}, async ({ page, step, shoot, check }) => {
    const api = `${origin}/api/environments/${environment.split('/').at(-1)}`;
    const signIn = async (secret, address = email) => {
      await page.getByLabel('E-mail').fill(address);
      await page.getByLabel('Password').fill(secret);
      await page.keyboard.press('Enter');
    };

    await step('Sign-in: every address leads to it, and nothing is told before', async () => {
      await page.goto(`${origin}${environment}/settings`);
      await page.getByRole('heading', { name: 'Sign in to Waggle' }).waitFor();
      await page.waitForFunction(() => document.activeElement?.getAttribute('name') === 'email');
      check((await page.request.get(`${api}/datasets`)).status() === 401, 'the API answers somebody unknown');
      await shoot('sign-in');
    });

    await step(
      'Sign-in: a wrong password is refused without a word about which field was wrong',
      async () => {
        await signIn('not the password');
        await page.getByText('Sign-in failed').waitFor();
        const said = await page.getByRole('alert').innerText();
        check(!/unknown (user|e-mail)|no such|wrong password/i.test(said), `the page says ${said}`);
        await shoot('sign-in-refused');
      },
      { refused: 401 },
    );

    await step('Sign-in: the right one opens the page that was asked for', async () => {
      await signIn(password);
      await page.getByRole('heading', { name: 'Settings' }).waitFor();
      await page.getByTitle(email).waitFor();
      check(new URL(page.url()).pathname === `${environment}/settings`, `it opens ${page.url()}`);
      const cookies = await page.context().cookies();
      check(cookies.length > 0 && cookies.every((c) => c.httpOnly), 'a script could read the session');
      await page.getByRole('tab', { name: 'Team' }).click();
      await page.getByRole('cell', { name: email }).waitFor();
    });

    await step('The start of an empty environment is Send data, and Datasets says so, too', async () => {
      await page.goto(`${origin}/`);
      await page.waitForURL((url) => url.pathname === `${environment}/send-data`);
      await page.getByRole('navigation').getByRole('link', { name: 'Datasets' }).click();
      await page.locator('main').getByRole('link', { name: 'Send data' }).first().waitFor();
      await shoot('datasets-empty');
    });

    await step('Send data: the light waits, and turns by itself when the first event arrives', async () => {
      await page.getByRole('navigation').getByRole('link', { name: 'Send data' }).click();
      const light = page.locator('[data-testid="arrival"]');
      await light.filter({ hasText: 'Waiting for the first event' }).waitFor();
      await page.getByRole('button', { name: 'Create a key' }).click();
      await page.getByText('Shown this once').waitFor();
      const key = await page.locator('input[placeholder^="paste a key"]').inputValue();
      await shoot('waiting');
      check((await page.locator('[data-testid="arrival"][data-arrived]').count()) === 0, 'it has turned too early');
      const sent = await page.request.post(`${origin}/1/events/first-steps`, {
        headers: { 'x-honeycomb-team': key },
        data: { name: 'hello', duration_ms: 12.5 },
      });
      check(sent.ok(), `the event is answered with ${sent.status()}`);
      await page.locator('[data-testid="arrival"][data-arrived]').waitFor();
      check(
        (await light.innerText()).includes('Received 1 event of first-steps'),
        `the light says ${await light.innerText()}`,
      );
      await shoot('arrived');
      await light.getByRole('link', { name: 'Open first-steps' }).click();
      const rows = page.getByRole('grid', { name: 'Raw events' }).locator('[data-index]');
      await rows.first().waitFor();
      check((await rows.first().innerText()).includes('12.5'), 'the event is not shown');
    });

    await step('History: one’s runs can be hidden from the team', async () => {
      await page.getByRole('navigation').getByRole('link', { name: 'History' }).click();
      await page.locator('[data-testid="runs"] li').first().waitFor();
      const hide = page.getByRole('checkbox', { name: /hide/i });
      // A choice shows once it is on its way to the server, and can be changed again once it is there.
      await hide.click();
      await page.locator('input[type=checkbox]:checked:enabled').waitFor();
      await page.reload();
      await hide.waitFor();
      check(await hide.isChecked(), 'the choice is not kept');
      const kept = await (await page.request.get(`${api}/history/settings`)).json();
      check(kept.hidden === true, `the API says ${JSON.stringify(kept)}`);
      await shoot('history-hidden');
      await hide.click();
      await page.locator('input[type=checkbox]:not(:checked):enabled').waitFor();
    });

    const signOut = async () => {
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in to Waggle' }).waitFor();
    };
    let board;
    await step('Boards: one is limited to its maker and a friend, who opens it', async () => {
      await page.getByRole('navigation').getByRole('link', { name: 'Boards' }).click();
      await page.getByRole('button', { name: 'New board' }).click();
      await page.getByLabel('Name', { exact: true }).fill('For few');
      await page.getByRole('button', { name: 'Make board' }).click();
      await page.getByRole('button', { name: 'Save board' }).click();
      await page.getByRole('button', { name: 'More' }).click();
      await page.getByRole('menuitem', { name: 'Who sees this board' }).click();
      await page.getByLabel('Seen and changed by').selectOption('limited');
      await page.getByRole('dialog').getByLabel(friend.email).check();
      await page.getByRole('button', { name: 'Set it' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      board = new URL(page.url()).pathname;
      await signOut();
      await page.goto(`${origin}${board}`);
      await signIn(friend.password, friend.email);
      await page.getByRole('heading', { name: 'For few' }).waitFor();
      await page.getByRole('navigation').getByRole('link', { name: 'Boards' }).click();
      await page.getByRole('listitem').filter({ hasText: 'For few' }).getByText('limited').waitFor();
      await signOut();
    });

    await step(
      'Boards: a third person finds no such board, by its link or in the list',
      async () => {
        await page.goto(`${origin}${board}`);
        await signIn(stranger.password, stranger.email);
        const said = page.locator('main').getByRole('alert');
        await said.filter({ hasText: /not found/i }).waitFor();
        check((await page.getByText('For few').count()) === 0, 'the name of the board is told');
        await shoot('board-of-others');
        await page.getByRole('navigation').getByRole('link', { name: 'Boards' }).click();
        await page.getByText('No boards yet').waitFor();
      },
      { refused: 404 },
    );

    await step('Sign-out: the next page asks again, and the session is over', async () => {
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in to Waggle' }).waitFor();
      check((await page.request.get(`${api}/datasets`)).status() === 401, 'the session still opens the API');
      await page.goto(`${origin}${environment}`);
      await page.getByRole('heading', { name: 'Sign in to Waggle' }).waitFor();
    });
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  await main(
    'node e2e/sign-in.mjs ORIGIN E-MAIL PASSWORD /TEAM/environments/ENVIRONMENT MEMBER=PASSWORD OTHER_MEMBER=PASSWORD',
    (origin, email, password, environment, ...members) => {
      const [friend, stranger] = members.map((member) => {
        const at = member.indexOf('=');
        return { email: member.slice(0, at), password: member.slice(at + 1) };
      });
      return walkSignIn({ origin, email, password, environment, friend, stranger });
    },
  );
