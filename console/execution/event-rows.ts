// A history as rows of which some are not read yet. Pure.
import type { EventView } from '../../layers/seriatim/inspection/api.ts';

export interface EventRow {
  /** Counted from 0: an event's id is one more. */
  readonly at: number;
  readonly event: EventView | undefined;
}

export const EVENTS_PER_PAGE = 500;

/** @param pages by their number; a page is read whole, but for the last one of a history that grows */
export function eventRows(
  pages: ReadonlyMap<number, readonly EventView[]>,
  total: number,
): readonly EventRow[] {
  return Array.from({ length: total }, (_, at) => ({
    at,
    event: pages.get(Math.floor(at / EVENTS_PER_PAGE))?.[at % EVENTS_PER_PAGE],
  }));
}

/** Those whose type or stage has the words in it; what is not read is left out. */
export function filterRows(rows: readonly EventRow[], words: string): readonly EventRow[] {
  const wanted = words.trim().toLowerCase();
  if (wanted === '') return rows;
  return rows.filter(({ event }) => {
    if (event === undefined) return false;
    return `${event.type} ${event.stage ?? ''}`.toLowerCase().includes(wanted);
  });
}

/** The first page that some of these rows are missing of. */
export function missingPage(
  pages: ReadonlyMap<number, readonly EventView[]>,
  total: number,
  { start, end }: { readonly start: number; readonly end: number },
): number | undefined {
  const last = Math.ceil(Math.min(end, total) / EVENTS_PER_PAGE);
  for (let page = Math.floor(start / EVENTS_PER_PAGE); page < last; page += 1) {
    const expected = Math.min(EVENTS_PER_PAGE, total - page * EVENTS_PER_PAGE);
    if ((pages.get(page)?.length ?? 0) < expected) return page;
  }
  return undefined;
}
