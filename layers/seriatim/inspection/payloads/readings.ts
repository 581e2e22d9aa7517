// The two readings of a view and of events: without payloads, for those who may look but not read, and with payloads
// redacted and large ones folded. A payload never leaves by another way than through here and `render.ts`.
import type { EventView } from '../api.ts';
import { type HistoryEvent, textOf } from '../history.ts';
import { bytesOf, parseJson } from '../payload.ts';
import type { AttemptView, ErrorView, ExecutionView, InferenceCall, StageView } from '../view.ts';
import { takeCarried } from './carried.ts';
import { foldJson } from './fold-json.ts';
import type { Redactor } from './redact.ts';

/** Payloads up to this size stand in a view as they are. */
const WHOLE_BYTES = 16_384;

interface Bearer {
  readonly input?: unknown;
  readonly output?: unknown;
  readonly error?: ErrorView;
}

type Treat = <Each extends Bearer>(bearer: Each) => Each;

export function withoutPayloads(view: ExecutionView, redactor: Redactor): ExecutionView {
  return treatAll(view, (bearer) => {
    const { input: _input, output: _output, ...rest } = bearer;
    const error = bearer.error && withoutQuotes(bearer.error, redactor);
    return { ...rest, ...(error === undefined ? {} : { error }) } as typeof bearer;
  });
}

export function withPayloads(view: ExecutionView, redactor: Redactor): ExecutionView {
  return treatAll(view, (bearer) => {
    const { input, output, error } = bearer;
    return {
      ...bearer,
      ...(input === undefined ? {} : { input: shown(input, redactor) }),
      ...(output === undefined ? {} : { output: shown(output, redactor) }),
      ...(error === undefined ? {} : { error: redactError(error, redactor) }),
    };
  });
}

function treatAll(view: ExecutionView, treat: Treat): ExecutionView {
  const isStripped = !('input' in treat({ input: 0 }));
  const attempt = (each: AttemptView): AttemptView => {
    const treated = treat(each);
    return isStripped && treated.inference
      ? { ...treated, inference: withoutAnswers(treated.inference) }
      : treated;
  };
  const stage = (each: StageView): StageView => ({ ...treat(each), attempts: each.attempts.map(attempt) });
  return { ...treat(view), stages: view.stages.map(stage) };
}

/** What a container reports beyond what is known of it may be the model's answer. */
function withoutAnswers(call: InferenceCall): InferenceCall {
  return { ...call, marks: call.marks.map(({ other: _other, ...mark }) => mark) };
}

function shown(value: unknown, redactor: Redactor): unknown {
  const { value: seen } = redactor.value(value);
  return bytesOf(seen) <= WHOLE_BYTES ? seen : foldJson(takeCarried(seen).value).value;
}

function redactError(error: ErrorView, redactor: Redactor): ErrorView {
  const cause = error.cause === undefined ? {} : { cause: redactText(error.cause, redactor) };
  return { ...error, message: redactor.text(error.message), ...cause };
}

/** A cause is often JSON, whose members a rule may name. */
export function redactText(text: string, redactor: Redactor): string {
  const value = parseJson(text);
  return value === undefined ? redactor.text(text) : JSON.stringify(redactor.value(value).value);
}

/** Without the cause, and without what a message quotes of a payload. */
function withoutQuotes({ cause: _cause, ...error }: ErrorView, redactor: Redactor): ErrorView {
  return { ...error, message: unquoted(redactor.text(error.message)) };
}

/** Step Functions quotes a state's input in its messages, checks quote the value that did not fit. */
export function unquoted(message: string): string {
  return message
    .replaceAll(/\b(input|output|value|payload)(:?\s+)(['"])[\s\S]*\3/gi, '$1$2$3…$3')
    .replaceAll(/\b(received|but got|got|found)(:?\s+)(?:"[^"]*"|'[^']*'|\S+)/g, '$1$2…');
}

/** Members of an event's details that hold payloads. */
const PAYLOADS = new Set([
  'input',
  'output',
  'parameters',
  'assignedVariables',
  'cause',
  'arguments',
  'location',
]);

export interface EventReading {
  readonly firstMs: number;
  /** The state that an event belongs to, where it does not say so itself. */
  readonly stageOf?: (event: HistoryEvent) => string | undefined;
  /** Absent: without payloads. */
  readonly redactor?: Redactor;
}

export function readEvent(event: HistoryEvent, { firstMs, redactor, stageOf }: EventReading): EventView {
  const stage = textOf(event.details, 'name') ?? textOf(event.details, 'state') ?? stageOf?.(event);
  return {
    id: event.id,
    previousId: event.previousId,
    type: event.type,
    time: new Date(event.timeMs).toISOString(),
    offsetMs: event.timeMs - firstMs,
    ...(stage === undefined ? {} : { stage }),
    details: Object.fromEntries(
      Object.entries(event.details).map(([name, value]) => [name, member(name, value, redactor)]),
    ),
  };
}

function member(name: string, value: unknown, redactor: Redactor | undefined): unknown {
  if (!PAYLOADS.has(name)) return value;
  if (redactor === undefined) return { bytes: bytesOf(value) };
  return typeof value === 'string' ? redactText(value, redactor) : redactor.value(value).value;
}
