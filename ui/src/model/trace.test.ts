import { describe, expect, it } from 'vitest';
import { meantOf } from './result';
import {
  aboveLeftOut,
  buildTrace,
  FLAG_LEFT_OUT,
  idOf,
  nodeOf,
  eventsOf,
  FLAG_ERROR,
  FLAG_LINK,
  FLAG_LOG,
  FLAG_MISSING,
  isPart,
  marksOf,
  nextWith,
  positionOf,
  reveal,
  spansText,
  traceBuffers,
  visibleNodes,
} from './trace';
import { answerOfRows, build, row, span, T0 } from './trace.test.rows';
import { TraceTable } from './trace-table';

const namesOf = (t: ReturnType<typeof build>, nodes: Int32Array) => [...nodes].map((n) => t.names[t.name[n]!]);

describe('a trace', () => {
  it('is in depth-first order with siblings by start, however the rows come', () => {
    const t = build([span('c', 'a', 30, 5), span('d', 'b', 12, 2), span('b', 'a', 10, 8), span('a', null, 0, 100)]);
    expect([0, 1, 2, 3].map((n) => idOf(t, n))).toEqual(['a', 'b', 'd', 'c']);
    expect(['a', 'b', 'd', 'c', 'x', ''].map((id) => nodeOf(t, id))).toEqual([0, 1, 2, 3, -1, -1]);
    expect([...t.depth]).toEqual([0, 1, 2, 1]);
    expect([...t.below]).toEqual([3, 1, 0, 0]);
    expect([...t.children]).toEqual([2, 1, 0, 0]);
    expect([...t.start]).toEqual([0, 10e6, 12e6, 30e6]);
    expect(t.durationNs).toBe(100e6);
    expect(t.startNs).toBe(String(T0));
  });
  it('hangs span events and links on their span', () => {
    const t = build([
      span('a', null, 0, 10),
      span('b', 'a', 1, 5, { error: true }),
      row(3, { 'trace.parent_id': 'b', 'meta.annotation_type': 'span_event', name: 'exception' }),
      row(2, { 'trace.parent_id': 'b', 'meta.annotation_type': 'span_event', name: 'retry' }),
      row(1, { 'trace.parent_id': 'a', 'meta.annotation_type': 'link', 'trace.link.trace_id': 'x' }),
    ]);
    expect(t.count).toBe(2);
    const [from, to] = eventsOf(t.eventNode, 1);
    expect([from, to]).toEqual([0, 2]);
    expect(eventsOf(t.eventNode, 0)).toEqual([0, 0]);
    expect(t.flags[0]! & FLAG_LINK).toBeTruthy();
    expect(t.flags[1]! & FLAG_ERROR).toBeTruthy();
    expect(t.errorCount).toBe(1);
  });
  it('puts a placeholder where a parent is missing, as long as what hangs on it', () => {
    const t = build([span('b', 'gone', 10, 5), span('c', 'gone', 20, 10), span('a', null, 0, 40)]);
    expect(t.missingCount).toBe(1);
    const at = nodeOf(t, 'gone');
    expect(t.flags[at]! & FLAG_MISSING).toBeTruthy();
    expect([t.start[at], t.duration[at], t.row[at], t.below[at]]).toEqual([10e6, 20e6, -1, 2]);
    expect(t.spanCount).toBe(3);
  });
  it('shows logs as rows of no length below their span', () => {
    const t = build([
      span('a', null, 0, 10),
      row(4, {
        'meta.signal_type': 'log',
        'meta.annotation_type': 'span_event',
        'trace.parent_id': 'a',
        body: 'hello',
      }),
    ]);
    expect(t.names[t.name[1]!]).toBe('hello');
    expect(t.flags[1]! & FLAG_LOG).toBeTruthy();
    expect([t.duration[1], t.depth[1]]).toEqual([0, 1]);
  });
  it('keeps spans that name each other, or themselves, as parents', () => {
    expect(build([span('a', 'b', 0, 1), span('b', 'a', 1, 1), span('c', 'c', 2, 1)]).count).toBe(3);
  });
  it('counts a span that was sent twice once', () =>
    expect(build([span('a', null, 0, 1), span('a', null, 0, 1)]).count).toBe(1));
  it('keeps nanoseconds', () => {
    const first = span('a', null, 0, 1);
    const second = { ...span('b', 'a', 0, 1), timestamp_ns: String(T0 + 7n) };
    expect(build([first, second]).start[1]).toBe(7);
  });
  it('names the root that is missing', () => {
    const t = build([span('b', 'gone', 10, 5), span('d', 'c', 20, 1)]);
    expect(t.isRootless).toBe(true);
    expect(t.names[t.name[nodeOf(t, 'gone')]!]).toBe('missing root span');
    expect(t.names[t.name[nodeOf(t, 'c')]!]).toBe('missing span');
    expect(build([span('a', null, 0, 1)]).isRootless).toBe(false);
  });
  it('puts a placeholder where the server left spans out, last of its siblings, and counts them', () => {
    const rows = [span('a', null, 0, 100), span('b', 'a', 10, 5), span('c', 'a', 20, 5)];
    const t = build(rows, [
      { below: 1, count: 1200 },
      { below: null, count: 3 },
    ]);
    expect(namesOf(t, Int32Array.of(0, 1, 2, 3, 4))).toEqual([
      'a',
      'b',
      '1,200 more spans below, not shown',
      'c',
      '3 more spans, not shown',
    ]);
    expect([...t.parent]).toEqual([-1, 0, 1, 0, -1]);
    expect(t.flags[2]! & FLAG_LEFT_OUT).toBeTruthy();
    expect([t.shownCount, t.totalCount, t.spanCount]).toEqual([3, 1206, 3]);
    expect([isPart(t), spansText(t)]).toEqual([true, '3 of 1,206']);
    expect([isPart(build(rows)), spansText(build(rows))]).toEqual([false, '3']);
    expect([0, 1, 2, 3, 4].map((node) => aboveLeftOut(t, node))).toEqual([
      undefined,
      undefined,
      'b',
      undefined,
      undefined,
    ]);
  });
  it('may be empty', () => expect(build([]).count).toBe(0));
});

describe('folding', () => {
  const t = build([
    span('a', null, 0, 100),
    span('b', 'a', 1, 9),
    span('c', 'b', 2, 3),
    span('d', 'a', 20, 9),
    span('e', 'd', 21, 3),
  ]);
  it('hides what is below', () => {
    const collapsed = new Uint8Array(t.count);
    collapsed[1] = 1;
    expect(namesOf(t, visibleNodes(t, collapsed))).toEqual(['a', 'b', 'd', 'e']);
    expect(positionOf(visibleNodes(t, collapsed), 2)).toBe(1);
    expect(reveal(t, collapsed, 2)).toBe(true);
    expect(namesOf(t, visibleNodes(t, collapsed))).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(reveal(t, collapsed, 2)).toBe(false);
  });
  it('can show only some', () => {
    expect(namesOf(t, visibleNodes(t, new Uint8Array(t.count), Uint8Array.from([1, 0, 0, 1, 1])))).toEqual([
      'a',
      'd',
      'e',
    ]);
  });
  it('marks the spans of a service and those that match, without what is above them', () => {
    const u = build([
      span('a', null, 0, 9, { 'service.name': 'web' }),
      span('b', 'a', 1, 5, { 'service.name': 'db' }),
      span('c', 'a', 7, 1, { 'service.name': 'db' }),
    ]);
    const [db, matches] = [u.services.indexOf('db'), Uint8Array.of(1, 0, 1)];
    expect(marksOf(u, -1, null)).toBeUndefined();
    expect([...marksOf(u, db, null)!]).toEqual([0, 1, 1]);
    expect([...marksOf(u, -1, matches)!]).toEqual([1, 0, 1]);
    expect([...marksOf(u, db, matches)!]).toEqual([0, 0, 1]);
  });
  it('goes round to the next match', () => {
    expect(nextWith((n) => n === 1, t.count, 3, 1)).toBe(1);
    expect(nextWith((n) => n === 4, t.count, 0, -1)).toBe(4);
    expect(nextWith(() => false, t.count, 0, 1)).toBe(-1);
  });
});

describe('a trace of datasets with names of their own', () => {
  const usual = answerOfRows([span('a', null, 0, 100), span('b', 'a', 10, 8, { 'service.name': 'db' })]);
  const own: Record<string, string> = { 'trace.span_id': 'sid', 'trace.parent_id': 'pid', 'service.name': 'svc' };
  const columns = usual.columns.map((column) => ({ ...column, name: own[column.name] ?? column.name }));
  const answer = { ...usual, columns, by_definition: usual.columns };
  const table = new TraceTable(answer);
  it('goes by what their definitions say', () => {
    const t = buildTrace(answer, table);
    expect([0, 1].map((n) => idOf(t, n))).toEqual(['a', 'b']);
    expect([...t.parent]).toEqual([-1, 0]);
    expect(t.services[t.service[1]!]).toBe('db');
  });
  it('shows fields by their own names, and finds them by meaning', () => {
    const shown = table.row(1);
    expect(Object.keys(shown.data).sort()).toEqual(['duration_ms', 'name', 'pid', 'sid', 'svc']);
    expect(shown.by_definition?.['service.name']).toBe('db');
    expect(table.valuesOf('service.name')).toEqual(['web', 'db']);
  });
  it('goes by the usual names of what nobody chose, and by nothing where nothing has a meaning', () => {
    const [name, parent] = ['name', 'trace.parent_id'].map((wanted) => usual.columns.find((c) => c.name === wanted)!);
    const nothing = { name: 'error', values: [], rows: [] };
    const sent = answerOfRows([span('a', null, 0, 100), span('b', 'a', 10, 8, { error: true })]);
    const own = sent.columns.filter((column) => column.name !== 'trace.parent_id');
    const some = new TraceTable({ ...sent, columns: own, by_definition: [nothing, parent!] });
    expect(some.meant('name').values).toEqual(name!.values);
    expect([...some.meant('trace.parent_id').index]).toEqual([-1, 0]);
    expect([...some.meant('error').index]).toEqual([-1, -1]);
    const shown = meantOf(some.row(1));
    expect([shown['name'], shown['trace.parent_id'], shown['error']]).toEqual(['b', 'a', null]);
  });
});

describe('50,000 spans', () => {
  const rows = Array.from({ length: 50_000 }, (_, i) =>
    span(`s${i}`, i === 0 ? null : `s${Math.floor((i - 1) / 4)}`, i * 0.01, 1),
  );
  it('are built, folded and unfolded fast, and move as buffers', () => {
    const answer = answerOfRows(rows);
    // Time of the processor, which a busy machine does not stretch.
    const opened = process.cpuUsage();
    const t = buildTrace(answer, new TraceTable(answer));
    const { user, system } = process.cpuUsage(opened);
    expect((user + system) / 1000).toBeLessThan(700);
    expect(t.count).toBe(50_000);
    expect(t.below[0]).toBe(49_999);
    const collapsed = new Uint8Array(t.count);
    const began = performance.now();
    for (let i = 0; i < 10; i++) visibleNodes(t, collapsed);
    // 16 ms each is the budget; ten at once absorb a busy machine.
    expect(performance.now() - began).toBeLessThan(160);
    expect(traceBuffers(t).length).toBeGreaterThan(10);
  });
});
