// The types of the server's private API, from the document that the server prints about itself. `npm run schema` writes them;
// a test compares. Only what the UI may ask for is kept.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';

const from = join(import.meta.dirname, '../../docs/openapi.json');
const to = join(import.meta.dirname, '../src/api/schema.d.ts');

export async function schemaText() {
  const document = JSON.parse(readFileSync(from, 'utf8'));
  document.paths = Object.fromEntries(Object.entries(document.paths).filter(([path]) => path.startsWith('/api/')));
  const wanted = new Set();
  const collect = (value) => {
    if (Array.isArray(value)) value.forEach(collect);
    else if (value && typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) {
        if (key !== '$ref') collect(inner);
        else if (!wanted.has(inner)) {
          wanted.add(inner);
          const [, , kind, name] = inner.split('/');
          collect(document.components[kind][name]);
        }
      }
    }
  };
  collect(document.paths);
  for (const kind of ['schemas', 'responses']) {
    document.components[kind] = Object.fromEntries(
      Object.entries(document.components[kind] ?? {}).filter(([name]) => wanted.has(`#/components/${kind}/${name}`)),
    );
  }
  return `// Made from docs/openapi.json by \`npm run schema\`.\n${astToString(await openapiTS(document))}`;
}

if (import.meta.url.startsWith('file:') && process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(to, await schemaText());
