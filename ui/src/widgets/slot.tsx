// The top bar belongs to the shell; what a screen puts into it goes through here.
import { createContext, useContext, type ReactNode } from 'react';
import { createPortal } from 'react-dom';

export const TopBarSlot = createContext<HTMLElement | null>(null);
export function TopBar({ children }: { children: ReactNode }) {
  const slot = useContext(TopBarSlot);
  return slot ? createPortal(children, slot) : null;
}
