// The triggers and SLOs that are kept, and whether anybody would be told: today nothing evaluates them, which is said and not hidden.
import { useQuery } from '@tanstack/react-query';
import { alertingOptions, sloOptions, slosOptions, triggersOptions, type Slo } from '../../api/manage';
import { numberText } from '../../model/format';
import { budgetState, budgetText } from '../../model/slo';
import { Link } from '../../widgets/Link';
import { datasetPath, environmentPath, type Place } from '../../widgets/route';
import css from './home.module.css';

const SHOWN = 6;

export function AlertLists({ place }: { place: Place }) {
  const alerting = useQuery(alertingOptions(place.env));
  const triggers = useQuery({ ...triggersOptions(place.env), enabled: (alerting.data?.triggers ?? 0) > 0 });
  const slos = useQuery({ ...slosOptions(place.env), enabled: (alerting.data?.slos ?? 0) > 0 });
  if (!alerting.data) return null;
  const state = alerting.data.evaluated ? undefined : 'not evaluated';
  return (
    <>
      <section className={css.list}>
        <h2>
          <Link to={environmentPath(place, '/triggers')}>Triggers</Link>
        </h2>
        {alerting.data.triggers === 0 && <p className={css.none}>None are kept in this environment.</p>}
        {triggers.error && <p className={css.none}>{triggers.error.message}</p>}
        <ol>
          {triggers.data?.slice(0, SHOWN).map((trigger) => (
            <li key={trigger.id}>
              <Link
                to={trigger.query ? datasetPath(place, trigger.dataset_slug) : environmentPath(place, '/triggers')}
                search={trigger.query ? { query: trigger.query } : {}}
              >
                <span>{trigger.name}</span>
                <small>
                  {trigger.threshold.op} {numberText(trigger.threshold.value)}
                </small>
              </Link>
              <span>{trigger.disabled ? 'disabled' : state}</span>
            </li>
          ))}
        </ol>
        <More count={alerting.data.triggers} to={environmentPath(place, '/triggers')} />
      </section>
      <section className={css.list}>
        <h2>
          <Link to={environmentPath(place, '/slos')}>SLOs</Link>
        </h2>
        {alerting.data.slos === 0 && <p className={css.none}>None are kept in this environment.</p>}
        {slos.error && <p className={css.none}>{slos.error.message}</p>}
        <ol>
          {slos.data?.slice(0, SHOWN).map((slo) => (
            <li key={slo.id}>
              <Link to={environmentPath(place, '/slos')}>
                <span>{slo.name}</span>
              </Link>
              <Budget env={place.env} slo={slo} />
            </li>
          ))}
        </ol>
        <More count={alerting.data.slos} to={environmentPath(place, '/slos')} />
      </section>
    </>
  );
}

/** What is left of an SLO's budget now; its target until that is known. */
function Budget({ env, slo }: { env: string; slo: Slo }) {
  const { data, error } = useQuery(sloOptions(env, slo.id));
  const target = `${slo.target_per_million / 10_000} % in ${slo.time_period_days} days`;
  const left = data?.budget_remaining;
  if (error || left === undefined || data?.status === 'no_events')
    return (
      <span className="num" title={error?.message}>
        {data?.status === 'no_events' ? 'no events' : target}
      </span>
    );
  return (
    <span className={`num ${css.budget}`} data-state={budgetState(left)} title={`Target: ${target}`}>
      {left < 0 ? 'budget overspent' : 'budget left'} {budgetText(Math.abs(left))}
    </span>
  );
}
function More({ count, to }: { count: number; to: string }) {
  if (count <= SHOWN) return null;
  return (
    <p className={css.none}>
      <Link to={to}>and {numberText(count - SHOWN)} more</Link>
    </p>
  );
}
