// Small parts of the trace page's head and tools.
import { FoldVertical, GitCompareArrows, X } from 'lucide-react';
import { useState } from 'react';
import { linkedTraceId } from '../../model/command';
import { TRACE_VIEWS, type TraceView } from '../../model/url-state';
import { Button, IconButton } from '../../widgets/basic';
import { DropMenu, PopoverBox } from '../../widgets/popup';
import css from './trace.module.css';

const VIEW_NAMES: Record<TraceView, string> = { waterfall: 'Waterfall', flame: 'Flame', list: 'List', map: 'Map' };
export function ViewSwitch({ view, onView }: { view: TraceView; onView: (view: TraceView) => void }) {
  return (
    <div role="group" aria-label="View" className={css.views}>
      {TRACE_VIEWS.map((name) => (
        <button key={name} type="button" aria-pressed={name === view} onClick={() => onView(name)}>
          {VIEW_NAMES[name]}
        </button>
      ))}
    </div>
  );
}

export function LevelsMenu({ onLevels }: { onLevels: (levels: number) => void }) {
  return (
    <DropMenu
      align="end"
      trigger={
        <Button kind="plain" icon={<FoldVertical size={14} />}>
          Levels
        </Button>
      }
      list={[
        { id: 'all', label: 'All levels', detail: 'Shift+→', onSelect: () => onLevels(0) },
        ...[2, 3, 4, 5].map((levels) => ({
          id: String(levels),
          label: `${levels} levels`,
          detail: levels === 2 ? 'Shift+←' : undefined,
          onSelect: () => onLevels(levels),
        })),
      ]}
    />
  );
}
export function CompareButton({ onCompare }: { onCompare: (trace: string) => void }) {
  const [isOpen, setOpen] = useState(false);
  const [text, setText] = useState('');
  return (
    <PopoverBox
      label="Compare with another trace"
      align="end"
      open={isOpen}
      onOpenChange={setOpen}
      trigger={
        <Button kind="plain" icon={<GitCompareArrows size={14} />}>
          Compare
        </Button>
      }
    >
      <form
        className={css.compareForm}
        onSubmit={(e) => {
          e.preventDefault();
          // A whole link will do: its trace id counts.
          const id = linkedTraceId(text) ?? text.trim();
          if (id !== '') onCompare(id);
        }}
      >
        <label>
          Trace id, or a link to the trace
          <input autoFocus className="mono" value={text} spellCheck={false} onChange={(e) => setText(e.target.value)} />
        </label>
        <Button kind="primary" type="submit">
          Compare
        </Button>
      </form>
    </PopoverBox>
  );
}
export function Chip({ label, onClose }: { label: string; onClose: () => void }) {
  return (
    <span className={css.chip}>
      {label}
      <IconButton label={`Remove: ${label}`} onClick={onClose}>
        <X size={12} />
      </IconButton>
    </span>
  );
}
export function Fact({ label, value, isBad = false }: { label: string; value: string; isBad?: boolean }) {
  return (
    <div data-bad={isBad || undefined}>
      <dt>{label}</dt>
      <dd className="num">{value}</dd>
    </div>
  );
}
