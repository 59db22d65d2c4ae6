// What is kept under a name, a section of its own: a table of all of a kind, a dialog that makes or changes one, and the question
// before one is deleted.
import { useMutation, useQuery, useQueryClient, type QueryKey, type UseQueryOptions } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { Button, ErrorBox, Skeleton } from '../../widgets/basic';
import { Doom } from '../../widgets/Doom';
import page from '../../widgets/page.module.css';
import css from './settings.module.css';

interface Column<T> {
  head: string;
  cell: (item: T) => ReactNode;
  /** The name heads its row; numbers stand right; code is in the type of values. */
  kind?: 'name' | 'number' | 'code';
  className?: string;
}
interface Props<T, K extends QueryKey> {
  /** Heads the section and names the table. */
  title: string;
  about: string;
  /** One of them, in words. */
  noun: string;
  options: UseQueryOptions<T[], Error, T[], K>;
  columns: readonly Column<T>[];
  nameOf: (item: T) => string;
  canDelete: (item: T) => boolean;
  onDelete: (name: string) => Promise<unknown>;
  /** What follows when one is deleted. */
  doom: string;
  /** The dialog about one, or about a new one; it calls back with whether something was saved. */
  dialog: (item: T | undefined, onDone: (isSaved: boolean) => void) => ReactNode;
}
const CLASSES = { number: `num ${page.right}`, code: 'mono' };

export function NamedList<T, K extends QueryKey>(props: Props<T, K>) {
  const { title, noun, options, columns, nameOf } = props;
  const client = useQueryClient();
  const list = useQuery(options);
  const [edited, setEdited] = useState<{ item?: T } | null>(null);
  const [doomed, setDoomed] = useState<string | null>(null);
  const renew = () => void client.invalidateQueries({ queryKey: options.queryKey });
  const remove = useMutation({ mutationFn: props.onDelete, onSuccess: renew });
  if (list.error)
    return (
      <ErrorBox
        what={`The ${title.toLowerCase()} could not be loaded`}
        error={list.error}
        onRetry={() => void list.refetch()}
      />
    );
  if (!list.data) return <Skeleton />;
  return (
    <section className={css.section}>
      <h2>{title}</h2>
      <div className={css.head}>
        <p>{props.about}</p>
        <Button icon={<Plus size={14} />} onClick={() => setEdited({})}>
          New {noun}
        </Button>
      </div>
      {remove.error && <ErrorBox what={`The ${noun} could not be deleted`} error={remove.error} />}
      <div className={page.tableBox}>
        <table className={page.table} aria-label={title}>
          <thead>
            <tr>
              {columns.map(({ head, kind, className }) => (
                <th key={head} scope="col" className={join(kind === 'number' && page.right, className)}>
                  {head}
                </th>
              ))}
              <th scope="col">
                <span className="sr">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {list.data.map((item) => (
              <tr key={nameOf(item)}>
                {columns.map(({ head, kind, cell }) =>
                  kind === 'name' ? (
                    <th key={head} scope="row">
                      {cell(item)}
                    </th>
                  ) : (
                    <td key={head} className={kind && CLASSES[kind]}>
                      {cell(item)}
                    </td>
                  ),
                )}
                <td className={page.actions}>
                  <Button onClick={() => setEdited({ item })}>Edit</Button>
                  {props.canDelete(item) && (
                    <Button kind="plain" disabled={remove.isPending} onClick={() => setDoomed(nameOf(item))}>
                      Delete
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {edited &&
        props.dialog(edited.item, (isSaved) => {
          if (isSaved) renew();
          setEdited(null);
        })}
      <Doom
        title={`Delete the ${noun} ${doomed ?? ''}`}
        what={`${props.doom} This cannot be undone.`}
        verb={`Delete the ${noun}`}
        open={doomed !== null}
        onClose={() => setDoomed(null)}
        onDelete={() => doomed !== null && remove.mutate(doomed)}
      />
    </section>
  );
}

const join = (...classes: (string | false | undefined)[]): string => classes.filter(Boolean).join(' ');
