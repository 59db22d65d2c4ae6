import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import {
  axisTexts,
  cellText,
  bucketText,
  bytesText,
  durationText,
  middleCut,
  numberText,
  quantityText,
  quantitiesText,
  rfc3339ToNs,
  shortNumber,
} from './format';
import { bubbleRequest } from './bubble-up';
import { BINDINGS, collisions, pressText } from './keys';
import { assignStyles, COLOUR_COUNT } from './palette';
import {
  behindBucket,
  canExclude,
  chartsOf,
  groupsOf,
  pastValues,
  onlyGroup,
  ownFilters,
  rowMatches,
  rowsRequest,
  sortGroups,
  withoutGroup,
  type QueryAnswer,
} from './result';
import { GUIDES } from './snippets';
import {
  granularities,
  granularityBounds,
  momentText,
  parseMoment,
  readEnds,
  parseSpan,
  rangeText,
  resolveRange,
  shiftRange,
  spanText,
  withAbsolute,
  zoomRange,
} from './time-range';
import { parseSearch, readQuerySearch, readTraceSearch, stringifySearch } from './url-state';

describe('the link', () => {
  it('carries a query there and back', () => {
    const search = {
      query: {
        calculations: [{ op: 'P95', column: 'duration_ms' }],
        breakdowns: ['name'],
        filters: [{ column: 'q', op: '=', value: 'a&b=c #%"ü' }],
      },
      tab: 'raw' as const,
      behind: { start_ns: '1790000000000000000', end_ns: '1790000060000000000', group: { name: null } },
      hidden: ['["GET /"]'],
      sort: { column: 'COUNT', descending: true },
      columns: ['name', 'a.b'],
      bubble: {
        start_ns: '1790000000000000000',
        end_ns: '1790000060000000000',
        range: { column: 'duration_ms', from: 100, to: 2000 },
      },
      view: { charts: [{ chart_index: 1, chart_type: 'stacked' as const, log_scale: true }], hide_markers: true },
      heat: 'rank' as const,
    };
    expect(readQuerySearch(parseSearch(stringifySearch(search)))).toEqual(search);
  });
  it('of before charts had settings of their own still draws as it did', () => {
    const { view } = readQuerySearch(parseSearch('?ylog=1&omitMissingValues=1'));
    expect(view!.charts![3]).toEqual({ chart_index: 3, log_scale: true, omit_missing_values: true });
  });
  it('leaves out what is at its default', () => expect(stringifySearch({ a: undefined, b: false, c: '' })).toBe(''));
  it('never turns a trace id of digits into a number', () => {
    const search = readTraceSearch(
      parseSearch('?trace_id=12345678901234567890123456789012&span=0000000000000001&trace_start_ts=1790000000'),
    );
    expect(search).toEqual({
      trace_id: '12345678901234567890123456789012',
      span: '0000000000000001',
      trace_start_ts: 1790000000,
      trace_end_ts: 1790000600,
    });
  });
  it('says why a query could not be read', () => {
    expect(readQuerySearch({ query: '{"filters":[{"op":"like"}]}' }).query_error).toMatch(/^filters\[0\]\.op/);
    expect(readQuerySearch({ query: '{' }).query_error).toBe('Not JSON');
  });
  it('ignores what it does not understand', () =>
    expect(readQuerySearch({ tab: 'x', behind: '{"start_ns":"a"}', sort: '3', hidden: '{}' })).toEqual({}));
});

describe('time ranges', () => {
  it.each([
    ['45 min', 2700],
    ['last 45 minutes', 2700],
    ['3h', 10800],
    ['1h 30m', 5400],
    ['2 days', 172800],
    ['90', null],
    ['soon', null],
    ['', null],
    ['1h x', null],
  ])('%s', (text, seconds) => expect(parseSpan(text)).toBe(seconds));
  it.each([
    ['2026-11-22 09:41:05', 1795340465],
    ['2026-11-22T09:41:05Z', 1795340465],
    ['2026-11-22 10:41:05+01:00', 1795340465],
    ['1795340465', 1795340465],
    ['2026-11-22', 1795305600],
    ['yesterday', null],
  ])('%s', (text, seconds) => expect(parseMoment(text, true)).toBe(seconds));
  it.each([
    ['2026-11-22 09:00:00', '45 min', [1795338000, 1795340700]],
    ['1h', '2026-11-22 09:00:00', [1795334400, 1795338000]],
    ['1h', '2h', [null, null]],
  ])('%s to %s', (from, to, ends) => expect(readEnds(from, to, true)).toEqual(ends));
  it('print what they read', () => expect(parseMoment(momentText(1795340465000, true), true)).toBe(1795340465));
  it('never give start, end and range at once', () => {
    const spec = withAbsolute({ time_range: 600, granularity: 5 }, 100.4, 160.2);
    expect(spec).toEqual({ start_time: 100, end_time: 161 });
  });
  it('shift there and back', () => {
    const spec = { start_time: 1000, end_time: 1600 };
    expect(shiftRange(shiftRange(spec, -1, 0), 1, 0)).toEqual(spec);
  });
  it('zoom in on the middle, and out while still relative', () => {
    expect(zoomRange({ start_time: 1000, end_time: 2000 }, 0.5, 0)).toEqual({ start_time: 1250, end_time: 1750 });
    expect(zoomRange({ time_range: 600 }, 2, 5000)).toEqual({ time_range: 1200 });
  });
  it('resolve every legal pair', () => {
    expect(resolveRange({}, 10_000)).toEqual([2800, 10_000]);
    expect(resolveRange({ start_time: 5, time_range: 10 }, 99)).toEqual([5, 15]);
    expect(resolveRange({ end_time: 50, time_range: 10 }, 99)).toEqual([40, 50]);
  });
  it('read well', () => {
    expect(rangeText({}, true)).toBe('Last 2 hours');
    expect(rangeText({ time_range: 2700 }, true)).toBe('Last 45 min');
    expect(rangeText({ start_time: 1795340465, end_time: 1795340525 }, true)).toBe('2026-11-22 09:41:05 – 09:42:05');
    expect(spanText(90061)).toBe('1 d 1 h');
  });
  it('offer bucket sizes that the server takes', () => {
    expect(granularityBounds(7200)).toEqual([8, 7200]);
    for (const range of [60, 7200, 86400, 28 * 86400]) {
      expect(granularities(range).length).toBeGreaterThan(2);
      for (const g of granularities(range)) expect(g >= range / 1000 && g <= range).toBe(true);
    }
  });
});

describe('formats', () => {
  it.each([
    [12345, '12,345'],
    [8.25, '8.25'],
    [0.000512, '0.000512'],
    [0.0000123, '1.23e-5'],
    [3829.48123, '3829.48'],
    [857.0312, '857'],
    [0, '0'],
  ])('number %d', (value, text) => expect(numberText(value)).toBe(text));
  it.each([
    [0, '0 ms'],
    [812, '812 ns'],
    [3400, '3.4 µs'],
    [12_500_000, '12.5 ms'],
    [1_204_000_000, '1.2 s'],
    [125e9, '2 min 5 s'],
    [3_725e9, '1 h 2 min'],
  ])('duration %d', (ns, text) => expect(durationText(ns)).toBe(text));
  it('are short on axes', () =>
    expect([shortNumber(1500), shortNumber(34e6), shortNumber(0.25)]).toEqual(['1500', '34M', '0.25']));
  it.each([
    ['duration_ms', [0, 2500, 10_000], ['0 s', '2.5 s', '10 s']],
    ['duration_ms', [0, 0.05, 0.1], ['0 µs', '50 µs', '100 µs']],
    ['http.body_bytes', [1000, 1500], ['1 kB', '1.5 kB']],
    ['app.items', [5, 20_000], ['5', '20k']],
  ])('the axis of %s', (column, values, texts) => expect(axisTexts(column, values)).toEqual(texts));
  it('a value and a range have the unit that the column ends in', () => {
    expect(quantityText('duration_ms', 1204.4)).toBe('1.204 s');
    expect(quantityText('app.size_bytes', 812)).toBe('812 B');
    expect(quantityText('retries', 12_345)).toBe('12,345');
    expect(quantitiesText('duration_ms', 80, 100)).toBe('80 – 100 ms');
    expect(quantitiesText('duration_ms', 0, 1500)).toBe('0 – 1.5 s');
    expect(quantitiesText('retries', 1, 2)).toBe('1 – 2');
    // Values that are compared line by line keep the unit of their column.
    expect(cellText('duration_ms', 1204.4)).toBe('1204.4 ms');
    expect(cellText('wait_seconds', 12_345)).toBe('12,345 s');
    expect(cellText('app.size_bytes', 8)).toBe('8 B');
    expect(cellText('retries', 12_345)).toBe('12,345');
  });
  it('say bytes', () =>
    expect([bytesText(12), bytesText(123456), bytesText(7.8e9)]).toEqual(['12 B', '123 kB', '7.8 GB']));
  it('cut ids in the middle', () => expect(middleCut('0123456789abcdef', 10)).toBe('012345…def'));
  it('keep nanoseconds', () => expect(rfc3339ToNs('2026-11-22T09:41:05.123456789Z')).toBe(1795340465123456789n));
  it('show milliseconds of small buckets', () =>
    expect(bucketText(1795340465.5, true, false, true)).toBe('09:41:05.500'));
});

describe('colours', () => {
  it('stay with their value whatever else is shown, unless a more important one wants the same', () => {
    const alone = assignStyles(['name="a"']).get('name="a"');
    expect(assignStyles(['name="a"', 'name="b"', 'name="c"']).get('name="a"')).toEqual(alone);
  });
  it('are all used before lines are dashed', () => {
    const styles = [...assignStyles(Array.from({ length: 20 }, (_, i) => `k${i}`)).values()];
    expect(new Set(styles.slice(0, COLOUR_COUNT).map((s) => s.colour)).size).toBe(COLOUR_COUNT);
    expect(styles.map((s) => s.dash)).toEqual([...Array(8).fill(0), ...Array(8).fill(1), ...Array(4).fill(2)]);
  });
});

describe('keys', () => {
  it('never collide', () => expect(collisions()).toEqual([]));
  it('are each written once', () => expect(new Set(BINDINGS.map((b) => b.id)).size).toBe(BINDINGS.length));
  it('notice a collision', () => {
    expect(collisions([...BINDINGS, { id: 'twice', region: 'Query', keys: ['d'], action: '' }])).toEqual([
      'd: dataset, twice',
    ]);
  });
  it.each([
    [{ key: 'Enter', ctrlKey: true }, 'Mod+Enter'],
    [{ key: 'Enter', metaKey: true }, 'Mod+Enter'],
    [{ key: 'Enter', shiftKey: true }, 'Shift+Enter'],
    [{ key: '?', shiftKey: true }, '?'],
    [{ key: 'F', shiftKey: true }, 'Shift+F'],
    [{ key: ' ' }, 'Space'],
  ])('%j', (press, text) =>
    expect(pressText({ ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...press })).toBe(text),
  );
});

const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
const answer = (change: Partial<QueryAnswer> = {}): QueryAnswer => ({
  query_id: 'q',
  result_id: 'r',
  query: { calculations: [{ op: 'COUNT' }, { op: 'P95', column: 'ms' }], breakdowns: ['name'] },
  start_time: 1000,
  end_time: 1300,
  granularity: 60,
  calculations: ['COUNT', 'P95(ms)'],
  breakdowns: ['name'],
  results: [{ data: { name: 'a', COUNT: 3, 'P95(ms)': 9 } }, { data: { COUNT: 1 } }],
  series: [
    { time: iso(960), data: { name: 'a', COUNT: 1, 'P95(ms)': 4 } },
    { time: iso(1080), data: { name: 'a', COUNT: 2, 'P95(ms)': 9 } },
    { time: iso(1080), data: { COUNT: 1 } },
  ],
  total: { COUNT: 4 },
  total_series: [],
  other: null,
  group_count: 2,
  stats: {},
  ...change,
});

describe('results', () => {
  it('become one set of lines per calculation, zero where a count is empty and nothing where a percentile is', () => {
    const a = answer();
    const [count, p95] = chartsOf(a, groupsOf(a), () => false);
    expect(count!.xs).toEqual([960, 1020, 1080, 1140, 1200, 1260]);
    expect(count!.lines.map((l) => l.ys)).toEqual([
      [1, 0, 2, 0, 0, 0],
      [0, 0, 1, 0, 0, 0],
    ]);
    expect(p95!.lines[0]!.ys).toEqual([4, null, 9, null, null, null]);
    expect(p95!.lines[1]!.ys.every((y) => y === null)).toBe(true);
  });
  it('can leave empty counts out', () => {
    const a = answer();
    expect(chartsOf(a, groupsOf(a), () => true)[0]!.lines[0]!.ys).toEqual([1, null, 2, null, null, null]);
  });
  it('carry the earlier time along, moved to the present buckets', () => {
    const past = answer({
      start_time: 700,
      end_time: 1000,
      series: [{ time: iso(780), data: { name: 'a', COUNT: 7 } }],
    });
    const a = answer({ compare: past });
    const [count, p95] = chartsOf(a, groupsOf(a), () => false);
    expect(count!.lines[0]!.past).toEqual([0, 0, 7, 0, 0, 0]);
    expect(p95!.lines[0]!.past!.every((y) => y === null)).toBe(true);
    expect(pastValues(a)!.get('["a"]')).toEqual(past.results[0]!.data);
  });
  it('lead from a bucket to its rows: half-open, cut to the query, a missing value as does-not-exist', () => {
    const a = answer();
    const [named, missing] = groupsOf(a);
    expect(behindBucket(a, 960, named)).toEqual({
      start_ns: '1000000000000',
      end_ns: '1020000000000',
      group: { name: 'a' },
    });
    expect(behindBucket(a, 1260, named).end_ns).toBe('1300000000000');
    expect(rowsRequest(a, behindBucket(a, 1080, missing)).request.filters).toEqual([
      { column: 'name', op: 'does-not-exist' },
    ]);
    expect(
      rowsRequest(a, { ...behindBucket(a, 1080), range: { column: 'ms', from: 5, to: 10 } }).request.filters,
    ).toEqual([
      { column: 'ms', op: '>=', value: 5 },
      { column: 'ms', op: '<', value: 10 },
    ]);
  });
  it('lead from a calculation with filters of its own to the rows that it looks at', () => {
    const failed = [{ column: 'error', op: '=', value: true }];
    const of = (calculation: object, more = {}) =>
      ownFilters(
        answer({ query: { calculations: [{ op: 'COUNT', name: 'failed', ...calculation }], ...more } }),
        'failed',
      );
    expect(of({ filters: failed })).toEqual(failed);
    expect(of({ column: 'shard' })).toEqual([{ column: 'shard', op: 'exists' }]);
    expect(of({})).toEqual([]);
    // One request has one word between its filters.
    const two = [...failed, { column: 'slow', op: '=', value: true }];
    expect(of({ filters: two, filter_combination: 'OR' })).toEqual([]);
    expect(of({ filters: failed }, { filters: two, filter_combination: 'OR' })).toEqual([]);
    const a = answer();
    expect(rowsRequest(a, { ...behindBucket(a, 1080), filters: failed }).request.filters).toEqual(failed);
  });
  it('take the columns that the query computes along, and usage mode', () => {
    const calculated_fields = [{ name: 'slow', expression: 'GT($ms, 1)' }];
    const a = answer({ query: { calculations: [{ op: 'COUNT' }], calculated_fields, usage_mode: true } });
    const { request } = rowsRequest(a, behindBucket(a, 1080));
    expect(request.calculated_fields).toEqual(calculated_fields);
    expect(request.granularity).toBe(a.granularity);
    expect(request.usage_mode).toBe(true);
    expect(bubbleRequest(a, behindBucket(a, 1080))).toMatchObject({
      calculated_fields,
      granularity: a.granularity,
      usage_mode: true,
    });
    expect(rowsRequest(answer(), undefined).request).not.toHaveProperty('calculated_fields');
  });
  it('keep the meaning of OR: the group is then checked row by row', () => {
    const filters = [
      { column: 'x', op: '=', value: 1 },
      { column: 'y', op: '=', value: 2 },
    ];
    const a = answer({
      query: { calculations: [{ op: 'COUNT' }], breakdowns: ['name'], filters, filter_combination: 'OR' },
    });
    const { request, check } = rowsRequest(a, behindBucket(a, 1080, groupsOf(a)[0]));
    expect(request.filters).toEqual(filters);
    expect(request.filter_combination).toBe('OR');
    expect(rowMatches({ name: 'a', x: 1 }, check)).toBe(true);
    expect(rowMatches({ name: 'b', x: 1 }, check)).toBe(false);
    expect(canExclude(['name'], a.query)).toBe(false);
  });
  it('narrow to a group or leave it out', () => {
    const [named, missing] = groupsOf(answer());
    expect(onlyGroup({ filters: [{ column: 'name', op: '=', value: 'old' }] }, ['name'], named!).filters).toEqual([
      { column: 'name', op: '=', value: 'a' },
    ]);
    expect(withoutGroup({}, ['name'], missing!).filters).toEqual([{ column: 'name', op: 'exists' }]);
  });
  it('sort with missing values last, either way', () => {
    const groups = groupsOf(answer());
    for (const descending of [true, false])
      expect(sortGroups(groups, { column: 'P95(ms)', descending }).map((g) => g.label)).toEqual(['a', '(no value)']);
  });
});

describe('snippets', () => {
  const input = {
    origin: 'http://127.0.0.1:8080',
    grpc: '127.0.0.1:4317',
    xray: '127.0.0.1:2001',
    team: 'bees',
    environment: 'staging',
    key: 'k3y',
    service: 'my shop',
    dataset: 'my shop',
  };
  it.each(GUIDES.map((g) => [g.id, g] as const))('%s is filled in', (_id, guide) => {
    const text = guide
      .blocks(input)
      .map((b) => b.text)
      .join('\n');
    // AWS's tools sign, with a key of their own.
    expect(text).toContain(guide.id === 'aws' ? '--environment staging' : 'k3y');
    expect(text).toMatch(/http:\/\/127\.0\.0\.1:(8080|4317)/);
    expect(text).not.toMatch(/ORIGIN|undefined|null/);
  });
  it('quote what a shell would split', () => {
    const text = GUIDES.find((g) => g.id === 'flask')!
      .blocks(input)
      .map((b) => b.text)
      .join('\n');
    expect(text).toContain("export OTEL_SERVICE_NAME='my shop'");
  });
  it('leave gRPC out when it is off', () => {
    expect(GUIDES.find((g) => g.id === 'otel')!.blocks({ ...input, grpc: null })).toHaveLength(1);
  });
  it('leave the machine of the server out where X-Ray’s port is closed', () => {
    const text = (xray: string | null) => {
      const blocks = GUIDES.find((g) => g.id === 'xray')!.blocks({ ...input, xray });
      return blocks.map((b) => b.text).join('\n');
    };
    expect(text('127.0.0.1:2001')).toContain('export AWS_XRAY_DAEMON_ADDRESS=127.0.0.1:2001\n');
    expect(text(null)).not.toContain('2001');
    for (const one of [text(null), text('127.0.0.1:2001')]) {
      expect(one).toContain('export AWS_XRAY_DAEMON_ADDRESS=127.0.0.1:2000\n');
      expect(one).toContain("export AWS_XRAY_TRACING_NAME='my shop'\n");
      expect(one).toContain('waggle xray-relay --endpoint http://127.0.0.1:8080 --api-key k3y');
    }
  });
  it('send Go programs and the Collector here, with the key', () => {
    const block = (id: string, title: string) =>
      GUIDES.find((g) => g.id === id)!
        .blocks({ ...input, key: 'k"3: y' })
        .find((b) => b.title === title)!.text;
    expect(block('go', 'Run it').split('\n')).toEqual([
      'export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:8080',
      'export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
      `export OTEL_EXPORTER_OTLP_HEADERS='x-honeycomb-team=k"3: y'`,
      "export OTEL_SERVICE_NAME='my shop'",
      'go run .',
    ]);
    const config = load(block('collector', 'config.yaml')) as {
      receivers: { otlp: { protocols: { http: { endpoint: string } } } };
      processors: object;
      exporters: object;
      service: { pipelines: Record<string, object> };
    };
    expect(config.exporters).toEqual({
      otlphttp: { endpoint: 'http://127.0.0.1:8080', headers: { 'x-honeycomb-team': 'k"3: y' } },
    });
    expect(config.processors).toEqual({ batch: null });
    const passOn = { receivers: ['otlp'], processors: ['batch'], exporters: ['otlphttp'] };
    expect(config.service.pipelines).toEqual({ traces: passOn, metrics: passOn, logs: passOn });
    expect(block('collector', 'For each app that sends to it')).toContain(
      `ENDPOINT=http://${config.receivers.otlp.protocols.http.endpoint}\n`,
    );
  });
});
