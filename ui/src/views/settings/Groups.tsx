// X-Ray's groups: traces that a filter lets through, under a name; their faults may be watched for insights.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { deleteGroup, groupsOptions, saveGroup, type TraceGroup } from '../../api/manage';
import { Button, ErrorBox, Skeleton } from '../../widgets/basic';
import { AreaField, CheckField, Form, FormEnd, TextField } from '../../widgets/form';
import { DialogBox } from '../../widgets/popup';
import page from '../../widgets/page.module.css';
import { Doom } from './Doom';
import css from './settings.module.css';

const DEFAULT = 'Default';
const NEW: TraceGroup = { GroupName: '', GroupARN: '', FilterExpression: '' };

export function Groups({ env }: { env: string }) {
  const client = useQueryClient();
  const groups = useQuery(groupsOptions(env));
  const [edited, setEdited] = useState<TraceGroup | null>(null);
  const [doomed, setDoomed] = useState<string | null>(null);
  const renew = () => client.invalidateQueries({ queryKey: ['trace-groups'] });
  const remove = useMutation({ mutationFn: (name: string) => deleteGroup(env, name), onSuccess: renew });
  if (groups.error)
    return (
      <ErrorBox what="The groups could not be loaded" error={groups.error} onRetry={() => void groups.refetch()} />
    );
  if (!groups.data) return <Skeleton />;
  return (
    <section className={css.section}>
      <h2>Groups of traces</h2>
      <div className={css.head}>
        <p>Traces that a filter expression lets through, under a name for X-Ray’s clients.</p>
        <Button icon={<Plus size={14} />} onClick={() => setEdited(NEW)}>
          New group
        </Button>
      </div>
      {remove.error && <ErrorBox what="The group could not be deleted" error={remove.error} />}
      <div className={page.tableBox}>
        <table className={page.table} aria-label="Groups of traces">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Filter expression</th>
              <th scope="col">Insights</th>
              <th scope="col">
                <span className="sr">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {groups.data.map((group) => (
              <tr key={group.GroupName}>
                <th scope="row">{group.GroupName}</th>
                <td className="mono">{group.FilterExpression || 'all traces'}</td>
                <td>{group.InsightsConfiguration?.InsightsEnabled ? 'watched' : '–'}</td>
                <td className={page.actions}>
                  {group.GroupName !== DEFAULT && (
                    <>
                      <Button onClick={() => setEdited(group)}>Edit</Button>
                      <Button kind="plain" disabled={remove.isPending} onClick={() => setDoomed(group.GroupName)}>
                        Delete
                      </Button>
                    </>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {edited && (
        <GroupDialog
          env={env}
          group={edited}
          isNew={edited === NEW}
          onSaved={() => void renew()}
          onDone={() => setEdited(null)}
        />
      )}
      <Doom
        title={`Delete the group ${doomed ?? ''}`}
        what="X-Ray’s clients find nothing under its name any more; no trace goes. This cannot be undone."
        verb="Delete the group"
        open={doomed !== null}
        onClose={() => setDoomed(null)}
        onDelete={() => doomed !== null && remove.mutate(doomed)}
      />
    </section>
  );
}

function GroupDialog({
  env,
  group,
  isNew,
  onSaved,
  onDone,
}: {
  env: string;
  group: TraceGroup;
  isNew: boolean;
  onSaved: () => void;
  onDone: () => void;
}) {
  const [name, setName] = useState(group.GroupName);
  const [filter, setFilter] = useState(group.FilterExpression ?? '');
  const [isWatched, setWatched] = useState(group.InsightsConfiguration?.InsightsEnabled ?? false);
  const save = useMutation({
    mutationFn: () =>
      saveGroup(env, isNew ? undefined : group.GroupName, {
        GroupName: name.trim(),
        FilterExpression: filter.trim(),
        // There are no notifications of what is not watched: such a group is refused.
        InsightsConfiguration: {
          InsightsEnabled: isWatched,
          NotificationsEnabled: isWatched && (group.InsightsConfiguration?.NotificationsEnabled ?? false),
        },
      }),
    onSuccess: () => {
      onSaved();
      onDone();
    },
  });
  return (
    <DialogBox title={isNew ? 'New group' : `Group ${group.GroupName}`} open onOpenChange={(open) => !open && onDone()}>
      <Form onSubmit={() => save.mutate()}>
        {isNew && (
          <TextField
            label="Name"
            required
            autoFocus
            maxLength={32}
            pattern="[A-Za-z0-9\-]+"
            hint="Letters, digits and dashes."
            value={name}
            onChange={(e) => setName(e.target.value)}
          />
        )}
        <AreaField
          label="Filter expression"
          className="mono"
          rows={3}
          placeholder={'service("checkout") { fault } AND duration > 2'}
          value={filter}
          onChange={(e) => setFilter(e.target.value)}
        />
        <CheckField
          label="Watch its faults"
          hint="GetInsightSummaries then tells when more fail than in the hour before."
          checked={isWatched}
          onChange={(e) => setWatched(e.target.checked)}
        />
        {save.error && <ErrorBox what="The group could not be saved" error={save.error} />}
        <FormEnd>
          <Button kind="primary" type="submit" disabled={save.isPending}>
            {isNew ? 'Create' : 'Save'}
          </Button>
          <Button onClick={onDone}>Cancel</Button>
        </FormEnd>
      </Form>
    </DialogBox>
  );
}
