// The history itself, an event a row; an event's details open below. Only what comes into view is read, and the whole
// when one looks for something in it.
import { useEffect, useMemo, useState } from 'react';
import type { EventsPage, EventView } from '../../layers/seriatim/inspection/api.ts';
import type { ExecutionView } from '../../layers/seriatim/inspection/view.ts';
import { apiPath, getJson } from '../api/client.ts';
import { JsonTree } from '../payload/json-tree.tsx';
import { countText, fullTimeText, lengthText } from '../ui/format.ts';
import { type Column, Grid } from '../ui/grid.tsx';
import { Problem } from '../ui/messages.tsx';
import { type EventRow, filterRows } from './event-rows.ts';
import { useEvents } from './use-events.ts';

export function Events({ execution }: { readonly execution: ExecutionView }) {
  const { rows, read, error, want, wantAll } = useEvents(execution);
  const [words, setWords] = useState('');
  const [chosen, setChosen] = useState<EventView>();
  const shown = useMemo(() => filterRows(rows, words), [rows, words]);
  // A filter is over the whole history, not over what happens to be read.
  useEffect(() => {
    if (words !== '') wantAll();
  }, [words, wantAll]);
  if (error !== undefined && read === 0) return <Problem error={error} />;
  return (
    <>
      <div className="filters">
        <label>
          Type or stage
          <input type="search" value={words} onChange={(event) => setWords(event.target.value)} />
        </label>
        <span className="quiet" role="status">
          {countText(shown.length)} of {countText(rows.length)}
          {words !== '' && read < rows.length && `, ${countText(read)} of them read`}
        </span>
      </div>
      <div className="events" onClickCapture={(event) => choose(event, shown, setChosen)}>
        <Grid
          label="Events"
          columns={COLUMNS}
          rows={shown}
          keyOf={({ at }) => String(at)}
          hrefOf={() => location.hash}
          chosenKey={chosen === undefined ? undefined : String(chosen.id - 1)}
          onRange={words === '' ? want : undefined}
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
  shown: readonly EventRow[],
  setChosen: (event: EventView | undefined) => void,
): void {
  const link = (event.target as HTMLElement).closest<HTMLElement>('.row-link');
  if (link === null) return;
  event.preventDefault();
  setChosen(shown[Number(link.dataset.index)]?.event);
}

const COLUMNS: readonly Column<EventRow>[] = [
  { id: 'id', title: 'Id', width: '4.5rem', isNumber: true, cell: ({ at }) => at + 1 },
  {
    id: 'offset',
    title: 'After',
    width: '6rem',
    isNumber: true,
    cell: ({ event }) => <time title={fullTimeText(event?.time)}>{event && lengthText(event.offsetMs)}</time>,
  },
  { id: 'type', title: 'Type', width: 'minmax(10rem, 1fr)', cell: ({ event }) => event?.type ?? '…' },
  { id: 'stage', title: 'Stage', width: 'minmax(6rem, 1fr)', cell: ({ event }) => event?.stage },
  {
    id: 'previous',
    title: 'Previous',
    width: '5rem',
    isNumber: true,
    isWide: true,
    cell: ({ event }) => event?.previousId,
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
