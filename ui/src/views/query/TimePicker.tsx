// Time range and granularity: presets, "last 45 min", or two moments.
import { Calendar, ChevronDown, ChevronLeft, ChevronRight } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import type { QuerySpec } from '../../model/query-spec';
import { COMPARE_OFFSETS, isRelative, rangeSeconds, rangeText, shiftRange, spanText } from '../../model/time-range';
import { Button, IconButton } from '../../widgets/basic';
import { DropMenu, PopoverBox } from '../../widgets/popup';
import css from './query.module.css';

// Wanted after a click only.
const TimeForm = lazy(async () => ({ default: (await import('./TimeForms')).TimeForm }));
const BucketForm = lazy(async () => ({ default: (await import('./TimeForms')).BucketForm }));

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
  const [isSizing, setSizing] = useState(false);
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
        <Suspense fallback={null}>
          {open && <TimeForm spec={spec} utc={utc} onEdit={onEdit} onDone={() => onOpenChange(false)} />}
        </Suspense>
      </PopoverBox>
      <IconButton
        label="Later ( ] )"
        disabled={isRelative(spec)}
        onClick={() => onEdit(shiftRange(spec, 1, Date.now() / 1000))}
      >
        <ChevronRight size={16} />
      </IconButton>
      <PopoverBox
        label="Granularity"
        open={isSizing}
        onOpenChange={setSizing}
        align="end"
        trigger={
          <Button kind="plain" title="Granularity: the size of one time bucket">
            {spec.granularity ? spanText(spec.granularity) : automatic}
            <ChevronDown size={14} />
          </Button>
        }
      >
        <Suspense fallback={null}>
          {isSizing && <BucketForm spec={spec} onEdit={onEdit} onDone={() => setSizing(false)} />}
        </Suspense>
      </PopoverBox>
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
