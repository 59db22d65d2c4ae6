// What opens over the time: presets, "last 45 min", two moments or one and a length; and the size of a bucket.
import { useState } from 'react';
import type { QuerySpec } from '../../model/query-spec';
import {
  granularities,
  granularityBounds,
  isRelative,
  momentText,
  parseSpan,
  PRESETS,
  rangeSeconds,
  readEnds,
  resolveRange,
  spanText,
  withAbsolute,
  withRelative,
} from '../../model/time-range';
import { Button } from '../../widgets/basic';
import css from './query.module.css';

export function TimeForm({
  spec,
  utc,
  onEdit,
  onDone,
}: {
  spec: QuerySpec;
  utc: boolean;
  onEdit: (spec: QuerySpec) => void;
  onDone: () => void;
}) {
  const [now] = useState(() => Date.now() / 1000);
  const [start, end] = resolveRange(spec, now);
  const [span, setSpan] = useState('');
  const [from, setFrom] = useState(momentText(start * 1000, utc));
  const [to, setTo] = useState(momentText(end * 1000, utc));
  const seconds = parseSpan(span);
  const [fromSeconds, toSeconds] = readEnds(from, to, utc);
  const isOrdered = fromSeconds !== null && toSeconds !== null && fromSeconds < toSeconds;
  const take = (next: QuerySpec) => {
    onEdit(next);
    onDone();
  };
  return (
    <div className={css.timeForm}>
      <ul>
        {PRESETS.map((p) => (
          <li key={p.seconds}>
            <button
              type="button"
              data-current={(isRelative(spec) && rangeSeconds(spec) === p.seconds) || undefined}
              onClick={() => take(withRelative(spec, p.seconds))}
            >
              Last {p.label}
            </button>
          </li>
        ))}
      </ul>
      <div>
        <form
          onSubmit={(e) => {
            e.preventDefault();
            if (seconds) take(withRelative(spec, seconds));
          }}
        >
          <label>
            Last…
            <input
              placeholder="45 min, 3h, 1h 30m, 2 days"
              value={span}
              onChange={(e) => setSpan(e.target.value)}
              aria-invalid={span !== '' && !seconds}
            />
          </label>
          <Button type="submit" disabled={!seconds}>
            Apply
          </Button>
        </form>
        <form
          onSubmit={(e) => {
            e.preventDefault();
            if (isOrdered) take(withAbsolute(spec, fromSeconds, toSeconds));
          }}
        >
          <label>
            From ({utc ? 'UTC' : 'local time'})
            <input
              className="mono"
              value={from}
              onChange={(e) => setFrom(e.target.value)}
              aria-invalid={fromSeconds === null}
            />
          </label>
          <label>
            To
            <input
              className="mono"
              value={to}
              onChange={(e) => setTo(e.target.value)}
              aria-invalid={toSeconds === null || !isOrdered}
            />
          </label>
          <p>
            {isOrdered
              ? spanText(toSeconds - fromSeconds)
              : fromSeconds === null || toSeconds === null
                ? 'YYYY-MM-DD hh:mm:ss or Unix seconds; one of the two may be a length, as 45 min'
                : 'The end is not after the start'}
          </p>
          <Button type="submit" disabled={!isOrdered}>
            Apply
          </Button>
        </form>
      </div>
    </div>
  );
}

/** The sizes that fit the range, and any other within the bounds. */
export function BucketForm({
  spec,
  onEdit,
  onDone,
}: {
  spec: QuerySpec;
  onEdit: (spec: QuerySpec) => void;
  onDone: () => void;
}) {
  const range = rangeSeconds(spec);
  const [text, setText] = useState('');
  const [least, most] = granularityBounds(range);
  const size = parseSpan(text);
  const isRight = size !== null && size >= least && size <= most;
  const take = (granularity: number | undefined) => {
    onEdit({ ...spec, granularity });
    onDone();
  };
  const entry = (label: string, granularity: number | undefined) => (
    <li key={label}>
      <button
        type="button"
        data-current={spec.granularity === granularity || undefined}
        onClick={() => take(granularity)}
      >
        {label}
      </button>
    </li>
  );
  return (
    <div className={css.timeForm} data-narrow="">
      <ul>
        {entry('Automatic', undefined)}
        {granularities(range).map((g) => entry(spanText(g), g))}
      </ul>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (isRight) take(size);
        }}
      >
        <label>
          Another size
          <input
            placeholder="90 s"
            value={text}
            onChange={(e) => setText(e.target.value)}
            aria-invalid={text !== '' && !isRight}
          />
        </label>
        <p role={text !== '' && !isRight ? 'alert' : undefined}>
          From {spanText(least)} to {spanText(most)} for this range
        </p>
        <Button type="submit" disabled={!isRight}>
          Apply
        </Button>
      </form>
    </div>
  );
}
