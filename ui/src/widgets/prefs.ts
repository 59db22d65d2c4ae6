// The few things remembered per browser: theme, UTC or local time, narrow navigation, height of rows, and whether
// single letters are shortcuts. Everything else lives in the URL.
import { useSyncExternalStore } from 'react';

type Name = 'theme' | 'utc' | 'nav' | 'rows' | 'letters';
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
