// The text filters while somebody types: shown at once, given to the address when the typing pauses. Another address
// that comes meanwhile wins: what was not given by then is forgotten, so that it cannot take the reader back.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { FilterName, Filters } from './use-executions.ts';

const PAUSE_MS = 400;

export interface Drafts {
  /** As it stands in the field. */
  textOf(name: FilterName): string;
  type(name: FilterName, text: string): void;
  /** The filters with what is typed in them, trimmed. */
  merged(): Filters;
  forget(): void;
}

/** @param give called after a pause, and never once the page or the address is another */
export function useDrafts(filters: Filters, give: (filters: Filters) => void): Drafts {
  const [drafts, setDrafts] = useState<Filters>({});
  const merged = (): Filters => ({ ...filters, ...trimmed(drafts) });
  const latest = useRef({ give, merged });
  latest.current = { give, merged };
  const forget = useCallback(() => setDrafts({}), []);
  // A link, Back, or an address that was typed; not the filters' own `replaceHash`.
  useEffect(() => {
    addEventListener('popstate', forget);
    return () => removeEventListener('popstate', forget);
  }, [forget]);
  const isUngiven = Object.entries(trimmed(drafts)).some(([name, text]) => text !== standing(filters, name));
  // biome-ignore lint/correctness/useExhaustiveDependencies: each key stroke begins the pause anew
  useEffect(() => {
    if (!isUngiven) return;
    const timer = setTimeout(() => latest.current.give(latest.current.merged()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [drafts, isUngiven]);
  const type = useCallback(
    (name: FilterName, text: string) => setDrafts((before) => ({ ...before, [name]: text })),
    [],
  );
  return { textOf: (name) => drafts[name] ?? standing(filters, name), type, merged, forget };
}

function trimmed(drafts: Filters): Filters {
  return Object.fromEntries(Object.entries(drafts).map(([name, text]) => [name, text.trim()]));
}

function standing(filters: Filters, name: string): string {
  return filters[name as FilterName] ?? '';
}
