// The raw rows behind a result or behind one of its points, newest first, every field as it was sent.
import { useInfiniteQuery } from '@tanstack/react-query';
import { Columns3, Download, ListTree, X } from 'lucide-react';
import { useCallback, useMemo, useState } from 'react';
import { exportHref, getRows } from '../../api/calls';
import { eventsCsv } from '../../model/export';
import { numberText, rowTimeText, valueText } from '../../model/format';
import {
  fieldsOf,
  nsToSeconds,
  rowMatches,
  rowsRequest,
  traceOf,
  TRACE_ID,
  type EventRow,
  type QueryAnswer,
} from '../../model/result';
import type { QuerySearch } from '../../model/url-state';
import { Button, Empty, ErrorBox, IconButton, Progress, Skeleton, Tabs, ValueLink } from '../../widgets/basic';
import { FieldList, JsonView } from '../../widgets/FieldList';
import { Grid, type GridColumn } from '../../widgets/Grid';
import { Link } from '../../widgets/Link';
import { DropMenu, PopoverBox } from '../../widgets/popup';
import { download } from '../../widgets/download';
import { datasetPath, type Place } from '../../widgets/route';
import { BehindChip } from './BehindChip';
import css from './query.module.css';

/** Rows of the first page, which comes at once, and of those that scrolling fetches. */
const PAGE_FIRST = 100;
const PAGE = 1000;
const COLUMNS_SHOWN = 9;

interface Props {
  place: Place;
  dataset: string;
  answer: QueryAnswer;
  search: QuerySearch;
  utc: boolean;
  onSearch: (change: Partial<QuerySearch>) => void;
  onValue: (field: string, row: EventRow, at: { x: number; y: number }) => void;
}

export default function RawEvents({ place, dataset, answer, search, utc, onSearch, onValue }: Props) {
  const { behind } = search;
  const { request, check } = useMemo(() => rowsRequest(answer, behind), [answer, behind]);
  const pages = useInfiniteQuery({
    queryKey: ['rows', place.env, dataset, JSON.stringify(request), JSON.stringify(check)],
    queryFn: async ({ pageParam, signal }) => {
      const rows: EventRow[] = [];
      const limit = pageParam === null ? PAGE_FIRST : PAGE;
      let before: string | null = pageParam;
      // What is left to check here can empty a page; go on until there is something to show.
      do {
        const page = await getRows(place.env, dataset, { ...request, limit, before }, 'name', signal);
        rows.push(...(check.length > 0 ? page.rows.filter((r) => rowMatches(r.data, check)) : page.rows));
        before = page.next;
      } while (check.length > 0 && rows.length < limit / 2 && before !== null);
      return { rows, next: before };
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    staleTime: Infinity,
    retry: false,
  });
  const rows = useMemo(() => pages.data?.pages.flatMap((p) => p.rows) ?? [], [pages.data]);
  const weight = useMemo(() => rows.reduce((sum, r) => sum + r.sample_rate, 0), [rows]);
  const fields = useMemo(() => fieldsOf(rows), [rows]);
  const [openKey, setOpenKey] = useState<string | null>(null);
  const [tab, setTab] = useState<'fields' | 'json'>('fields');
  const [isChoosing, setChoosing] = useState(false);
  const shown = search.columns ?? fields.slice(0, COLUMNS_SHOWN);
  const keyOf = (i: number) => `${rows[i]!.timestamp_ns}-${i}`;
  const openIndex = openKey === null ? -1 : rows.findIndex((_, i) => keyOf(i) === openKey);
  const open = openIndex >= 0 ? rows[openIndex]! : null;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  const loadMore = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  const traceLink = (row: EventRow) => {
    const trace = traceOf(row);
    return (
      trace && {
        to: datasetPath(place, dataset, '/trace'),
        search: { trace_id: trace.trace_id, span: trace.span, trace_start_ts: trace.start, trace_end_ts: trace.end },
      }
    );
  };
  const loadedJson = () => {
    const lines = rows.map((r) =>
      JSON.stringify({ time: r.timestamp, samplerate: r.sample_rate, dataset: r.dataset, data: r.data }),
    );
    download(`${dataset}-events.ndjson`, 'application/x-ndjson', lines.join('\n'));
  };
  const exported = (format: 'csv' | 'ndjson' | 'parquet') =>
    exportHref(place.env, dataset, format, {
      ...request,
      start: nsToSeconds(request.start_time_ns),
      end: nsToSeconds(request.end_time_ns),
    });
  // The server writes whole windows of one dataset. What is checked here it can't, nor filters that name the query's own
  // calculated fields, for an export is an address, which has no place for their formulas, or the sample rate as a column.
  const namesRate = request.usage_mode && request.filters.some((f) => f.column === 'sample_rate');
  const canExport = dataset !== '__all__' && check.length === 0 && !request.calculated_fields && !namesRate;

  const lineFields = search.columns ?? fields.filter((f) => !IN_LINE.has(f)).slice(0, LINE_FIELDS);
  const columns: GridColumn[] = [
    { id: ' trace', head: <span className="sr">Trace</span>, width: '32px' },
    { id: ' time', head: utc ? 'time (UTC)' : 'time', width: '200px', mono: true },
    ...(dataset === '__all__' ? [{ id: ' dataset', head: 'dataset', width: 'minmax(110px, 150px)' }] : []),
    ...(search.lines ? [{ id: ' line', head: 'log line', width: 'minmax(400px, 1fr)', mono: true }] : []),
    ...(search.lines ? [] : shown).map((f) => ({
      id: f,
      head: f,
      title: f,
      mono: true,
      width: widthOf(f, rows),
      right: typeof rows[0]?.data[f] === 'number',
    })),
  ];
  return (
    <div className={css.raw}>
      <div className={css.rawBar}>
        {behind ? (
          <BehindChip behind={behind} utc={utc} onClear={() => onSearch({ behind: undefined })} />
        ) : (
          <span className={css.counted}>Every event the query reads, newest first</span>
        )}
        <span
          className={css.counted}
          aria-live="polite"
          data-testid="row-count"
          data-weight={weight}
          data-state={pages.isFetching ? 'loading' : 'ready'}
        >
          {pages.data &&
            `${numberText(rows.length)}${hasNextPage ? '+' : ''} ${rows.length === 1 ? 'event' : 'events'}`}
          {weight > rows.length && `, standing for ${numberText(weight)}${hasNextPage ? '+' : ''} by sample rate`}
        </span>
        <Tabs
          label="View of the events"
          value={search.lines ? 'lines' : 'table'}
          onChange={(view) => onSearch({ lines: view === 'lines' || undefined })}
          tabs={[
            { id: 'table', label: 'Table' },
            { id: 'lines', label: 'Log lines' },
          ]}
        />
        <DropMenu
          align="end"
          trigger={
            <Button kind="plain" icon={<Download size={14} />} disabled={rows.length === 0}>
              Download
            </Button>
          }
          list={[
            {
              id: 'csv',
              label: 'Loaded rows as CSV',
              onSelect: () => download(`${dataset}-events.csv`, 'text/csv', eventsCsv(rows, fields)),
            },
            { id: 'ndjson', label: 'Loaded rows as JSON lines', onSelect: loadedJson },
            ...(canExport
              ? [
                  null,
                  { id: 'all-csv', label: 'All rows as CSV', onSelect: () => location.assign(exported('csv')) },
                  {
                    id: 'all-json',
                    label: 'All rows as JSON lines',
                    onSelect: () => location.assign(exported('ndjson')),
                  },
                  { id: 'parquet', label: 'All rows as Parquet', onSelect: () => location.assign(exported('parquet')) },
                ]
              : []),
          ]}
        />
        <PopoverBox
          label="Columns"
          open={isChoosing}
          onOpenChange={setChoosing}
          align="end"
          trigger={
            <Button kind="plain" icon={<Columns3 size={14} />}>
              {shown.length} of {fields.length} columns
            </Button>
          }
        >
          <ColumnChooser fields={fields} shown={shown} onChange={(next) => onSearch({ columns: next })} />
        </PopoverBox>
      </div>
      <Progress active={pages.isFetching} />
      {pages.error && (
        <ErrorBox what="The events could not be loaded" error={pages.error} onRetry={() => void pages.refetch()} />
      )}
      {pages.isPending && <Skeleton lines={10} />}
      {pages.data && rows.length === 0 && (
        <Empty title="No events here">
          {behind ? 'The point stands for an empty bucket.' : 'Widen the time range or drop a filter.'}
        </Empty>
      )}
      {rows.length > 0 && (
        <div className={css.rawSplit} data-open={open ? '' : undefined}>
          <div className={css.rawTable}>
            <Grid
              label="Raw events"
              columns={columns}
              count={rows.length}
              rowKey={keyOf}
              maxHeight="max(240px, calc(100vh - 330px))"
              selected={openIndex}
              onOpen={(i) => setOpenKey(keyOf(i) === openKey ? null : keyOf(i))}
              onCellMenu={(i, column, at) => !column.startsWith(' ') && onValue(column, rows[i]!, at)}
              onEnd={loadMore}
              cell={(i, column) => {
                const row = rows[i]!;
                if (column === ' time') return rowTimeText(row.timestamp, utc);
                if (column === ' dataset') return row.dataset;
                if (column === ' trace') {
                  const link = traceLink(row);
                  return link ? (
                    <Link
                      to={link.to}
                      search={link.search}
                      className={css.traceLink}
                      aria-label="Open the trace"
                      title="Open the trace"
                      data-testid="trace-link"
                    >
                      <ListTree size={14} />
                    </Link>
                  ) : null;
                }
                if (column === ' line') return <LogLine row={row} fields={lineFields} />;
                const value = row.data[column];
                if (value === undefined || value === null) return <span className={css.missing}>–</span>;
                const text = valueText(value);
                return (
                  <span
                    title={text.length > 20 ? text : undefined}
                    data-error={column === 'error' && value === true ? '' : undefined}
                  >
                    <ValueLink value={value} />
                    {text}
                  </span>
                );
              }}
            />
            {hasNextPage && (
              <Button className={css.more} onClick={loadMore} disabled={isFetchingNextPage}>
                {isFetchingNextPage ? 'Loading…' : 'Load more'}
              </Button>
            )}
          </div>
          {open && (
            <aside className={css.drawer} aria-label="Event">
              <header>
                <Tabs
                  label="Event"
                  value={tab}
                  onChange={setTab}
                  tabs={[
                    { id: 'fields', label: 'Fields' },
                    { id: 'json', label: 'JSON' },
                  ]}
                />
                {traceLink(open) && (
                  <Link {...traceLink(open)!} className={css.drawerTrace}>
                    <ListTree size={14} /> View trace
                  </Link>
                )}
                <IconButton label="Close" onClick={() => setOpenKey(null)}>
                  <X size={16} />
                </IconButton>
              </header>
              {tab === 'fields' ? (
                <FieldList
                  key={openKey}
                  data={open.data}
                  extra={[
                    ['time', rowTimeText(open.timestamp, utc)],
                    ['dataset', open.dataset],
                    ['sample rate', String(open.sample_rate)],
                  ]}
                  onValue={(field, at) => onValue(field, open, at)}
                />
              ) : (
                <JsonView
                  value={{ time: open.timestamp, samplerate: open.sample_rate, dataset: open.dataset, data: open.data }}
                />
              )}
            </aside>
          )}
        </div>
      )}
    </div>
  );
}

/** What a line begins with, and how many fields follow when none are chosen. */
const IN_LINE = new Set(['severity', 'severity_text', 'level', 'service.name', 'body', 'message', 'name', 'error']);
const LINE_FIELDS = 6;
/** An event as a logger would write it: severity, service, message, and the fields behind. */
function LogLine({ row, fields }: { row: EventRow; fields: readonly string[] }) {
  const { data } = row;
  const severity = data['severity_text'] ?? data['severity'] ?? data['level'];
  const message = data['body'] ?? data['message'] ?? data['name'];
  const isBad = data['error'] === true || /^(error|fatal|crit)/i.test(String(severity ?? ''));
  return (
    <span className={css.line}>
      {(severity !== undefined || isBad) && (
        <b data-error={isBad ? '' : undefined}>
          {severity === undefined ? 'ERROR' : valueText(severity).toUpperCase()}
        </b>
      )}
      {data['service.name'] !== undefined && <i>{valueText(data['service.name'])}</i>}
      {message !== undefined && message !== null && <span>{valueText(message)}</span>}
      {fields.map((field) => {
        const value = data[field];
        return value === undefined || value === null ? null : (
          <span key={field} className={css.pair}>
            {field}=<em>{valueText(value)}</em>
          </span>
        );
      })}
    </span>
  );
}

function ColumnChooser({
  fields,
  shown,
  onChange,
}: {
  fields: readonly string[];
  shown: readonly string[];
  onChange: (next: string[] | undefined) => void;
}) {
  const [find, setFind] = useState('');
  const found = fields.filter((f) => f.toLowerCase().includes(find.toLowerCase()));
  return (
    <div className={css.chooser}>
      <input
        placeholder="Find a column"
        aria-label="Find a column"
        value={find}
        onChange={(e) => setFind(e.target.value)}
      />
      <ul>
        {found.slice(0, 300).map((f) => (
          <li key={f}>
            <label>
              <input
                type="checkbox"
                checked={shown.includes(f)}
                onChange={() => onChange(shown.includes(f) ? shown.filter((s) => s !== f) : [...shown, f])}
              />
              <code>{f}</code>
            </label>
          </li>
        ))}
      </ul>
      <footer>
        <Button kind="plain" onClick={() => onChange([...fields])}>
          All
        </Button>
        <Button kind="plain" onClick={() => onChange(undefined)}>
          Default
        </Button>
      </footer>
    </div>
  );
}

/** As wide as what the first rows hold, within reason. */
function widthOf(field: string, rows: readonly EventRow[]): string {
  if (field === TRACE_ID) return '150px';
  let length = field.length;
  for (const row of rows.slice(0, 30)) length = Math.max(length, valueText(row.data[field] ?? '').length);
  const width = Math.round(Math.min(260, Math.max(64, length * 7.4 + 16)));
  // Every row is a grid of its own: only tracks that do not depend on the content line up.
  return `minmax(${width}px, ${width}fr)`;
}
