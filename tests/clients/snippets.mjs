// Prints the guides of the Send data page as JSON, from the UI's own source. Arguments: the ui folder, and what the page fills in, as JSON.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [ui, input] = process.argv.slice(2);
const { runnerImport } = await import(pathToFileURL(createRequire(join(ui, 'package.json')).resolve('vite')));
const { module } = await runnerImport(join(ui, 'src/model/snippets.ts'), { configFile: false, root: ui });
const guides = module.GUIDES.map(({ id, blocks }) => ({ id, blocks: blocks(JSON.parse(input)) }));
console.log(JSON.stringify(guides));
