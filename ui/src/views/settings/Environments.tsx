// The environments of the team: each has its own datasets, keys, boards and alerts, and a colour that people know it by.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import {
  changeEnvironment,
  deleteEnvironment,
  environmentsOptions,
  makeEnvironment,
  type EnvironmentColor,
  type TeamEnvironment,
} from '../../api/manage';
import { sessionOptions } from '../../api/options';
import { agoText } from '../../model/format';
import { Button, EnvironmentMark, ErrorBox, Skeleton } from '../../widgets/basic';
import { CheckField, Form, FormEnd, SelectField, TextField } from '../../widgets/form';
import { Link } from '../../widgets/Link';
import { DialogBox } from '../../widgets/popup';
import { environmentPath, useGo, type Place } from '../../widgets/route';
import page from '../../widgets/page.module.css';
import css from './settings.module.css';

const COLORS: [EnvironmentColor, string][] = [
  ['blue', 'Blue'],
  ['green', 'Green'],
  ['gold', 'Gold'],
  ['red', 'Red'],
  ['purple', 'Purple'],
  ['lightBlue', 'Light blue'],
  ['lightGreen', 'Light green'],
  ['lightGold', 'Light gold'],
  ['lightRed', 'Light red'],
  ['lightPurple', 'Light purple'],
];

/** Asks again for all that shows environments. */
function useRenew() {
  const client = useQueryClient();
  return () => {
    void client.invalidateQueries({ queryKey: ['environments'] });
    void client.invalidateQueries({ queryKey: sessionOptions().queryKey });
  };
}

export function Environments({ place }: { place: Place }) {
  const renew = useRenew();
  const list = useQuery(environmentsOptions(place.env));
  const [now] = useState(() => Date.now());
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [color, setColor] = useState<EnvironmentColor | ''>('');
  const [edited, setEdited] = useState<TeamEnvironment | null>(null);
  const [doomed, setDoomed] = useState<TeamEnvironment | null>(null);
  const make = useMutation({
    mutationFn: () => makeEnvironment(place.env, { name, description, ...(color && { color }) }),
    onSuccess: () => {
      setName('');
      setDescription('');
      setColor('');
      renew();
    },
  });
  if (list.error)
    return (
      <ErrorBox what="The environments could not be loaded" error={list.error} onRetry={() => void list.refetch()} />
    );
  if (!list.data) return <Skeleton />;
  return (
    <section className={css.section}>
      <div className={page.tableBox}>
        <table className={page.table} aria-label="Environments">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Description</th>
              <th scope="col">Deletion</th>
              <th scope="col">Made</th>
              <th scope="col">
                <span className="sr">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {list.data.map((environment) => (
              <tr key={environment.slug}>
                <th scope="row">
                  <EnvironmentMark color={environment.color} />
                  <Link to={environmentPath({ team: place.team, env: environment.slug })}>{environment.name}</Link>
                </th>
                <td>{environment.description || '–'}</td>
                <td>{environment.delete_protected ? 'protected' : 'allowed'}</td>
                <td title={environment.created_at}>{agoText(Date.parse(environment.created_at), now)}</td>
                <td className={page.actions}>
                  <Button onClick={() => setEdited(environment)}>Edit</Button>
                  <Button kind="plain" onClick={() => setDoomed(environment)}>
                    Delete
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <h2>New environment</h2>
      <div className={css.narrow}>
        <Form onSubmit={() => make.mutate()}>
          <TextField label="Name" required maxLength={255} value={name} onChange={(e) => setName(e.target.value)} />
          <TextField
            label="Description"
            maxLength={255}
            value={description}
            onChange={(e) => setDescription(e.target.value)}
          />
          <SelectField
            label="Colour"
            value={color}
            options={[['', 'Another than its neighbours'], ...COLORS]}
            onChange={(e) => setColor(e.target.value as typeof color)}
          />
          {make.error && <ErrorBox what="The environment could not be made" error={make.error} />}
          <FormEnd>
            <Button kind="primary" type="submit" disabled={make.isPending}>
              Create
            </Button>
          </FormEnd>
        </Form>
      </div>
      {doomed && (
        <End
          key={doomed.slug}
          place={place}
          environment={doomed}
          others={list.data.filter((e) => e.slug !== doomed.slug)}
          onDone={() => setDoomed(null)}
        />
      )}
      {edited && <Edit key={edited.slug} environment={edited} onDone={() => setEdited(null)} />}
    </section>
  );
}

/** The question before an environment goes, with its name typed; what stands in the way is said instead. */
function End({
  place,
  environment,
  others,
  onDone,
}: {
  place: Place;
  environment: TeamEnvironment;
  others: readonly TeamEnvironment[];
  onDone: () => void;
}) {
  const go = useGo();
  const renew = useRenew();
  const [typed, setTyped] = useState('');
  const remove = useMutation({
    mutationFn: () => deleteEnvironment(environment.slug),
    onSuccess: () => {
      onDone();
      // Who stands in what is gone goes on in another one.
      if (environment.slug === place.env)
        go(environmentPath({ team: place.team, env: others[0]!.slug }, '/settings'), { tab: 'environments' });
      renew();
    },
  });
  const obstacle = environment.delete_protected
    ? 'It is protected from deletion; take the protection away under Edit first.'
    : others.length === 0
      ? 'It is the team’s last environment; make another one first.'
      : null;
  return (
    <DialogBox title={`Delete ${environment.name}`} open onOpenChange={(open) => !open && onDone()}>
      {obstacle ? (
        <div className={css.dialog}>
          <p>{obstacle}</p>
          <FormEnd>
            <Button onClick={onDone}>Close</Button>
          </FormEnd>
        </div>
      ) : (
        <Form onSubmit={() => remove.mutate()}>
          <p>Its datasets go with all their events, and its keys, boards, triggers and SLOs. This cannot be undone.</p>
          <TextField
            label={`Type ${environment.slug} to delete it`}
            autoFocus
            value={typed}
            onChange={(e) => setTyped(e.target.value)}
          />
          {remove.error && <ErrorBox what="The environment could not be deleted" error={remove.error} />}
          <FormEnd>
            <Button kind="primary" type="submit" disabled={typed !== environment.slug || remove.isPending}>
              Delete the environment
            </Button>
            <Button onClick={onDone}>Keep it</Button>
          </FormEnd>
        </Form>
      )}
    </DialogBox>
  );
}

function Edit({ environment, onDone }: { environment: TeamEnvironment; onDone: () => void }) {
  const renew = useRenew();
  const [description, setDescription] = useState(environment.description);
  const [color, setColor] = useState(environment.color);
  const [isProtected, setProtected] = useState(environment.delete_protected);
  const save = useMutation({
    mutationFn: () => changeEnvironment(environment.slug, { description, color, delete_protected: isProtected }),
    onSuccess: () => {
      renew();
      onDone();
    },
  });
  return (
    <DialogBox title={environment.name} open onOpenChange={(open) => !open && onDone()}>
      <Form onSubmit={() => save.mutate()}>
        <TextField
          label="Description"
          autoFocus
          maxLength={255}
          value={description}
          onChange={(e) => setDescription(e.target.value)}
        />
        <SelectField
          label="Colour"
          hint="Shown beside its name wherever an environment is chosen."
          value={color}
          options={COLORS}
          onChange={(e) => setColor(e.target.value as EnvironmentColor)}
        />
        <CheckField
          label="Protected from deletion"
          checked={isProtected}
          onChange={(e) => setProtected(e.target.checked)}
        />
        {save.error && <ErrorBox what="The environment could not be changed" error={save.error} />}
        <FormEnd>
          <Button kind="primary" type="submit" disabled={save.isPending}>
            Save
          </Button>
          <Button onClick={onDone}>Cancel</Button>
        </FormEnd>
      </Form>
    </DialogBox>
  );
}
