// An execution environment: the program of one worker thread. Loads the function once, then takes one invocation at
// a time. Started by `../launch.ts`, which hands over this folder's files with their types stripped, because a
// worker that strips types by itself takes 11 MB more.
import { parentPort, workerData } from 'node:worker_threads';
import { captureOutput } from './console.ts';
import { InvocationContext } from './context.ts';
import { errorForLog, errorPayload, RuntimeError } from './errors.ts';
import { mountLayers } from './layers.ts';
import { type Handler, loadHandler } from './load.ts';
import { isOverMemory, memoryInUseMb } from './memory.ts';
import {
  CHECK_MEMORY,
  type EnvironmentData,
  type EnvironmentMessage,
  type InvokeMessage,
  MAX_SYNC_PAYLOAD_BYTES,
} from './protocol.ts';
import { LogRing } from './ring.ts';

const port = parentPort!;
const data = (workerData as { readonly environment: EnvironmentData }).environment;
const post = (message: EnvironmentMessage): void => port.postMessage(message);
const ring = new LogRing(data.ring, () => post({ kind: 'ring-full' }));
const takesCallbacks = Number(/^nodejs(\d+)/.exec(data.runtime)?.[1] ?? 0) < 24;

/** The invocation under way; what answers late, after it has been answered, finds another one here. */
let current: InvokeMessage | undefined;
let memoryCheckedAt = Number.NEGATIVE_INFINITY;
const MEMORY_CHECK_MS = 1000;

const log = captureOutput(ring, () => current?.requestId);
process.on('uncaughtException', (thrown) => failFatally(thrown));
process.on('unhandledRejection', (reason) => {
  const stack = reason instanceof Error ? reason.stack : undefined;
  failFatally(new RuntimeError('Runtime.UnhandledPromiseRejection', String(reason), { stack }));
});
process.on('beforeExit', () => current && answerUnsettled(current));
process.on('exit', () => log.endLines());
keepProcessAlive();

mountLayers(data.layerFolders);
const handler = await load();
if (handler !== undefined) {
  port.on('message', (message: InvokeMessage | typeof CHECK_MEMORY) => {
    if (message !== CHECK_MEMORY) invoke(handler, message);
    else if (current !== undefined) checkMemory(performance.now());
  });
  post({ kind: 'ready' });
}

async function load(): Promise<Handler | undefined> {
  try {
    const loaded = await loadHandler(data.codeFolder, data.handler);
    if (loaded.length < 3 || takesCallbacks) return loaded;
    throw new RuntimeError(
      'Runtime.CallbackHandlerDeprecated',
      'AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You will need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.',
    );
  } catch (thrown) {
    failFatally(thrown);
    return undefined;
  }
}

function invoke(run: Handler, message: InvokeMessage): void {
  current = message;
  ring.begin(performance.now());
  process.env._X_AMZN_TRACE_ID = message.traceId;
  let event: unknown;
  try {
    event = JSON.parse(message.payload);
  } catch (thrown) {
    finish({ kind: 'bad-event', payload: (thrown as Error).message });
    return;
  }
  // Only the function's own work keeps the loop alive now: when that runs dry, `beforeExit` tells.
  port.unref();
  try {
    callHandler(run, event, message);
  } catch (thrown) {
    fail(message, thrown);
  }
}

function callHandler(run: Handler, event: unknown, message: InvokeMessage): void {
  const context = new InvocationContext(data, message);
  if (!takesCallbacks) {
    settle(run(event, context), message);
    return;
  }
  const callback = (thrown: unknown, value: unknown): void =>
    thrown === null || thrown === undefined ? succeed(message, value) : fail(message, thrown);
  Object.assign(context, {
    done: callback,
    succeed: (value: unknown) => succeed(message, value),
    fail: (thrown: unknown) => fail(message, thrown),
  });
  const returned = run(event, context, callback);
  if (isThenable(returned)) settle(returned, message);
}

function settle(returned: unknown, message: InvokeMessage): void {
  if (!isThenable(returned)) {
    succeed(message, returned);
    return;
  }
  returned.then(
    (value) => succeed(message, value),
    (thrown) => fail(message, thrown),
  );
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

function succeed(message: InvokeMessage, value: unknown): void {
  if (current !== message) return;
  let text: string;
  try {
    text = JSON.stringify(value === undefined ? null : value) ?? 'null';
  } catch {
    fail(message, new Error('Unable to stringify response body'));
    return;
  }
  if (text.length * 3 <= MAX_SYNC_PAYLOAD_BYTES || Buffer.byteLength(text) <= MAX_SYNC_PAYLOAD_BYTES)
    finish(text);
  else finish({ kind: 'error', payload: JSON.stringify(tooLarge()) });
}

function tooLarge(): object {
  return {
    errorType: 'Function.ResponseSizeTooLarge',
    errorMessage: `Response payload size exceeded maximum allowed payload size (${MAX_SYNC_PAYLOAD_BYTES} bytes).`,
  };
}

function fail(message: InvokeMessage, thrown: unknown): void {
  if (current !== message) return;
  log.write('ERROR', `Invoke Error \t${errorForLog(thrown)}`);
  finish({ kind: 'error', payload: JSON.stringify(errorPayload(thrown)) });
}

/** What nothing caught ends the environment, as it ends the process on Lambda. */
function failFatally(thrown: unknown): void {
  log.write('ERROR', `Uncaught Exception \t${errorForLog(thrown)}`);
  finish({ kind: 'fatal', payload: JSON.stringify(errorPayload(thrown)) });
}

/** Nothing is left to run, yet no answer came: a promise that nobody settles, or a callback that nobody calls. */
function answerUnsettled(message: InvokeMessage): void {
  if (takesCallbacks) succeed(message, null);
  else
    fail(
      message,
      new RuntimeError(
        'Runtime.NodeJsExit',
        'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes',
      ),
    );
}

function finish(answer: EnvironmentMessage): void {
  const now = performance.now();
  if (now - memoryCheckedAt > MEMORY_CHECK_MS && !checkMemory(now)) return;
  respond(answer, now);
}

function respond(answer: EnvironmentMessage, now: number): void {
  log.endLines();
  current = undefined;
  ring.finish(now);
  port.ref();
  post(answer);
}

/** Fails the invocation if the function is over its memory, as Lambda does by ending the process. */
function checkMemory(now: number): boolean {
  memoryCheckedAt = now;
  ring.memoryMb = Math.max(ring.memoryMb, memoryInUseMb());
  if (current === undefined || !isOverMemory(data.memoryMb)) return true;
  const errorMessage = `RequestId: ${current.requestId} Error: Runtime exited with error: signal: killed`;
  respond(
    { kind: 'fatal', payload: JSON.stringify({ errorType: 'Runtime.OutOfMemory', errorMessage }) },
    now,
  );
  return false;
}

/** A function's process is its own on Lambda; here a signal to it means this environment only. */
function keepProcessAlive(): void {
  const { kill } = process;
  process.kill = (pid, signal) => {
    if (pid !== process.pid || signal === 0) return kill(pid, signal);
    process.exit(1);
  };
}
