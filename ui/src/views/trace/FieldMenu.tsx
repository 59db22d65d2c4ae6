// A field of this trace to choose: for the colour of the spans, for columns.
import { Check, Search } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { Button } from '../../widgets/basic';
import { PopoverBox } from '../../widgets/popup';
import css from './trace.module.css';

/** Beyond, typing finds them. */
const SHOWN_MAX = 60;

interface Props {
  label: string;
  icon: ReactNode;
  fields: readonly string[];
  chosen: readonly string[];
  /** The list stays open: several can be chosen. */
  many?: boolean;
  onChoose: (field: string) => void;
}
export function FieldMenu({ label, icon, fields, chosen, many = false, onChoose }: Props) {
  const [isOpen, setOpen] = useState(false);
  const [find, setFind] = useState('');
  const shown = fields.filter((field) => field.toLowerCase().includes(find.trim().toLowerCase()));
  return (
    <PopoverBox
      label={label}
      align="end"
      open={isOpen}
      onOpenChange={setOpen}
      trigger={
        <Button kind="plain" icon={icon}>
          {label}
        </Button>
      }
    >
      <div className={css.fieldMenu}>
        <label className={css.find}>
          <Search size={14} aria-hidden />
          <span className="sr">Filter fields</span>
          <input
            autoFocus
            placeholder={`Filter ${fields.length} fields`}
            value={find}
            spellCheck={false}
            onChange={(e) => setFind(e.target.value)}
          />
        </label>
        <ul>
          {shown.slice(0, SHOWN_MAX).map((field) => (
            <li key={field}>
              <button
                type="button"
                aria-pressed={chosen.includes(field)}
                onClick={() => {
                  onChoose(field);
                  if (!many) setOpen(false);
                }}
              >
                {field}
                {chosen.includes(field) && <Check size={14} aria-hidden />}
              </button>
            </li>
          ))}
        </ul>
      </div>
    </PopoverBox>
  );
}
