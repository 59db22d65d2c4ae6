// The theme, and the tokens' colours as the canvases need them: resolved once per change of theme.
import { useSyncExternalStore } from 'react';
import type { ThemeColours } from '../model/palette';
import { readPref, writePref } from './prefs';

export type ThemeChoice = 'system' | 'light' | 'dark';
const systemDark = window.matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();
let resolved: ThemeColours | null = null;

export const themeChoice = (): ThemeChoice => {
  const value = readPref('theme');
  return value === 'light' || value === 'dark' ? value : 'system';
};
export function setTheme(choice: ThemeChoice): void {
  if (choice === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
  writePref('theme', choice === 'system' ? null : choice);
  changed();
}
function changed(): void {
  resolved = null;
  listeners.forEach((l) => l());
}
systemDark.addEventListener('change', changed);
// Canvases drawn before the fonts arrived are drawn again with them.
document.fonts?.addEventListener('loadingdone', changed);

export const useThemeColours = (): ThemeColours =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => (resolved ??= resolve()),
  );

function resolve(): ThemeColours {
  // Custom properties read back as `light-dark(…)`; only a real property resolves them.
  const probe = document.createElement('i');
  document.body.append(probe);
  const style = getComputedStyle(probe);
  const read = (token: string): string => {
    probe.style.color = `var(--${token})`;
    return style.color;
  };
  const rgb = (token: string): [number, number, number] => {
    const numbers = (read(token).match(/[\d.]+/g) ?? []).map(Number);
    return [numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 0];
  };
  const root = getComputedStyle(document.documentElement);
  const choice = themeChoice();
  const colours: ThemeColours = {
    isDark: choice === 'dark' || (choice === 'system' && systemDark.matches),
    bg: read('bg'),
    surface: read('surface'),
    hover: read('hover'),
    selected: read('selected'),
    border: read('border'),
    borderStrong: read('border-strong'),
    text: read('text'),
    muted: read('muted'),
    accent: read('accent'),
    info: read('info'),
    error: read('error'),
    selection: read('selection'),
    baseline: read('baseline'),
    series: [1, 2, 3, 4, 5, 6, 7, 8].map((i) => read(`c${i}`)),
    ramp: [1, 2, 3, 4, 5, 6, 7, 8].map((i) => rgb(`h${i}`)),
    sans: root.getPropertyValue('--sans'),
    mono: root.getPropertyValue('--mono'),
  };
  probe.remove();
  return colours;
}
