// What the environment took in: this month so far and where it leads, day by day, and by dataset.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { usageOptions } from '../../api/manage';
import { DayBars } from '../../chart/DayBars';
import { bytesText, numberText, shortNumber } from '../../model/format';
import { addDays, lastDays, monthOf } from '../../model/usage';
import { Empty, ErrorBox, Skeleton } from '../../widgets/basic';
import page from '../../widgets/page.module.css';
import css from './settings.module.css';

export function Usage({ env }: { env: string }) {
  const { data, error, refetch } = useQuery(usageOptions(env));
  const [now] = useState(() => Date.now());
  if (error) return <ErrorBox what="The usage could not be loaded" error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton />;
  if (data.events === 0) return <Empty title="Nothing was taken in during the last 31 days" />;
  const days = lastDays(addDays(data.datasets.map((d) => d.days)), 31, now);
  const month = monthOf(days, now);
  return (
    <section className={css.section}>
      <p>
        Every event, span, span event and link counts as one, on the day (UTC) of its arrival; what was refused does not
        count.
      </p>
      <dl className={css.figures}>
        <div>
          <dt>This month so far</dt>
          <dd className="num">{numberText(month.events)} events</dd>
        </div>
        <div>
          <dt>At this pace, the month comes to</dt>
          <dd className="num">{shortNumber(month.projected)} events</dd>
        </div>
        <div>
          <dt>Bytes in the last 31 days, before compression</dt>
          <dd className="num">{bytesText(data.bytes)}</dd>
        </div>
      </dl>
      <div className={css.days}>
        <DayBars days={days} width={620} height={72} />
        <span className="num">{days[0]!.day}</span>
        <span className="num">{days.at(-1)!.day}</span>
      </div>
      <div className={page.tableBox}>
        <table className={page.table} aria-label="Usage by dataset">
          <thead>
            <tr>
              <th scope="col">Dataset</th>
              <th scope="col">31 days</th>
              <th scope="col" className={page.right}>
                Events
              </th>
              <th scope="col" className={page.right}>
                Share
              </th>
              <th scope="col" className={page.right}>
                Bytes
              </th>
            </tr>
          </thead>
          <tbody>
            {data.datasets.map((d) => (
              <tr key={d.dataset ?? 'gone'}>
                <th scope="row">{d.name ?? d.dataset ?? 'Deleted datasets'}</th>
                <td className={css.bars}>
                  <DayBars days={lastDays(d.days, 31, now)} />
                </td>
                <td className={`num ${page.right}`}>{numberText(d.events)}</td>
                <td className={`num ${page.right}`}>{((d.events / data.events) * 100).toFixed(1)} %</td>
                <td className={`num ${page.right}`}>{bytesText(d.bytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
