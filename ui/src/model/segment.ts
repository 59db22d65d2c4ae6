// A span in the words of X-Ray: what a segment document calls its parts. The columns are those of docs/wire/xray.md; a span that came
// by another protocol reads as X-Ray's operations show it, an error of the server being a fault.
import { valueText } from './format';
import { PARENT_ID, SPAN_ID, type Cells } from './result';

export interface Segment {
  kind: 'segment' | 'subsegment';
  /** Which of X-Ray's three kinds of failure it has. */
  states: ('fault' | 'error' | 'throttle')[];
  isInProgress: boolean;
  parts: { title: string; entries: [string, string][] }[];
}
/** Parts of a document and the columns that hold them; a prefix ends with a dot. */
const PARTS: readonly [string, readonly (readonly [string, string])[]][] = [
  [
    'Overview',
    [
      ['id', SPAN_ID],
      ['parent_id', PARENT_ID],
      ['name', 'name'],
      ['namespace', 'xray.namespace'],
      ['origin', 'xray.origin'],
      ['user', 'enduser.id'],
      ['service version', 'service.version'],
      ['resource_arn', 'aws.xray.resource_arn'],
      ['precursor_ids', 'xray.precursor_ids'],
    ],
  ],
  [
    'HTTP',
    [
      ['request method', 'http.request.method'],
      ['request url', 'url.full'],
      ['request user_agent', 'user_agent.original'],
      ['request client_ip', 'client.address'],
      ['response status', 'http.response.status_code'],
      ['response content_length', 'http.response.body.size'],
    ],
  ],
  [
    'SQL',
    [
      ['url', 'db.connection_string'],
      ['sanitized_query', 'db.query.text'],
      ['database_type', 'db.system'],
      ['user', 'db.user'],
      ['', 'xray.sql.'],
    ],
  ],
  [
    'Resource',
    [
      ['account_id', 'cloud.account.id'],
      ['sdk', 'telemetry.sdk.name'],
      ['sdk_version', 'telemetry.sdk.version'],
      ['', 'aws.'],
      ['service ', 'xray.service.'],
    ],
  ],
  [
    'Cause',
    [
      ['exception type', 'exception.type'],
      ['exception message', 'exception.message'],
      ['id', 'xray.cause_id'],
      ['', 'xray.cause.'],
    ],
  ],
];

export function segmentOf(data: Cells): Segment {
  const has = (name: string) => data[name] !== undefined && data[name] !== null;
  const parts = PARTS.map(([title, columns]) => ({
    title,
    entries: columns.flatMap(([word, column]): [string, string][] =>
      column.endsWith('.')
        ? Object.keys(data)
            .filter((name) => name.startsWith(column) && has(name) && name !== 'aws.xray.resource_arn')
            .map((name) => [word + name.slice(column.length), valueText(data[name])])
        : has(column)
          ? [[word, valueText(data[column])]]
          : [],
    ),
  }));
  parts.splice(1, 0, { title: 'Annotations', entries: annotationsOf(data) });
  parts.splice(2, 0, {
    title: 'Metadata',
    entries: Object.keys(data)
      .filter((name) => name.startsWith(METADATA) && has(name))
      .map((name) => [name.slice(METADATA.length), valueText(data[name])]),
  });
  return {
    kind: data['xray.type'] === 'subsegment' || (!has('xray.type') && has(PARENT_ID)) ? 'subsegment' : 'segment',
    states: statesOf(data),
    isInProgress: data['xray.in_progress'] === true,
    parts: parts.filter((part) => part.entries.length > 0),
  };
}
const METADATA = 'xray.metadata.';

function statesOf(data: Cells): Segment['states'] {
  const named = (['fault', 'error', 'throttle'] as const).filter((state) => data[`xray.${state}`] === true);
  if (named.length > 0 || data['xray.type'] !== undefined) return named;
  const status = Number(data['http.response.status_code'] ?? data['http.status_code']);
  if (status === 429) return ['error', 'throttle'];
  if (status >= 400 && status < 500) return ['error'];
  return status >= 500 || (data['error'] !== undefined && data['error'] !== false && data['error'] !== null)
    ? ['fault']
    : [];
}
function annotationsOf(data: Cells): [string, string][] {
  let names: unknown;
  try {
    names = JSON.parse(String(data['xray.annotations'] ?? '[]'));
  } catch {
    return [];
  }
  if (!Array.isArray(names)) return [];
  return names.flatMap((name): [string, string][] => {
    const value = data[`annotation.${name}`] ?? data[String(name)];
    return value === undefined || value === null ? [] : [[String(name), valueText(value)]];
  });
}
