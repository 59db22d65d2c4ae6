// Budget check over dist/ (first load JS, CSS, fonts, what each heavy page adds; brotli sizes). Fails the build when one is broken.
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
/** A page's chunk, its workers, and everything it imports that the first load has not brought. */
function extra(name) {
  const known = new Set(first);
  const wanted = assets.filter((p) => p.startsWith(`${name}-`) && p.endsWith('.js')).map((p) => `assets/${p}`);
  if (wanted.length !== 1) throw new Error(`expected one chunk ${name}, found ${wanted.length}`);
  for (const path of wanted) {
    known.add(path);
    for (const [, file] of readFileSync(join(dist, path), 'utf8').matchAll(
      /(?:(?:from|import)\s*["'`]\.\/|["'`](?:\/assets\/)?(?=[\w-]+-worker-))([^"'`]+\.js)["'`]/g,
    )) {
      if (!known.has(`assets/${file}`)) wanted.push(`assets/${file}`);
      known.add(`assets/${file}`);
    }
  }
  return sum(wanted, brotli);
}
budgets.push(
  ['query page extra', extra('QueryPage'), 60],
  ['trace page extra', extra('TracePage'), 25],
  ['service map extra', extra('MapPage'), 30],
  ['editor extra', extra('FieldEditor'), 100],
);

let broken = false;
for (const [name, bytes, limit] of budgets) {
  const over = bytes > limit * 1024;
  broken ||= over;
  console.log(`${over ? 'OVER ' : 'ok   '}${name}: ${kib(bytes)} of ${limit} KiB`);
}
if (broken) process.exit(1);
