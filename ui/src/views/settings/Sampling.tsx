// X-Ray's sampling rules: which share of which requests the SDKs keep, in the order in which the rules are tried.
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { deleteRule, rulesOptions, saveRule, type SamplingRule } from '../../api/manage';
import { Button, ErrorBox } from '../../widgets/basic';
import { Form, FormEnd, TextField } from '../../widgets/form';
import { DialogBox } from '../../widgets/popup';
import { Attributes, type Attribute } from './Attributes';
import { MATCHERS, percentText } from './matchers';
import { NamedList } from './NamedList';
import css from './settings.module.css';
import { WhichRule } from './WhichRule';

const DEFAULT = 'Default';
/** X-Ray's limits of the attributes of a rule. */
const ATTRIBUTES_MAX = 5;
const ATTRIBUTE_CHARS_MAX = 32;
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

export const Sampling = ({ env }: { env: string }) => (
  <>
    <NamedList
      title="Sampling rules"
      about="X-Ray’s SDKs, and OpenTelemetry’s remote sampler, ask for these. The first rule that a request matches decides; the reservoir is kept each second whatever the rate, over all clients."
      noun="rule"
      options={rulesOptions(env)}
      columns={[
        {
          head: 'Priority',
          kind: 'number',
          className: css.priority,
          cell: ({ SamplingRule: rule }) => (rule.RuleName === DEFAULT ? 'last' : rule.Priority),
        },
        { head: 'Name', kind: 'name', cell: ({ SamplingRule: rule }) => rule.RuleName },
        { head: 'Requests', cell: ({ SamplingRule: rule }) => requestsText(rule) },
        { head: 'Reservoir', kind: 'number', cell: ({ SamplingRule: rule }) => `${rule.ReservoirSize}/s` },
        { head: 'Rate', kind: 'number', cell: ({ SamplingRule: rule }) => percentText(rule.FixedRate) },
      ]}
      nameOf={({ SamplingRule: rule }) => rule.RuleName!}
      canDelete={({ SamplingRule: rule }) => rule.RuleName !== DEFAULT}
      onDelete={(name) => deleteRule(env, name)}
      doom="What matched it is sampled by the rules after it as soon as clients ask again."
      dialog={(record, onDone) => <RuleDialog env={env} rule={record?.SamplingRule} onDone={onDone} />}
    />
    <WhichRule env={env} />
  </>
);

/** Which requests a rule is about; what matches anything is left out. */
function requestsText(rule: SamplingRule): string {
  const parts = MATCHERS.filter(([member]) => (rule[member] ?? '*') !== '*').map(
    ([member, label]) => `${label.toLowerCase()} ${rule[member]}`,
  );
  const attributes = Object.entries(rule.Attributes ?? {}).map(([name, pattern]) => `${name} = ${pattern}`);
  return [...parts, ...attributes].join(', ') || 'all';
}

interface DialogProps {
  env: string;
  /** None is a new one. */
  rule: SamplingRule | undefined;
  onDone: (isSaved: boolean) => void;
}
function RuleDialog({ env, rule, onDone }: DialogProps) {
  const isDefault = rule?.RuleName === DEFAULT;
  const [draft, setDraft] = useState(rule ?? NEW);
  const [percent, setPercent] = useState(String(Number((((rule ?? NEW).FixedRate ?? 0) * 100).toFixed(6))));
  const [attributes, setAttributes] = useState<readonly Attribute[]>(() => Object.entries(rule?.Attributes ?? {}));
  const set = (change: Partial<SamplingRule>) => setDraft({ ...draft, ...change });
  const isTwice = new Set(attributes.map(([name]) => name)).size < attributes.length;
  const save = useMutation({
    mutationFn: () => {
      const shares = { FixedRate: Number(percent) / 100, ReservoirSize: draft.ReservoirSize };
      if (isDefault) return saveRule(env, DEFAULT, shares);
      const Attributes = Object.fromEntries(attributes);
      if (!rule) return saveRule(env, undefined, { ...draft, ...shares, Attributes });
      const matchers = Object.fromEntries(MATCHERS.map(([member]) => [member, draft[member]]));
      return saveRule(env, rule.RuleName, { ...matchers, ...shares, Attributes, Priority: draft.Priority });
    },
    onSuccess: () => onDone(true),
  });
  return (
    <DialogBox
      title={rule ? `Rule ${rule.RuleName}` : 'New sampling rule'}
      open
      onOpenChange={(open) => !open && onDone(false)}
    >
      <Form onSubmit={() => save.mutate()}>
        {!rule && (
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
        {!isDefault && (
          <>
            <Attributes
              list={attributes}
              onChange={setAttributes}
              noun="Pattern"
              most={ATTRIBUTES_MAX}
              charsMax={ATTRIBUTE_CHARS_MAX}
            />
            <p className={css.hint}>
              * stands for any characters, ? for one. A request has to match all, attributes too.
            </p>
          </>
        )}
        {isTwice && <p role="alert">Two attributes have the same name; a rule asks for each once.</p>}
        {save.error && <ErrorBox what="The rule could not be saved" error={save.error} />}
        <FormEnd>
          <Button kind="primary" type="submit" disabled={save.isPending || isTwice}>
            {rule ? 'Save' : 'Create'}
          </Button>
          <Button onClick={() => onDone(false)}>Cancel</Button>
        </FormEnd>
      </Form>
    </DialogBox>
  );
}
