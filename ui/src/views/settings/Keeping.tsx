// How long the events of the environment stay, and what a shorter time would take away before it does.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { retentionOptions, saveRetention, type Retention } from '../../api/manage';
import { datasetsOptions } from '../../api/options';
import { numberText, storedText } from '../../model/format';
import { Button, ErrorBox, Skeleton } from '../../widgets/basic';
import { Form, FormEnd, TextField } from '../../widgets/form';
import page from '../../widgets/page.module.css';
import css from './settings.module.css';

const DAY = 86_400;
const daysText = (seconds: number | null | undefined): string =>
  seconds ? `${numberText(seconds / DAY)} days` : 'for ever';

export function Keeping({ env }: { env: string }) {
  const { data, error, refetch } = useQuery(retentionOptions(env));
  // The limits know what is in blocks; a dataset holds what is in memory, too.
  const held = new Map(useQuery(datasetsOptions(env)).data?.map((d) => [d.slug, d.event_count]));
  const countOf = (d: Retention['datasets'][number]) => held.get(d.dataset) ?? d.event_count;
  if (error) return <ErrorBox what="The limits could not be loaded" error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton />;
  return (
    <section className={css.section}>
      <Limit env={env} retention={data} />
      <div className={page.tableBox}>
        <table className={page.table}>
          <thead>
            <tr>
              <th scope="col">Dataset</th>
              <th scope="col">Events stay</th>
              <th scope="col" className={page.right}>
                Events
              </th>
              <th scope="col" className={page.right}>
                Stored
              </th>
              <th scope="col">Oldest</th>
            </tr>
          </thead>
          <tbody>
            {data.datasets.map((d) => (
              <tr key={d.dataset}>
                <th scope="row">{d.dataset}</th>
                <td>
                  {daysText(d.effective.age_s)}
                  {d.limits.age_s != null && ' (its own limit)'}
                </td>
                <td className={`num ${page.right}`}>{numberText(countOf(d))}</td>
                <td className={`num ${page.right}`}>{storedText(d.stored_bytes, countOf(d))}</td>
                <td>{d.oldest_at?.slice(0, 16).replace('T', ' ') ?? '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Limit({ env, retention }: { env: string; retention: Retention }) {
  const client = useQueryClient();
  const kept = retention.environment.age_s ?? null;
  const [days, setDays] = useState(kept === null ? '' : String(kept / DAY));
  const limits = {
    age_s: days.trim() === '' ? null : Math.round(Number(days) * DAY),
    bytes: retention.environment.bytes,
  };
  const preview = useMutation({ mutationFn: () => saveRetention(env, undefined, limits, true) });
  const save = useMutation({
    mutationFn: () => saveRetention(env, undefined, limits, false),
    onSuccess: () => {
      preview.reset();
      void client.invalidateQueries({ queryKey: ['retention'] });
    },
  });
  const loss = preview.data?.datasets.reduce((sum, d) => sum + d.would_go.event_count, 0);
  const error = preview.error ?? save.error;
  return (
    <div className={css.narrow}>
      <Form onSubmit={() => preview.mutate()}>
        <TextField
          label="Days that events of this environment stay"
          type="number"
          min={0}
          step="any"
          value={days}
          placeholder={`as the server says: ${daysText(retention.server.age_s)}`}
          hint="0 keeps everything. A dataset can have its own limit in its settings."
          onChange={(e) => {
            setDays(e.target.value);
            preview.reset();
          }}
        />
        {error && <ErrorBox what="The limit could not be set" error={error} />}
        {loss !== undefined && (
          <p role="status">{loss > 0 ? `${numberText(loss)} events would go.` : 'Nothing would go now.'}</p>
        )}
        <FormEnd>
          <Button type="submit">Show what would go</Button>
          {loss !== undefined && (
            <Button kind="primary" onClick={() => save.mutate()} disabled={save.isPending}>
              Set the limit
            </Button>
          )}
        </FormEnd>
      </Form>
    </div>
  );
}
