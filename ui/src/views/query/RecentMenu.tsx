// One's last queries, each a click away with the answer it had; older and newer step through them.
import { History } from 'lucide-react';
import { lazy, Suspense } from 'react';
import type { QuerySpec } from '../../model/query-spec';
import { IconButton } from '../../widgets/basic';
import { PopoverBox } from '../../widgets/popup';
import type { Place } from '../../widgets/route';

// Wanted after a click only.
const Recent = lazy(() => import('./Recent'));

export function RecentMenu({
  place,
  draft,
  shown,
  open,
  onOpenChange,
}: {
  place: Place;
  draft: QuerySpec;
  /** Id of the result on the page. */
  shown: string | undefined;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  return (
    <PopoverBox
      label="My recent queries"
      open={open}
      onOpenChange={onOpenChange}
      align="end"
      trigger={
        <IconButton label="My recent queries (h)">
          <History size={16} />
        </IconButton>
      }
    >
      <Suspense fallback={null}>
        {open && <Recent place={place} draft={draft} shown={shown} onDone={() => onOpenChange(false)} />}
      </Suspense>
    </PopoverBox>
  );
}
