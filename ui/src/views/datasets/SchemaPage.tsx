// A dataset: its columns with type, description and when last written, its calculated fields, its settings.
import { useQuery } from '@tanstack/react-query';
import { Search } from 'lucide-react';
import { useState } from 'react';
import { ApiError } from '../../api/http';
import { columnsOptions, datasetsOptions } from '../../api/options';
import { agoText, numberText, storedText } from '../../model/format';
import type { SchemaSearch } from '../../model/url-state';
import { Empty, ErrorBox, Progress, Skeleton, Tabs } from '../../widgets/basic';
import { Grid } from '../../widgets/Grid';
import { Link } from '../../widgets/Link';
import { NoDataset } from '../../widgets/NoDataset';
import { datasetPath, usePlace, useSetSearch, useTypedSearch } from '../../widgets/route';
import { BulkBar } from './BulkBar';
import { ColumnPanel } from './ColumnPanel';
import css from './datasets.module.css';
import { FieldsTab } from './FieldsTab';
import { SettingsTab } from './SettingsTab';

const LIMIT = 1000;

export default function SchemaPage() {
  const place = usePlace();
  const dataset = place.dataset!;
  const { find = '', tab = 'columns', column } = useTypedSearch<SchemaSearch>();
  const setSearch = useSetSearch<SchemaSearch>();
  const columns = useQuery(columnsOptions(place.env, dataset, find, LIMIT));
  const facts = useQuery(datasetsOptions(place.env)).data?.find((d) => d.slug === dataset);
  const [now] = useState(() => Date.now());
  const rows = columns.data?.columns ?? [];
  const chosen = rows.find((c) => c.key_name === column);
  const [picked, setPicked] = useState<ReadonlySet<string>>(() => new Set());
  const ticked = rows.filter((c) => picked.has(c.id));
  const tick = (ids: readonly string[], on: boolean) =>
    setPicked((old) => (on ? new Set([...old, ...ids]) : new Set([...old].filter((id) => !ids.includes(id)))));

  if (columns.error instanceof ApiError && columns.error.status === 404)
    return <NoDataset place={place} dataset={dataset} />;
  return (
    <div className={css.page}>
      <header className={css.head}>
        <h1>{facts?.name ?? dataset}</h1>
        {facts && (
          <p className="num">
            {numberText(facts.event_count)} events · {numberText(facts.column_count)} columns ·{' '}
            {storedText(facts.stored_bytes, facts.event_count)} · created {agoText(Date.parse(facts.created_at), now)}
          </p>
        )}
        <Link to={datasetPath(place, dataset)}>Query this dataset</Link>
      </header>
      <Tabs
        label="Dataset"
        value={tab}
        onChange={(next) => setSearch({ tab: next === 'columns' ? undefined : next, column: undefined })}
        tabs={[
          { id: 'columns', label: 'Columns' },
          { id: 'fields', label: 'Calculated fields' },
          { id: 'settings', label: 'Settings' },
        ]}
      />
      {tab === 'fields' && <FieldsTab place={place} dataset={dataset} />}
      {tab === 'settings' && <SettingsTab place={place} dataset={dataset} />}
      {tab === 'columns' && (
        <div className={chosen ? css.withPanel : undefined}>
          <div className={css.columns}>
            <label className={css.find}>
              <Search size={14} aria-hidden />
              <span className="sr">Search columns</span>
              <input
                placeholder="Search columns"
                value={find}
                onChange={(e) => {
                  // What is ticked is in sight, or it would be deleted unseen.
                  setPicked(new Set());
                  setSearch({ find: e.target.value || undefined }, { replace: true });
                }}
              />
              {columns.data && (
                <span className="num" aria-live="polite">
                  {columns.data.total > rows.length
                    ? `${rows.length} of ${numberText(columns.data.total)}`
                    : rows.length}
                </span>
              )}
            </label>
            <Progress active={columns.isFetching} />
            {columns.error && (
              <ErrorBox
                what="The columns could not be loaded"
                error={columns.error}
                onRetry={() => void columns.refetch()}
              />
            )}
            {columns.isPending && <Skeleton />}
            {columns.data && rows.length === 0 && (
              <Empty title={find ? `No column name holds “${find}”` : 'This dataset has no columns yet'} />
            )}
            {ticked.length > 0 && (
              <BulkBar
                place={place}
                dataset={dataset}
                columns={ticked}
                onDone={(ids) => tick(ids, false)}
                onNone={() => setPicked(new Set())}
              />
            )}
            {rows.length > 0 && (
              <Grid
                label="Columns"
                columns={[
                  {
                    id: 'tick',
                    width: '36px',
                    head: (
                      <input
                        type="checkbox"
                        aria-label={
                          columns.data!.total > rows.length
                            ? `Choose the first ${rows.length} columns found`
                            : 'Choose all columns found'
                        }
                        // The rows are those of the search before while the new one is under way.
                        disabled={columns.isPlaceholderData}
                        checked={ticked.length === rows.length}
                        onChange={(e) =>
                          tick(
                            rows.map((c) => c.id),
                            e.target.checked,
                          )
                        }
                      />
                    ),
                  },
                  { id: 'key_name', head: 'Column', width: 'minmax(240px, 3fr)', mono: true },
                  { id: 'type', head: 'Type', width: '90px' },
                  { id: 'description', head: 'Description', width: 'minmax(160px, 3fr)' },
                  { id: 'last', head: 'Last written', width: '140px', right: true },
                ]}
                count={rows.length}
                rowKey={(i) => rows[i]!.id}
                maxHeight="max(240px, calc(100vh - 210px))"
                onTick={(i) => !columns.isPlaceholderData && tick([rows[i]!.id], !picked.has(rows[i]!.id))}
                selected={chosen ? rows.indexOf(chosen) : undefined}
                onOpen={(i) => setSearch({ column: rows[i]!.key_name })}
                cell={(i, id) => {
                  const c = rows[i]!;
                  if (id === 'tick')
                    return (
                      <label className={css.tick}>
                        <input
                          type="checkbox"
                          // One stop for the whole table: Space ticks the row that the arrows went to.
                          tabIndex={-1}
                          aria-label={`Choose ${c.key_name}`}
                          disabled={columns.isPlaceholderData}
                          checked={picked.has(c.id)}
                          onChange={(e) => tick([c.id], e.target.checked)}
                        />
                      </label>
                    );
                  if (id === 'key_name')
                    return (
                      <span title={c.key_name} className={c.hidden ? css.hidden : undefined}>
                        {c.key_name}
                        {c.hidden && <em> hidden</em>}
                      </span>
                    );
                  if (id === 'type') return <span className={css.type}>{c.type}</span>;
                  if (id === 'description') return c.description || <span className={css.none}>–</span>;
                  return c.last_written ? (
                    <time dateTime={c.last_written} title={c.last_written}>
                      {agoText(Date.parse(c.last_written), now)}
                    </time>
                  ) : (
                    'never'
                  );
                }}
              />
            )}
          </div>
          {chosen && (
            <ColumnPanel
              key={chosen.id}
              place={place}
              dataset={dataset}
              column={chosen}
              onClose={() => setSearch({ column: undefined })}
            />
          )}
        </div>
      )}
    </div>
  );
}
