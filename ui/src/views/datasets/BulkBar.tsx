// What is done with many columns at once: hidden, shown again, deleted with their values.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Column } from '../../api/calls';
import { deleteColumn, saveColumn } from '../../api/manage';
import { Button, ErrorBox } from '../../widgets/basic';
import { FormEnd } from '../../widgets/form';
import { DialogBox } from '../../widgets/popup';
import type { Place } from '../../widgets/route';
import css from './datasets.module.css';

/** More names than this are counted and not listed. */
const NAMES_SHOWN = 8;

export function BulkBar({
  place,
  dataset,
  columns,
  onDone,
}: {
  place: Place;
  dataset: string;
  columns: readonly Column[];
  onDone: () => void;
}) {
  const client = useQueryClient();
  const [isDeleting, setDeleting] = useState(false);
  const change = useMutation({
    mutationFn: async (what: 'hide' | 'show' | 'delete') => {
      for (const column of columns) {
        if (what === 'delete') await deleteColumn(place.env, dataset, column.id);
        else await saveColumn(place.env, dataset, column.id, { hidden: what === 'hide' });
      }
    },
    onSuccess: onDone,
    // Those before the one that failed are changed.
    onSettled: () => {
      setDeleting(false);
      void client.invalidateQueries({ queryKey: ['columns', place.env] });
      void client.invalidateQueries({ queryKey: ['datasets'] });
    },
  });
  const names = columns.slice(0, NAMES_SHOWN).map((c) => c.key_name);
  const more = columns.length - names.length;
  return (
    <div className={css.bulk} role="group" aria-label="Chosen columns">
      <span className="num" role="status">
        {columns.length} chosen
      </span>
      <Button disabled={change.isPending || columns.every((c) => c.hidden)} onClick={() => change.mutate('hide')}>
        Hide
      </Button>
      <Button disabled={change.isPending || columns.every((c) => !c.hidden)} onClick={() => change.mutate('show')}>
        Show
      </Button>
      <Button disabled={change.isPending} onClick={() => setDeleting(true)}>
        Delete
      </Button>
      <Button kind="plain" onClick={onDone}>
        Choose none
      </Button>
      {change.error && <ErrorBox what="Not all columns could be changed" error={change.error} />}
      <DialogBox title={`Delete ${columns.length} columns?`} open={isDeleting} onOpenChange={setDeleting}>
        <div className={css.deleting}>
          <p>
            Their values go from all events of this dataset: <code>{names.join(', ')}</code>
            {more > 0 && ` and ${more} more`}. This cannot be undone; hiding can.
          </p>
          <FormEnd>
            <Button kind="primary" disabled={change.isPending} onClick={() => change.mutate('delete')}>
              {columns.length === 1 ? 'Delete the column' : 'Delete the columns'}
            </Button>
            <Button onClick={() => setDeleting(false)}>Keep them</Button>
          </FormEnd>
        </div>
      </DialogBox>
    </div>
  );
}
