// The few things remembered per browser: theme, UTC or local time, narrow navigation, height of rows, whether single letters are
// shortcuts, and the fields of events that stand first. Everything else lives in the URL.
import { useSyncExternalStore } from 'react';

type Name = 'theme' | 'utc' | 'nav' | 'rows' | 'letters' | 'pins';
const listeners = new Set<() => void>();

export function readPref(name: Name): string | null {
  try {
    return localStorage.getItem(`waggle.${name}`);
  } catch {
    return null;
  }
}
export function writePref(name: Name, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`waggle.${name}`);
    else localStorage.setItem(`waggle.${name}`, value);
  } catch {
    // Without storage the choice holds until the page is left.
  }
  listeners.forEach((l) => l());
}
export function usePref(name: Name): string | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => readPref(name),
  );
}
export const useUtc = (): boolean => usePref('utc') === '1';
/** Of a table's row, in pixels: compact, or comfortable where that is chosen. */
export const useRowHeight = (): number => (usePref('rows') ? 32 : 24);
/** Names of fields that stand first wherever an event's fields are listed, and what adds or takes away one. */
export function usePins(): [ReadonlySet<string>, (field: string) => void] {
  const kept = usePref('pins');
  const pins = new Set(kept === null ? [] : kept.split('\n'));
  const toggle = (field: string) => {
    const others = [...pins].filter((pin) => pin !== field);
    const next = pins.has(field) ? others : [...others, field];
    writePref('pins', next.length > 0 ? next.join('\n') : null);
  };
  return [pins, toggle];
}
