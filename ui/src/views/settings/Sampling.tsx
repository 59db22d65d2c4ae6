// X-Ray's sampling rules: which share of which requests the SDKs keep, in the order in which the rules are tried.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { deleteRule, rulesOptions, saveRule, type SamplingRule } from '../../api/manage';
import { Button, ErrorBox, Skeleton } from '../../widgets/basic';
import { Form, FormEnd, TextField } from '../../widgets/form';
import { DialogBox } from '../../widgets/popup';
import page from '../../widgets/page.module.css';
import { Doom } from './Doom';
import css from './settings.module.css';

const DEFAULT = 'Default';
/** What a request is held against: member of a rule, label, most characters. */
const MATCHERS = [
  ['ServiceName', 'Service name', 64],
  ['ServiceType', 'Service type', 64],
  ['Host', 'Host', 64],
  ['HTTPMethod', 'Method', 10],
  ['URLPath', 'Path', 128],
  ['ResourceARN', 'Resource ARN', 500],
] as const;
const NEW: SamplingRule = {
  RuleName: '',
  Priority: 100,
  FixedRate: 0.05,
  ReservoirSize: 1,
  ServiceName: '*',
  ServiceType: '*',
  Host: '*',
  HTTPMethod: '*',
  URLPath: '*',
  ResourceARN: '*',
  Version: 1,
};

export function Sampling({ env }: { env: string }) {
  const client = useQueryClient();
  const rules = useQuery(rulesOptions(env));
  const [edited, setEdited] = useState<SamplingRule | null>(null);
  const [doomed, setDoomed] = useState<string | null>(null);
  const renew = () => client.invalidateQueries({ queryKey: ['sampling-rules'] });
  const remove = useMutation({ mutationFn: (name: string) => deleteRule(env, name), onSuccess: renew });
  if (rules.error)
    return (
      <ErrorBox
        what="The sampling rules could not be loaded"
        error={rules.error}
        onRetry={() => void rules.refetch()}
      />
    );
  if (!rules.data) return <Skeleton />;
  return (
    <section className={css.section}>
      <h2>Sampling rules</h2>
      <div className={css.head}>
        <p>
          X-Ray’s SDKs, and OpenTelemetry’s remote sampler, ask for these. The first rule that a request matches
          decides; the reservoir is kept each second whatever the rate, over all clients.
        </p>
        <Button kind="primary" icon={<Plus size={14} />} onClick={() => setEdited(NEW)}>
          New rule
        </Button>
      </div>
      {remove.error && <ErrorBox what="The rule could not be deleted" error={remove.error} />}
      <div className={page.tableBox}>
        <table className={page.table} aria-label="Sampling rules">
          <thead>
            <tr>
              <th scope="col" className={`${page.right} ${css.priority}`}>
                Priority
              </th>
              <th scope="col">Name</th>
              <th scope="col">Requests</th>
              <th scope="col" className={page.right}>
                Reservoir
              </th>
              <th scope="col" className={page.right}>
                Rate
              </th>
              <th scope="col">
                <span className="sr">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rules.data.map(({ SamplingRule: rule }) => (
              <tr key={rule.RuleName}>
                <td className={`num ${page.right}`}>{rule.RuleName === DEFAULT ? 'last' : rule.Priority}</td>
                <th scope="row">{rule.RuleName}</th>
                <td>{requestsText(rule)}</td>
                <td className={`num ${page.right}`}>{rule.ReservoirSize}/s</td>
                <td className={`num ${page.right}`}>{percentText(rule.FixedRate)}</td>
                <td className={page.actions}>
                  <Button onClick={() => setEdited(rule)}>Edit</Button>
                  {rule.RuleName !== DEFAULT && (
                    <Button kind="plain" disabled={remove.isPending} onClick={() => setDoomed(rule.RuleName!)}>
                      Delete
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {edited && (
        <RuleDialog
          env={env}
          rule={edited}
          isNew={edited === NEW}
          onSaved={() => void renew()}
          onDone={() => setEdited(null)}
        />
      )}
      <Doom
        title={`Delete the rule ${doomed ?? ''}`}
        what="What matched it is sampled by the rules after it as soon as clients ask again. This cannot be undone."
        verb="Delete the rule"
        open={doomed !== null}
        onClose={() => setDoomed(null)}
        onDelete={() => doomed !== null && remove.mutate(doomed)}
      />
    </section>
  );
}

/** Which requests a rule is about; what matches anything is left out. */
function requestsText(rule: SamplingRule): string {
  const parts = MATCHERS.filter(([member]) => (rule[member] ?? '*') !== '*').map(
    ([member, label]) => `${label.toLowerCase()} ${rule[member]}`,
  );
  const attributes = Object.entries(rule.Attributes ?? {}).map(([name, pattern]) => `${name} = ${pattern}`);
  return [...parts, ...attributes].join(', ') || 'all';
}
const percentText = (rate: number | undefined): string =>
  `${((rate ?? 0) * 100).toLocaleString('en', { maximumFractionDigits: 4 })} %`;

function RuleDialog({
  env,
  rule,
  isNew,
  onSaved,
  onDone,
}: {
  env: string;
  rule: SamplingRule;
  isNew: boolean;
  onSaved: () => void;
  onDone: () => void;
}) {
  const isDefault = rule.RuleName === DEFAULT;
  const [draft, setDraft] = useState(rule);
  const [percent, setPercent] = useState(String(Number(((rule.FixedRate ?? 0) * 100).toFixed(6))));
  const set = (change: Partial<SamplingRule>) => setDraft({ ...draft, ...change });
  const save = useMutation({
    mutationFn: () => {
      const shares = { FixedRate: Number(percent) / 100, ReservoirSize: draft.ReservoirSize };
      if (isNew) return saveRule(env, undefined, { ...draft, ...shares });
      if (isDefault) return saveRule(env, rule.RuleName, shares);
      const matchers = Object.fromEntries(MATCHERS.map(([member]) => [member, draft[member]]));
      return saveRule(env, rule.RuleName, { ...matchers, ...shares, Priority: draft.Priority });
    },
    onSuccess: () => {
      onSaved();
      onDone();
    },
  });
  return (
    <DialogBox
      title={isNew ? 'New sampling rule' : `Rule ${rule.RuleName}`}
      open
      onOpenChange={(open) => !open && onDone()}
    >
      <Form onSubmit={() => save.mutate()}>
        {isNew && (
          <TextField
            label="Name"
            required
            autoFocus
            maxLength={32}
            value={draft.RuleName}
            onChange={(e) => set({ RuleName: e.target.value })}
          />
        )}
        <div className={css.pairs}>
          {!isDefault && (
            <TextField
              label="Priority"
              type="number"
              required
              min={1}
              max={9999}
              hint="The lowest is tried first."
              value={draft.Priority}
              onChange={(e) => set({ Priority: Number(e.target.value) })}
            />
          )}
          <TextField
            label="Reservoir, requests a second"
            type="number"
            required
            min={0}
            value={draft.ReservoirSize}
            onChange={(e) => set({ ReservoirSize: Number(e.target.value) })}
          />
          <TextField
            label="Rate beyond it, %"
            type="number"
            required
            min={0}
            max={100}
            step="any"
            value={percent}
            onChange={(e) => setPercent(e.target.value)}
          />
          {!isDefault &&
            MATCHERS.map(([member, label, length]) => (
              <TextField
                key={member}
                label={label}
                className="mono"
                required
                maxLength={length}
                value={draft[member]}
                onChange={(e) => set({ [member]: e.target.value })}
              />
            ))}
        </div>
        {!isDefault && <p className={css.hint}>* stands for any characters, ? for one. A request has to match all.</p>}
        {save.error && <ErrorBox what="The rule could not be saved" error={save.error} />}
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
