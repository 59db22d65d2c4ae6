// Home leads to where one can go on: to the newest dataset's query, or to Send data while there is none.
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { datasetsOptions } from '../../api/options';
import type { QuerySearch } from '../../model/url-state';
import { ErrorBox, Skeleton } from '../../widgets/basic';
import { datasetPath, environmentPath, useGo, usePlace, useTypedSearch } from '../../widgets/route';

export default function HomePage() {
  const { team, env } = usePlace();
  const search = useTypedSearch<QuerySearch>();
  const go = useGo();
  const { data, error, refetch } = useQuery(datasetsOptions(env));
  useEffect(() => {
    const place = { team, env };
    // A link with a query but without a dataset asks the whole environment.
    if (search.query) return go(datasetPath(place, '__all__'), search, { replace: true });
    if (!data) return;
    const latest = [...data].sort((a, b) => (b.last_written_at ?? '').localeCompare(a.last_written_at ?? ''))[0];
    if (latest) go(datasetPath(place, latest.slug), {}, { replace: true });
    else go(environmentPath(place, '/send-data'), {}, { replace: true });
  }, [data, search, team, env, go]);
  return error ? (
    <ErrorBox what="The datasets could not be loaded" error={error} onRetry={() => void refetch()} />
  ) : (
    <Skeleton />
  );
}
