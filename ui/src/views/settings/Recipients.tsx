// Who is told when an alert fires.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { alertingOptions, deleteRecipient, makeRecipient, recipientsOptions, type Recipient } from '../../api/manage';
import { Button, Empty, ErrorBox, Skeleton } from '../../widgets/basic';
import { Doom } from '../../widgets/Doom';
import { Form, FormEnd, SelectField, TextField } from '../../widgets/form';
import page from '../../widgets/page.module.css';
import css from './settings.module.css';

const KINDS: [string, string][] = [
  ['email', 'E-mail'],
  ['webhook', 'Webhook'],
  ['slack', 'Slack channel'],
  ['pagerduty', 'PagerDuty'],
  ['msteams_workflow', 'Microsoft Teams workflow'],
];
/** Members of `details` by type: name, label, example. */
const DETAILS: Record<string, [string, string, string][]> = {
  email: [['email_address', 'Address', 'on-call@example.com']],
  slack: [['slack_channel', 'Channel', '#incidents']],
  pagerduty: [
    ['pagerduty_integration_name', 'Name', 'Checkout'],
    ['pagerduty_integration_key', 'Integration key', '32 characters'],
  ],
  webhook: [
    ['webhook_name', 'Name', 'Pager'],
    ['webhook_url', 'Address', 'https://example.com/hook'],
    ['webhook_secret', 'Secret, sent in a header', ''],
  ],
  msteams_workflow: [
    ['webhook_name', 'Name', 'Incidents'],
    ['webhook_url', 'Address', 'https://…'],
  ],
};

export function Recipients({ env }: { env: string }) {
  const client = useQueryClient();
  const list = useQuery(recipientsOptions(env));
  const alerting = useQuery(alertingOptions(env));
  const [type, setType] = useState<Recipient['type']>('email');
  const [details, setDetails] = useState<Record<string, string>>({});
  const [doomed, setDoomed] = useState<Recipient | null>(null);
  const renew = () => client.invalidateQueries({ queryKey: ['recipients'] });
  const make = useMutation({
    mutationFn: () =>
      makeRecipient(env, {
        type,
        details: Object.fromEntries(
          DETAILS[type]!.map(([name]) => [name, details[name]?.trim() ?? '']).filter(([, value]) => value !== ''),
        ),
      }),
    onSuccess: () => {
      setDetails({});
      void renew();
    },
  });
  const remove = useMutation({ mutationFn: (id: string) => deleteRecipient(env, id), onSuccess: renew });
  if (list.error)
    return (
      <ErrorBox what="The recipients could not be loaded" error={list.error} onRetry={() => void list.refetch()} />
    );
  if (!list.data) return <Skeleton />;
  return (
    <section className={css.section}>
      {alerting.data && !alerting.data.evaluated && <p className={page.note}>{alerting.data.note}</p>}
      {remove.error && <ErrorBox what="The recipient could not be deleted" error={remove.error} />}
      {list.data.length === 0 ? (
        <Empty title="Nobody is told yet">Add whom triggers and burn alerts tell, with the form below.</Empty>
      ) : (
        <div className={page.tableBox}>
          <table className={page.table}>
            <thead>
              <tr>
                <th scope="col">Kind</th>
                <th scope="col">Where</th>
                <th scope="col">
                  <span className="sr">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {list.data.map((recipient) => (
                <tr key={recipient.id}>
                  <th scope="row">{KINDS.find(([id]) => id === recipient.type)?.[1] ?? recipient.type}</th>
                  <td>{targetOf(recipient)}</td>
                  <td className={page.actions}>
                    <Button kind="plain" disabled={remove.isPending} onClick={() => setDoomed(recipient)}>
                      Delete
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <h2>New recipient</h2>
      <div className={css.narrow}>
        <Form onSubmit={() => make.mutate()}>
          <SelectField
            label="Kind"
            value={type}
            options={KINDS}
            onChange={(e) => setType(e.target.value as Recipient['type'])}
          />
          {DETAILS[type]!.map(([name, label, example]) => (
            <TextField
              key={name}
              label={label}
              placeholder={example}
              required={name !== 'webhook_secret'}
              value={details[name] ?? ''}
              onChange={(e) => setDetails({ ...details, [name]: e.target.value })}
            />
          ))}
          {make.error && <ErrorBox what="The recipient could not be made" error={make.error} />}
          <FormEnd>
            <Button kind="primary" type="submit" disabled={make.isPending}>
              Add
            </Button>
          </FormEnd>
        </Form>
      </div>
      <Doom
        title={`Delete ${doomed ? targetOf(doomed) : ''}`}
        what="It is told of nothing any more. One that a trigger or burn alert names stays."
        verb="Delete the recipient"
        open={doomed !== null}
        onClose={() => setDoomed(null)}
        onDelete={() => doomed && remove.mutate(doomed.id)}
      />
    </section>
  );
}
const targetOf = ({ details }: Recipient): string =>
  [details.email_address, details.slack_channel, details.webhook_name, details.pagerduty_integration_name]
    .filter(Boolean)
    .join(', ') || '–';
