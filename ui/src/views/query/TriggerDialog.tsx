// Makes a trigger of the query in hand: when its answer is too much, how often somebody looks, and who is told.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { alertingOptions, createTrigger, recipientsOptions, type Trigger } from '../../api/manage';
import { triggerQuery } from '../../model/alert-query';
import { DEFAULT_TIME_RANGE, type QuerySpec } from '../../model/query-spec';
import { queryText } from '../../model/query-text';
import { Button, ErrorBox } from '../../widgets/basic';
import { DialogBox } from '../../widgets/popup';
import { environmentPath, useGo, type Place } from '../../widgets/route';
import css from './query.module.css';

const OPS = ['>', '>=', '<', '<='] as const;
/** A query may look back over so many of its intervals, and at most over a day: minutes. */
const INTERVALS_MAX = 4;
const DAY = 1440;

interface Props {
  place: Place;
  dataset: string;
  spec: QuerySpec;
  onClose: () => void;
}
export default function TriggerDialog({ place, dataset, spec, onClose }: Props) {
  const go = useGo();
  const client = useQueryClient();
  const alerting = useQuery(alertingOptions(place.env));
  const recipients = useQuery({ ...recipientsOptions(place.env), retry: false });
  const [name, setName] = useState('');
  const [op, setOp] = useState<(typeof OPS)[number]>('>');
  const [value, setValue] = useState('');
  const [every, setEvery] = useState('15');
  const [over, setOver] = useState(String(Math.min(60, (spec.time_range ?? DEFAULT_TIME_RANGE) / 60)));
  const [times, setTimes] = useState('1');
  const [told, setTold] = useState<string[]>([]);
  const most = Math.min(DAY, Number(every) * INTERVALS_MAX);
  const isRight = name.trim() !== '' && value.trim() !== '' && Number.isFinite(Number(value));
  const save = useMutation({
    mutationFn: (): Promise<Trigger> =>
      createTrigger(place.env, dataset, {
        name: name.trim(),
        query: triggerQuery(spec, Math.round(Number(over) * 60)) as never,
        threshold: { op, value: Number(value), exceeded_limit: Number(times) },
        frequency: Math.round(Number(every) * 60),
        recipients: told.map((id) => ({ id })),
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['triggers', place.env] });
      go(environmentPath(place, '/triggers'));
    },
  });
  return (
    <DialogBox title="Make a trigger" open onOpenChange={(open) => !open && onClose()}>
      <form
        className={css.form}
        onSubmit={(e) => {
          e.preventDefault();
          if (isRight) save.mutate();
        }}
      >
        <p className="mono" data-testid="watched">
          {queryText(triggerQuery(spec, 0))}
        </p>
        <label>
          Name of the trigger
          <input autoFocus value={name} onChange={(e) => setName(e.target.value)} maxLength={120} />
        </label>
        <div className={css.formRow}>
          <label>
            Too much is
            <select value={op} onChange={(e) => setOp(e.target.value as typeof op)}>
              {OPS.map((o) => (
                <option key={o}>{o}</option>
              ))}
            </select>
          </label>
          <label>
            Threshold
            <input inputMode="decimal" value={value} onChange={(e) => setValue(e.target.value)} />
          </label>
          <label>
            Times in a row
            <input type="number" min={1} max={5} value={times} onChange={(e) => setTimes(e.target.value)} />
          </label>
        </div>
        <div className={css.formRow}>
          <label>
            Looks every, minutes
            <input type="number" min={1} max={DAY} value={every} onChange={(e) => setEvery(e.target.value)} />
          </label>
          <label>
            Over the last, minutes
            <input type="number" min={1} max={most} value={over} onChange={(e) => setOver(e.target.value)} />
          </label>
        </div>
        {(recipients.data ?? []).length > 0 && (
          <fieldset className={css.told}>
            <legend>Tells</legend>
            {recipients.data!.map((r) => (
              <label key={r.id} className={css.check}>
                <input
                  type="checkbox"
                  checked={told.includes(r.id)}
                  onChange={(e) => setTold(e.target.checked ? [...told, r.id] : told.filter((id) => id !== r.id))}
                />
                {r.type} {Object.values(r.details).find((v) => typeof v === 'string')}
              </label>
            ))}
          </fieldset>
        )}
        {alerting.data && !alerting.data.evaluated && <p className={css.formNote}>{alerting.data.note}</p>}
        {save.error && <ErrorBox what="The trigger could not be made" error={save.error} />}
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={!isRight || save.isPending}>
            Make the trigger
          </Button>
        </footer>
      </form>
    </DialogBox>
  );
}
