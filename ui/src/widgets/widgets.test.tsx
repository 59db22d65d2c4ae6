import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { useState } from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TokenInput, type Suggestion } from './TokenInput';

afterEach(cleanup);

interface BoxProps {
  onTokens: (tokens: string[]) => void;
  names?: string[];
  /** Offered last: leads to another page. */
  onLeave?: () => void;
}
function Box({ onTokens, names = ['COUNT', 'P95(', 'P99('], onLeave }: BoxProps) {
  const [tokens, setTokens] = useState<string[]>([]);
  const [text, setText] = useState('');
  const set = (next: string[]) => {
    setTokens(next);
    onTokens(next);
  };
  const suggestions: Suggestion[] = names
    .filter((s) => s.toLowerCase().includes(text.toLowerCase()))
    .map((s) => ({ insert: s, label: s, done: s === 'COUNT' }));
  if (onLeave) suggestions.push({ insert: text, label: 'Make another', done: false, onChoose: onLeave });
  return (
    <TokenInput
      label="SELECT"
      placeholder=""
      tokens={tokens}
      text={text}
      onText={setText}
      suggestions={suggestions}
      onCommit={(value, editing) => {
        if (value.endsWith('(') || value === 'bad') return false;
        set(editing === null ? [...tokens, value] : tokens.map((t, i) => (i === editing ? value : t)));
        return true;
      }}
      onRemove={(index) => set(tokens.filter((_, i) => i !== index))}
    />
  );
}
const setup = () => {
  const onTokens = vi.fn();
  render(<Box onTokens={onTokens} />);
  const input = screen.getByRole<HTMLInputElement>('combobox', { name: 'SELECT' });
  input.focus();
  const type = (value: string) => fireEvent.change(input, { target: { value } });
  const press = (key: string, more = {}) => fireEvent.keyDown(input, { key, ...more });
  return { onTokens, input, type, press };
};

describe('a suggestion that leads elsewhere', () => {
  const leading = () => {
    const onLeave = vi.fn();
    const onTokens = vi.fn();
    const shown = (names?: string[]) => <Box onTokens={onTokens} onLeave={onLeave} names={names} />;
    const { rerender } = render(shown());
    const input = screen.getByRole<HTMLInputElement>('combobox', { name: 'SELECT' });
    input.focus();
    const type = (value: string) => fireEvent.change(input, { target: { value } });
    const press = (key: string) => fireEvent.keyDown(input, { key });
    return { onLeave, onTokens, input, type, press, answer: (names: string[]) => rerender(shown(names)) };
  };
  it('is not taken by Enter or Tab because nothing else matches: the text is', () => {
    const { onLeave, onTokens, type, press } = leading();
    type('unknown');
    press('Enter');
    expect(onTokens).toHaveBeenLastCalledWith(['unknown']);
    type('other');
    // Tab goes on to the next box, which takes a finished text.
    expect(press('Tab')).toBe(true);
    type('bad');
    press('Enter');
    expect(onLeave).not.toHaveBeenCalled();
  });
  it('is taken when it was picked by arrows', () => {
    const { onLeave, type, press } = leading();
    type('unknown');
    press('ArrowUp');
    press('Enter');
    type('nothing');
    press('ArrowDown');
    press('Tab');
    expect(onLeave).toHaveBeenCalledTimes(2);
  });
  it('does not take the place of what was picked when a later answer moves that or takes it away', () => {
    const { onLeave, input, type, press, answer } = leading();
    type('p');
    press('ArrowDown');
    answer(['P99(']);
    press('Enter');
    expect(input.value).toBe('P99(');
    type('p');
    answer(['COUNT', 'P95(', 'P99(']);
    press('ArrowDown');
    answer([]);
    press('Enter');
    expect(onLeave).not.toHaveBeenCalled();
  });
});

describe('token input', () => {
  it('takes the first suggestion on Enter', () => {
    const { onTokens, input, type, press } = setup();
    type('cou');
    press('Enter');
    expect(onTokens).toHaveBeenLastCalledWith(['COUNT']);
    expect(input.value).toBe('');
  });
  it('goes on typing after an unfinished suggestion, and moves by arrows', () => {
    const { onTokens, input, type, press } = setup();
    type('p');
    press('ArrowDown');
    press('Enter');
    expect(input.value).toBe('P99(');
    expect(onTokens).not.toHaveBeenCalled();
    type('P99(ms)');
    press('Enter');
    expect(onTokens).toHaveBeenLastCalledWith(['P99(ms)']);
  });
  it('commits what is typed before a run', () => {
    const { onTokens, type, press } = setup();
    type('AVG(x)');
    press('Enter', { shiftKey: true });
    expect(onTokens).toHaveBeenLastCalledWith(['AVG(x)']);
  });
  it('marks a text it cannot take', () => {
    const { onTokens, input, type, press } = setup();
    type('bad');
    press('Enter');
    expect(input.getAttribute('aria-invalid')).toBe('true');
    expect(onTokens).not.toHaveBeenCalled();
  });
  it('removes the last token by Backspace and edits one in place', () => {
    const { onTokens, input, type, press } = setup();
    for (const text of ['a', 'b']) {
      type(text);
      press('Enter');
    }
    fireEvent.click(screen.getByRole('button', { name: 'a' }));
    expect(input.value).toBe('a');
    type('z');
    press('Enter');
    expect(onTokens).toHaveBeenLastCalledWith(['z', 'b']);
    press('Backspace');
    expect(onTokens).toHaveBeenLastCalledWith(['z']);
  });
});
