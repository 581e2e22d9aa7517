// A loaded model as the routes see it: bytes in, bytes out. Models without handlers are decoded, batched and encoded
// on the server's thread; a light one runs there too, because a hop to a worker costs more than its inference. Models
// with handlers run whole in a worker.
import { basename } from 'node:path';
import { type Artefact, inspectArtefact } from '../artefact.ts';
import type { DecodedBody, EncodedBody, Part } from '../formats/codec.ts';
import { chooseFormat, decodeBody, encodeBody } from '../formats/index.ts';
import type { Logger } from '../handlers/api.ts';
import { type LoadedModel, loadModel } from '../instances/loaded-model.ts';
import type { Pool } from '../instances/pool.ts';
import type { ModelFacts, ModelSource, WireAnswer } from '../instances/protocol.ts';
import type { Settings } from '../settings.ts';
import { checkInputs, type Signature } from '../tensors.ts';
import { type BatchAnswer, type Batcher, createBatcher } from './batcher.ts';

/** One invocation as it came over HTTP. */
export interface Invocation {
  readonly body: Buffer;
  readonly contentType: string;
  readonly accept: string | undefined;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** Aborts when the caller goes away. Made when somebody asks for it. */
  readonly signal: () => AbortSignal;
  /** A streamed answer as it comes. */
  readonly onHead: (answer: WireAnswer) => void;
  readonly onChunk: (chunk: string | Uint8Array) => void;
}

export interface InvocationAnswer {
  /** Null where the body was streamed. */
  readonly body: string | Uint8Array | null;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly times: InvocationTimes;
}

/** What an invocation met, for the report and the metrics. Milliseconds. */
export interface InvocationTimes {
  readonly queueMs: number;
  readonly computeMs: number;
  readonly batchRows: number;
  /** Records of this request. */
  readonly rows: number;
}

export interface ServedModel {
  readonly name: string;
  readonly url: string;
  readonly artefact: Artefact;
  readonly facts: ModelFacts;
  readonly loadMs: number;
  /** Where its inference runs. */
  readonly thread: 'server' | 'worker';
  /** @throws InferenceError */
  invoke(invocation: Invocation): Promise<InvocationAnswer>;
  release(): Promise<void>;
}

export interface ServedModelOptions {
  readonly name: string;
  readonly folder: string;
  readonly settings: Settings;
  readonly pool: Pool;
  readonly logger: Logger;
}

/** @throws InferenceError InvalidArtefact, ModelOutOfMemory */
export async function serveModel(options: ServedModelOptions): Promise<ServedModel> {
  const { name, folder, settings } = options;
  const startedAt = performance.now();
  const artefact = await inspectArtefact(folder);
  const source = toSource(name, artefact, settings);
  const runner = runsOnServerThread(artefact, settings)
    ? await startInline(source, options)
    : await startPooled(source, options);
  const { thread, facts, invoke, release } = runner;
  return {
    name,
    url: folder,
    artefact,
    facts,
    thread,
    invoke,
    release,
    loadMs: performance.now() - startedAt,
  };
}

function toSource(name: string, artefact: Artefact, settings: Settings): ModelSource {
  const { folder, onnxFile, codeFile } = artefact;
  const { providers, defaultAccept } = settings;
  return {
    name,
    folder,
    ...(onnxFile && { onnxFile }),
    ...(codeFile && { codeFile }),
    providers,
    defaultAccept,
  };
}

/** Models up to this size run on the server's own thread unless told otherwise. */
const LIGHT_MODEL_BYTES = 1024 * 1024;

function runsOnServerThread({ codeFile, bytes }: Artefact, { thread, providers }: Settings): boolean {
  if (codeFile !== undefined || thread === 'worker') return false;
  if (thread === 'server') return true;
  return bytes <= LIGHT_MODEL_BYTES && providers.every((provider) => provider === 'cpu');
}

type Runner = Pick<ServedModel, 'thread' | 'facts' | 'invoke' | 'release'>;

async function startInline(source: ModelSource, options: ServedModelOptions): Promise<Runner> {
  const loaded: LoadedModel = await loadModel(source, options.logger);
  const signature = loaded.facts.signature!;
  const batcher = createBatcher({
    ...batcherOptions(signature, options.settings),
    instances: 1,
    run: (tensors) => loaded.predict(tensors),
  });
  return {
    thread: 'server',
    facts: loaded.facts,
    invoke: (invocation) => invokeDefault(invocation, { signature, batcher, ...options }),
    release: () => loaded.release(),
  };
}

async function startPooled(source: ModelSource, options: ServedModelOptions): Promise<Runner> {
  const { pool, settings } = options;
  const facts = await pool.load(source);
  const release = () => pool.unload(source.name);
  if (source.codeFile !== undefined) {
    return {
      thread: 'worker',
      facts,
      invoke: (invocation) => invokeHandlers(invocation, source, pool),
      release,
    };
  }
  const signature = facts.signature!;
  const batcher = createBatcher({
    ...batcherOptions(signature, settings),
    instances: settings.workers,
    run: (tensors, limits) => pool.run(source, limits, (worker) => worker.predict(source.name, tensors)),
  });
  const invoke = (invocation: Invocation) => invokeDefault(invocation, { signature, batcher, ...options });
  return { thread: 'worker', facts, invoke, release };
}

function batcherOptions(signature: Signature, { batching, queueLimit }: Settings) {
  const settings = signature.isBatched ? batching : { ...batching, maxRows: 1, delayMs: 0 };
  return { signature, settings, queueLimit };
}

interface DefaultContext extends ServedModelOptions {
  readonly signature: Signature;
  readonly batcher: Batcher;
}

async function invokeDefault(invocation: Invocation, context: DefaultContext): Promise<InvocationAnswer> {
  const { signature, settings, name, batcher } = context;
  const pending = decodeBody(invocation.body, invocation.contentType, signature);
  const decoded = pending instanceof Promise ? await pending : pending;
  const { reply, rows } = decoded;
  // An Accept that cannot be written is refused before anything is run.
  const format = chooseFormat(invocation.accept, {
    defaultAccept: settings.defaultAccept,
    ...(reply && { reply }),
  });
  const { parts, times } = await predictParts(decoded, invocation, { signature, batcher });
  const encoded = encodeBody(parts, rows, { format, signature, modelName: name, ...(reply && { reply }) });
  const { body, contentType }: EncodedBody = encoded instanceof Promise ? await encoded : encoded;
  return { body, contentType, times };
}

interface PartsContext {
  readonly signature: Signature;
  readonly batcher: Batcher;
}

async function predictParts(
  { parts, rows }: DecodedBody,
  invocation: Invocation,
  { signature, batcher }: PartsContext,
): Promise<{ parts: readonly Part[]; times: InvocationTimes }> {
  for (const { tensors } of parts) checkInputs(tensors, signature.inputs);
  const limits = { deadline: invocation.deadline, signal: invocation.signal() };
  const submit = (part: Part) => batcher.submit({ tensors: part.tensors, rows: part.rows, ...limits });
  const [only] = parts;
  const answers = parts.length === 1 ? [await submit(only!)] : await Promise.all(parts.map(submit));
  return {
    parts: parts.map((part, index) => ({ ...part, tensors: answers[index]!.tensors })),
    times: { ...sumTimes(answers), rows },
  };
}

function sumTimes(answers: readonly BatchAnswer[]): Omit<InvocationTimes, 'rows'> {
  if (answers.length === 1) return answers[0]!;
  return {
    queueMs: Math.max(...answers.map(({ queueMs }) => queueMs)),
    computeMs: answers.reduce((sum, { computeMs }) => sum + computeMs, 0),
    batchRows: Math.max(...answers.map(({ batchRows }) => batchRows)),
  };
}

async function invokeHandlers(
  invocation: Invocation,
  source: ModelSource,
  pool: Pool,
): Promise<InvocationAnswer> {
  const { body, contentType, accept, headers, deadline, onHead, onChunk } = invocation;
  const signal = invocation.signal();
  const arrivedAt = performance.now();
  let startedAt = arrivedAt;
  const call = { body, contentType, ...(accept !== undefined && { accept }), headers, deadline };
  const answer = await pool.run(source, { deadline, signal }, (worker) => {
    startedAt = performance.now();
    return worker.handle(source.name, call, { signal, onHead, onChunk });
  });
  const times = {
    queueMs: startedAt - arrivedAt,
    computeMs: performance.now() - startedAt,
    batchRows: 1,
    rows: 1,
  };
  return { ...answer, times };
}

/** The name that a report gives: the caller's word for the model, else the container's. */
export function reportedName(model: ServedModel, headers: Readonly<Record<string, string>>): string {
  return headers['x-amzn-sagemaker-target-model'] ?? basename(model.name);
}
