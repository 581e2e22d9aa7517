// History events. Details are made only for an execution whose events someone keeps: the journal of a Standard
// execution, or the log group of its state machine. https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
import { type Json, quotedText } from '../json/text.ts';

export interface HistoryEvent {
  readonly id: number;
  readonly previousEventId: number;
  readonly timestampMs: number;
  readonly type: string;
  /** JSON text of an object: made once, for the history and the log group alike. */
  readonly details: string | undefined;
}

export type EventDetails = Readonly<Record<string, Json>>;

/** Made when somebody keeps events; as JSON text where a payload is among them. */
export type MakeDetails = () => EventDetails | string;

/** @param more further members, or their text with a comma before each */
export function inputDetails(input: Json, more: EventDetails | string = ''): string {
  return `{"input":${quotedText(input)},"inputDetails":{"truncated":false}${andMembers(more)}}`;
}

export function outputDetails(output: Json, more: EventDetails | string = ''): string {
  return `{"output":${quotedText(output)},"outputDetails":{"truncated":false}${andMembers(more)}}`;
}

export function parametersDetails(parameters: Json, more: EventDetails): string {
  return `{"parameters":${quotedText(parameters)}${andMembers(more)}}`;
}

export function andMembers(more: EventDetails | string): string {
  if (typeof more === 'string') return more;
  const text = JSON.stringify(more);
  return text === '{}' ? '' : `,${text.slice(1, -1)}`;
}

export function detailsText(details: EventDetails | string | undefined): string | undefined {
  return details === undefined || typeof details === 'string' ? details : JSON.stringify(details);
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
