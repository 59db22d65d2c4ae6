// Makes an SLO of the query in hand: its conditions become the calculated field that says which events are good.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { createSlo, saveField, type Slo } from '../../api/manage';
import { conditionText } from '../../model/alert-query';
import type { QuerySpec } from '../../model/query-spec';
import { Button, ErrorBox } from '../../widgets/basic';
import { DialogBox } from '../../widgets/popup';
import { environmentPath, useGo, type Place } from '../../widgets/route';
import css from './query.module.css';

const MILLION = 1_000_000;

interface Props {
  place: Place;
  dataset: string;
  spec: QuerySpec;
  onClose: () => void;
}
export default function SloDialog({ place, dataset, spec, onClose }: Props) {
  const go = useGo();
  const client = useQueryClient();
  const conditions = conditionText(spec.filters ?? [], spec.filter_combination);
  const [name, setName] = useState('');
  const [good, setGood] = useState<'bad' | 'good'>('bad');
  const [typed, setTyped] = useState<string | null>(null);
  const [target, setTarget] = useState('99.9');
  const [days, setDays] = useState('30');
  const expression = typed ?? (good === 'bad' && conditions !== '' ? `NOT(${conditions})` : conditions);
  const perMillion = Math.round(Number(target) * (MILLION / 100));
  const isRight = name.trim() !== '' && expression.trim() !== '' && perMillion > 0 && perMillion < MILLION;
  const save = useMutation({
    mutationFn: async (): Promise<Slo> => {
      const alias = `sli.${name
        .trim()
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '_')}`;
      const field = await saveField(place.env, dataset, undefined, { alias, expression, description: name.trim() });
      return createSlo(place.env, dataset, {
        name: name.trim(),
        sli: { alias: field.alias },
        time_period_days: Number(days),
        target_per_million: perMillion,
      });
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['slos', place.env] });
      go(environmentPath(place, '/slos'));
    },
  });
  return (
    <DialogBox title="Make an SLO" open onOpenChange={(open) => !open && onClose()}>
      <form
        className={css.form}
        onSubmit={(e) => {
          e.preventDefault();
          if (isRight) save.mutate();
        }}
      >
        <label>
          Name of the SLO
          <input autoFocus value={name} onChange={(e) => setName(e.target.value)} maxLength={120} />
        </label>
        {conditions !== '' && (
          <label>
            Events that match WHERE are
            <select
              value={good}
              onChange={(e) => {
                setGood(e.target.value as typeof good);
                setTyped(null);
              }}
            >
              <option value="bad">bad: all others are good</option>
              <option value="good">good: all others are bad</option>
            </select>
          </label>
        )}
        <label>
          An event is good when
          <input
            className="mono"
            placeholder="LT($duration_ms, 500)"
            value={expression}
            onChange={(e) => setTyped(e.target.value)}
          />
        </label>
        <div className={css.formRow}>
          <label>
            Good of all, percent
            <input inputMode="decimal" value={target} onChange={(e) => setTarget(e.target.value)} />
          </label>
          <label>
            Over days
            <input type="number" min={1} max={366} value={days} onChange={(e) => setDays(e.target.value)} />
          </label>
        </div>
        {save.error && <ErrorBox what="The SLO could not be made" error={save.error} />}
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={!isRight || save.isPending}>
            Make the SLO
          </Button>
        </footer>
      </form>
    </DialogBox>
  );
}
