// X-Ray's groups: traces that a filter lets through, under a name; their faults may be watched for insights.
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { deleteGroup, groupsOptions, saveGroup, type TraceGroup } from '../../api/manage';
import { Button, ErrorBox } from '../../widgets/basic';
import { AreaField, CheckField, Form, FormEnd, TextField } from '../../widgets/form';
import { DialogBox } from '../../widgets/popup';
import { NamedList } from './NamedList';

const DEFAULT = 'Default';
/** The group of all traces is not made by anyone: only whether its faults are watched may be changed. */
const isOwn = (group: TraceGroup): boolean => group.GroupName !== DEFAULT;

export const Groups = ({ env }: { env: string }) => (
  <NamedList
    title="Groups of traces"
    about="Traces that a filter expression lets through, under a name for X-Ray’s clients."
    noun="group"
    options={groupsOptions(env)}
    columns={[
      { head: 'Name', kind: 'name', cell: (group) => group.GroupName },
      { head: 'Filter expression', kind: 'code', cell: (group) => group.FilterExpression || 'all traces' },
      { head: 'Insights', cell: (group) => (group.InsightsConfiguration?.InsightsEnabled ? 'watched' : '–') },
    ]}
    nameOf={(group) => group.GroupName}
    canDelete={isOwn}
    onDelete={(name) => deleteGroup(env, name)}
    doom="X-Ray’s clients find nothing under its name any more; no trace goes."
    dialog={(group, onDone) => <GroupDialog env={env} group={group} onDone={onDone} />}
  />
);

interface DialogProps {
  env: string;
  /** None is a new one. */
  group: TraceGroup | undefined;
  onDone: (isSaved: boolean) => void;
}
function GroupDialog({ env, group, onDone }: DialogProps) {
  const [name, setName] = useState(group?.GroupName ?? '');
  const [filter, setFilter] = useState(group?.FilterExpression ?? '');
  const hasFilter = !group || isOwn(group);
  const [isWatched, setWatched] = useState(group?.InsightsConfiguration?.InsightsEnabled ?? false);
  const save = useMutation({
    mutationFn: () =>
      saveGroup(env, group?.GroupName, {
        GroupName: name.trim(),
        ...(hasFilter && { FilterExpression: filter.trim() }),
        // There are no notifications of what is not watched: such a group is refused.
        InsightsConfiguration: {
          InsightsEnabled: isWatched,
          NotificationsEnabled: isWatched && (group?.InsightsConfiguration?.NotificationsEnabled ?? false),
        },
      }),
    onSuccess: () => onDone(true),
  });
  return (
    <DialogBox
      title={group ? `Group ${group.GroupName}` : 'New group'}
      open
      onOpenChange={(open) => !open && onDone(false)}
    >
      <Form onSubmit={() => save.mutate()}>
        {!group && (
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
        {hasFilter && (
          <AreaField
            label="Filter expression"
            className="mono"
            rows={3}
            placeholder={'service("checkout") { fault } AND duration > 2'}
            value={filter}
            onChange={(e) => setFilter(e.target.value)}
          />
        )}
        <CheckField
          label="Watch its faults"
          hint="GetInsightSummaries then tells when more fail than in the hour before."
          checked={isWatched}
          onChange={(e) => setWatched(e.target.checked)}
        />
        {save.error && <ErrorBox what="The group could not be saved" error={save.error} />}
        <FormEnd>
          <Button kind="primary" type="submit" disabled={save.isPending}>
            {group ? 'Save' : 'Create'}
          </Button>
          <Button onClick={() => onDone(false)}>Cancel</Button>
        </FormEnd>
      </Form>
    </DialogBox>
  );
}
