import { describe, expect, it } from 'vitest';
import { lanesOf } from './flame';
import { membersOf, repeatsOf, REPEATS_MIN } from './repeat';
import { segmentOf } from './segment';
import { FIELD, spanOrder } from './span-order';
import { groupingOf, idOf, nodeOf, visibleNodes, type Trace } from './trace';
import { traceMap } from './trace-map';
import { selfTimes } from './trace-time';
import { answerOfRows, build, row, span } from './trace.test.rows';
import { TraceTable } from './trace-table';

const idsOf = (t: Trace, nodes: ArrayLike<number>) => Array.from(nodes, (node) => idOf(t, node));

describe('siblings that repeat', () => {
  const loop = Array.from({ length: REPEATS_MIN }, (_, i) => span(`q${i}`, 'a', i * 10, 5, { name: 'SELECT' }));
  const t = build([
    span('a', null, 0, 100),
    ...loop,
    span('in', 'q1', 11, 1),
    span('x', 'a', 60, 1),
    span('y', 'a', 61, 1),
  ]);
  const repeats = repeatsOf(t);
  it('are one group from five on, and others none', () => {
    const leader = nodeOf(t, 'q0');
    expect(idsOf(t, membersOf(repeats, leader))).toEqual(['q0', 'q1', 'q2', 'q3', 'q4']);
    expect(repeats.leader[nodeOf(t, 'x')]).toBe(-1);
    expect(repeatsOf(build([span('a', null, 0, 9), ...loop.slice(1)])).members.length).toBe(0);
  });
  it('are one row until their group is opened, with all below them', () => {
    const opened = new Uint8Array(t.count);
    const shown = () => idsOf(t, visibleNodes(t, new Uint8Array(t.count), undefined, -1, { ...repeats, opened }));
    expect(shown()).toEqual(['a', 'q0', 'x', 'y']);
    opened[nodeOf(t, 'q0')] = 1;
    expect(shown()).toEqual(['a', 'q0', 'q1', 'in', 'q2', 'q3', 'q4', 'x', 'y']);
  });
  it('are no group to what is below one of them alone', () => {
    const opened = new Uint8Array(t.count);
    const below = (id: string) => {
      const root = nodeOf(t, id);
      const grouping = groupingOf(repeats.leader, opened, root);
      return idsOf(t, visibleNodes(t, new Uint8Array(t.count), undefined, root, grouping));
    };
    expect(below('q1')).toEqual(['q1', 'in']);
    expect(below('q0')).toEqual(['q0']);
    expect(below('a')).toEqual(['a', 'q0', 'x', 'y']);
    expect([...opened]).not.toContain(1);
  });
});

describe('the list of spans', () => {
  const t = build([
    span('a', null, 0, 100, { n: 9, duration: 'x' }),
    span('b', 'a', 1, 20, { n: 100, duration: 'z' }),
    span('c', 'a', 2, 30, { n: 'none', duration: 'y' }),
    span('d', 'a', 3, 10),
  ]);
  const column = (field: string, values: string[]) => ({ field, values, index: Int32Array.of(0, 1, 2, -1) });
  const columns = [column('n', ['9', '100', 'none']), column('duration', ['x', 'z', 'y'])];
  const order = (by: string, descending = false, wanted?: Uint8Array) =>
    idsOf(t, spanOrder(t, selfTimes(t), columns, wanted, by, descending)).join('');
  it('orders numbers by size, and the column of a field that is called as a property is another one', () => {
    expect(order(`${FIELD}n`)).toBe('dabc');
    expect(order(`${FIELD}n`, true)).toBe('cbad');
    expect(order('duration')).toBe('dbca');
    expect(order(`${FIELD}duration`)).toBe('dacb');
  });
  it('has those that are marked, and no row for what the server left out', () => {
    expect(order('start', false, Uint8Array.of(0, 1, 0, 1))).toBe('bd');
    const cut = build([span('a', null, 0, 9)], [{ below: 0, count: 7 }]);
    expect(spanOrder(cut, selfTimes(cut), [], undefined, 'start', false)).toEqual([0]);
  });
});

describe('lanes', () => {
  const t = build([
    span('a', null, 0, 100),
    span('b', 'a', 0, 50),
    span('c', 'a', 40, 50),
    span('d', 'b', 0, 10),
    span('e', 'a', 95, 5),
  ]);
  it('put a span below its parent and beside what runs at other times', () => {
    const { lane, count } = lanesOf(t);
    expect(['a', 'b', 'd', 'c', 'e'].map((id) => lane[nodeOf(t, id)])).toEqual([0, 1, 2, 2, 1]);
    expect(count).toBe(3);
  });
  it('never let two spans lie over each other', () => {
    const many = build([
      span('r', null, 0, 1000),
      ...Array.from({ length: 200 }, (_, i) => span(`s${i}`, i % 3 === 0 ? 'r' : `s${i - 1}`, i, 7 + (i % 5))),
    ]);
    const { lane } = lanesOf(many);
    for (let x = 0; x < many.count; x++)
      for (let y = x + 1; y < many.count; y++)
        if (lane[x] === lane[y])
          expect(
            many.start[x]! + many.duration[x]! <= many.start[y]! ||
              many.start[y]! + many.duration[y]! <= many.start[x]!,
          ).toBe(true);
  });
});

describe('a segment', () => {
  it('has its annotations, metadata and parts under the names of its document', () => {
    const segment = segmentOf({
      'xray.type': 'subsegment',
      'xray.fault': true,
      'xray.throttle': true,
      'xray.annotations': '["tier","error"]',
      tier: 'gold',
      'annotation.error': 'late',
      'xray.metadata.default.cart.total': 12,
      'http.response.status_code': 500,
      'db.query.text': 'SELECT 1',
      'xray.sql.preparation': 'statement',
    });
    expect([segment.kind, segment.states, segment.isInProgress]).toEqual(['subsegment', ['fault', 'throttle'], false]);
    expect(Object.fromEntries(segment.parts.map((part) => [part.title, part.entries]))).toEqual({
      Annotations: [
        ['tier', 'gold'],
        ['error', 'late'],
      ],
      Metadata: [['default.cart.total', '12']],
      HTTP: [['response status', '500']],
      SQL: [
        ['sanitized_query', 'SELECT 1'],
        ['preparation', 'statement'],
      ],
    });
  });
  it('reads failures of other protocols as X-Ray would', () => {
    const states = (data: Parameters<typeof segmentOf>[0]) => segmentOf(data).states;
    expect(states({ 'http.response.status_code': 429 })).toEqual(['error', 'throttle']);
    expect(states({ 'http.response.status_code': 404 })).toEqual(['error']);
    expect(states({ 'http.response.status_code': 503 })).toEqual(['fault']);
    expect(states({ error: true })).toEqual(['fault']);
    expect(states({ error: false, 'http.response.status_code': 200 })).toEqual([]);
    expect(states({ 'xray.type': 'segment', 'http.response.status_code': 503 })).toEqual([]);
  });
});

describe('the map of a trace', () => {
  it('counts the spans by which work enters a service, and the calls between them', () => {
    const of = (service: string) => ({ 'service.name': service });
    const t = build([
      span('a', null, 0, 100, of('web')),
      span('b', 'a', 1, 20, of('web')),
      span('c', 'b', 2, 10, { ...of('db'), error: true }),
      span('d', 'a', 30, 30, of('db')),
    ]);
    const map = traceMap(t);
    expect(map.nodes.map((n) => [n.name, n.count, n.errors, n.p95, n.entries])).toEqual([
      ['web', 1, 0, 100, 1],
      ['db', 2, 1, 30, 0],
    ]);
    expect(map.edges).toEqual([{ from: 'web', to: 'db', count: 2, errors: 1, p95: 30 }]);
  });
});

describe('a table of columns', () => {
  const rows = [
    span('a', null, 0, 10, { note: 'Needle', n: 7 }),
    span('b', 'a', 1, 2),
    row(2, { 'trace.parent_id': 'b', 'meta.annotation_type': 'span_event', name: 'retry', why: 'need more' }),
  ];
  const table = new TraceTable(answerOfRows(rows));
  it('gives each event back with all its fields', () => {
    expect([0, 1, 2].map((at) => table.row(at).data)).toEqual(rows.map((r) => r.data));
    expect(table.row(2).timestamp_ns).toBe(rows[2]!.timestamp_ns);
  });
  it('finds a text in any value, whatever its case', () => {
    expect([...table.find('NEEDLE')]).toEqual([1, 0, 0]);
    expect([...table.find('needle')]).toEqual([1, 0, 0]);
    expect([...table.find('need')]).toEqual([1, 0, 1]);
    expect([...table.find('7')]).toEqual([1, 0, 0]);
  });
  it('lists the fields of some events, those of most first', () => {
    expect(table.fields(Uint8Array.of(1, 1, 0)).slice(-3)).toEqual(['n', 'note', 'trace.parent_id']);
  });
});
