// History events. Details are made only for an execution whose events someone keeps: the journal of a Standard
// execution, or the log group of its state machine. https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
import { type Json, textOf } from '../json/text.ts';

export interface HistoryEvent {
  readonly id: number;
  readonly previousEventId: number;
  readonly timestampMs: number;
  readonly type: string;
  readonly details: EventDetails | undefined;
}

export type EventDetails = Readonly<Record<string, Json>>;

const NOT_TRUNCATED = { truncated: false } as const;

export function inputDetails(input: Json): EventDetails {
  return { input: textOf(input), inputDetails: NOT_TRUNCATED };
}

export function outputDetails(output: Json): EventDetails {
  return { output: textOf(output), outputDetails: NOT_TRUNCATED };
}

/** Absent members stay absent. */
export function failureDetails(failure: {
  readonly error: string | undefined;
  readonly failureCause: string | undefined;
}): EventDetails {
  return {
    ...(failure.error === undefined ? {} : { error: failure.error }),
    ...(failure.failureCause === undefined ? {} : { cause: failure.failureCause }),
  };
}

/** The member of the API's HistoryEvent that holds a type's details. */
export function detailsMember(type: string): string {
  if (type.endsWith('StateEntered')) return 'stateEnteredEventDetails';
  if (type.endsWith('StateExited')) return 'stateExitedEventDetails';
  return `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`;
}
