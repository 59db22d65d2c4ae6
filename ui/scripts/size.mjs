// Budget check over dist/ (first load JS, CSS, fonts, what each heavy page adds; brotli sizes). Fails the build when one is broken.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const brotli = (path) => statSync(join(dist, `${path}.br`)).size;
const sum = (list, size) => list.reduce((total, path) => total + size(path), 0);

/** What is loaded, as a name, its bytes and the KiB it may have. */
export function sizes() {
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  const first = [...html.matchAll(/(?:src|href)="\/((?:assets\/[^"]+|theme)\.(?:js|css))"/g)].map((m) => m[1]);
  const assets = readdirSync(join(dist, 'assets'));
  const ending = (list, end) => list.filter((path) => path.endsWith(end));
  /** A page's chunk, its workers, and everything it imports that the first load has not brought. */
  const extra = (name) => {
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
  };
  return [
    ['first load JS', sum(ending(first, '.js'), brotli), 200],
    ['first load CSS', sum(ending(first, '.css'), brotli), 15],
    ['fonts', sum(ending(assets, '.woff2'), (path) => statSync(join(dist, 'assets', path)).size), 90],
    ['query page extra', extra('QueryPage'), 60],
    ['trace page extra', extra('TracePage'), 25],
    ['service map extra', extra('MapPage'), 30],
    ['editor extra', extra('FieldEditor'), 100],
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [name, bytes, limit] of sizes()) {
    const over = bytes > limit * 1024;
    if (over) process.exitCode = 1;
    console.log(`${over ? 'OVER ' : 'ok   '}${name}: ${(bytes / 1024).toFixed(1)} KiB of ${limit} KiB`);
  }
}
