// The walk of what lies around the query: the palette, recent queries, correlations, boards and what is managed. Needs a server with demo
// data; the numbers on screen are checked against the API.
//
//   node e2e/around.mjs ORIGIN [/TEAM/environments/ENVIRONMENT] [DATASET]
import { walkBoards } from './boards.mjs';
import { inBrowser, main } from './browser.mjs';
import { walkSettings } from './settings.mjs';
import { walkShell } from './shell.mjs';

await main(
  'node e2e/around.mjs ORIGIN [/TEAM/environments/ENVIRONMENT] [DATASET]',
  (origin, environment = '/default/environments/production', dataset = 'pricing') =>
    inBrowser({}, async (tools) => {
      const where = { ...tools, origin, environment, dataset };
      await walkShell(where);
      await walkBoards(where);
      await walkSettings(where);
    }),
);
