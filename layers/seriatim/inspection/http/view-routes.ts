// What one who may look but not read is answered: `GET /executions/{id}` and what lies below it, without payloads.
import type { ChildrenPage, EventsPage } from '../api.ts';
import { eventStages } from '../event-stages.ts';
import type { HistoryEvent } from '../history.ts';
import type { Inspection } from '../inspection.ts';
import {
  type EventReading,
  readEvent,
  redactorFor,
  redactStrings,
  withoutPayloads,
} from '../payloads/readings.ts';
import type { Redactor } from '../payloads/redact.ts';
import { type ExecutionRecord, rulesFor, viewOf } from '../record.ts';
import type { ExecutionView } from '../view.ts';
import { type ApiRequest, type HttpAnswer, jsonAnswer, type Routes } from './answers.ts';
import { findExecution, numberIn } from './find.ts';
import { readStatus } from './list-query.ts';

export interface ViewContext {
  readonly inspection: Pick<Inspection, 'readRecord' | 'listChildren'>;
  readonly redactor: Redactor;
}

export function viewRoutes({ inspection, redactor }: ViewContext): Routes {
  /** Of records that were asked for before: of the same record the same answer. */
  const answers = new WeakMap<ExecutionRecord, HttpAnswer>();
  return {
    'GET /executions/{id}': async (request) => {
      const record = await findExecution(inspection, request);
      const known = answers.get(record);
      if (known !== undefined) return known;
      const answer = jsonAnswer(
        200,
        withoutPayloads(viewOf(record), rulesFor(redactor, record), record.childInputs),
      );
      answers.set(record, answer);
      return answer;
    },
    'GET /executions/{id}/events': async (request) =>
      jsonAnswer(200, eventsPage(await findExecution(inspection, request), request, { redactor })),
    'GET /executions/{id}/children': async (request) => {
      const status = readStatus(request.query.status);
      const record = await findExecution(inspection, request);
      const rules = rulesFor(redactor, record);
      const query = {
        limit: numberIn(request, 'limit', { fallback: 50, most: 1000 }),
        ...(status === undefined ? {} : { status }),
        // As the child itself is answered, so that a list of children tells no more than each of them.
        errorOf: (child: ExecutionView) => withoutPayloads(child, rules).error,
      };
      const found = await inspection.listChildren(record, query);
      return jsonAnswer(200, redactStrings(found satisfies ChildrenPage, rules));
    },
  };
}

const EVENTS = { fallback: 1000, most: 25_000 };
/** A function's answer has 6 MB. */
const PAGE_BYTES = 4 * 1024 * 1024;

/** @param reading payloads are left out unless it is whole */
export function eventsPage(
  record: ExecutionRecord,
  request: ApiRequest,
  { redactor, isWhole }: Pick<EventReading, 'redactor' | 'isWhole'>,
): EventsPage {
  const { events, description } = record;
  const sorted = [...events].sort((a, b) => a.id - b.id);
  const limit = numberIn(request, 'limit', EVENTS);
  const start = startOf(request, sorted);
  const hiding = redactor.hasRules
    ? redactorFor(viewOf(record), rulesFor(redactor, record), record.childInputs)
    : redactor;
  const reading = {
    firstMs: sorted[0]?.timeMs ?? 0,
    redactor: hiding,
    ...(isWhole ? { isWhole } : {}),
  };
  const stageOf = eventStages(sorted);
  const page = fill(sorted.slice(start, start + limit), { ...reading, stageOf });
  const next = start + page.length;
  return {
    arn: description.arn,
    events: page,
    total: sorted.length,
    ...(next < sorted.length ? { nextToken: String(next) } : {}),
  };
}

function startOf({ query }: ApiRequest, sorted: readonly HistoryEvent[]): number {
  const { token } = query;
  if (token === undefined) return 0;
  const start = /^\d{1,6}$/.test(token) ? Number(token) : -1;
  if (start >= 0 && start <= sorted.length) return start;
  throw new RangeError('The token is not one that a page of these events has given.');
}

function fill(events: readonly HistoryEvent[], reading: EventReading) {
  const page = [];
  let bytes = 0;
  for (const event of events) {
    const shown = readEvent(event, reading);
    // Without payloads an event is short, and its length need not be known.
    bytes += !reading.isWhole ? 200 : JSON.stringify(shown).length;
    if (bytes > PAGE_BYTES && page.length > 0) break;
    page.push(shown);
  }
  return page;
}
