// What the environment, or the whole team, took in: this month so far and where it leads, day by day or month by month, and by
// environment, dataset and key.
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { environmentsOptions, usageOptions } from '../../api/manage';
import { DayBars } from '../../chart/DayBars';
import { bytesText, numberText } from '../../model/format';
import type { SettingsSearch } from '../../model/url-state';
import { addDays, inMonths, lastDays, lastMonths, type DayCount } from '../../model/usage';
import { Empty, ErrorBox, Skeleton, Tabs } from '../../widgets/basic';
import page from '../../widgets/page.module.css';
import { useSetSearch, useTypedSearch } from '../../widgets/route';
import css from './settings.module.css';

interface Counts {
  events: number;
  bytes: number;
  data_points: number;
}
const MONTHS = 12;
const DAYS = 31;

export function Usage({ env }: { env: string }) {
  const { period, of } = useTypedSearch<SettingsSearch>();
  const setSearch = useSetSearch<SettingsSearch>();
  const [now] = useState(() => Date.now());
  const isYear = period === 'year';
  const ofTeam = of === 'team';
  const start = isYear ? `${lastMonths(MONTHS, now)[0]!}-01` : undefined;
  const { data, error, refetch } = useQuery(usageOptions(env, ofTeam, start));
  const environments = useQuery(environmentsOptions(env));
  const length = isYear ? `${MONTHS} months` : `${DAYS} days`;
  const stepsOf = (days: readonly DayCount[]) => (isYear ? inMonths(days, MONTHS, now) : lastDays(days, DAYS, now));
  const body = () => {
    if (error) return <ErrorBox what="The usage could not be loaded" error={error} onRetry={() => void refetch()} />;
    if (!data) return <Skeleton />;
    if (data.events === 0) return <Empty title={`Nothing was taken in during the last ${length}`} />;
    const steps = stepsOf(addDays(data.datasets.map((d) => d.days)));
    const nameOf = (slug: string) => environments.data?.find((e) => e.slug === slug)?.name ?? slug;
    const { this_month: month } = data;
    return (
      <>
        <dl className={css.figures}>
          <Figure label="This month so far">{numberText(month.events)} events</Figure>
          <Figure label="At this pace, the month comes to">
            {numberText(Math.round(month.projected_events))} events
          </Figure>
          {month.data_points > 0 && (
            <Figure label="Data points of metrics this month">
              {numberText(month.data_points)}, at this pace {numberText(Math.round(month.projected_data_points))}
            </Figure>
          )}
          <Figure label={`Bytes in the last ${length}, before compression`}>{bytesText(data.bytes)}</Figure>
        </dl>
        <div className={css.days}>
          <DayBars days={steps} width={620} height={72} />
          <span className="num">{steps[0]!.day}</span>
          <span className="num">{steps.at(-1)!.day}</span>
        </div>
        {ofTeam && (
          <Table label="Usage by environment" head="Environment" all={data} rows={data.environments}>
            {(e) => nameOf(e.environment)}
          </Table>
        )}
        <Table
          label="Usage by dataset"
          head="Dataset"
          all={data}
          rows={data.datasets}
          length={length}
          stepsOf={stepsOf}
        >
          {(d) => (
            <>
              {d.name ?? d.dataset ?? 'Deleted datasets'}
              {ofTeam && <span className={css.hint}> {nameOf(d.environment)}</span>}
            </>
          )}
        </Table>
        <Table label="Usage by key" head="Key" all={data} rows={data.keys}>
          {(k) => k.name ?? (k.key === null ? 'Without a key' : `Deleted: ${k.key}`)}
        </Table>
      </>
    );
  };
  return (
    <section className={css.section}>
      <p>
        Every event, span, span event and link counts as one, on the day (UTC) of its arrival; what was refused does not
        count. Data points of metrics that share their second and attributes are one event.
      </p>
      <div className={css.head}>
        <Tabs
          label="Period"
          value={isYear ? 'year' : 'days'}
          onChange={(next) => setSearch({ period: next === 'year' ? 'year' : undefined })}
          tabs={[
            { id: 'days', label: `${DAYS} days` },
            { id: 'year', label: `${MONTHS} months` },
          ]}
        />
        {(ofTeam || (environments.data?.length ?? 0) > 1) && (
          <Tabs
            label="Environments"
            value={ofTeam ? 'team' : 'own'}
            onChange={(next) => setSearch({ of: next === 'team' ? 'team' : undefined })}
            tabs={[
              { id: 'own', label: 'This environment' },
              { id: 'team', label: 'All of the team' },
            ]}
          />
        )}
      </div>
      {body()}
    </section>
  );
}

const Figure = ({ label, children }: { label: string; children: ReactNode }) => (
  <div>
    <dt>{label}</dt>
    <dd className="num">{children}</dd>
  </div>
);

/** One row each, the largest first, with its share of all events; `stepsOf` adds bars of its days. */
function Table<T extends Counts & { days?: readonly DayCount[] }>({
  label,
  head,
  all,
  rows,
  length,
  stepsOf,
  children,
}: {
  label: string;
  head: string;
  all: Counts;
  rows: readonly T[];
  length?: string;
  stepsOf?: (days: readonly DayCount[]) => DayCount[];
  children: (row: T) => ReactNode;
}) {
  const hasPoints = all.data_points > 0;
  return (
    <div className={page.tableBox}>
      <table className={page.table} aria-label={label}>
        <thead>
          <tr>
            <th scope="col">{head}</th>
            {stepsOf && <th scope="col">{length}</th>}
            <th scope="col" className={page.right}>
              Events
            </th>
            <th scope="col" className={page.right}>
              Share
            </th>
            {hasPoints && (
              <th scope="col" className={page.right}>
                Data points
              </th>
            )}
            <th scope="col" className={page.right}>
              Bytes
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>
              <th scope="row">{children(row)}</th>
              {stepsOf && (
                <td className={css.bars}>
                  <DayBars days={stepsOf(row.days ?? [])} />
                </td>
              )}
              <td className={`num ${page.right}`}>{numberText(row.events)}</td>
              <td className={`num ${page.right}`}>{((row.events / all.events) * 100).toFixed(1)} %</td>
              {hasPoints && <td className={`num ${page.right}`}>{numberText(row.data_points)}</td>}
              <td className={`num ${page.right}`}>{bytesText(row.bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
