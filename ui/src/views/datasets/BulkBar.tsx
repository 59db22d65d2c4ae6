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
interface Kept {
  column: Column;
  /** Why it is as it was. */
  because: string;
}

type What = 'hide' | 'show' | 'delete';

/** Changes one column after the other; what fails stops none of the others. Those that stay, each with the reason. */
async function changeAll(env: string, dataset: string, columns: readonly Column[], what: What): Promise<Kept[]> {
  const kept: Kept[] = [];
  for (const column of columns) {
    try {
      if (what === 'delete') await deleteColumn(env, dataset, column.id);
      else await saveColumn(env, dataset, column.id, { hidden: what === 'hide' });
    } catch (error) {
      kept.push({ column, because: error instanceof Error ? error.message : String(error) });
    }
  }
  return kept;
}

/** Names, of many the first only. */
function namesText(columns: readonly Column[]): string {
  const names = columns.slice(0, NAMES_SHOWN).map((c) => c.key_name);
  const more = columns.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}
/** One reason with all columns that have it. */
function keptText(kept: readonly Kept[]): string {
  const reasons = new Map<string, Column[]>();
  for (const { column, because } of kept) reasons.set(because, [...(reasons.get(because) ?? []), column]);
  return [...reasons].map(([because, columns]) => `${namesText(columns)}: ${because}`).join('; ');
}

export function BulkBar({
  place,
  dataset,
  columns,
  onDone,
  onNone,
}: {
  place: Place;
  dataset: string;
  columns: readonly Column[];
  /** Called with the ids of those that are as was wished. */
  onDone: (ids: readonly string[]) => void;
  onNone: () => void;
}) {
  const client = useQueryClient();
  const [isDeleting, setDeleting] = useState(false);
  const change = useMutation({
    mutationFn: async (what: What) => {
      const kept = await changeAll(place.env, dataset, columns, what);
      const stay = new Set(kept.map((k) => k.column.id));
      onDone(columns.map((c) => c.id).filter((id) => !stay.has(id)));
      if (kept.length > 0) throw new Error(keptText(kept));
    },
    onSettled: () => {
      setDeleting(false);
      void client.invalidateQueries({ queryKey: ['columns', place.env] });
      void client.invalidateQueries({ queryKey: ['datasets'] });
    },
  });
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
      <Button kind="plain" onClick={onNone}>
        Choose none
      </Button>
      {change.error && <ErrorBox what="Some columns are as they were" error={change.error} />}
      <DialogBox title={`Delete ${columns.length} columns?`} open={isDeleting} onOpenChange={setDeleting}>
        <div className={css.deleting}>
          <p>
            Their values go from all events of this dataset: <code>{namesText(columns)}</code>. This cannot be undone;
            hiding can.
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
