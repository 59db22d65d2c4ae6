// Budget check over dist/ (spec: first load JS, CSS, fonts; brotli sizes). Fails the build when one is broken.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const html = readFileSync(join(dist, 'index.html'), 'utf8');
const brotli = (path) => statSync(join(dist, `${path}.br`)).size;
const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;

const first = [...html.matchAll(/(?:src|href)="\/((?:assets\/[^"]+|theme)\.(?:js|css))"/g)].map((m) => m[1]);
const assets = readdirSync(join(dist, 'assets'));
const sum = (list, size) => list.reduce((total, path) => total + size(path), 0);
const budgets = [
  [
    'first load JS',
    sum(
      first.filter((p) => p.endsWith('.js')),
      brotli,
    ),
    200,
  ],
  [
    'first load CSS',
    sum(
      first.filter((p) => p.endsWith('.css')),
      brotli,
    ),
    15,
  ],
  [
    'fonts',
    sum(
      assets.filter((p) => p.endsWith('.woff2')),
      (p) => statSync(join(dist, 'assets', p)).size,
    ),
    90,
  ],
];
const chunk = (name) => assets.filter((p) => p.startsWith(name) && p.endsWith('.js')).map((p) => `assets/${p}`);
budgets.push(
  ['query page extra', sum(chunk('QueryPage-'), brotli), 60],
  ['trace page extra', sum(chunk('TracePage-'), brotli), 25],
);

let broken = false;
for (const [name, bytes, limit] of budgets) {
  const over = bytes > limit * 1024;
  broken ||= over;
  console.log(`${over ? 'OVER ' : 'ok   '}${name}: ${kib(bytes)} of ${limit} KiB`);
}
if (broken) process.exit(1);
