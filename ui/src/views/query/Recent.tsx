// The list behind RecentMenu: what was asked, what differs from the query in hand, and steps to the older and newer ones.
import { useQuery } from '@tanstack/react-query';
import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { historyOptions } from '../../api/options';
import { agoText } from '../../model/format';
import type { QuerySpec } from '../../model/query-spec';
import { queryChanges, queryText } from '../../model/query-text';
import { Button } from '../../widgets/basic';
import { Link } from '../../widgets/Link';
import { environmentPath, useGo, type Place } from '../../widgets/route';
import css from './query.module.css';

const SHOWN = 30;

export default function Recent({
  place,
  draft,
  shown,
  onDone,
}: {
  place: Place;
  draft: QuerySpec;
  shown: string | undefined;
  onDone: () => void;
}) {
  const go = useGo();
  const [now] = useState(() => Date.now());
  const { data } = useQuery(historyOptions(place.env, { mine: true, limit: SHOWN }));
  const runs = data?.runs ?? [];
  const at = runs.findIndex((run) => run.result_id === shown);
  // Newest first; what has no kept answer is stepped over.
  const older = runs.slice(at + 1).find((run) => run.state === 'kept');
  const newer = at < 0 ? undefined : runs.slice(0, at).findLast((run) => run.state === 'kept');
  const step = (run: (typeof runs)[number] | undefined) =>
    run && go(environmentPath(place, `/result/${run.result_id}`), { recent: true });
  return (
    <div className={css.recent}>
      <header>
        <h2>My recent queries</h2>
        <Button kind="plain" icon={<ChevronLeft size={14} />} disabled={!older} onClick={() => step(older)}>
          Older
        </Button>
        <Button kind="plain" icon={<ChevronRight size={14} />} disabled={!newer} onClick={() => step(newer)}>
          Newer
        </Button>
      </header>
      {data && runs.length === 0 && <p className={css.counted}>Nothing yet: a query is here once it has run.</p>}
      <ul>
        {runs.map((run) => (
          <li key={run.result_id} aria-current={run.result_id === shown || undefined}>
            <Link to={environmentPath(place, `/result/${run.result_id}`)} onClick={onDone} data-state={run.state}>
              <span>{run.names.at(-1) ?? queryText(run.query)}</span>
              <small>
                {run.dataset ?? 'deleted dataset'} · {agoText(Date.parse(run.asked_at), now)}
              </small>
              <Changes from={draft} to={run.query} />
            </Link>
          </li>
        ))}
      </ul>
      <Link to={environmentPath(place, '/history')} onClick={onDone}>
        All of the team’s queries
      </Link>
    </div>
  );
}
/** What choosing the entry would change in the builder. */
function Changes({ from, to }: { from: QuerySpec; to: QuerySpec }) {
  const changes = queryChanges(from, to);
  if (changes.length === 0) return null;
  return (
    <small className={css.changes}>
      {changes.map(({ clause, gone, added }) => (
        <span key={clause}>
          {clause}
          {gone.map((text) => (
            <del key={text}>− {text}</del>
          ))}
          {added.map((text) => (
            <ins key={text}>+ {text}</ins>
          ))}
        </span>
      ))}
    </small>
  );
}
