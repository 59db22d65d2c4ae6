// The pages that lead elsewhere: the start, addresses from before there were environments, and those that do not exist.
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { sessionOptions } from '../../api/options';
import { Empty, Skeleton } from '../../widgets/basic';
import { Link } from '../../widgets/Link';
import { environmentPath, useGo, usePathname, useTypedSearch } from '../../widgets/route';

/** What clients with a classic key link to, `/team/datasets/…`, lies in the first environment. */
export function Classic() {
  const rest = `/${usePathname().split('/').slice(2).join('/')}`;
  const search = useTypedSearch();
  // As it was when it was opened: the router hands out a new object each time, and each would lead on anew.
  const [opened] = useState({ rest, search });
  return <Start {...opened} />;
}

export function Start({ rest = '', search }: { rest?: string; search?: object }) {
  const { data } = useQuery(sessionOptions());
  const go = useGo();
  const team = data?.team?.slug;
  const env = data?.environments[0]?.slug;
  useEffect(() => {
    if (team && env) go(environmentPath({ team, env }, rest), search, { replace: true });
  }, [team, env, rest, search, go]);
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
