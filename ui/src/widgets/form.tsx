// Fields of forms: a label, the control below, a hint or what is wrong with it.
import type { InputHTMLAttributes, ReactNode, SelectHTMLAttributes, TextareaHTMLAttributes } from 'react';
import css from './form.module.css';

interface Common {
  label: string;
  hint?: ReactNode;
  error?: string;
}
const Shell = ({ label, hint, error, children }: Common & { children: ReactNode }) => (
  <label className={css.field}>
    <span>{label}</span>
    {children}
    {error ? (
      <small role="alert" className={css.error}>
        {error}
      </small>
    ) : (
      hint && <small>{hint}</small>
    )}
  </label>
);
export function TextField({ label, hint, error, ...rest }: Common & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <Shell label={label} hint={hint} error={error}>
      <input spellCheck={false} autoComplete="off" aria-invalid={error ? true : undefined} {...rest} />
    </Shell>
  );
}
export function AreaField({ label, hint, error, ...rest }: Common & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return (
    <Shell label={label} hint={hint} error={error}>
      <textarea spellCheck={false} aria-invalid={error ? true : undefined} {...rest} />
    </Shell>
  );
}
export function SelectField({
  label,
  hint,
  error,
  options,
  ...rest
}: Common & SelectHTMLAttributes<HTMLSelectElement> & { options: readonly (readonly [string, string])[] }) {
  return (
    <Shell label={label} hint={hint} error={error}>
      <select {...rest}>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </Shell>
  );
}
export function CheckField({ label, hint, ...rest }: Omit<Common, 'error'> & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <label className={css.check}>
      <input type="checkbox" {...rest} />
      <span>
        {label}
        {hint && <small>{hint}</small>}
      </span>
    </label>
  );
}
export const Form = ({ onSubmit, children }: { onSubmit: () => void; children: ReactNode }) => (
  <form
    className={css.form}
    onSubmit={(e) => {
      e.preventDefault();
      onSubmit();
    }}
  >
    {children}
  </form>
);
export const FormEnd = ({ children }: { children: ReactNode }) => <div className={css.end}>{children}</div>;
