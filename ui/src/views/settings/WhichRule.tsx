// Which sampling rule decides about a request: clients find that out themselves, and people want to know before they change a rule.
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { matchingRule, rulesOptions, type KnownRequest, type MatchedRule } from '../../api/manage';
import { Button, ErrorBox } from '../../widgets/basic';
import { Form, TextField } from '../../widgets/form';
import { Attributes, type Attribute } from './Attributes';
import { MATCHERS, percentText } from './matchers';
import css from './settings.module.css';

const ATTRIBUTES_MAX = 20;
const EXAMPLES: Record<string, string> = {
  ServiceName: 'shop',
  ServiceType: 'AWS::EC2::Instance',
  Host: 'shop.example',
  HTTPMethod: 'GET',
  URLPath: '/cart/7',
  ResourceARN: '',
};

export function WhichRule({ env }: { env: string }) {
  const [known, setKnown] = useState<Record<string, string>>({});
  const [attributes, setAttributes] = useState<readonly Attribute[]>([]);
  const { data: rules } = useQuery(rulesOptions(env));
  const isTwice = new Set(attributes.map(([name]) => name)).size < attributes.length;
  const look = useMutation({
    mutationFn: async () => {
      const given = Object.entries(known).filter(([, text]) => text !== '');
      const request: KnownRequest = { ...Object.fromEntries(given), Attributes: Object.fromEntries(attributes) };
      return { matched: await matchingRule(env, request), rules };
    },
  });
  // Of other rules than those above it says nothing.
  const told = look.data?.rules === rules ? look.data?.matched : undefined;
  return (
    <section className={css.section}>
      <h2>Which rule decides about a request</h2>
      <p>
        As X-Ray’s SDKs try them, in the order above: case does not matter, and what is left empty matches anything, but
        for attributes that a rule asks for. OpenTelemetry’s samplers may mind case.
      </p>
      <Form onSubmit={() => look.mutate()}>
        <div className={css.pairs}>
          {MATCHERS.map(([member, label]) => (
            <TextField
              key={member}
              label={label}
              className="mono"
              placeholder={EXAMPLES[member]}
              value={known[member] ?? ''}
              onChange={(e) => {
                setKnown({ ...known, [member]: e.target.value });
                look.reset();
              }}
            />
          ))}
        </div>
        <Attributes
          list={attributes}
          onChange={(list) => {
            setAttributes(list);
            look.reset();
          }}
          noun="Value"
          most={ATTRIBUTES_MAX}
        />
        <div>
          <Button type="submit" disabled={look.isPending || isTwice}>
            Find the rule
          </Button>
        </div>
      </Form>
      {isTwice && <p role="alert">Two attributes have the same name; a request has each once.</p>}
      {look.error && <ErrorBox what="The rule could not be looked up" error={look.error} />}
      <div aria-live="polite">{told && <Verdict matched={told} />}</div>
    </section>
  );
}

function Verdict({ matched }: { matched: MatchedRule }) {
  const { SamplingRule: rule } = matched.SamplingRuleRecord;
  const isPassedOver = Object.keys(rule.Attributes ?? {}).length > 0 || (rule.ResourceARN ?? '*') !== '*';
  return (
    <>
      <p>
        <strong>{rule.RuleName}</strong> decides: {rule.ReservoirSize} a second, then {percentText(rule.FixedRate)}.
      </p>
      {isPassedOver && (
        <p>X-Ray’s SDKs for Node and Python pass over it: they know no rules with attributes or a resource ARN.</p>
      )}
      {matched.Passed.length > 0 && (
        <ul className={css.passed} aria-label="Rules tried before it">
          {matched.Passed.map(({ RuleName, Member }) => (
            <li key={RuleName}>
              {RuleName}: {differenceText(Member)}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
function differenceText(member: string): string {
  const known = MATCHERS.find(([name]) => name === member);
  return known
    ? `${known[1].toLowerCase()} differs`
    : `attribute ${member.replace('Attributes.', '')} is missing or differs`;
}
