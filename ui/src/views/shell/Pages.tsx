// The two pages that lead elsewhere: the start, and the one for addresses that do not exist.
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { sessionOptions } from '../../api/options';
import { Empty, Skeleton } from '../../widgets/basic';
import { Link } from '../../widgets/Link';
import { environmentPath, useGo } from '../../widgets/route';

export function Start() {
  const { data } = useQuery(sessionOptions());
  const go = useGo();
  const team = data?.team?.slug;
  const env = data?.environments[0]?.slug;
  useEffect(() => {
    if (team && env) go(environmentPath({ team, env }), {}, { replace: true });
  }, [team, env, go]);
  if (data && !(team && env))
    return <Empty title="This installation has no environment yet">Create one with “waggle environment create”.</Empty>;
  return <Skeleton />;
}
export function NotFound() {
  return (
    <Empty title="There is nothing at this address">
      <Link to="/">Go to the start</Link>
    </Empty>
  );
}
