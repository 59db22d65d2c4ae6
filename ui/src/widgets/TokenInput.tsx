// One clause of the query as a row of tokens with a text field behind them: type, choose from the list, edit a token in place.
// Follows the ARIA combobox pattern; the tokens are reached with the left arrow.
import { X } from 'lucide-react';
import { useId, useImperativeHandle, useRef, useState, type KeyboardEvent, type ReactNode, type Ref } from 'react';
import css from './token-input.module.css';

export interface Suggestion {
  /** The whole text of the field after choosing this. */
  insert: string;
  label: ReactNode;
  detail?: ReactNode;
  icon?: ReactNode;
  /** True: choosing it finishes the token; false: more is to be typed. */
  done: boolean;
  /** Leads elsewhere instead; only when it was picked itself, never because it is the first. */
  onChoose?: () => void;
}
interface Props {
  label: string;
  tokens: readonly string[];
  placeholder: string;
  text: string;
  onText: (text: string) => void;
  suggestions: readonly Suggestion[];
  loading?: boolean;
  note?: string;
  /** The typed text wins over the first suggestion on Enter. */
  typedWins?: boolean;
  /** Takes a pasted text as one or several tokens; false leaves it to the field. */
  onPaste?: (text: string) => boolean;
  /** Why a text is not taken, in words that name the clause. */
  refusal?: string;
  /** Takes the text as a token (in place of the `editing`th); false when it is not one yet. */
  onCommit: (text: string, editing: number | null) => boolean;
  onRemove: (index: number) => void;
  onTokenClick?: (index: number) => void;
  onFocusChange?: (focused: boolean) => void;
  inputRef?: Ref<HTMLInputElement>;
  trailing?: ReactNode;
  error?: string;
}

export function TokenInput(props: Props) {
  const { label, tokens, text, onText, suggestions, onCommit, onRemove } = props;
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const [editing, setEditing] = useState<number | null>(null);
  const [picked, setPicked] = useState<Suggestion | null>(null);
  const [isRefused, setRefused] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useImperativeHandle(props.inputRef, () => input.current!, []);
  const box = useRef<HTMLDivElement>(null);
  const firstActive = suggestions[0]?.onChoose || (props.typedWins && text.trim() !== '') ? -1 : 0;
  // Later answers move what was picked, or take it away.
  const pickedAt = suggestions.findIndex((s) => s.insert === picked?.insert && !s.onChoose === !picked.onChoose);
  const active = pickedAt < 0 ? firstActive : pickedAt;

  const change = (next: string) => {
    onText(next);
    setPicked(null);
    setRefused(false);
    setOpen(true);
  };
  const commit = (value: string): boolean => {
    if (value.trim() === '') return false;
    if (!onCommit(value, editing)) return false;
    setEditing(null);
    change('');
    return true;
  };
  const choose = (s: Suggestion) => {
    if (s.onChoose) return s.onChoose();
    if (s.done) commit(s.insert);
    else change(s.insert);
    input.current?.focus();
  };
  const enter = () => {
    const choice = suggestions[active];
    if (pickedAt >= 0 && choice) return choose(choice);
    const exact = suggestions.find((s) => s.done && s.insert.toLowerCase() === text.trim().toLowerCase());
    if (exact) return choose(exact);
    if (choice && active >= 0 && (text.trim() !== '' || editing === null)) return choose(choice);
    if (!commit(text)) setRefused(text.trim() !== '');
  };
  const edit = (index: number) => {
    setEditing(index);
    change(tokens[index]!);
    input.current?.focus();
  };
  const focusToken = (index: number) => {
    const all = box.current?.querySelectorAll<HTMLElement>('[data-token]');
    (all?.[index] ?? input.current)?.focus();
  };

  const onKeyDown = (e: KeyboardEvent<HTMLInputElement>) => {
    const isRun = e.key === 'Enter' && (e.shiftKey || e.ctrlKey || e.metaKey);
    if (isRun) {
      // What stands in the field belongs to the query that is about to run; the page's own handler runs it.
      if (!commit(text)) {
        if (text.trim() === '') setEditing(null);
        else setRefused(true);
      }
      setOpen(false);
    } else if (
      e.key === 'Enter' ||
      (e.key === 'Tab' && !e.shiftKey && isOpen && text.trim() !== '' && suggestions[active])
    ) {
      e.preventDefault();
      if (isOpen || text.trim() !== '') enter();
      else setOpen(true);
    } else if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      e.preventDefault();
      if (!isOpen) return setOpen(true);
      const step = e.key === 'ArrowDown' ? 1 : -1;
      // From no suggestion, up leads to the last one.
      const next = Math.max(active, step === 1 ? -1 : 0) + step;
      setPicked(suggestions.at(next % suggestions.length) ?? null);
    } else if (e.key === 'Escape') {
      if (isOpen || editing !== null) {
        e.preventDefault();
        setOpen(false);
        if (editing !== null) {
          setEditing(null);
          onText('');
        }
      }
    } else if (e.key === 'Backspace' && text === '' && tokens.length > 0 && editing === null) {
      onRemove(tokens.length - 1);
    } else if (e.key === 'ArrowLeft' && e.currentTarget.selectionStart === 0 && e.currentTarget.selectionEnd === 0) {
      focusToken(tokens.length - 1);
    }
  };
  const onTokenKey = (e: KeyboardEvent, index: number) => {
    if (e.key === 'Delete' || e.key === 'Backspace') {
      e.preventDefault();
      onRemove(index);
      input.current?.focus();
    } else if (e.key === 'ArrowLeft') focusToken(Math.max(0, index - 1));
    else if (e.key === 'ArrowRight') focusToken(index + 1);
  };
  const onBlur = () => {
    setOpen(false);
    setPicked(null);
    props.onFocusChange?.(false);
    // Leaving a finished text takes it; leaving an unfinished one keeps it to be seen.
    if (text.trim() !== '' && commit(text)) setOpen(false);
    else if (editing !== null && text.trim() === '') setEditing(null);
  };

  const error = props.error ?? (isRefused ? props.refusal : undefined);
  const showList = isOpen && (suggestions.length > 0 || props.loading || (props.note && !error));
  return (
    <div
      className={css.clause}
      ref={box}
      data-clause={label}
      data-error={error ? '' : undefined}
      onMouseDown={(e) => {
        if (e.target === e.currentTarget || (e.target as HTMLElement).dataset.pad !== undefined) {
          e.preventDefault();
          input.current?.focus();
        }
      }}
    >
      <label className={css.label} htmlFor={id}>
        {label}
      </label>
      <div className={css.tokens} data-pad="">
        {tokens.map((token, i) =>
          i === editing ? null : (
            <span key={`${i}-${token}`} className={css.token}>
              <button
                type="button"
                data-token
                className={css.tokenText}
                tabIndex={-1}
                onClick={() => (props.onTokenClick ? props.onTokenClick(i) : edit(i))}
                onKeyDown={(e) => onTokenKey(e, i)}
              >
                {token}
              </button>
              <button
                type="button"
                className={css.tokenRemove}
                tabIndex={-1}
                aria-label={`Remove ${token}`}
                onClick={() => {
                  onRemove(i);
                  input.current?.focus();
                }}
              >
                <X size={12} />
              </button>
            </span>
          ),
        )}
        <input
          id={id}
          ref={input}
          className={css.input}
          role="combobox"
          aria-expanded={!!showList}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={showList && active >= 0 && suggestions[active] ? `${id}-${active}` : undefined}
          aria-invalid={isRefused || !!error}
          aria-describedby={error ? `${id}-error` : undefined}
          autoComplete="off"
          spellCheck={false}
          placeholder={tokens.length === 0 || (tokens.length === 1 && editing === 0) ? props.placeholder : ''}
          value={text}
          onChange={(e) => change(e.target.value)}
          onKeyDown={onKeyDown}
          onPaste={(e) => {
            if (text !== '' || editing !== null || !props.onPaste?.(e.clipboardData.getData('text'))) return;
            e.preventDefault();
            setOpen(false);
          }}
          onFocus={() => {
            setOpen(true);
            props.onFocusChange?.(true);
          }}
          onClick={() => setOpen(true)}
          onBlur={onBlur}
        />
      </div>
      {props.trailing}
      {error && (
        <span id={`${id}-error`} role="alert" className={css.error}>
          {error}
        </span>
      )}
      {showList && (
        <div
          className={css.popup}
          ref={(el) => {
            const owner = el?.parentElement?.getBoundingClientRect();
            if (owner) el!.toggleAttribute('data-left', owner.left > window.innerWidth / 2);
          }}
          onMouseDown={(e) => e.preventDefault()}
        >
          <ul role="listbox" id={`${id}-list`} aria-label={`${label} suggestions`} className={css.list}>
            {suggestions.map((s, i) => (
              <li
                key={`${s.insert}-${i}`}
                id={`${id}-${i}`}
                role="option"
                aria-selected={i === active}
                className={css.option}
                ref={i === active ? (el) => el?.scrollIntoView({ block: 'nearest' }) : undefined}
                onClick={() => choose(s)}
              >
                <span className={css.optionIcon}>{s.icon}</span>
                <span className={css.optionLabel}>{s.label}</span>
                <span className={css.optionDetail}>{s.detail}</span>
              </li>
            ))}
          </ul>
          {props.loading && suggestions.length === 0 && <p className={css.note}>Loading…</p>}
          {props.note && !error && <p className={css.note}>{props.note}</p>}
        </div>
      )}
    </div>
  );
}
