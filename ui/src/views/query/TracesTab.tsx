// The slowest traces that have an event of the query, or of a point of it.
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { tracesOptions } from '../../api/options';
import { durationText, rowTimeText, valueText } from '../../model/format';
import { rowsRequest, traceOf, type QueryAnswer } from '../../model/result';
import type { QuerySearch } from '../../model/url-state';
import { Empty, ErrorBox, Progress, Skeleton } from '../../widgets/basic';
import { Grid, type GridColumn } from '../../widgets/Grid';
import { Link } from '../../widgets/Link';
import { datasetPath, useGo, type Place } from '../../widgets/route';
import { BehindChip } from './BehindChip';
import css from './query.module.css';

interface Props {
  place: Place;
  dataset: string;
  answer: QueryAnswer;
  search: QuerySearch;
  utc: boolean;
  onSearch: (change: Partial<QuerySearch>) => void;
}
export default function TracesTab({ place, dataset, answer, search, utc, onSearch }: Props) {
  const go = useGo();
  const { request, check } = useMemo(() => rowsRequest(answer, search.behind), [answer, search.behind]);
  const { data, error, isFetching, refetch } = useQuery(tracesOptions(place.env, dataset, request));
  const slowest = data?.[0]?.duration ?? 0;
  const columns: GridColumn[] = [
    { id: 'duration', head: 'duration', width: '170px', right: true, mono: true },
    { id: 'root', head: 'root span', width: 'minmax(160px, 2fr)', mono: true },
    { id: 'service', head: 'service', width: 'minmax(110px, 1fr)' },
    { id: 'matched', head: 'matching events', width: '130px', right: true },
    { id: 'time', head: utc ? 'began (UTC)' : 'began', width: '210px', mono: true },
    { id: 'id', head: 'trace', width: 'minmax(160px, 1fr)', mono: true },
  ];
  const linkOf = (i: number) => {
    const trace = data![i]!;
    const at = trace.row && traceOf(trace.row);
    return {
      to: datasetPath(place, dataset, '/trace'),
      search: {
        trace_id: trace.id,
        trace_start_ts: at?.start ?? Math.floor(answer.start_time) - 3600,
        trace_end_ts: at?.end ?? Math.ceil(answer.end_time) + 3600,
      },
    };
  };
  return (
    <div className={css.raw}>
      <div className={css.rawBar}>
        {search.behind ? (
          <BehindChip behind={search.behind} utc={utc} onClear={() => onSearch({ behind: undefined })} />
        ) : (
          <span className={css.counted}>The ten slowest traces with an event of this query, by their root span</span>
        )}
        {check.length > 0 && <span className={css.counted}>Narrowed by time only: the filters are joined by OR</span>}
      </div>
      <Progress active={isFetching} />
      {error && <ErrorBox what="The traces could not be loaded" error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={10} />}
      {data?.length === 0 && <Empty title="No trace here">None of these events belongs to a trace.</Empty>}
      {data && data.length > 0 && (
        <Grid
          label="Traces"
          columns={columns}
          count={data.length}
          rowKey={(i) => data[i]!.id}
          onOpen={(i) => {
            const link = linkOf(i);
            go(link.to, link.search);
          }}
          cell={(i, column) => {
            const trace = data[i]!;
            switch (column) {
              case 'duration':
                return (
                  <span className={css.durationCell}>
                    <i style={{ width: `${slowest > 0 ? (trace.duration / slowest) * 100 : 0}%` }} />
                    <span className="num">{durationText(trace.duration * 1e6)}</span>
                  </span>
                );
              case 'root':
                return trace.row ? valueText(trace.row.data['name']) : <em className={css.missing}>no root span</em>;
              case 'service':
                return trace.row ? valueText(trace.row.data['service.name'] ?? trace.row.dataset) : '';
              case 'matched':
                return trace.matched;
              case 'time':
                return trace.row ? rowTimeText(trace.row.timestamp, utc) : '';
              default:
                return (
                  <Link {...linkOf(i)} title={trace.id}>
                    {trace.id}
                  </Link>
                );
            }
          }}
        />
      )}
    </div>
  );
}
