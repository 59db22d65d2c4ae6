// What a page's main thread does, in CPU time: the same beside other programs, which the time between frames and the length of tasks are not.

/** Does `work`; resolves to the CPU time of the main thread from each frame to the next, in ms. */
export async function frameWork(page, work) {
  const { tasks, frames } = await traced(page, work);
  const begins = frames.map(({ ts }) => tasks.findLastIndex((task) => task.ts <= ts));
  return begins.slice(1).map((end, i) => tasks.slice(begins[i], end).reduce((sum, task) => sum + task.ms, 0));
}

/** Does `work`; resolves to what it answers and to the longest task of the main thread meanwhile, in ms of CPU time. */
export async function longestTask(page, work) {
  const { answer, tasks } = await traced(page, work);
  return { answer, longest: Math.max(...tasks.map((task) => task.ms)) };
}

async function traced(page, work) {
  const session = await page.context().newCDPSession(page);
  const events = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  const ended = new Promise((done) => session.once('Tracing.tracingComplete', done));
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: {
      includedCategories: ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline'],
      excludedCategories: ['*'],
    },
  });
  const answer = await work();
  await session.send('Tracing.end');
  await ended;
  await session.detach();
  const inOrder = (name) => events.filter((e) => e.name === name).sort((a, b) => a.ts - b.ts);
  const frames = inOrder('FireAnimationFrame');
  // The thread that the frames are of; other pages have none meanwhile.
  const isOurs = (e) => e.pid === frames[0]?.pid && e.tid === frames[0]?.tid && e.tdur !== undefined;
  const tasks = inOrder('RunTask')
    .filter(isOurs)
    .map(({ ts, tdur }) => ({ ts, ms: tdur / 1000 }));
  if (tasks.length === 0) throw new Error('no tasks are in the trace');
  return { answer, tasks, frames };
}
