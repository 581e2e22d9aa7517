// Which state an event belongs to: events of a task say only which event they follow, and so on back to the state's
// entry.
import { type HistoryEvent, textOf } from './history.ts';

/** @param events in the order of their ids, so that what an event follows has been seen before it */
export function eventStages(events: readonly HistoryEvent[]): (event: HistoryEvent) => string | undefined {
  const stages = new Map<number, string>();
  for (const { id, previousId, type, details } of events) {
    if (type.startsWith('Execution')) continue;
    const stage = type.endsWith('StateEntered') ? textOf(details, 'name') : stages.get(previousId);
    if (stage !== undefined) stages.set(id, stage);
  }
  return ({ id }) => stages.get(id);
}
