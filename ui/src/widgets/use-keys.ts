// Hands key presses to whoever has taken a binding of the registry; the newest taker wins.
import { useEffect, useRef } from 'react';
import { BINDINGS, isSingleCharacter, pressText, type Binding } from '../model/keys';
import { readPref } from './prefs';

type Handlers = Partial<Record<string, (e: KeyboardEvent) => void>>;
const takers: { current: Handlers }[] = [];
const GLOBAL_REGIONS = new Set(['Everywhere', 'Query']);
const byKey = new Map<string, string[]>();
for (const binding of BINDINGS) {
  if (!GLOBAL_REGIONS.has(binding.region)) continue;
  for (const key of binding.keys) byKey.set(key, [...(byKey.get(key) ?? []), binding.id]);
}
let pending: { key: string; at: number } | null = null;

function onKeyDown(e: KeyboardEvent): void {
  if (e.defaultPrevented) return;
  const target = e.target as HTMLElement | null;
  const isTyping = !!target?.closest('input, textarea, select, [contenteditable="true"]');
  const press = pressText(e);
  const isChord = e.ctrlKey || e.metaKey || (e.shiftKey && press.length > 7);
  if (isTyping && !isChord && press !== 'Escape') return;
  if (isSingleCharacter(press) && readPref('letters') === 'off') return;
  // A field with text has its own undo.
  if (isTyping && /^Mod\+(Shift\+)?z$/i.test(press) && (target as HTMLInputElement).value) return;
  const sequence = pending && e.timeStamp - pending.at < 1500 ? `${pending.key} ${press}` : null;
  pending = null;
  for (const key of sequence ? [sequence, press] : [press]) {
    for (const id of byKey.get(key) ?? []) {
      const taker = takers.findLast((t) => t.current[id]);
      if (taker) {
        // Escape also closes popups by itself; it must keep its default there.
        if (id !== 'close') e.preventDefault();
        taker.current[id]!(e);
        return;
      }
    }
  }
  if (press === 'g' && !isTyping) pending = { key: 'g', at: e.timeStamp };
}
window.addEventListener('keydown', onKeyDown);

/** The bindings that somebody on the page would answer now. */
export const liveBindings = (): Binding[] =>
  BINDINGS.filter((b) => GLOBAL_REGIONS.has(b.region) && takers.some((t) => t.current[b.id]));
/** Does what the key of a binding would do. */
export const runBinding = (id: string): void =>
  takers.findLast((t) => t.current[id])?.current[id]?.(new KeyboardEvent('keydown'));

export function useKeys(handlers: Handlers): void {
  const current = useRef(handlers);
  useEffect(() => {
    current.current = handlers;
  });
  useEffect(() => {
    takers.push(current);
    return () => void takers.splice(takers.indexOf(current), 1);
  }, []);
}
