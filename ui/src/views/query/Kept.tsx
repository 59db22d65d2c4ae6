// Says that an answer is an old one, and from when: the history knows when it was asked, as long as it is among the newer ones.
import { useQuery } from '@tanstack/react-query';
import { historyOptions } from '../../api/options';
import { momentText } from '../../model/time-range';

const LOOKED_AT = 100;

export default function Kept({ env, id, range, utc }: { env: string; id: string; range: string; utc: boolean }) {
  const { data } = useQuery({ ...historyOptions(env, { limit: LOOKED_AT }), retry: false });
  const run = data?.runs.find((r) => r.result_id === id);
  return run ? (
    <>
      Result from {momentText(Date.parse(run.asked_at), utc)}
      {run.run_by.name && `, asked by ${run.run_by.name}`}, kept as it was.
    </>
  ) : (
    <>Kept result of {range}, as it was.</>
  );
}
