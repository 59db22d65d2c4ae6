// The team and its environments, keys, recipients, what is kept, and the choices of this browser.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { membersOptions } from '../../api/manage';
import { sessionOptions } from '../../api/options';
import { agoText } from '../../model/format';
import type { SettingsSearch } from '../../model/url-state';
import { ErrorBox, Skeleton, Tabs } from '../../widgets/basic';
import { CheckField, SelectField } from '../../widgets/form';
import { usePref, useUtc, writePref } from '../../widgets/prefs';
import { usePlace, useSetSearch, useTypedSearch, type Place } from '../../widgets/route';
import { setTheme, themeChoice, type ThemeChoice } from '../../widgets/theme';
import { Environments } from './Environments';
import { Keys } from './Keys';
import { Keeping } from './Keeping';
import { Groups } from './Groups';
import { Recipients } from './Recipients';
import { Sampling } from './Sampling';
import page from '../../widgets/page.module.css';
import css from './settings.module.css';
import { Usage } from './Usage';

type Tab = NonNullable<SettingsSearch['tab']>;
const TABS: { id: Tab; label: string }[] = [
  { id: 'keys', label: 'API keys' },
  { id: 'team', label: 'Team' },
  { id: 'environments', label: 'Environments' },
  { id: 'recipients', label: 'Recipients' },
  { id: 'retention', label: 'Retention' },
  { id: 'x-ray', label: 'X-Ray' },
  { id: 'usage', label: 'Usage' },
  { id: 'browser', label: 'This browser' },
  { id: 'about', label: 'About' },
];

export default function SettingsPage() {
  const place = usePlace();
  const { tab = 'keys' } = useTypedSearch<SettingsSearch>();
  const setSearch = useSetSearch<SettingsSearch>();
  return (
    <div className={page.page}>
      <h1>Settings</h1>
      <Tabs
        label="Settings"
        value={tab}
        onChange={(next) => setSearch({ tab: next, period: undefined, of: undefined })}
        tabs={TABS}
      />
      {tab === 'keys' && <Keys env={place.env} />}
      {tab === 'team' && <Team place={place} />}
      {tab === 'environments' && <Environments place={place} />}
      {tab === 'recipients' && <Recipients env={place.env} />}
      {tab === 'retention' && <Keeping env={place.env} />}
      {tab === 'x-ray' && (
        <>
          <Sampling env={place.env} />
          <Groups env={place.env} />
        </>
      )}
      {tab === 'usage' && <Usage env={place.env} />}
      {tab === 'browser' && <Browser />}
      {tab === 'about' && <About />}
    </div>
  );
}

function Team({ place }: { place: Place }) {
  const session = useQuery(sessionOptions());
  const members = useQuery(membersOptions(place.env));
  const [now] = useState(() => Date.now());
  if (members.error)
    return (
      <ErrorBox what="The members could not be loaded" error={members.error} onRetry={() => void members.refetch()} />
    );
  if (!members.data) return <Skeleton />;
  return (
    <section className={css.section}>
      <h2>{session.data?.team?.name}</h2>
      <p>Administrators manage keys, environments and retention; members do everything else.</p>
      <div className={page.tableBox}>
        <table className={page.table}>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">E-mail</th>
              <th scope="col">Role</th>
              <th scope="col">Since</th>
            </tr>
          </thead>
          <tbody>
            {members.data.map((member) => (
              <tr key={member.email}>
                <th scope="row">{member.name}</th>
                <td>{member.email}</td>
                <td>{member.role}</td>
                <td title={member.created_at}>{agoText(Date.parse(member.created_at), now)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Browser() {
  usePref('theme');
  const utc = useUtc();
  const isNarrow = usePref('nav') === 'narrow';
  const hasLetters = usePref('letters') !== 'off';
  const rows = usePref('rows');
  return (
    <section className={css.section}>
      <h2>This browser</h2>
      <div className={css.narrow}>
        <SelectField
          label="Theme"
          value={themeChoice()}
          options={[
            ['system', 'As the system'],
            ['light', 'Light'],
            ['dark', 'Dark'],
          ]}
          onChange={(e) => setTheme(e.target.value as ThemeChoice)}
        />
        <SelectField
          label="Rows of tables"
          value={rows ?? ''}
          options={[
            ['', 'Compact'],
            ['1', 'Comfortable'],
          ]}
          onChange={(e) => writePref('rows', e.target.value || null)}
        />
        <CheckField
          label="Times in UTC"
          checked={utc}
          onChange={(e) => writePref('utc', e.target.checked ? '1' : null)}
        />
        <CheckField
          label="Narrow navigation"
          checked={isNarrow}
          onChange={(e) => writePref('nav', e.target.checked ? 'narrow' : null)}
        />
        <CheckField
          label="Single letters are shortcuts"
          hint="Off, for people who dictate: only shortcuts with Ctrl or Cmd, and those of a focused chart or table, are left."
          checked={hasLetters}
          onChange={(e) => writePref('letters', e.target.checked ? null : 'off')}
        />
      </div>
    </section>
  );
}

function About() {
  const session = useQuery(sessionOptions()).data;
  if (!session) return <Skeleton />;
  const facts = [
    ['Version', session.version],
    ['Address', session.origin],
    ['OTLP over HTTP', session.otlp_http ?? 'at the address'],
    ['OTLP over gRPC', session.grpc ?? 'switched off'],
    ['Sign-in', session.dev ? 'none is needed: the server runs with --dev' : 'e-mail and password'],
  ];
  return (
    <section className={css.section}>
      <h2>Waggle</h2>
      <dl className={css.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="mono">{value}</dd>
          </div>
        ))}
      </dl>
      <p>
        Apache License 2.0. <a href="/api/openapi.json">The API</a>, <a href="/metrics">figures of this server</a>,{' '}
        <a href="/readyz">whether it is ready</a>.
      </p>
    </section>
  );
}
