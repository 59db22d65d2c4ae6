import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { useState } from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TokenInput, type Suggestion } from './TokenInput';

afterEach(cleanup);

function Box({ onTokens }: { onTokens: (tokens: string[]) => void }) {
  const [tokens, setTokens] = useState<string[]>([]);
  const [text, setText] = useState('');
  const set = (next: string[]) => {
    setTokens(next);
    onTokens(next);
  };
  const suggestions: Suggestion[] = ['COUNT', 'P95(', 'P99(']
    .filter((s) => s.toLowerCase().includes(text.toLowerCase()))
    .map((s) => ({ insert: s, label: s, done: s === 'COUNT' }));
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
