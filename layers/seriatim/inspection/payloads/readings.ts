// The two readings of a view and of events: without payloads, for those who may look but not read, and with payloads
// redacted and large ones folded. A payload never leaves by another way than through here and `render.ts`.
import type { EventView } from '../api.ts';
import { type HistoryEvent, isObject, textOf } from '../history.ts';
import { bytesOf, parseJson } from '../payload.ts';
import type { AttemptView, ErrorView, ExecutionView, InferenceCall, StageView } from '../view.ts';
import { takeCarried } from './carried.ts';
import { foldJson } from './fold-json.ts';
import { type Leaves, leavesOf, withoutLeaves } from './quoted.ts';
import type { Redactor } from './redact.ts';

/** Payloads up to this size stand in a view as they are. */
const WHOLE_BYTES = 16_384;

interface Bearer {
  readonly input?: unknown;
  readonly output?: unknown;
  readonly error?: ErrorView;
}

type Treat = <Each extends Bearer>(bearer: Each) => Each;

/** @param also what else messages may quote: inputs of a child whose error is told */
export function withoutPayloads(
  view: ExecutionView,
  redactor: Redactor,
  also: readonly unknown[] = [],
): ExecutionView {
  const hiding = redactorFor(view, redactor, also);
  const quoted = hasErrors(view) ? leavesOf([...inputsOf(view), ...also]) : undefined;
  const bare = treatAll(view, (bearer) => {
    const { input: _input, output: _output, ...rest } = bearer;
    const error = bearer.error && withoutQuotes(bearer.error, quoted);
    return { ...rest, ...(error === undefined ? {} : { error }) } as typeof bearer;
  });
  return redactStrings(bare, hiding);
}

export function withPayloads(
  view: ExecutionView,
  redactor: Redactor,
  also: readonly unknown[] = [],
): ExecutionView {
  const hiding = redactorFor(view, redactor, also);
  return redactStrings(view, hiding, (payload) => shown(payload, hiding));
}

/** The redactor of an execution: what it hides in the inputs is hidden wherever it is repeated. */
export function redactorFor(
  view: ExecutionView,
  redactor: Redactor,
  also: readonly unknown[] = [],
): Redactor {
  return redactor.hasRules ? redactor.within([...inputsOf(view), ...also]) : redactor;
}

/** All that an execution and its stages got: what their messages may quote. */
export function inputsOf({ input, stages }: ExecutionView): unknown[] {
  const attempts = stages.flatMap((stage) => stage.attempts);
  return [input, ...stages.map((stage) => stage.input), ...attempts.map((attempt) => attempt.input)];
}

function hasErrors({ error, stages }: ExecutionView): boolean {
  const isFailed = ({ error: own, attempts }: StageView): boolean =>
    own !== undefined || attempts.some((attempt) => attempt.error !== undefined);
  return error !== undefined || stages.some(isFailed);
}

/** Members by which an execution and its stages are found, times, and words of ours: no payload is in them. */
const OWN = new Set(
  'id arn of start end time type status kind decision stateMachineArn versionArn aliasArn'.split(' '),
);

/** Members that name target models. */
const MODELS = new Set('targetModel targetModels model models loaded evicted'.split(' '));

/** Every text of an answer goes by the rules. @param payload what becomes of inputs and outputs */
export function redactStrings<Answer>(
  answer: Answer,
  redactor: Redactor,
  payload: (value: unknown) => unknown = (value) => value,
): Answer {
  const member = ([name, value]: [string, unknown]): [string, unknown] => {
    if (name === 'input' || name === 'output') return [name, payload(value)];
    if (name === 'cause' && typeof value === 'string') return [name, redactText(value, redactor)];
    if (MODELS.has(name)) return [name, modelNames(value)];
    return [name, OWN.has(name) && typeof value === 'string' ? value : walk(value)];
  };
  const modelNames = (value: unknown): unknown => {
    if (typeof value === 'string') return redactor.model(redactor.text(value));
    return Array.isArray(value) ? value.map(modelNames) : walk(value);
  };
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return redactor.text(value);
    if (Array.isArray(value)) return value.map(walk);
    return isObject(value) ? Object.fromEntries(Object.entries(value).map(member)) : value;
  };
  return walk(answer) as Answer;
}

function treatAll(view: ExecutionView, treat: Treat): ExecutionView {
  const attempt = (each: AttemptView): AttemptView => {
    const treated = treat(each);
    return treated.inference ? { ...treated, inference: withoutAnswers(treated.inference) } : treated;
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

/** A cause is often JSON, whose members a rule may name. */
export function redactText(text: string, redactor: Redactor): string {
  const value = parseJson(text);
  return value === undefined ? redactor.text(text) : JSON.stringify(redactor.value(value).value);
}

/** Without the cause, and without what a message quotes of a payload. */
function withoutQuotes({ cause: _cause, ...error }: ErrorView, quoted: Leaves | undefined): ErrorView {
  const message = unquoted(error.message);
  return { ...error, message: quoted === undefined ? message : withoutLeaves(message, quoted, '…') };
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
  readonly redactor: Redactor;
  /** With payloads. */
  readonly isWhole?: true;
}

export function readEvent(event: HistoryEvent, reading: EventReading): EventView {
  const { firstMs, stageOf } = reading;
  const stage = textOf(event.details, 'name') ?? textOf(event.details, 'state') ?? stageOf?.(event);
  return {
    id: event.id,
    previousId: event.previousId,
    type: event.type,
    time: new Date(event.timeMs).toISOString(),
    offsetMs: event.timeMs - firstMs,
    ...(stage === undefined ? {} : { stage }),
    details: Object.fromEntries(
      Object.entries(event.details).map(([name, value]) => [name, member(name, value, reading)]),
    ),
  };
}

function member(name: string, value: unknown, { redactor, isWhole }: EventReading): unknown {
  if (!PAYLOADS.has(name)) return typeof value === 'string' ? redactor.text(value) : value;
  if (!isWhole) return { bytes: bytesOf(value) };
  return typeof value === 'string' ? redactText(value, redactor) : redactor.value(value).value;
}
