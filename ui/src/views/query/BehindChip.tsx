// Says which point, group or box the lists below are narrowed to, and lets go of it.
import { X } from 'lucide-react';
import { quantitiesText } from '../../model/format';
import { filterText } from '../../model/query-spec';
import { behindFilters, nsToSeconds, type Behind } from '../../model/result';
import { momentText } from '../../model/time-range';
import { IconButton } from '../../widgets/basic';
import css from './query.module.css';

export function BehindChip({
  behind,
  utc,
  label,
  onClear,
}: {
  behind: Behind;
  utc: boolean;
  label?: string;
  onClear: () => void;
}) {
  return (
    <span className={css.behind} data-testid="behind">
      <strong>{label ?? (behind.group || behind.range ? 'Behind one point' : 'Narrowed to')}</strong>
      <code>
        {momentText(nsToSeconds(behind.start_ns) * 1000, utc)} –{' '}
        {momentText(nsToSeconds(behind.end_ns) * 1000, utc).slice(11)}
      </code>
      {behindFilters({ ...behind, range: undefined }).map((f) => (
        <code key={filterText(f)}>{filterText(f)}</code>
      ))}
      {behind.range && (
        <code>
          {behind.range.column} {quantitiesText(behind.range.column, behind.range.from, behind.range.to)}
        </code>
      )}
      <IconButton label="Show all events of the query" onClick={onClear}>
        <X size={14} />
      </IconButton>
    </span>
  );
}
