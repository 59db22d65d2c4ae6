// The SLOs that are kept, each with its compliance and budget as they are now; burn alerts are not evaluated, and the page says so.
import { useQuery } from '@tanstack/react-query';
import { Info } from 'lucide-react';
import { alertingOptions, sloOptions, slosOptions, type Slo } from '../../api/manage';
import { numberText } from '../../model/format';
import { budgetState, budgetText } from '../../model/slo';
import { Empty, ErrorBox, Skeleton } from '../../widgets/basic';
import { usePlace } from '../../widgets/route';
import page from '../../widgets/page.module.css';
import css from './alerts.module.css';

export default function SlosPage() {
  const place = usePlace();
  const alerting = useQuery(alertingOptions(place.env));
  const list = useQuery(slosOptions(place.env));
  return (
    <div className={page.page}>
      <h1>SLOs</h1>
      {alerting.data && !alerting.data.evaluated && (
        <p className={page.note}>
          <Info size={16} aria-hidden /> {alerting.data.note}
        </p>
      )}
      {list.error && (
        <ErrorBox what="The SLOs could not be loaded" error={list.error} onRetry={() => void list.refetch()} />
      )}
      {list.isPending && <Skeleton />}
      {list.data?.length === 0 && (
        <Empty title="No SLOs are kept in this environment">
          <p>
            Programs written for Honeycomb make them through <code>/1/slos</code>.
          </p>
        </Empty>
      )}
      {list.data && list.data.length > 0 && (
        <div className={page.tableBox}>
          <table className={`${page.table} ${page.stacked}`} aria-label="SLOs">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Datasets</th>
                <th scope="col">Good is</th>
                <th scope="col">Target</th>
                <th scope="col">Compliance</th>
                <th scope="col">Budget left</th>
                <th scope="col">Burn rate, 4 h</th>
              </tr>
            </thead>
            <tbody>
              {list.data.map((slo) => (
                <Row key={slo.id} env={place.env} slo={slo} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}

function Row({ env, slo }: { env: string; slo: Slo }) {
  const { data, error } = useQuery(sloOptions(env, slo.id));
  const percent = (value: number | undefined) => (value === undefined ? '…' : budgetText(value));
  const budget = data?.budget_remaining;
  return (
    <tr>
      <th scope="row">
        {slo.name}
        {slo.description && <small>{slo.description}</small>}
      </th>
      <td data-label="Datasets">{slo.dataset_slugs?.join(', ')}</td>
      <td className="mono" data-label="Good is">
        {slo.sli.alias}
      </td>
      <td className="num" data-label="Target">
        {slo.target_per_million / 10_000} % in {slo.time_period_days} days
      </td>
      {error ? (
        <td colSpan={3}>{error.message}</td>
      ) : (
        <>
          <td className="num" data-label="Compliance">
            {data?.status === 'no_events' ? 'no events' : percent(data?.compliance)}
          </td>
          <td className="num" data-label="Budget left">
            <span className={css.budget} data-state={budget === undefined ? undefined : budgetState(budget)}>
              <i style={{ width: `${Math.max(0, Math.min(100, budget ?? 0)) * 0.6}px` }} />
              {percent(budget)}
            </span>
          </td>
          <td className="num" data-label="Burn rate, 4 h">
            {data?.burn_rate === undefined ? '…' : `${numberText(data.burn_rate)} ×`}
          </td>
        </>
      )}
    </tr>
  );
}
