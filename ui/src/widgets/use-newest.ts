// For questions of which only the newest counts, and none once the page is left.
import { useCallback, useEffect, useRef } from 'react';

/** Gives each new question its signal; the one before is aborted then, the last one when the component goes. */
export function useNewest(): () => AbortSignal {
  const newest = useRef<AbortController>(null);
  useEffect(() => () => newest.current?.abort(), []);
  return useCallback(() => {
    newest.current?.abort();
    newest.current = new AbortController();
    return newest.current.signal;
  }, []);
}
