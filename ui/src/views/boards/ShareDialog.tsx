// Who sees a board: the whole team, or its maker, administrators and the people named here.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Board } from '../../api/calls';
import { membersOptions, type Sharing } from '../../api/manage';
import { Button, ErrorBox } from '../../widgets/basic';
import { CheckField, Form, FormEnd, SelectField } from '../../widgets/form';
import { DialogBox } from '../../widgets/popup';
import css from './boards.module.css';

interface Props {
  env: string;
  sharing: Board['sharing'];
  error: Error | null;
  onShare: (sharing: Sharing) => void;
  onClose: () => void;
}
export function ShareDialog({ env, sharing, error, onShare, onClose }: Props) {
  const members = useQuery(membersOptions(env));
  const [kind, setKind] = useState<Sharing['kind']>(sharing?.kind ?? 'team');
  const [people, setPeople] = useState<readonly string[]>(sharing?.collaborators ?? []);
  const others = (members.data ?? []).filter((m) => m.email !== sharing?.maker);
  return (
    <DialogBox title="Who sees this board" open onOpenChange={(open) => !open && onClose()}>
      <Form onSubmit={() => onShare({ kind, collaborators: kind === 'team' ? [] : [...people] })}>
        <SelectField
          label="Seen and changed by"
          value={kind}
          options={[
            ['team', 'Everybody in the team'],
            ['limited', 'Its maker, administrators and the people chosen below'],
          ]}
          onChange={(e) => setKind(e.target.value as Sharing['kind'])}
        />
        {kind === 'limited' && (
          <fieldset className={css.people}>
            <legend>People{sharing?.maker ? `, beside ${sharing.maker}` : ''}</legend>
            {members.error && <ErrorBox what="The members could not be loaded" error={members.error} />}
            {others.map((m) => (
              <CheckField
                key={m.email}
                label={m.name ? `${m.name}, ${m.email}` : m.email}
                checked={people.includes(m.email)}
                onChange={(e) =>
                  setPeople(e.target.checked ? [...people, m.email] : people.filter((p) => p !== m.email))
                }
              />
            ))}
            {members.data && others.length === 0 && <p>There is nobody else in the team.</p>}
          </fieldset>
        )}
        {error && <ErrorBox what="It could not be changed" error={error} />}
        <FormEnd>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit">
            Set it
          </Button>
        </FormEnd>
      </Form>
    </DialogBox>
  );
}
