// What a query that is being answered has done so far: seconds, and the rows it has read as the server counts them.
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { runningOptions } from '../../api/options';
import { shortNumber } from '../../model/format';
import { Button, Elapsed } from '../../widgets/basic';
import css from './query.module.css';

export function Running({ env, onCancel }: { env: string; onCancel: () => void }) {
  const [since] = useState(() => performance.now());
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    // Most answers come before anybody could read a number.
    const timer = setTimeout(() => setSlow(true), 400);
    return () => clearTimeout(timer);
  }, []);
  const { data, dataUpdatedAt } = useQuery({ ...runningOptions(env), enabled: isSlow });
  const elapsed = performance.timeOrigin + since;
  // Several may run; ours is the one that began when we asked.
  const mine = (data?.queries ?? [])
    .map((q) => ({ ...q, off: Math.abs(dataUpdatedAt - q.elapsed_ms - elapsed) }))
    .sort((a, b) => a.off - b.off)[0];
  return (
    <p className={css.running} role="status" data-testid="running">
      <span>
        Running for <Elapsed since={since} />
        {mine && mine.off < 2000 && <span className="num">, {shortNumber(mine.rows_read)} rows read</span>}
      </span>
      {isSlow && (
        <Button kind="plain" onClick={onCancel}>
          Cancel
        </Button>
      )}
    </p>
  );
}
