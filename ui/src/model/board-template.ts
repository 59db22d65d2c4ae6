// Boards to begin with: which fields each needs, under which names they are known, and the panels that show them.
import type { Calculation, Filter, QuerySpec } from './query-spec';
import type { QueryAnswer } from './result';

export interface TemplateField {
  id: string;
  label: string;
  /** Names that libraries write it under, the commonest first. */
  names: readonly string[];
}
/** The column that plays each field; a field without one is absent. */
export type FieldMap = Readonly<Record<string, string | undefined>>;
export interface TemplatePanel {
  name: string;
  /** Ids of the fields without which it shows nothing. */
  needs: readonly string[];
  style: 'graph' | 'table' | 'combo';
  /** Columns and rows of the grid. */
  size: readonly [number, number];
  spec: (column: (field: string) => string) => QuerySpec;
}
export interface BoardTemplate {
  id: string;
  name: string;
  about: string;
  fields: readonly TemplateField[];
  /** Fields that the board is filtered by. */
  presets: readonly string[];
  panels: readonly TemplatePanel[];
}

const field = (id: string, label: string, ...names: string[]): TemplateField => ({ id, label, names });
const SERVICE = field('service', 'Service', 'service.name', 'service_name', 'service');
const DURATION = field('duration', 'Duration in ms', 'duration_ms', 'durationMs', 'elapsed_ms');
const ERROR = field('error', 'Error', 'error');
const NAME = field('name', 'Span name', 'name');
const KIND = field('kind', 'Span kind', 'span.kind', 'span_kind', 'kind');
const ROUTE = field('route', 'Route', 'http.route', 'url.template', 'http.target', 'url.path', 'request.path');
const METHOD = field('method', 'Method', 'http.request.method', 'http.method', 'request.method');
const STATUS = field('status', 'Status code', 'http.response.status_code', 'http.status_code', 'response.status_code');

const COUNT: Calculation = { op: 'COUNT' };
const of = (op: string, column: string): Calculation => ({ op, column });
const most = (...breakdowns: string[]): Pick<QuerySpec, 'breakdowns' | 'orders' | 'limit'> => ({
  breakdowns,
  orders: [{ op: 'COUNT', order: 'descending' }],
  limit: 20,
});
const highest = (op: string, column: string, by: string): QuerySpec => ({
  calculations: [of(op, column)],
  breakdowns: [by],
  orders: [{ op, column, order: 'descending' }],
  limit: 20,
});
const isTrue = (column: string): Filter => ({ column, op: '=', value: true });
const has = (column: string): Filter => ({ column, op: 'exists' });
const panel = (
  name: string,
  needs: string[],
  style: TemplatePanel['style'],
  size: [number, number],
  spec: TemplatePanel['spec'],
): TemplatePanel => ({ name, needs, style, size, spec });

export const BOARD_TEMPLATES: readonly BoardTemplate[] = [
  {
    id: 'service-health',
    name: 'Service health',
    about: 'Rate, errors and duration of every service, and which spans are slow or fail.',
    fields: [SERVICE, DURATION, ERROR, NAME, KIND],
    presets: ['service', 'name'],
    panels: [
      panel('Requests by service', ['service', 'kind'], 'graph', [6, 4], (c) => ({
        calculations: [COUNT],
        ...most(c('service')),
        filters: [{ column: c('kind'), op: 'in', value: ['server', 'consumer'] }],
      })),
      panel('Errors by service', ['service', 'error'], 'graph', [6, 4], (c) => ({
        calculations: [COUNT],
        ...most(c('service')),
        filters: [isTrue(c('error'))],
      })),
      panel('Duration', ['duration'], 'graph', [6, 4], (c) => ({ calculations: [of('HEATMAP', c('duration'))] })),
      panel('P95 by service', ['duration', 'service'], 'graph', [6, 4], (c) =>
        highest('P95', c('duration'), c('service')),
      ),
      panel('Slowest span names', ['duration', 'name', 'service'], 'table', [6, 5], (c) => ({
        calculations: [of('P95', c('duration')), COUNT],
        breakdowns: [c('service'), c('name')],
        orders: [{ op: 'P95', column: c('duration'), order: 'descending' }],
        limit: 20,
      })),
      panel('Failing span names', ['error', 'name', 'service'], 'table', [6, 5], (c) => ({
        calculations: [COUNT],
        ...most(c('service'), c('name')),
        filters: [isTrue(c('error'))],
      })),
    ],
  },
  {
    id: 'red-by-route',
    name: 'Rate, errors, duration by route',
    about: 'Which routes are called, which answer with errors and which are slow.',
    fields: [ROUTE, METHOD, STATUS, DURATION, SERVICE],
    presets: ['service', 'method', 'route'],
    panels: [
      panel('Requests by route', ['route'], 'graph', [6, 4], (c) => ({
        calculations: [COUNT],
        ...most(c('route')),
        filters: [has(c('route'))],
      })),
      panel('Server errors by route', ['route', 'status'], 'graph', [6, 4], (c) => ({
        calculations: [COUNT],
        ...most(c('route')),
        filters: [{ column: c('status'), op: '>=', value: 500 }],
      })),
      panel('P95 by route', ['route', 'duration'], 'graph', [6, 4], (c) => ({
        ...highest('P95', c('duration'), c('route')),
        filters: [has(c('route'))],
      })),
      panel('Requests by status', ['status'], 'graph', [6, 4], (c) => ({
        calculations: [COUNT],
        ...most(c('status')),
        filters: [has(c('status'))],
      })),
      panel('Routes', ['route', 'method', 'duration'], 'table', [12, 5], (c) => ({
        calculations: [COUNT, of('P50', c('duration')), of('P95', c('duration')), of('P99', c('duration'))],
        ...most(c('method'), c('route')),
        filters: [has(c('route'))],
      })),
    ],
  },
  {
    id: 'kubernetes',
    name: 'Kubernetes',
    about: 'Work, errors and duration by namespace, node and pod.',
    fields: [
      field('namespace', 'Namespace', 'k8s.namespace.name'),
      field('node', 'Node', 'k8s.node.name'),
      field('pod', 'Pod', 'k8s.pod.name'),
      field('cluster', 'Cluster', 'k8s.cluster.name'),
      DURATION,
      ERROR,
    ],
    presets: ['cluster', 'namespace', 'node'],
    panels: [
      panel('Events by namespace', ['namespace'], 'graph', [6, 4], (c) => ({
        calculations: [COUNT],
        ...most(c('namespace')),
        filters: [has(c('namespace'))],
      })),
      panel('Events by node', ['node'], 'graph', [6, 4], (c) => ({
        calculations: [COUNT],
        ...most(c('node')),
        filters: [has(c('node'))],
      })),
      panel('P95 by node', ['node', 'duration'], 'graph', [6, 4], (c) => ({
        ...highest('P95', c('duration'), c('node')),
        filters: [has(c('node'))],
      })),
      panel('Errors by pod', ['pod', 'error'], 'graph', [6, 4], (c) => ({
        calculations: [COUNT],
        ...most(c('pod')),
        filters: [isTrue(c('error')), has(c('pod'))],
      })),
      panel('Pods', ['pod', 'namespace', 'duration'], 'table', [12, 5], (c) => ({
        calculations: [COUNT, of('P95', c('duration'))],
        ...most(c('namespace'), c('pod')),
        filters: [has(c('pod'))],
      })),
    ],
  },
  {
    id: 'aws-lambda',
    name: 'AWS Lambda',
    about: 'Invocations, cold starts, errors and duration of each function.',
    fields: [
      field('function', 'Function', 'faas.name', 'aws.lambda.function_name', 'function_name'),
      field('cold', 'Cold start', 'faas.coldstart', 'meta.cold_start', 'cold_start'),
      DURATION,
      ERROR,
    ],
    presets: ['function'],
    panels: [
      panel('Invocations', ['function'], 'graph', [6, 4], (c) => ({
        calculations: [COUNT],
        ...most(c('function')),
        filters: [has(c('function'))],
      })),
      panel('Errors', ['function', 'error'], 'graph', [6, 4], (c) => ({
        calculations: [COUNT],
        ...most(c('function')),
        filters: [isTrue(c('error')), has(c('function'))],
      })),
      panel('Cold starts', ['function', 'cold'], 'graph', [6, 4], (c) => ({
        calculations: [COUNT],
        ...most(c('function')),
        filters: [isTrue(c('cold'))],
      })),
      panel('P95', ['function', 'duration'], 'graph', [6, 4], (c) => ({
        ...highest('P95', c('duration'), c('function')),
        filters: [has(c('function'))],
      })),
    ],
  },
  {
    id: 'rum',
    name: 'Web vitals of real users',
    about: 'How soon pages show, answer and stand still, by page and browser.',
    fields: [
      field('lcp', 'Largest contentful paint, ms', 'lcp.value', 'web_vitals.lcp', 'lcp'),
      field('inp', 'Interaction to next paint, ms', 'inp.value', 'web_vitals.inp', 'inp'),
      field('cls', 'Cumulative layout shift', 'cls.value', 'web_vitals.cls', 'cls'),
      field('page', 'Page', 'page.route', 'page.url', 'url.path', 'browser.page'),
      field('browser', 'Browser', 'browser.name', 'user_agent.name', 'browser'),
    ],
    presets: ['page', 'browser'],
    panels: [
      panel('Largest contentful paint', ['lcp'], 'graph', [4, 4], (c) => ({
        calculations: [of('HEATMAP', c('lcp'))],
      })),
      panel('Interaction to next paint', ['inp'], 'graph', [4, 4], (c) => ({
        calculations: [of('HEATMAP', c('inp'))],
      })),
      panel('Cumulative layout shift', ['cls'], 'graph', [4, 4], (c) => ({
        calculations: [of('HEATMAP', c('cls'))],
      })),
      panel('Slowest pages', ['lcp', 'page'], 'table', [6, 5], (c) => highest('P75', c('lcp'), c('page'))),
      panel('By browser', ['lcp', 'browser'], 'table', [6, 5], (c) => highest('P75', c('lcp'), c('browser'))),
    ],
  },
  {
    id: 'waggle',
    name: 'Waggle itself',
    about: 'How this server does, from its /metrics: scrape them with an OpenTelemetry Collector that sends them here.',
    fields: [
      field('accepted', 'Events accepted', 'waggle_events_accepted_total', 'waggle_events_accepted'),
      field('rejected', 'Events rejected', 'waggle_events_rejected_total', 'waggle_events_rejected'),
      field('queries', 'Queries finished', 'waggle_queries_finished_total', 'waggle_queries_finished'),
      field('rows', 'Rows read', 'waggle_query_rows_read_total', 'waggle_query_rows_read'),
      field('requests', 'HTTP requests', 'waggle_http_requests_total', 'waggle_http_requests'),
    ],
    presets: [],
    panels: [
      panel('Events accepted since the start', ['accepted'], 'graph', [6, 4], (c) => ({
        calculations: [of('MAX', c('accepted'))],
      })),
      panel('Events rejected since the start', ['rejected'], 'graph', [6, 4], (c) => ({
        calculations: [of('MAX', c('rejected'))],
      })),
      panel('Queries finished', ['queries'], 'graph', [4, 4], (c) => ({ calculations: [of('MAX', c('queries'))] })),
      panel('Rows read by queries', ['rows'], 'graph', [4, 4], (c) => ({ calculations: [of('MAX', c('rows'))] })),
      panel('HTTP requests', ['requests'], 'graph', [4, 4], (c) => ({ calculations: [of('MAX', c('requests'))] })),
    ],
  },
];

/** The first known name of each field. */
export function mapFields(template: BoardTemplate, known: ReadonlySet<string>): FieldMap {
  return Object.fromEntries(template.fields.map((f) => [f.id, f.names.find((name) => known.has(name))]));
}
/** What a panel asks with these columns; null when one that it needs is missing. */
export function specOfPanel({ needs, spec }: TemplatePanel, columns: FieldMap, seconds: number): QuerySpec | null {
  if (needs.some((id) => !columns[id])) return null;
  return { ...spec((id) => columns[id]!), time_range: seconds };
}
/** True when an answer shows anything: a value that is not zero, or a cell of a heat map. */
export const hasValues = (answer: Pick<QueryAnswer, 'results' | 'calculations' | 'heatmaps'>): boolean =>
  answer.results.some(({ data }) => answer.calculations.some((c) => Boolean(data[c]))) ||
  Object.values(answer.heatmaps ?? {}).some((map) => map.counts.some((column) => column.some((n) => n > 0)));
