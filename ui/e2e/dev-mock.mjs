// `npm run dev:mock`: Vite's development server in front of the mock, so that the UI can be worked on without the binary.
import { createServer } from 'vite';
import { startMock } from './mock.mjs';

const mock = await startMock({
  empty: process.argv.includes('--empty'),
  big: 50_000,
  signedOut: process.argv.includes('--signed-out'),
});
process.env.WAGGLE_API = mock.origin;
const vite = await createServer();
await vite.listen();
vite.printUrls();
