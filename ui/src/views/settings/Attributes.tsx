// Attributes of a request: those that a sampling rule asks for, as patterns, or those that a request has.
import { Plus, X } from 'lucide-react';
import { Button, IconButton } from '../../widgets/basic';
import css from './settings.module.css';

export type Attribute = readonly [name: string, value: string];
interface Props {
  list: readonly Attribute[];
  onChange: (list: readonly Attribute[]) => void;
  /** What stands behind a name. */
  noun: 'Pattern' | 'Value';
  most: number;
  charsMax?: number;
}
export function Attributes({ list, onChange, noun, most, charsMax }: Props) {
  const put = (at: number, attribute: Attribute) => onChange(list.map((old, i) => (i === at ? attribute : old)));
  return (
    <fieldset className={css.attributes}>
      <legend>Attributes</legend>
      {list.map(([name, pattern], i) => (
        <div key={i}>
          <input
            aria-label={`Name of attribute ${i + 1}`}
            className="mono"
            placeholder="http.flavor"
            required
            spellCheck={false}
            maxLength={charsMax}
            value={name}
            onChange={(e) => put(i, [e.target.value, pattern])}
          />
          <input
            aria-label={`${noun} of attribute ${i + 1}`}
            className="mono"
            required
            spellCheck={false}
            maxLength={charsMax}
            value={pattern}
            onChange={(e) => put(i, [name, e.target.value])}
          />
          <IconButton
            label={`Take attribute ${i + 1} away`}
            onClick={() => onChange(list.filter((_, other) => other !== i))}
          >
            <X size={14} />
          </IconButton>
        </div>
      ))}
      <Button
        kind="plain"
        icon={<Plus size={14} />}
        disabled={list.length >= most}
        title={list.length >= most ? `At most ${most}` : undefined}
        onClick={() => onChange([...list, ['', noun === 'Pattern' ? '*' : '']])}
      >
        Add an attribute
      </Button>
    </fieldset>
  );
}
