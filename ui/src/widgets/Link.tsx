// A link inside the app: a real address for the browser, the router's work on a plain click.
import { useRouter } from '@tanstack/react-router';
import type { AnchorHTMLAttributes } from 'react';
import { hrefOf, useGo } from './route';

type Props = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'> & { to: string; search?: object };
export function Link({ to, search, onClick, ...rest }: Props) {
  const go = useGo();
  const router = useRouter();
  return (
    <a
      href={hrefOf(to, search)}
      onMouseEnter={() => void router.preloadRoute({ to, search } as never).catch(() => undefined)}
      onClick={(e) => {
        onClick?.(e);
        if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
        e.preventDefault();
        go(to, search);
      }}
      {...rest}
    />
  );
}
