// The triggers that are kept. This version does not evaluate them, and says so first.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Info } from 'lucide-react';
import { useState } from 'react';
import { alertingOptions, deleteTrigger, triggersOptions, type Trigger } from '../../api/manage';
import { numberText } from '../../model/format';
import { Button, Empty, ErrorBox, Skeleton } from '../../widgets/basic';
import { Doom } from '../../widgets/Doom';
import { Link } from '../../widgets/Link';
import { datasetPath, usePlace } from '../../widgets/route';
import page from '../../widgets/page.module.css';

export default function TriggersPage() {
  const place = usePlace();
  const client = useQueryClient();
  const alerting = useQuery(alertingOptions(place.env));
  const list = useQuery(triggersOptions(place.env));
  const [doomed, setDoomed] = useState<Trigger | null>(null);
  const remove = useMutation({
    mutationFn: (trigger: Trigger) => deleteTrigger(place.env, trigger.dataset_slug, trigger.id),
    onSuccess: () => client.invalidateQueries({ queryKey: ['triggers'] }),
  });
  return (
    <div className={page.page}>
      <h1>Triggers</h1>
      {alerting.data && !alerting.data.evaluated && (
        <p className={page.note}>
          <Info size={16} aria-hidden /> {alerting.data.note}
        </p>
      )}
      {list.error && (
        <ErrorBox what="The triggers could not be loaded" error={list.error} onRetry={() => void list.refetch()} />
      )}
      {remove.error && <ErrorBox what="The trigger could not be deleted" error={remove.error} />}
      {list.isPending && <Skeleton />}
      {list.data?.length === 0 && (
        <Empty title="No triggers are kept in this environment">
          <p>
            Programs written for Honeycomb make them through <code>/1/triggers</code>.
          </p>
        </Empty>
      )}
      {list.data && list.data.length > 0 && (
        <div className={page.tableBox}>
          <table className={`${page.table} ${page.stacked}`} aria-label="Triggers">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Dataset</th>
                <th scope="col">Would tell when</th>
                <th scope="col">Every</th>
                <th scope="col">Tells</th>
                <th scope="col">State</th>
                <th scope="col">
                  <span className="sr">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {list.data.map((trigger) => (
                <tr key={trigger.id}>
                  <th scope="row">
                    {trigger.query ? (
                      <Link to={datasetPath(place, trigger.dataset_slug)} search={{ query: trigger.query }}>
                        {trigger.name}
                      </Link>
                    ) : (
                      trigger.name
                    )}
                    {trigger.description && <small>{trigger.description}</small>}
                  </th>
                  <td data-label="Dataset">{trigger.dataset_slug}</td>
                  <td className="num" data-label="Would tell when">
                    {trigger.threshold.op} {numberText(trigger.threshold.value)}
                    {trigger.threshold.exceeded_limit > 1 && `, ${trigger.threshold.exceeded_limit} times`}
                  </td>
                  <td className="num" data-label="Every">
                    {numberText(trigger.frequency / 60)} min
                  </td>
                  <td data-label="Tells">{trigger.recipients.map((r) => r.target ?? r.type).join(', ') || 'nobody'}</td>
                  <td data-label="State">{trigger.disabled ? 'disabled' : 'not evaluated'}</td>
                  <td className={page.actions}>
                    <Button kind="plain" disabled={remove.isPending} onClick={() => setDoomed(trigger)}>
                      Delete
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Doom
        title={`Delete the trigger ${doomed?.name ?? ''}`}
        what="Nobody is told of it any more; its query stays in the history. This cannot be undone."
        verb="Delete the trigger"
        open={doomed !== null}
        onClose={() => setDoomed(null)}
        onDelete={() => doomed && remove.mutate(doomed)}
      />
    </div>
  );
}
