// The events of an execution as they are needed: page after page of the rows that are wanted, one at a time. A running
// execution's history grows, and its last page is read again.
import { useCallback, useEffect, useMemo, useState } from 'react';
import type { EventsPage, EventView } from '../../layers/seriatim/inspection/api.ts';
import type { ExecutionView } from '../../layers/seriatim/inspection/view.ts';
import { apiPath, getJson } from '../api/client.ts';
import { EVENTS_PER_PAGE, type EventRow, eventRows, missingPage } from './event-rows.ts';

export interface EventsFound {
  readonly rows: readonly EventRow[];
  /** How many of them. */
  readonly read: number;
  readonly error: Error | undefined;
  readonly want: (start: number, end: number) => void;
  readonly wantAll: () => void;
}

type Pages = ReadonlyMap<number, readonly EventView[]>;

export function useEvents({ arn, eventCount }: ExecutionView): EventsFound {
  const [pages, setPages] = useState<Pages>(new Map());
  const [range, setRange] = useState({ start: 0, end: EVENTS_PER_PAGE });
  const [error, setError] = useState<Error>();
  const page = missingPage(pages, eventCount, range);
  // biome-ignore lint/correctness/useExhaustiveDependencies: of a history that grew the last page is read again
  useEffect(() => {
    if (page === undefined) return;
    const ending = new AbortController();
    readPage(arn, page, ending.signal).then(
      ({ events }) => setPages((before) => new Map([...before, [page, events]])),
      (thrown: Error) => {
        if (!ending.signal.aborted) setError(thrown);
      },
    );
    return () => ending.abort();
  }, [arn, page, eventCount]);
  const rows = useMemo(() => eventRows(pages, eventCount), [pages, eventCount]);
  const want = useCallback((start: number, end: number) => setRange({ start, end }), []);
  const wantAll = useCallback(() => setRange({ start: 0, end: Number.POSITIVE_INFINITY }), []);
  const read = [...pages.values()].reduce((sum, events) => sum + events.length, 0);
  return { rows, read, error, want, wantAll };
}

/** A page's token is how many events lie before it. */
function readPage(arn: string, page: number, signal: AbortSignal): Promise<EventsPage> {
  const token = page === 0 ? undefined : String(page * EVENTS_PER_PAGE);
  return getJson(apiPath(['executions', arn, 'events'], { limit: EVENTS_PER_PAGE, token }), signal);
}
