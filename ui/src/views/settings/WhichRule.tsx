// Which sampling rule decides about a request: clients find that out themselves, and people want to know before they change a rule.
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { matchingRule, type KnownRequest, type MatchedRule } from '../../api/manage';
import { Button, ErrorBox } from '../../widgets/basic';
import { Form, TextField } from '../../widgets/form';
import { Attributes, type Attribute } from './Attributes';
import { MATCHERS } from './matchers';
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
  const look = useMutation({
    mutationFn: () => {
      const given = Object.entries(known).filter(([, text]) => text !== '');
      const request: KnownRequest = { ...Object.fromEntries(given), Attributes: Object.fromEntries(attributes) };
      return matchingRule(env, request);
    },
  });
  return (
    <section className={css.section}>
      <h3>Which rule decides about a request</h3>
      <p>
        Rules are tried in the order above. What is left empty matches anything, but for attributes that a rule asks
        for; case does not matter.
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
          <Button type="submit" disabled={look.isPending}>
            Find the rule
          </Button>
        </div>
      </Form>
      {look.error && <ErrorBox what="The rule could not be looked up" error={look.error} />}
      <div aria-live="polite">{look.data && <Verdict matched={look.data} />}</div>
    </section>
  );
}

function Verdict({ matched }: { matched: MatchedRule }) {
  const { SamplingRule: rule } = matched.SamplingRuleRecord;
  const percent = ((rule.FixedRate ?? 0) * 100).toLocaleString('en', { maximumFractionDigits: 4 });
  return (
    <>
      <p>
        <strong>{rule.RuleName}</strong> decides: {rule.ReservoirSize} a second, then {percent} %.
      </p>
      {matched.Passed.length > 0 && (
        <ul className={css.passed} aria-label="Rules tried before it">
          {matched.Passed.map(({ RuleName, Member }) => (
            <li key={RuleName}>
              {RuleName}: {differenceText(Member)} differs
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
function differenceText(member: string): string {
  const known = MATCHERS.find(([name]) => name === member);
  return known ? known[1].toLowerCase() : `attribute ${member.replace('Attributes.', '')}`;
}
