// Buttons, states and the other small parts every screen uses.
import { AlertTriangle, Check, Copy, RotateCw, ExternalLink } from 'lucide-react';
import { useEffect, useState, type ButtonHTMLAttributes, type ComponentProps, type ReactNode } from 'react';
import { elapsedText } from '../model/format';
import css from './basic.module.css';

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  kind?: 'primary' | 'plain' | 'outline';
  icon?: ReactNode;
};
export function Button({ kind = 'outline', icon, className, children, ...rest }: ButtonProps) {
  return (
    <button type="button" className={[css.button, css[kind], className].filter(Boolean).join(' ')} {...rest}>
      {icon}
      {children}
    </button>
  );
}
export function IconButton({ label, className, children, ...rest }: ComponentProps<'button'> & { label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={[css.iconButton, className].filter(Boolean).join(' ')}
      {...rest}
    >
      {children}
    </button>
  );
}

/** Copies on click and says so for a moment. */
export function CopyButton({
  text,
  label = 'Copy',
  compact = false,
}: {
  text: string;
  label?: string;
  compact?: boolean;
}) {
  const [isDone, setDone] = useState(false);
  useEffect(() => {
    if (!isDone) return;
    const timer = setTimeout(() => setDone(false), 1600);
    return () => clearTimeout(timer);
  }, [isDone]);
  const copy = () => void copyText(text).then(() => setDone(true));
  const icon = isDone ? <Check size={14} /> : <Copy size={14} />;
  if (compact) {
    return (
      <IconButton label={isDone ? 'Copied' : label} onClick={copy} className={isDone ? css.done : undefined}>
        {icon}
      </IconButton>
    );
  }
  return (
    <Button kind="plain" icon={icon} onClick={copy} className={isDone ? css.done : undefined}>
      {isDone ? 'Copied' : label}
    </Button>
  );
}
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text).catch(() => copyBySelection(text));
  } else copyBySelection(text);
}
/** Over plain http on another host there is no clipboard API. */
function copyBySelection(text: string): void {
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

export function Empty({ title, children, icon }: { title: string; children?: ReactNode; icon?: ReactNode }) {
  return (
    <div className={css.empty}>
      {icon}
      <p className={css.emptyTitle}>{title}</p>
      {children && <div className={css.emptyBody}>{children}</div>}
    </div>
  );
}

interface Failure {
  message: string;
  field?: string;
  requestId?: string;
}
export function ErrorBox({ what, error, onRetry }: { what: string; error: Failure; onRetry?: () => void }) {
  return (
    <div role="alert" className={css.error}>
      <AlertTriangle size={16} aria-hidden />
      <div className={css.errorText}>
        <strong>{what}</strong>
        <span>
          {error.field && <code>{error.field}</code>} {error.message}
        </span>
        {error.requestId && (
          <span className={css.requestId}>
            request <code>{error.requestId}</code> <CopyButton compact text={error.requestId} label="Copy request id" />
          </span>
        )}
      </div>
      {onRetry && (
        <Button icon={<RotateCw size={14} />} onClick={onRetry}>
          Retry
        </Button>
      )}
    </div>
  );
}

/** A 2 px line while something loads; says how long after the first second. */
export function Progress({ active }: { active: boolean }) {
  return <div className={active ? `${css.progress} ${css.active}` : css.progress} role="presentation" />;
}
export function Elapsed({ since }: { since: number }) {
  const [now, setNow] = useState(since);
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 100);
    return () => clearInterval(timer);
  }, []);
  return <span className="num">{elapsedText(Math.max(0, Math.round((now - since) / 100) * 100))}</span>;
}
export function Skeleton({ lines = 6 }: { lines?: number }) {
  return (
    <div className={css.skeleton} role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, i) => (
        <i key={i} />
      ))}
    </div>
  );
}
export function Tabs<T extends string>({
  tabs,
  value,
  onChange,
  label,
}: {
  tabs: { id: T; label: ReactNode }[];
  value: T;
  onChange: (id: T) => void;
  label: string;
}) {
  return (
    <div role="tablist" aria-label={label} className={css.tabs}>
      {tabs.map((tab, i) => (
        <button
          key={tab.id}
          type="button"
          role="tab"
          aria-selected={tab.id === value}
          tabIndex={tab.id === value ? 0 : -1}
          className={css.tab}
          onClick={() => onChange(tab.id)}
          onKeyDown={(e) => {
            const step = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0;
            if (step === 0) return;
            e.preventDefault();
            const next = (i + step + tabs.length) % tabs.length;
            onChange(tabs[next]!.id);
            (e.currentTarget.parentElement?.children[next] as HTMLElement | undefined)?.focus();
          }}
        >
          {tab.label}
        </button>
      ))}
    </div>
  );
}
export function Kbd({ children }: { children: ReactNode }) {
  return <kbd className={css.kbd}>{children}</kbd>;
}

/** A value of an event that is the address of a page, as a link that is shown in full; null for any other value. */
export function ValueLink({ value }: { value: unknown }) {
  if (typeof value !== 'string' || !/^https?:\/\/[^\s]+$/i.test(value)) return null;
  return (
    <a href={value} target="_blank" rel="noopener noreferrer" className={css.valueLink} title={`Open ${value}`}>
      <ExternalLink size={12} aria-label={`Open ${value}`} />
    </a>
  );
}

/** The colour that people know an environment by; its name stands beside it. */
export const EnvironmentMark = ({ color }: { color: string }) => (
  <i aria-hidden className={css.mark} style={{ background: `var(--env-${color})` }} />
);
