// The history itself, an event a row. Read a thousand at a time as one goes down; an event's details open below.
import { useEffect, useMemo, useState } from 'react';
import type { EventsPage, EventView } from '../../layers/seriatim/inspection/api.ts';
import type { ExecutionView } from '../../layers/seriatim/inspection/view.ts';
import { apiPath, getJson } from '../api/client.ts';
import { usePolled } from '../api/use-polled.ts';
import { JsonTree } from '../payload/json-tree.tsx';
import { countText, fullTimeText, lengthText } from '../ui/format.ts';
import { type Column, Grid } from '../ui/grid.tsx';
import { Problem, Reading } from '../ui/messages.tsx';

const PAGE = 1000;

export function Events({ execution }: { readonly execution: ExecutionView }) {
  const { events, total, error, readMore } = useEvents(execution);
  const [words, setWords] = useState('');
  const [chosen, setChosen] = useState<EventView>();
  const shown = useMemo(() => filterEvents(events, words), [events, words]);
  // A filter is over the whole history, not over what happens to be read.
  useEffect(() => {
    if (words !== '' && events.length < total) readMore();
  }, [words, events.length, total, readMore]);
  if (error !== undefined && events.length === 0) return <Problem error={error} />;
  if (events.length === 0) return <Reading what="events" />;
  return (
    <>
      <div className="filters">
        <label>
          Type or stage
          <input type="search" value={words} onChange={(event) => setWords(event.target.value)} />
        </label>
        <span className="quiet" role="status">
          {countText(shown.length)} of {countText(total)}
        </span>
      </div>
      <div className="events" onClickCapture={(event) => choose(event, shown, setChosen)}>
        <Grid
          label="Events"
          columns={COLUMNS}
          rows={shown}
          keyOf={({ id }) => String(id)}
          hrefOf={() => location.hash}
          chosenKey={chosen === undefined ? undefined : String(chosen.id)}
          total={words === '' ? total : undefined}
          onEnd={readMore}
          phoneRowHeight={48}
        />
      </div>
      {chosen !== undefined && (
        <Details execution={execution} event={chosen} onClose={() => setChosen(undefined)} />
      )}
    </>
  );
}

/** A row's link leads nowhere else: it opens the event here. */
function choose(
  event: React.MouseEvent,
  shown: readonly EventView[],
  setChosen: (event: EventView | undefined) => void,
): void {
  const link = (event.target as HTMLElement).closest<HTMLElement>('.row-link');
  if (link === null) return;
  event.preventDefault();
  setChosen(shown[Number(link.dataset.index)]);
}

export function filterEvents(events: readonly EventView[], words: string): readonly EventView[] {
  const wanted = words.trim().toLowerCase();
  if (wanted === '') return events;
  return events.filter(({ type, stage }) => `${type} ${stage ?? ''}`.toLowerCase().includes(wanted));
}

interface EventsFound {
  readonly events: readonly EventView[];
  readonly total: number;
  readonly error: Error | undefined;
  readonly readMore: () => void;
}

/** A running execution's history grows: then it is read on from where it ended. */
function useEvents({ arn, eventCount }: ExecutionView): EventsFound {
  const [events, setEvents] = useState<readonly EventView[]>([]);
  const [wanted, setWanted] = useState(PAGE);
  const from = events.length;
  const isWanting = from < Math.min(wanted, eventCount);
  const { data, error } = usePolled<EventsPage | undefined>({
    key: `${arn} ${isWanting ? from : 'enough'}`,
    read: async (signal) => {
      if (!isWanting) return undefined;
      const token = from === 0 ? undefined : String(from);
      return getJson(apiPath(['executions', arn, 'events'], { limit: PAGE, token }), signal);
    },
  });
  useEffect(() => {
    if (data === undefined || data.events.length === 0) return;
    setEvents((before) => {
      const last = before.at(-1)?.id ?? 0;
      return [...before, ...data.events.filter(({ id }) => id > last)];
    });
  }, [data]);
  const readMore = useMemo(() => () => setWanted(from + PAGE), [from]);
  return { events, total: Math.max(eventCount, from), error, readMore };
}

const COLUMNS: readonly Column<EventView>[] = [
  { id: 'id', title: 'Id', width: '4.5rem', isNumber: true, cell: ({ id }) => id },
  {
    id: 'offset',
    title: 'After',
    width: '6rem',
    isNumber: true,
    cell: ({ offsetMs, time }) => <time title={fullTimeText(time)}>{lengthText(offsetMs)}</time>,
  },
  { id: 'type', title: 'Type', width: 'minmax(10rem, 1fr)', cell: ({ type }) => type },
  { id: 'stage', title: 'Stage', width: 'minmax(6rem, 1fr)', cell: ({ stage }) => stage },
  {
    id: 'previous',
    title: 'Previous',
    width: '5rem',
    isNumber: true,
    isWide: true,
    cell: (event) => event.previousId,
  },
];

interface DetailsProps {
  readonly execution: ExecutionView;
  readonly event: EventView;
  readonly onClose: () => void;
}

function Details({ execution: { arn }, event, onClose }: DetailsProps) {
  const [withPayload, setWithPayload] = useState<EventView>();
  const [error, setError] = useState<Error>();
  const read = async (): Promise<void> => {
    try {
      // A page's token is how many events lie before it.
      const token = event.id === 1 ? undefined : String(event.id - 1);
      const page = await getJson<EventsPage>(apiPath(['payloads', arn, 'events'], { limit: 1, token }));
      setWithPayload(page.events[0]);
    } catch (thrown) {
      setError(thrown as Error);
    }
  };
  const shown = withPayload?.id === event.id ? withPayload : event;
  return (
    <section className="event-details" aria-label={`Event ${event.id}`}>
      <div className="page-head">
        <h2>
          {event.id} {event.type}
        </h2>
        {shown === event && (
          <button type="button" onClick={read}>
            With payloads
          </button>
        )}
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
      {error !== undefined && <Problem error={error} onRetry={read} />}
      <JsonTree value={parsed(shown.details)} />
    </section>
  );
}

/** Payloads in events are JSON in texts. */
function parsed(value: unknown): unknown {
  if (typeof value === 'string' && /^\s*[[{]/.test(value)) {
    try {
      return JSON.parse(value);
    } catch {
      return value;
    }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, parsed(one)]));
}
