// House rules that hold over all sources: who may import whom, where colours may be written, who may talk to the server.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = resolve(import.meta.dirname);
const walk = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) =>
    statSync(join(folder, name)).isDirectory() ? walk(join(folder, name)) : [join(folder, name)],
  );
const files = walk(SRC).map((path) => relative(SRC, path));
const sources = files.filter((path) => /\.tsx?$/.test(path) && !path.includes('.test.'));
const read = (path: string) => readFileSync(join(SRC, path), 'utf8');

/** A folder may import itself and these. The files beside the folders (main, router) put everything together. */
const MAY_IMPORT: Record<string, string[]> = {
  model: [],
  api: ['model'],
  chart: ['model'],
  waterfall: ['model'],
  widgets: ['model'],
  result: ['model', 'chart', 'widgets'],
  views: ['model', 'api', 'chart', 'waterfall', 'widgets', 'result'],
};
const roomOf = (path: string): string => path.split('/')[0]!;
const screenOf = (path: string): string | undefined => (roomOf(path) === 'views' ? path.split('/')[1] : undefined);

function importsOf(path: string): string[] {
  const found = read(path).matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g);
  return [...found].map((match) => relative(SRC, resolve(SRC, path, '..', match[1]!)));
}

describe('imports', () => {
  it('go only downwards', () => {
    const wrong: string[] = [];
    for (const path of sources.filter((p) => p.includes('/'))) {
      for (const target of importsOf(path)) {
        const [from, to] = [roomOf(path), roomOf(target)];
        if (from !== to && !MAY_IMPORT[from]?.includes(to)) wrong.push(`${path} imports ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });
  it('never lead from one screen to another', () => {
    const wrong: string[] = [];
    for (const path of sources.filter((p) => p.startsWith('views/') && p !== 'views/index.ts')) {
      for (const target of importsOf(path)) {
        const other = screenOf(target);
        // The table of screens has types that the shell reads; it is no screen.
        if (other !== undefined && other !== 'index' && other !== screenOf(path))
          wrong.push(`${path} imports ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });
  it('find every folder in the table', () => {
    expect([...new Set(sources.filter((p) => p.includes('/')).map(roomOf))].sort()).toEqual(
      Object.keys(MAY_IMPORT).sort(),
    );
  });
});

describe('model', () => {
  it('knows neither the document nor React', () => {
    const wrong = sources.filter(
      (p) => p.startsWith('model/') && /\b(document|window|localStorage)\.|from 'react/.test(read(p)),
    );
    expect(wrong).toEqual([]);
  });
});

describe('colours', () => {
  it('are written in tokens.css only', () => {
    const literal =
      /#(?:[0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})\b(?![\w(])|\b(?:rgb|rgba|hsl|hsla|oklch|lab)\(\s*[\d.]/i;
    const wrong: string[] = [];
    for (const path of files.filter((p) => /\.(tsx?|css)$/.test(p) && p !== 'tokens.css' && !p.includes('.test.'))) {
      read(path)
        .split('\n')
        .forEach((line, i) => literal.test(line) && wrong.push(`${path}:${i + 1} ${line.trim()}`));
    }
    expect(wrong).toEqual([]);
  });
});

describe('the server', () => {
  it('is asked by api/ only', () => {
    const wrong = sources.filter(
      (p) => !p.startsWith('api/') && /\bfetch\(|XMLHttpRequest|EventSource\(/.test(read(p)),
    );
    expect(wrong).toEqual([]);
  });
  it('never has its text read as HTML', () => {
    expect(sources.filter((p) => /dangerouslySetInnerHTML|\.innerHTML|insertAdjacentHTML/.test(read(p)))).toEqual([]);
  });
});

describe('the types of the API', () => {
  it('are those of docs/openapi.json; `npm run schema` renews them', async () => {
    const { schemaText } = await import('../scripts/schema.mjs');
    expect(read('api/schema.d.ts') === (await schemaText())).toBe(true);
  }, 30_000);
});

describe('the lock file', () => {
  it('names no host', () => {
    expect(readFileSync(join(SRC, '../package-lock.json'), 'utf8').match(/https?:/g)).toBeNull();
  });
});

describe('folders', () => {
  it('each have a README', () => {
    const missing = Object.keys(MAY_IMPORT).filter((room) => !files.includes(`${room}/README.md`));
    expect(missing).toEqual([]);
  });
});
