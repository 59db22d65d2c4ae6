// The calculated fields of a dataset and those of the whole environment that its queries see, and the editor for one.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { deleteField, fieldsOptions, type CalculatedField } from '../../api/manage';
import { Button, Empty, ErrorBox, Skeleton } from '../../widgets/basic';
import { Doom } from '../../widgets/Doom';
import { type Place } from '../../widgets/route';
import css from './datasets.module.css';

/** The editor is large; who only looks at fields does not load it. */
const FieldEditor = lazy(() => import('./FieldEditor'));

type Editing = { scope: string; field?: CalculatedField };

export function FieldsTab({ place, dataset }: { place: Place; dataset: string }) {
  const client = useQueryClient();
  const [editing, setEditing] = useState<Editing | null>(null);
  const [doomed, setDoomed] = useState<Required<Editing> | null>(null);
  const own = useQuery(fieldsOptions(place.env, dataset));
  const shared = useQuery(fieldsOptions(place.env, '__all__'));
  const remove = useMutation({
    mutationFn: (e: Required<Editing>) => deleteField(place.env, e.scope, e.field.id),
    onSuccess: () => client.invalidateQueries({ queryKey: ['calculated-fields'] }),
  });
  const error = own.error ?? shared.error;
  if (error) {
    const again = () => Promise.all([own.refetch(), shared.refetch()]);
    return <ErrorBox what="The calculated fields could not be loaded" error={error} onRetry={() => void again()} />;
  }
  if (!own.data || !shared.data) return <Skeleton />;
  if (editing) {
    return (
      <Suspense fallback={<Skeleton />}>
        <FieldEditor
          key={editing.field?.id ?? 'new'}
          env={place.env}
          dataset={dataset}
          scope={editing.scope}
          field={editing.field}
          onDone={() => setEditing(null)}
        />
      </Suspense>
    );
  }
  const list = (title: string, scope: string, fields: CalculatedField[]) =>
    fields.length > 0 && (
      <section>
        <h3>{title}</h3>
        <ul className={css.fieldList}>
          {fields.map((field) => (
            <li key={field.id}>
              <div>
                <strong className="mono">{field.alias}</strong>
                {field.description && <span>{field.description}</span>}
                <code>{field.expression}</code>
              </div>
              <Button onClick={() => setEditing({ scope, field })}>Edit</Button>
              <Button kind="plain" disabled={remove.isPending} onClick={() => setDoomed({ scope, field })}>
                Delete
              </Button>
            </li>
          ))}
        </ul>
      </section>
    );
  return (
    <div className={css.fieldsTab}>
      <div className={css.asks}>
        <Button kind="primary" icon={<Plus size={14} />} onClick={() => setEditing({ scope: dataset })}>
          New calculated field
        </Button>
        <Button icon={<Plus size={14} />} onClick={() => setEditing({ scope: '__all__' })}>
          New for the whole environment
        </Button>
      </div>
      {remove.error && <ErrorBox what="The field could not be deleted" error={remove.error} />}
      {list('Of this dataset', dataset, own.data)}
      {list('Of the environment', '__all__', shared.data)}
      {own.data.length + shared.data.length === 0 && (
        <Empty title="No calculated fields yet">
          One is a formula over the columns of an event, worked out when a query asks for it.
        </Empty>
      )}
      <Doom
        title={`Delete the calculated field ${doomed?.field.alias ?? ''}`}
        what="Queries and boards that name it have no values of it any more; one that an SLO or trigger uses stays. This cannot be undone."
        verb="Delete the field"
        open={doomed !== null}
        onClose={() => setDoomed(null)}
        onDelete={() => doomed && remove.mutate(doomed)}
      />
    </div>
  );
}
