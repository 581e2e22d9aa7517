// The worker thread: holds models and does what the server's thread asks, one message at a time. A handler may block
// this thread or never return; the server then ends the whole thread and starts another.
import { parentPort } from 'node:worker_threads';
import { toErrorRecord } from '../errors.ts';
import type { HandlerAnswer } from '../handlers/run.ts';
import { ownBuffers, type Tensors } from '../tensors.ts';
import { type LoadedModel, loadModel } from './loaded-model.ts';
import type { WireAnswer, WorkerReply, WorkerRequest } from './protocol.ts';

const port = parentPort!;
const models = new Map<string, LoadedModel>();
const running = new Map<number, AbortController>();

port.on('message', (request: WorkerRequest) => {
  if (request.kind === 'abort') running.get(request.id)?.abort();
  else void answer(request);
});

async function answer(request: Exclude<WorkerRequest, { kind: 'abort' }>): Promise<void> {
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

async function carryOut(request: Exclude<WorkerRequest, { kind: 'abort' }>): Promise<Outcome> {
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

async function handle(
  model: LoadedModel,
  { id, call }: Extract<WorkerRequest, { kind: 'handle' }>,
): Promise<Outcome> {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    return { value: await streamOut(id, await model.handle(call, controller.signal)) };
  } finally {
    running.delete(id);
  }
}

/** Chunks go out as they come; the answer itself then has no body. */
async function streamOut(id: number, { body, contentType, headers }: HandlerAnswer): Promise<WireAnswer> {
  if (typeof body === 'string' || body instanceof Uint8Array) return { body, contentType, headers };
  const head: WireAnswer = { body: null, contentType, headers };
  reply({ kind: 'head', id, value: head });
  for await (const chunk of body) reply({ kind: 'chunk', id, chunk });
  return head;
}

const logger = {
  info: (message: string) => reply({ kind: 'log', level: 'info', message: String(message) }),
  warn: (message: string) => reply({ kind: 'log', level: 'warn', message: String(message) }),
  error: (message: string) => reply({ kind: 'log', level: 'error', message: String(message) }),
};
