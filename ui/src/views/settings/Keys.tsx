// The keys of the environment: made with a secret that is shown once, named, disabled, deleted.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import { changeKey, deleteKey, keysOptions, makeKey, type ApiKey, type MadeKey } from '../../api/manage';
import { agoText } from '../../model/format';
import { Button, CopyButton, Empty, ErrorBox, Skeleton } from '../../widgets/basic';
import { Doom } from '../../widgets/Doom';
import { CheckField, Form, FormEnd, SelectField, TextField } from '../../widgets/form';
import { DialogBox } from '../../widgets/popup';
import page from '../../widgets/page.module.css';
import css from './settings.module.css';

/** What a configuration key may be allowed, in the words of Honeycomb's keys. */
const PERMISSIONS: [string, string][] = [
  ['send_events', 'Send events'],
  ['create_datasets', 'Create datasets'],
  ['run_queries', 'Run queries'],
  ['manage_columns', 'Manage columns and calculated fields'],
  ['manage_boards', 'Manage boards'],
  ['manage_markers', 'Manage markers'],
  ['manage_recipients', 'Manage recipients'],
  ['manage_triggers', 'Manage triggers'],
  ['manage_slos', 'Manage SLOs'],
];

export function Keys({ env }: { env: string }) {
  const client = useQueryClient();
  const keys = useQuery(keysOptions(env));
  const [now] = useState(() => Date.now());
  const [isMaking, setMaking] = useState(false);
  const renew = () => client.invalidateQueries({ queryKey: ['keys'] });
  const change = useMutation({
    mutationFn: (key: ApiKey) => changeKey(env, key.id, { disabled: !key.disabled }),
    onSuccess: renew,
  });
  const remove = useMutation({ mutationFn: (key: ApiKey) => deleteKey(env, key.id), onSuccess: renew });
  const [doomed, setDoomed] = useState<ApiKey | null>(null);
  if (keys.error)
    return <ErrorBox what="The keys could not be loaded" error={keys.error} onRetry={() => void keys.refetch()} />;
  if (!keys.data) return <Skeleton />;
  const error = change.error ?? remove.error;
  return (
    <section className={css.section}>
      <div className={css.head}>
        <p>Keys of this environment. A secret is shown once, when its key is made; Waggle keeps only its hash.</p>
        <Button kind="primary" icon={<KeyRound size={14} />} onClick={() => setMaking(true)}>
          Create a key
        </Button>
      </div>
      {error && <ErrorBox what="The key could not be changed" error={error} />}
      {keys.data.length === 0 && (
        <Empty title="This environment has no keys">
          Nothing can be sent to it before it has one: an ingest key for applications, a configuration key for tools.
        </Empty>
      )}
      {keys.data.length > 0 && (
        <div className={page.tableBox}>
          <table className={page.table} aria-label="API keys">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Kind</th>
                <th scope="col">May</th>
                <th scope="col">Made</th>
                <th scope="col">State</th>
                <th scope="col">
                  <span className="sr">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {keys.data.map((key) => (
                <tr key={key.id} data-off={key.disabled || undefined}>
                  <th scope="row">
                    {key.name}
                    <code title={key.id}>{key.id.slice(0, 12)}…</code>
                  </th>
                  <td>{key.kind}</td>
                  <td>{mayText(key)}</td>
                  <td title={key.created_at}>{agoText(Date.parse(key.created_at), now)}</td>
                  <td>{key.disabled ? 'disabled' : 'active'}</td>
                  <td className={page.actions}>
                    <Button disabled={change.isPending} onClick={() => change.mutate(key)}>
                      {key.disabled ? 'Enable' : 'Disable'}
                    </Button>
                    <Button kind="plain" onClick={() => setDoomed(key)}>
                      Delete
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <NewKey env={env} open={isMaking} onClose={() => setMaking(false)} onMade={() => void renew()} />
      <Doom
        title={`Delete ${doomed?.name ?? ''}`}
        what="Whoever uses it is refused at once. This cannot be undone; disabling can."
        verb="Delete the key"
        open={doomed !== null}
        onClose={() => setDoomed(null)}
        onDelete={() => doomed && remove.mutate(doomed)}
      />
    </section>
  );
}

function mayText(key: ApiKey): string {
  const known = PERMISSIONS.filter(([id]) => key.permissions.includes(id));
  if (key.kind === 'ingest') return key.permissions.length > 0 ? 'send events, create datasets' : 'send events';
  if (known.length === PERMISSIONS.length) return 'everything';
  if (known.length === 0) return 'nothing';
  const names = known.map(([, label]) => label.toLowerCase());
  return names.length <= 2 ? names.join(', ') : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}

function NewKey({
  env,
  open,
  onClose,
  onMade,
}: {
  env: string;
  open: boolean;
  onClose: () => void;
  onMade: () => void;
}) {
  const [made, setMade] = useState<MadeKey | null>(null);
  const close = () => {
    onClose();
    setMade(null);
  };
  return (
    <DialogBox title={made ? 'Copy the key now' : 'Create a key'} open={open} onOpenChange={(o) => !o && close()}>
      {made ? (
        <div className={css.dialog} data-testid="made-key">
          <p>This is the only time that {made.name} is shown.</p>
          <p className={css.secret}>
            <code>{made.key}</code>
            <CopyButton text={made.key} label="Copy key" />
          </p>
          <FormEnd>
            <Button kind="primary" onClick={close}>
              I have copied it
            </Button>
          </FormEnd>
        </div>
      ) : (
        <KeyForm
          env={env}
          onMade={(key) => {
            setMade(key);
            onMade();
          }}
        />
      )}
    </DialogBox>
  );
}
function KeyForm({ env, onMade }: { env: string; onMade: (key: MadeKey) => void }) {
  const [name, setName] = useState('');
  const [kind, setKind] = useState<'ingest' | 'configuration'>('ingest');
  const [may, setMay] = useState<string[]>(['send_events', 'create_datasets', 'run_queries']);
  const make = useMutation({
    mutationFn: () => makeKey(env, { name, kind, ...(kind === 'configuration' ? { permissions: may } : {}) }),
    onSuccess: onMade,
  });
  return (
    <Form onSubmit={() => make.mutate()}>
      <TextField
        label="Name"
        required
        autoFocus
        maxLength={100}
        placeholder="checkout in production"
        value={name}
        onChange={(e) => setName(e.target.value)}
      />
      <SelectField
        label="Kind"
        value={kind}
        options={[
          ['ingest', 'Ingest: sends events, nothing else'],
          ['configuration', 'Configuration: what is ticked below'],
        ]}
        onChange={(e) => setKind(e.target.value as typeof kind)}
      />
      {kind === 'configuration' && (
        <fieldset className={css.permissions}>
          <legend>It may</legend>
          {PERMISSIONS.map(([id, label]) => (
            <CheckField
              key={id}
              label={label}
              checked={may.includes(id)}
              onChange={(e) => setMay(e.target.checked ? [...may, id] : may.filter((m) => m !== id))}
            />
          ))}
        </fieldset>
      )}
      {make.error && <ErrorBox what="The key could not be made" error={make.error} />}
      <FormEnd>
        <Button kind="primary" type="submit" disabled={make.isPending}>
          Create
        </Button>
      </FormEnd>
    </Form>
  );
}
