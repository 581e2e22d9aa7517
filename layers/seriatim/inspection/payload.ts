// Payloads of history events: JSON text that a view shows as a value, with its size. Text that is not JSON, because
// Step Functions cut it or a model answered so, is shown as it is.
import type { HistoryEvent } from './history.ts';

export interface Payload {
  readonly value: unknown;
  readonly bytes: number;
}

/** The value of JSON text, or the text itself. */
export function readPayload(text: string): Payload {
  return { value: unwrapJson(text), bytes: Buffer.byteLength(text) };
}

/** The payload of an event's `input`, `output` or `parameters`, when it was reported. */
export function payloadOf(event: HistoryEvent, member: string): Payload | undefined {
  const found = event.details[member];
  if (found === undefined) return;
  return typeof found === 'string' ? readPayload(found) : readPayload(JSON.stringify(found));
}

/** The size of a value as a state would carry it: text as it is, anything else as JSON. */
export function bytesOf(value: unknown): number {
  return Buffer.byteLength(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
}

/** `undefined` when the text is not JSON; JSON's own `null` is `null`. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A value that may be JSON inside a JSON string, as InvokeEndpoint's `Body` is. */
export function unwrapJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const parsed = parseJson(value);
  return parsed === undefined ? value : parsed;
}
