// `npm run e2e:mock`: the walk against the mock, serving ui/dist under the server's own content policy.
import { startMock } from './mock.mjs';
import { walk } from './walk.mjs';

const mock = await startMock();
try {
  const steps = await walk({ pages: false, origin: mock.origin, environment: '/default/environments/production' });
  console.log(`${steps.length} steps passed`);
} catch (error) {
  console.error(`FAILED ${error.message}`);
  process.exitCode = 1;
} finally {
  mock.close();
}
