// Menus, popovers and dialogs: Base UI's behaviour in our clothes.
import { Dialog } from '@base-ui/react/dialog';
import { Menu } from '@base-ui/react/menu';
import { Popover } from '@base-ui/react/popover';
import { X } from 'lucide-react';
import { useEffect, useRef, useState, type ReactElement, type ReactNode, type RefObject } from 'react';
import { IconButton } from './basic';
import css from './popup.module.css';

export interface MenuItem {
  id: string;
  label: ReactNode;
  icon?: ReactNode;
  detail?: ReactNode;
  disabled?: boolean;
  onSelect: () => void;
}
const items = (list: readonly (MenuItem | null)[]) =>
  list.map((item, i) =>
    item === null ? (
      <Menu.Separator key={`separator-${i}`} className={css.separator} />
    ) : (
      <Menu.Item
        key={item.id}
        disabled={item.disabled}
        onClick={item.onSelect}
        className={css.item}
        data-item={item.id}
      >
        <span className={css.itemIcon}>{item.icon}</span>
        <span className={css.itemLabel}>{item.label}</span>
        {item.detail && <span className={css.itemDetail}>{item.detail}</span>}
      </Menu.Item>
    ),
  );

export function DropMenu({
  trigger,
  list,
  align = 'start',
  open,
  onOpenChange,
}: {
  trigger: ReactElement<Record<string, unknown>>;
  list: readonly (MenuItem | null)[];
  align?: 'start' | 'end';
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
}) {
  return (
    <Menu.Root open={open} onOpenChange={onOpenChange}>
      <Menu.Trigger render={trigger} />
      <Menu.Portal>
        <Menu.Positioner sideOffset={4} align={align} className={css.positioner}>
          <Menu.Popup className={css.popup}>{items(list)}</Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
/** A menu at a place of the window: of a chart's point, a table's cell. */
export function PointMenu({
  at,
  title,
  list,
  onClose,
}: {
  at: { x: number; y: number };
  title?: ReactNode;
  list: readonly (MenuItem | null)[];
  onClose: () => void;
}) {
  const popup = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // Nothing opened it that a key press could go on from: the first entry is the one that Enter takes.
    const frame = requestAnimationFrame(() =>
      popup.current?.querySelector<HTMLElement>('[role="menuitem"]:not([aria-disabled="true"])')?.focus(),
    );
    return () => cancelAnimationFrame(frame);
  }, []);
  const anchor = { getBoundingClientRect: () => DOMRect.fromRect({ x: at.x, y: at.y, width: 0, height: 0 }) };
  return (
    <Menu.Root open onOpenChange={(open) => !open && onClose()} modal={false}>
      <Menu.Portal>
        <Menu.Positioner anchor={anchor} side="bottom" align="start" sideOffset={6} className={css.positioner}>
          <Menu.Popup ref={popup} className={css.popup} aria-label="Actions">
            {title && <div className={css.title}>{title}</div>}
            {items(list)}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
export function PopoverBox({
  trigger,
  children,
  open,
  onOpenChange,
  align = 'start',
  label,
}: {
  trigger: ReactElement<Record<string, unknown>>;
  children: ReactNode;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  align?: 'start' | 'end';
  label: string;
}) {
  return (
    <Popover.Root open={open} onOpenChange={onOpenChange}>
      <Popover.Trigger render={trigger} />
      <Popover.Portal>
        <Popover.Positioner sideOffset={4} align={align} className={css.positioner}>
          <Popover.Popup className={`${css.popup} ${css.padded}`} aria-label={label}>
            {children}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
/** What had the focus before a dialog took it, which gets it back; a control of the dialog may take it before the dialog itself does. */
function useOpener(open: boolean): () => HTMLElement | boolean {
  const [seen, setSeen] = useState<{ open: boolean; opener: Element | null }>({ open: false, opener: null });
  if (seen.open !== open) setSeen({ open, opener: open ? document.activeElement : seen.opener });
  const { opener } = seen;
  // An entry of a menu is gone by then.
  return () => (opener instanceof HTMLElement && opener.isConnected ? opener : true);
}
/** A dialog without a head: whoever asks for it writes all that is in it. */
export function DialogLayer({
  label,
  focus,
  className,
  onClose,
  children,
}: {
  label: string;
  focus: RefObject<HTMLElement | null>;
  className?: string;
  onClose: () => void;
  children: ReactNode;
}) {
  const opener = useOpener(true);
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={css.backdrop} />
        <Dialog.Popup className={className} initialFocus={focus} finalFocus={opener} aria-label={label}>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
export function DialogBox({
  title,
  open,
  onOpenChange,
  children,
  wide = false,
}: {
  title: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  children: ReactNode;
  wide?: boolean;
}) {
  const opener = useOpener(open);
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className={css.backdrop} />
        <Dialog.Popup className={wide ? `${css.dialog} ${css.wide}` : css.dialog} finalFocus={opener}>
          <header className={css.dialogHead}>
            <Dialog.Title className={css.dialogTitle}>{title}</Dialog.Title>
            <Dialog.Close
              render={
                <IconButton label="Close">
                  <X size={16} />
                </IconButton>
              }
            />
          </header>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
