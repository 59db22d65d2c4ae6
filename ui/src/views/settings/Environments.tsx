// The environments of the team: each has its own datasets, keys, boards and alerts.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { environmentsOptions, makeEnvironment } from '../../api/manage';
import { sessionOptions } from '../../api/options';
import { agoText } from '../../model/format';
import { Button, ErrorBox, Skeleton } from '../../widgets/basic';
import { Form, FormEnd, TextField } from '../../widgets/form';
import { Link } from '../../widgets/Link';
import { environmentPath, type Place } from '../../widgets/route';
import page from '../../widgets/page.module.css';
import css from './settings.module.css';

export function Environments({ place }: { place: Place }) {
  const client = useQueryClient();
  const list = useQuery(environmentsOptions(place.env));
  const [now] = useState(() => Date.now());
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const make = useMutation({
    mutationFn: () => makeEnvironment(place.env, { name, description }),
    onSuccess: () => {
      setName('');
      setDescription('');
      void client.invalidateQueries({ queryKey: ['environments'] });
      void client.invalidateQueries({ queryKey: sessionOptions().queryKey });
    },
  });
  if (list.error) return <ErrorBox what="The environments could not be loaded" error={list.error} />;
  if (!list.data) return <Skeleton />;
  return (
    <section className={css.section}>
      <div className={page.tableBox}>
        <table className={page.table}>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Description</th>
              <th scope="col">Made</th>
            </tr>
          </thead>
          <tbody>
            {list.data.map((environment) => (
              <tr key={environment.slug}>
                <th scope="row">
                  <Link to={environmentPath({ team: place.team, env: environment.slug })}>{environment.name}</Link>
                </th>
                <td>{environment.description || '–'}</td>
                <td title={environment.created_at}>{agoText(Date.parse(environment.created_at), now)}</td>
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
          {make.error && <ErrorBox what="The environment could not be made" error={make.error} />}
          <FormEnd>
            <Button kind="primary" type="submit" disabled={make.isPending}>
              Create
            </Button>
          </FormEnd>
        </Form>
      </div>
    </section>
  );
}
