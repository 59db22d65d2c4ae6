// One column: what people wrote about it, how its values are read, whether lists show it, and its commonest values.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useState } from 'react';
import type { Column } from '../../api/calls';
import { saveColumn } from '../../api/manage';
import { valuesOptions } from '../../api/options';
import { numberText, valueText } from '../../model/format';
import type { ColumnType } from '../../model/query-spec';
import { Button, CopyButton, ErrorBox, IconButton } from '../../widgets/basic';
import { CheckField, Form, FormEnd, SelectField, TextField } from '../../widgets/form';
import { datasetPath, useGo, type Place } from '../../widgets/route';
import css from './datasets.module.css';

const DAY = 86_400;

export function ColumnPanel({
  place,
  dataset,
  column,
  onClose,
}: {
  place: Place;
  dataset: string;
  column: Column;
  onClose: () => void;
}) {
  const go = useGo();
  const client = useQueryClient();
  const [description, setDescription] = useState(column.description);
  const [type, setType] = useState<ColumnType>(column.type);
  const [isHidden, setHidden] = useState(column.hidden);
  const save = useMutation({
    mutationFn: () => saveColumn(place.env, dataset, column.id, { description, type, hidden: isHidden }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['columns', place.env] }),
  });
  const values = useQuery(valuesOptions(place.env, dataset, column.key_name, '', DAY));
  const most = values.data?.values[0]?.count ?? 1;
  const ask = (query: object) => go(datasetPath(place, dataset), { query });
  const isNumber = column.type === 'integer' || column.type === 'float';
  return (
    <aside className={css.panel} aria-label={`Column ${column.key_name}`} data-testid="column-panel">
      <header>
        <h2 className="mono">{column.key_name}</h2>
        <CopyButton compact text={column.key_name} label="Copy the name" />
        <IconButton label="Close" onClick={onClose}>
          <X size={16} />
        </IconButton>
      </header>
      <div className={css.asks}>
        <Button onClick={() => ask({ calculations: [{ op: 'COUNT' }], breakdowns: [column.key_name] })}>
          COUNT by it
        </Button>
        {isNumber && (
          <Button onClick={() => ask({ calculations: [{ op: 'HEATMAP', column: column.key_name }] })}>HEATMAP</Button>
        )}
        <Button
          onClick={() => ask({ calculations: [{ op: 'COUNT' }], filters: [{ column: column.key_name, op: 'exists' }] })}
        >
          Events that have it
        </Button>
      </div>
      <Form onSubmit={() => save.mutate()}>
        <TextField
          label="Description"
          autoFocus
          maxLength={255}
          placeholder="What it holds, and its unit"
          value={description}
          onChange={(e) => setDescription(e.target.value)}
        />
        <SelectField
          label="Type"
          hint="Queries read every value as this type, also those that came before; what can’t be read so is empty. The type that the values came in, string where they came mixed, takes that back: each is read as it came."
          value={type}
          options={[
            ['string', 'string'],
            ['integer', 'integer'],
            ['float', 'float'],
            ['boolean', 'boolean'],
          ]}
          onChange={(e) => setType(e.target.value as ColumnType)}
        />
        <CheckField
          label="Hidden"
          hint="Left out of suggestions and BubbleUp; queries that name it still work."
          checked={isHidden}
          onChange={(e) => setHidden(e.target.checked)}
        />
        {save.error && <ErrorBox what="The column could not be saved" error={save.error} />}
        <FormEnd>
          <Button kind="primary" type="submit" disabled={save.isPending}>
            Save
          </Button>
          <span role="status" className={css.saved}>
            {save.isSuccess ? 'Saved' : ''}
          </span>
        </FormEnd>
      </Form>
      <h3>Commonest values of the last day</h3>
      {values.data?.values.length === 0 && <p className={css.none}>None.</p>}
      <ul className={css.values}>
        {values.data?.values.slice(0, 12).map((v) => (
          <li key={String(v.value)}>
            <span className="mono" title={valueText(v.value)}>
              {valueText(v.value)}
            </span>
            <span className="num">{numberText(v.count)}</span>
            <i style={{ width: `${(v.count / most) * 100}%` }} />
          </li>
        ))}
      </ul>
    </aside>
  );
}
