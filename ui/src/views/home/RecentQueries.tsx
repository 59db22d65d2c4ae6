// What the team asked last: each opens as it was asked.
import { useQuery } from '@tanstack/react-query';
import { historyOptions } from '../../api/options';
import { agoText } from '../../model/format';
import { queryText } from '../../model/query-text';
import { Link } from '../../widgets/Link';
import { datasetPath, environmentPath, type Place } from '../../widgets/route';
import css from './home.module.css';

const SHOWN = 6;

export function RecentQueries({ place }: { place: Place }) {
  const { data, dataUpdatedAt } = useQuery(historyOptions(place.env, { limit: 30 }));
  const seen = new Set<string>();
  const runs = (data?.runs ?? [])
    .map((run) => ({ ...run, text: run.names.at(-1) ?? queryText(run.query) }))
    // Of those that read alike the newest stands for all.
    .filter(
      (run) =>
        run.dataset !== null && !seen.has(`${run.dataset} ${run.text}`) && seen.add(`${run.dataset} ${run.text}`),
    )
    .slice(0, SHOWN);
  if (runs.length === 0) return null;
  return (
    <section className={css.list}>
      <h2>
        <Link to={environmentPath(place, '/history')} search={{ who: 'team' }}>
          The team’s queries
        </Link>
      </h2>
      <ol>
        {runs.map((run) => (
          <li key={run.query_id}>
            <Link to={datasetPath(place, run.dataset!)} search={{ query: run.query }}>
              <span>{run.text}</span>
              <small>{run.dataset === '__all__' ? 'all datasets' : run.dataset}</small>
            </Link>
            <span className="num">
              {run.run_by.name ? `${run.run_by.name} · ` : ''}
              {agoText(Date.parse(run.asked_at), dataUpdatedAt)}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
