// Adds .br and .gz twins to every text file of dist/ and writes build.json; runs after `vite build`.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

const files = (dir) =>
  readdirSync(dir)
    .sort()
    .flatMap((name) => (statSync(join(dir, name)).isDirectory() ? files(join(dir, name)) : [join(dir, name)]));

// index.html is left out: the server writes a fresh nonce into it on every answer.
for (const file of files(dist)) {
  if (!/\.(js|css|svg|json|txt)$/.test(file)) continue;
  const bytes = readFileSync(file);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
}

const sources = createHash('sha256');
for (const file of [...files(join(root, 'src')), join(root, 'index.html'), join(root, 'package-lock.json')]) {
  sources.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
}
const version = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
writeFileSync(
  join(dist, 'build.json'),
  `${JSON.stringify({ version, sources: sources.digest('hex').slice(0, 16) })}\n`,
);
