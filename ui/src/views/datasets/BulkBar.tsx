// What is done with many columns at once: hidden, shown again, deleted with their values.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Column } from '../../api/calls';
import { deleteColumns, saveColumn } from '../../api/manage';
import { Button, ErrorBox } from '../../widgets/basic';
import { FormEnd } from '../../widgets/form';
import { DialogBox } from '../../widgets/popup';
import type { Place } from '../../widgets/route';
import css from './datasets.module.css';

/** More names than this are counted and not listed. */
const NAMES_SHOWN = 8;
/** How many columns one call deletes: what the server allows unless it is told otherwise. */
const DELETED_AT_ONCE = 100;

interface Kept {
  column: Column;
  /** Why it is as it was. */
  because: string;
}
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Those that could not be deleted, each with the reason; what fails stops none of the others. */
async function deleteAll(env: string, dataset: string, columns: readonly Column[]): Promise<Kept[]> {
  const kept: Kept[] = [];
  for (let at = 0; at < columns.length; at += DELETED_AT_ONCE) {
    const part = columns.slice(at, at + DELETED_AT_ONCE);
    try {
      const ids = part.map((c) => c.id);
      const used = new Set((await deleteColumns(env, dataset, ids)).in_use);
      const because = 'the dataset’s definition uses it';
      kept.push(...part.filter((c) => used.has(c.id)).map((column) => ({ column, because })));
    } catch (error) {
      kept.push(...part.map((column) => ({ column, because: textOf(error) })));
    }
  }
  return kept;
}

/** The same of hiding and showing, column by column. */
async function hideAll(env: string, dataset: string, columns: readonly Column[], hidden: boolean): Promise<Kept[]> {
  const kept: Kept[] = [];
  for (const column of columns) {
    if (column.hidden === hidden) continue;
    try {
      await saveColumn(env, dataset, column.id, { hidden });
    } catch (error) {
      kept.push({ column, because: textOf(error) });
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
    mutationFn: async (what: 'hide' | 'show' | 'delete') => {
      const kept =
        what === 'delete'
          ? await deleteAll(place.env, dataset, columns)
          : await hideAll(place.env, dataset, columns, what === 'hide');
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
