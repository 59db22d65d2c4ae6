// Time range and granularity: presets, "last 45 min", or two moments.
import { Calendar, ChevronDown, ChevronLeft, ChevronRight } from 'lucide-react';
import { useState } from 'react';
import type { QuerySpec } from '../../model/query-spec';
import {
  COMPARE_OFFSETS,
  granularities,
  isRelative,
  momentText,
  parseMoment,
  parseSpan,
  PRESETS,
  rangeSeconds,
  rangeText,
  resolveRange,
  shiftRange,
  spanText,
  withAbsolute,
  withRelative,
} from '../../model/time-range';
import { Button, IconButton } from '../../widgets/basic';
import { DropMenu, PopoverBox } from '../../widgets/popup';
import css from './query.module.css';

interface Props {
  spec: QuerySpec;
  utc: boolean;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** Bucket size of the shown result, in seconds. */
  granularity?: number;
  /** Changing the time asks again at once. */
  onEdit: (spec: QuerySpec) => void;
}

export function TimePicker({ spec, utc, open, onOpenChange, granularity, onEdit }: Props) {
  const range = rangeSeconds(spec);
  const compare = spec.compare_time_offset_seconds;
  const automatic = granularity && !spec.granularity ? `Auto (${spanText(granularity)})` : 'Auto';
  return (
    <div className={css.time}>
      <IconButton label="Earlier ( [ )" onClick={() => onEdit(shiftRange(spec, -1, Date.now() / 1000))}>
        <ChevronLeft size={16} />
      </IconButton>
      <PopoverBox
        label="Time range"
        open={open}
        onOpenChange={onOpenChange}
        align="end"
        trigger={
          <Button icon={<Calendar size={14} />} data-testid="time-range" title="Time range (t)">
            <span className="num">{rangeText(spec, utc)}</span>
            <ChevronDown size={14} />
          </Button>
        }
      >
        <TimeForm key={String(open)} spec={spec} utc={utc} onEdit={onEdit} onDone={() => onOpenChange(false)} />
      </PopoverBox>
      <IconButton
        label="Later ( ] )"
        disabled={isRelative(spec)}
        onClick={() => onEdit(shiftRange(spec, 1, Date.now() / 1000))}
      >
        <ChevronRight size={16} />
      </IconButton>
      <DropMenu
        align="end"
        trigger={
          <Button kind="plain" title="Granularity: the size of one time bucket">
            {spec.granularity ? spanText(spec.granularity) : automatic}
            <ChevronDown size={14} />
          </Button>
        }
        list={[
          { id: 'auto', label: 'Automatic', onSelect: () => onEdit({ ...spec, granularity: undefined }) },
          null,
          ...granularities(range).map((g) => ({
            id: String(g),
            label: spanText(g),
            onSelect: () => onEdit({ ...spec, granularity: g }),
          })),
        ]}
      />
      <DropMenu
        align="end"
        trigger={
          <Button kind="plain" title="The same question about an earlier time, beside this one">
            {compare === undefined
              ? 'Compare'
              : (COMPARE_OFFSETS.find((o) => o.seconds === compare)?.label ?? 'the range before')}
            <ChevronDown size={14} />
          </Button>
        }
        list={[
          {
            id: 'none',
            label: 'Nothing',
            onSelect: () => onEdit({ ...spec, compare_time_offset_seconds: undefined }),
          },
          null,
          ...(COMPARE_OFFSETS.some((o) => o.seconds === range)
            ? []
            : [
                {
                  id: 'range',
                  label: `The range before (${spanText(range)})`,
                  onSelect: () => onEdit({ ...spec, compare_time_offset_seconds: range }),
                },
              ]),
          ...COMPARE_OFFSETS.filter((o) => o.seconds >= range).map((o) => ({
            id: String(o.seconds),
            label: o.label[0]!.toUpperCase() + o.label.slice(1),
            onSelect: () => onEdit({ ...spec, compare_time_offset_seconds: o.seconds }),
          })),
        ]}
      />
    </div>
  );
}

function TimeForm({
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
  const fromSeconds = parseMoment(from, utc);
  const toSeconds = parseMoment(to, utc);
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
                ? 'YYYY-MM-DD hh:mm:ss, or Unix seconds'
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
