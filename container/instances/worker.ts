// The worker thread: holds models and does what the server's thread asks, one message at a time. A handler may block
// this thread or never return; the server then ends the whole thread and starts another.
import { parentPort } from 'node:worker_threads';
import { InferenceError, toErrorRecord } from '../errors.ts';
import type { HandlerAnswer } from '../handlers/run.ts';
import { ownBuffers, type Tensors } from '../tensors.ts';
import { type LoadedModel, loadModel } from './loaded-model.ts';
import type { WireAnswer, WorkerReply, WorkerRequest } from './protocol.ts';
import { sendChunks } from './stream-answer.ts';
import { createStreamWindow, type StreamWindow } from './stream-window.ts';

const port = parentPort!;
const models = new Map<string, LoadedModel>();
const running = new Map<number, Running>();

interface Running {
  readonly controller: AbortController;
  readonly window: StreamWindow;
}

/** What is asked and answered; the other messages are about a call under way. */
type Question = Exclude<WorkerRequest, { kind: 'abort' | 'taken' }>;

port.on('message', (request: WorkerRequest) => {
  if (request.kind === 'abort') running.get(request.id)?.controller.abort();
  else if (request.kind === 'taken') running.get(request.id)?.window.taken(request.length);
  else void answer(request);
});

async function answer(request: Question): Promise<void> {
  const { id } = request;
  try {
    const { value, transfer } = await carryOut(request);
    reply({ kind: 'done', id, value }, transfer);
  } catch (thrown) {
    reply({ kind: 'failed', id, error: toErrorRecord(thrown) });
  }
}

function reply(message: WorkerReply, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

interface Outcome {
  readonly value?: unknown;
  readonly transfer?: readonly ArrayBuffer[];
}

async function carryOut(request: Question): Promise<Outcome> {
  if (request.kind === 'load') {
    const loaded = await loadModel(request.source, logger);
    models.set(request.source.name, loaded);
    return { value: loaded.facts };
  }
  const model = models.get(request.name);
  if (request.kind === 'unload') {
    models.delete(request.name);
    await model?.release();
    return {};
  }
  if (request.kind === 'predict') return fromTensors(await model!.predict(request.tensors));
  return handle(model!, request);
}

function fromTensors(tensors: Tensors): Outcome {
  return { value: tensors, transfer: ownBuffers(tensors) };
}

const LONGEST_TIMER_MS = 2_147_483_647;

/** The signal aborts at the deadline too, so that a handler that heeds it keeps its thread. */
async function handle(
  model: LoadedModel,
  { id, call }: Extract<WorkerRequest, { kind: 'handle' }>,
): Promise<Outcome> {
  const controller = new AbortController();
  const window = createStreamWindow();
  const { signal } = controller;
  signal.addEventListener('abort', () => window.close(), { once: true });
  running.set(id, { controller, window });
  const timer = setTimeout(() => controller.abort(), Math.min(call.deadline - Date.now(), LONGEST_TIMER_MS));
  try {
    return { value: await sendAnswer(id, await model.handle(call, signal), { signal, window }) };
  } catch (thrown) {
    throw Date.now() < call.deadline
      ? thrown
      : new InferenceError('DeadlineExceeded', LATE, { cause: thrown });
  } finally {
    clearTimeout(timer);
    running.delete(id);
  }
}

const LATE = 'The model did not answer in time.';

/** Chunks go out as they come; the answer itself then has no body. */
async function sendAnswer(
  id: number,
  { body, contentType, headers }: HandlerAnswer,
  call: { readonly signal: AbortSignal; readonly window: StreamWindow },
): Promise<WireAnswer> {
  if (typeof body === 'string' || body instanceof Uint8Array) return { body, contentType, headers };
  const head: WireAnswer = { body: null, contentType, headers };
  await sendChunks(body, {
    ...call,
    onHead: () => reply({ kind: 'head', id, value: head }),
    onChunk: (chunk) => reply({ kind: 'chunk', id, chunk }),
  });
  return head;
}

const logger = {
  info: (message: string) => reply({ kind: 'log', level: 'info', message: String(message) }),
  warn: (message: string) => reply({ kind: 'log', level: 'warn', message: String(message) }),
  error: (message: string) => reply({ kind: 'log', level: 'error', message: String(message) }),
};
