// Says when a question reaches further back than the events that are kept: what is missing is gone, not absent.
import { useQuery } from '@tanstack/react-query';
import { retentionOptions } from '../../api/manage';
import { momentText, spanText } from '../../model/time-range';
import css from './query.module.css';

interface Props {
  env: string;
  dataset: string;
  /** First second that was asked for. */
  start: number;
  utc: boolean;
}
export default function Retained({ env, dataset, start, utc }: Props) {
  const { data } = useQuery({ ...retentionOptions(env), retry: false });
  const short = (data?.datasets ?? [])
    .filter((d) => dataset === '__all__' || d.dataset === dataset)
    .flatMap((d) => (d.kept_from ? [{ ...d, from: Date.parse(d.kept_from) / 1000 }] : []))
    .filter((d) => d.from > start)
    .sort((a, b) => b.from - a.from);
  const [first] = short;
  if (!first) return null;
  const age = first.effective.age_s;
  return (
    <p className={css.edited} role="status" data-testid="retained">
      Part of this time is older than what is kept{age ? ` (${spanText(age)})` : ''}: events of {first.dataset}
      {short.length > 1 && ` and ${short.length - 1} more datasets`} before {momentText(first.from * 1000, utc)} are
      gone.
    </p>
  );
}
