// One's last queries, each a click away with the answer it had.
import { useQuery } from '@tanstack/react-query';
import { History } from 'lucide-react';
import { useState } from 'react';
import { historyOptions } from '../../api/options';
import { agoText } from '../../model/format';
import { queryText } from '../../model/query-text';
import { IconButton } from '../../widgets/basic';
import { Link } from '../../widgets/Link';
import { PopoverBox } from '../../widgets/popup';
import { environmentPath, type Place } from '../../widgets/route';
import css from './query.module.css';

export function RecentMenu({
  place,
  open,
  onOpenChange,
}: {
  place: Place;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  return (
    <PopoverBox
      label="My recent queries"
      open={open}
      onOpenChange={onOpenChange}
      align="end"
      trigger={
        <IconButton label="My recent queries (h)">
          <History size={16} />
        </IconButton>
      }
    >
      {open && <Recent place={place} onDone={() => onOpenChange(false)} />}
    </PopoverBox>
  );
}
function Recent({ place, onDone }: { place: Place; onDone: () => void }) {
  const [now] = useState(() => Date.now());
  const { data } = useQuery(historyOptions(place.env, { mine: true, limit: 15 }));
  return (
    <div className={css.recent}>
      <h2>My recent queries</h2>
      {data?.runs.length === 0 && <p className={css.counted}>Nothing yet: a query is here once it has run.</p>}
      <ul>
        {(data?.runs ?? []).map((run) => (
          <li key={run.result_id}>
            <Link to={environmentPath(place, `/result/${run.result_id}`)} onClick={onDone} data-state={run.state}>
              <span>{run.names.at(-1) ?? queryText(run.query)}</span>
              <small>
                {run.dataset ?? 'deleted dataset'} · {agoText(Date.parse(run.asked_at), now)}
              </small>
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
