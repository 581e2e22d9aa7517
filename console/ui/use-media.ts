// Whether a media query holds, and the page's present address: both as React hooks.
import { useCallback, useMemo, useSyncExternalStore } from 'react';
import { type Location, readHash } from '../route.ts';

/** As the stylesheet has it. */
export const PHONE = '(max-width: 640px)';
export const NARROW = '(max-width: 900px)';

export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (changed: () => void) => {
      const list = matchMedia(query);
      list.addEventListener('change', changed);
      return () => list.removeEventListener('change', changed);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

export function useLocation(): Location {
  const hash = useSyncExternalStore(onHashChange, () => location.hash);
  return useMemo(() => readHash(hash), [hash]);
}

function onHashChange(changed: () => void): () => void {
  addEventListener('hashchange', changed);
  return () => removeEventListener('hashchange', changed);
}

/** Goes there without a new entry in the history: for filters and tabs. */
export function replaceHash(hash: string): void {
  history.replaceState(null, '', hash);
  dispatchEvent(new HashChangeEvent('hashchange'));
}
