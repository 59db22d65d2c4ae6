// The datasets of an environment.
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { Dataset } from '../../api/calls';
import { heldOptions } from '../../api/manage';
import { DayBars } from '../../chart/DayBars';
import { agoText, numberText, storedText } from '../../model/format';
import { lastDays } from '../../model/usage';
import { Empty, ErrorBox, Skeleton } from '../../widgets/basic';
import { Grid } from '../../widgets/Grid';
import { Link } from '../../widgets/Link';
import { datasetPath, environmentPath, useGo, usePlace } from '../../widgets/route';
import css from './datasets.module.css';

export default function DatasetsPage() {
  const place = usePlace();
  const go = useGo();
  const {
    data,
    // Of the moment the numbers are of, so that they and “today” and “ago” go together.
    dataUpdatedAt: now,
    error,
    refetch,
  } = useQuery({ ...heldOptions(place.env), refetchInterval: 15_000 });
  const [sort, setSort] = useState<{ column: string; descending: boolean }>({ column: 'last', descending: true });
  const rows = useMemo(() => {
    const value: Record<string, (d: Dataset) => string | number> = {
      name: (d) => d.name.toLowerCase(),
      events: (d) => d.event_count,
      today: (d) => lastDays(d.days ?? [], 1, now)[0]!.events,
      columns: (d) => d.column_count,
      stored: (d) => d.stored_bytes,
      last: (d) => d.last_written_at ?? '',
    };
    const of = value[sort.column]!;
    const sign = sort.descending ? -1 : 1;
    return [...(data ?? [])].sort((a, b) => (of(a) < of(b) ? -sign : of(a) > of(b) ? sign : 0));
  }, [data, sort, now]);

  if (error)
    return (
      <div className={css.page}>
        <ErrorBox what="The datasets could not be loaded" error={error} onRetry={() => void refetch()} />
      </div>
    );
  if (!data)
    return (
      <div className={css.page}>
        <Skeleton />
      </div>
    );
  if (data.length === 0) {
    return (
      <Empty title="No datasets yet: nothing has been sent to this environment">
        <Link to={environmentPath(place, '/send-data')}>Send data</Link>
      </Empty>
    );
  }
  return (
    <div className={css.page}>
      <header className={css.head}>
        <h1>Datasets</h1>
        <p>
          {data.length} {data.length === 1 ? 'dataset' : 'datasets'},{' '}
          {numberText(data.reduce((sum, d) => sum + d.event_count, 0))} events
        </p>
      </header>
      <Grid
        label="Datasets"
        columns={[
          { id: 'name', head: 'Dataset', width: 'minmax(160px, 2fr)', sortable: true },
          { id: 'days', head: 'Events a day, 30 days', width: 'minmax(130px, 1.4fr)' },
          { id: 'today', head: 'Today', width: 'minmax(84px, 1fr)', right: true, sortable: true },
          { id: 'events', head: 'Events', width: 'minmax(96px, 1fr)', right: true, sortable: true },
          { id: 'columns', head: 'Columns', width: 'minmax(90px, 1fr)', right: true, sortable: true },
          { id: 'stored', head: 'Stored', width: 'minmax(90px, 1fr)', right: true, sortable: true },
          { id: 'kept', head: 'Kept', width: 'minmax(80px, 1fr)', right: true },
          { id: 'last', head: 'Latest event', width: 'minmax(130px, 1fr)', right: true, sortable: true },
          { id: 'links', head: <span className="sr">Links</span>, width: '90px', right: true },
        ]}
        count={rows.length}
        rowHeight={32}
        rowKey={(i) => rows[i]!.slug}
        sort={sort}
        onSort={(column) =>
          setSort((old) => ({ column, descending: old.column === column ? !old.descending : column !== 'name' }))
        }
        onOpen={(i) => go(datasetPath(place, rows[i]!.slug))}
        cell={(i, column) => {
          const d = rows[i]!;
          switch (column) {
            case 'name':
              return (
                <Link to={datasetPath(place, d.slug)} className={css.name}>
                  {d.name}
                </Link>
              );
            case 'events':
              return numberText(d.event_count);
            case 'days':
              return <DayBars days={lastDays(d.days ?? [], 30, now)} />;
            case 'today':
              return numberText(lastDays(d.days ?? [], 1, now)[0]!.events);
            case 'kept':
              return d.retention.age_s ? `${numberText(d.retention.age_s / 86_400)} days` : 'for ever';
            case 'columns':
              return numberText(d.column_count);
            case 'stored':
              return storedText(d.stored_bytes, d.event_count);
            case 'last':
              return d.last_written_at ? (
                <time dateTime={d.last_written_at} title={d.last_written_at}>
                  {agoText(Date.parse(d.last_written_at), now)}
                </time>
              ) : (
                'never'
              );
            default:
              return <Link to={datasetPath(place, d.slug, '/schema')}>Schema</Link>;
          }
        }}
      />
    </div>
  );
}
