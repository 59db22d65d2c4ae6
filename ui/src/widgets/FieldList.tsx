// All fields of one event: filterable, those that people pinned first, each value with its menu, or the whole as JSON.
import { Pin, Search } from 'lucide-react';
import { useMemo, useState, type MouseEvent } from 'react';
import { valueText } from '../model/format';
import type { Cells } from '../model/result';
import { CopyButton, IconButton, ValueLink } from './basic';
import css from './field-list.module.css';
import { usePins } from './prefs';

interface Props {
  data: Cells;
  /** Sample rate and the like, shown before the fields. */
  extra?: [string, string][];
  onValue?: (field: string, at: { x: number; y: number }) => void;
}

export function FieldList({ data, extra = [], onValue }: Props) {
  const [find, setFind] = useState('');
  const wanted = find.trim().toLowerCase();
  const fields = useMemo(
    () =>
      Object.entries(data)
        .filter(([, value]) => value !== null && value !== undefined)
        .sort(([a], [b]) => a.localeCompare(b)),
    [data],
  );
  const [pins, togglePin] = usePins();
  const found = fields.filter(
    ([name, value]) =>
      wanted === '' || name.toLowerCase().includes(wanted) || valueText(value).toLowerCase().includes(wanted),
  );
  const shown = [...found.filter(([name]) => pins.has(name)), ...found.filter(([name]) => !pins.has(name))];
  return (
    <div className={css.fields}>
      <label className={css.find}>
        <Search size={14} aria-hidden />
        <span className="sr">Filter fields</span>
        <input
          placeholder={`Filter ${fields.length} fields`}
          value={find}
          onChange={(e) => setFind(e.target.value)}
          spellCheck={false}
        />
      </label>
      <dl className={css.list} data-testid="fields">
        {wanted === '' &&
          extra.map(([name, value]) => (
            <div key={name} className={css.field}>
              <dt>{name}</dt>
              <dd>
                <span className={css.plain}>{value}</span>
              </dd>
            </div>
          ))}
        {shown.map(([name, value]) => (
          <div key={name} className={css.field} data-field={name}>
            <dt title={name}>{name}</dt>
            <dd data-type={typeof value}>
              {onValue ? (
                <button
                  type="button"
                  className={css.value}
                  onClick={(e: MouseEvent) =>
                    onValue(name, {
                      x: e.clientX || e.currentTarget.getBoundingClientRect().left + 20,
                      y: e.clientY || e.currentTarget.getBoundingClientRect().bottom,
                    })
                  }
                >
                  {shownText(value)}
                </button>
              ) : (
                <span className={css.plain}>{shownText(value)}</span>
              )}
              <ValueLink value={value} />
              <span className={css.copy} data-pinned={pins.has(name) || undefined}>
                <IconButton
                  label={pins.has(name) ? `Unpin ${name}` : `Pin ${name}`}
                  aria-pressed={pins.has(name)}
                  onClick={() => togglePin(name)}
                >
                  <Pin size={14} />
                </IconButton>
                <CopyButton compact text={valueText(value)} label={`Copy ${name}`} />
              </span>
            </dd>
          </div>
        ))}
      </dl>
      {shown.length === 0 && wanted !== '' && <p className={css.none}>No field or value holds “{find}”.</p>}
    </div>
  );
}
export function JsonView({ value }: { value: unknown }) {
  const text = useMemo(() => JSON.stringify(value, null, 2), [value]);
  return (
    <div className={css.json}>
      <CopyButton text={text} label="Copy JSON" />
      <pre tabIndex={0}>{text}</pre>
    </div>
  );
}
const shownText = (value: Cells[string]): string => (value === '' ? '(empty text)' : valueText(value));
