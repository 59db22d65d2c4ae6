// Which values the spans of this trace have for a field, and how much of its time each took.
import { useMemo, useState } from 'react';
import type { TraceSession } from '../../api/trace-client';
import { countText, durationText, numberText } from '../../model/format';
import type { Trace } from '../../model/trace';
import { selfTimes, sharesBy } from '../../model/trace-time';
import type { TraceSearch } from '../../model/url-state';
import { useSetSearch } from '../../widgets/route';
import css from './trace.module.css';
import { useValues } from './use-trace';

/** Values beyond are summed: a list of ids tells nobody anything. */
const SHOWN_MAX = 100;

export function Breakdown({
  trace,
  session,
  fields,
}: {
  trace: Trace;
  session: TraceSession;
  fields: readonly string[];
}) {
  const [field, setField] = useState('service.name');
  const setSearch = useSetSearch<TraceSearch>();
  const [values] = useValues(
    session,
    useMemo(() => [field], [field]),
  );
  const self = useMemo(() => selfTimes(trace), [trace]);
  const shares = useMemo(
    () =>
      values
        ? sharesBy(trace, self, (node) => (values.index[node]! < 0 ? undefined : values.values[values.index[node]!]))
        : [],
    [trace, self, values],
  );
  const total = shares.reduce((sum, share) => sum + share.self, 0);
  const most = Math.max(1, ...shares.map((share) => share.self));
  return (
    <div className={css.breakdown} data-testid="breakdown">
      <label>
        Spans of this trace by
        <select value={field} onChange={(e) => setField(e.target.value)}>
          {(fields.includes(field) ? fields : [field, ...fields]).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <p className={css.hint}>
        Total adds up whole spans; own time is the part of a span in which none of its children ran.
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">value</th>
            <th scope="col">spans</th>
            <th scope="col">total</th>
            <th scope="col">own time</th>
            <th scope="col">share</th>
          </tr>
        </thead>
        <tbody>
          {shares.slice(0, SHOWN_MAX).map((share) => (
            <tr key={share.value}>
              <th scope="row">
                <button
                  type="button"
                  title={`Find “${share.value}” in this trace; ${countText(share.errors, 'error')}`}
                  onClick={() => setSearch({ find: share.value })}
                >
                  {share.value}
                </button>
                <i style={{ width: `${(share.self / most) * 100}%` }} />
              </th>
              <td className="num">{numberText(share.count)}</td>
              <td className="num">{durationText(Math.round(share.duration))}</td>
              <td className="num">{durationText(Math.round(share.self))}</td>
              <td className="num">{total > 0 ? `${((share.self / total) * 100).toFixed(1)} %` : ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {shares.length > SHOWN_MAX && (
        <p className={css.hint}>and {numberText(shares.length - SHOWN_MAX)} values with less time</p>
      )}
    </div>
  );
}
