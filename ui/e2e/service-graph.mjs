// The service map beside X-Ray's graph of the same requests: the same boxes, calls, numbers and ways to fail.
//
//   node e2e/service-graph.mjs ORIGIN GRAPH.json [/TEAM/environments/ENVIRONMENT]
//
// GRAPH.json is what tests/clients/xray_map.py prints: X-Ray's answer, and the times it is of.
import { readFileSync } from 'node:fs';
import { check, inBrowser, main } from './browser.mjs';

const STATES = ['fault', 'error', 'throttle'];
const numbersOf = (flow) => `${flow.count} of which ${STATES.map((state) => `${flow[state]} ${state}`).join(', ')}`;
/** What X-Ray says; its clients, one for each service that is called from outside, are one box of the map. */
function told({ nodes, edges }) {
  const inside = nodes.filter((node) => node.type !== 'client');
  const calls = edges.map((edge) => ({ ...edge, from: edge.type === 'client' ? 'clients' : edge.from }));
  return [
    ...inside.map((node) => `${node.name}: ${numbersOf(node)}`),
    ...calls.map((call) => `${call.from} → ${call.to}: ${numbersOf(call)}`),
  ].sort();
}
/** What the map says of its boxes and calls. */
async function shown(page) {
  const titles = await page
    .locator('[data-testid="graph"]')
    .locator('[data-service]:not([data-kind="client"]) > title, [data-call] title')
    .evaluateAll((all) => all.map((title) => title.textContent));
  return titles
    .map((title) => {
      const parts = /^(.*): ([\d,]+) requests?, .*, (\d+) faults?, (\d+) errors?, (\d+) throttles?$/.exec(title);
      check(parts, `the map says ${title}`);
      const [, name, count, ...states] = parts;
      const failed = Object.fromEntries(STATES.map((state, i) => [state, states[i]]));
      return `${name}: ${numbersOf({ count: count.replaceAll(',', ''), ...failed })}`;
    })
    .sort();
}

await main(
  'node e2e/service-graph.mjs ORIGIN GRAPH.json [/TEAM/environments/ENVIRONMENT]',
  (origin, file, environment = '/default/environments/production') =>
    inBrowser({}, async ({ page, step, shoot, still }) => {
      const graph = JSON.parse(readFileSync(file, 'utf8'));
      const query = JSON.stringify({ start_time: graph.start, end_time: graph.end });

      await step('Service map: with clients and remotes it is X-Ray’s graph, box by box and call by call', async () => {
        await page.goto(`${origin}${environment}/map?${new URLSearchParams({ query })}`);
        const map = page.locator('[data-testid="map"][data-state="ready"]');
        await map.waitFor();
        await page.getByRole('button', { name: 'Clients and remotes' }).click();
        await page.locator('[data-testid="graph"] [data-service="clients"]').waitFor();
        const wanted = told(graph);
        await page
          .locator('[data-testid="graph"] [data-call]')
          .nth(graph.edges.length - 1)
          .waitFor();
        const found = await shown(page);
        const missing = wanted.filter((line) => !found.includes(line));
        const more = found.filter((line) => !wanted.includes(line));
        check(
          missing.length + more.length === 0,
          `only X-Ray: ${missing.join('; ')}\n  only the map: ${more.join('; ')}`,
        );
        check(wanted.length > 20, `X-Ray tells of ${wanted.length} boxes and calls`);
        await still();
        await shoot('map-x-ray');
      });

      await step('Service map: rings have an arc for each way to fail, and the panel says how many', async () => {
        const shop = graph.nodes.find((node) => node.name === 'shop' && node.type !== 'client');
        const arcs = page.locator('[data-testid="graph"] [data-service="shop"] circle[data-state]');
        const states = await arcs.evaluateAll((all) => all.map((arc) => arc.dataset.state).sort());
        check(String(states) === String([...STATES].sort()), `the ring of shop has arcs for ${states}`);
        const panel = page.locator('[data-testid="map-panel"]');
        await panel.getByRole('button', { name: 'shop', exact: true }).click();
        for (const state of STATES) {
          const share = ((shop[state] / shop.count) * 100).toFixed(2);
          await panel.locator(`[data-state="${state}"]`).getByText(`${shop[state]} (${share} %)`).waitFor();
        }
        await shoot('map-x-ray-service');
      });
    }),
);
