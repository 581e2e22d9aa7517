// A loaded model as the routes see it: bytes in, bytes out. Models without handlers are decoded and encoded on the
// server's thread, around a predictor; models with handlers run whole in a worker.
import type { Artefact } from '../artefact.ts';
import type { DecodedBody, Part } from '../formats/codec.ts';
import { chooseFormat, decodeBody, encodeBody, requireIdentity } from '../formats/index.ts';
import type { ModelSource, WireAnswer } from '../instances/protocol.ts';
import { checkInputs } from '../tensors.ts';
import { openRepository } from '../triton/repository.ts';
import { type BatchAnswer, overloaded } from './batcher.ts';
import type { ModelLabel } from './metrics.ts';
import { createPredictor, type Predictor, type PredictorOptions, type Thread } from './predictor.ts';
import { startChecksum } from './report.ts';
import { handsOn, serveSeries } from './series.ts';

/** One invocation as it came over HTTP. */
export interface Invocation {
  readonly body: Buffer;
  /** In place of `body`, for a model that streams its input. */
  readonly stream?: ReadableStream<Uint8Array>;
  readonly contentType: string;
  readonly accept: string | undefined;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** Whether the caller has gone away. */
  readonly isAbandoned: () => boolean;
  /** Aborts when the caller goes away. Made for those who ask: most invocations end before anybody would. */
  readonly signal: () => AbortSignal;
  /** A streamed answer as it comes. */
  readonly onHead: (answer: WireAnswer) => void;
  readonly onChunk: (chunk: string | Uint8Array) => void | Promise<void>;
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
  /** Decoding the request. */
  readonly inputMs: number;
  /** Waiting for the run. */
  readonly queueMs: number;
  /** Of it, the wait for others to join the batch while an instance was free. */
  readonly batchWaitMs: number;
  /** The run, shared by all in the batch. */
  readonly computeMs: number;
  /** Encoding the answer. */
  readonly outputMs: number;
  /** Records in the run, of all callers. */
  readonly batchRows: number;
  /** Records of this request. */
  readonly rows: number;
}

export interface ServedModel extends Served {
  readonly name: string;
  readonly url: string;
  readonly loadMs: number;
  /** Of the model's file, shortened; `undefined` until it is known, and where nobody asks. */
  readonly checksum: () => string | undefined;
}

export interface Served {
  /** The execution provider in use, or `handlers` where these bring their own model. */
  readonly provider: string;
  /** Why the providers before it were passed over. */
  readonly passedOver: readonly string[];
  /** Its name and version in the metrics. */
  readonly label: ModelLabel;
  /** Where its inference runs. */
  readonly thread: Thread;
  /** Whether it takes the body as it comes. */
  readonly streamsInput: boolean;
  /** Invocations that wait for a run. */
  waiting(): number;
  /** @throws InferenceError */
  invoke(invocation: Invocation): Promise<InvocationAnswer>;
  release(): Promise<void>;
}

export interface ServedModelOptions extends Omit<PredictorOptions, 'batching' | 'declare' | 'instances'> {
  readonly name: string;
  readonly artefact: Artefact;
  /** When the load began, by `performance.now()`: looking into the artefact counts. */
  readonly startedAt: number;
}

/** @throws InferenceError InvalidArtefact, ModelOutOfMemory */
export async function serveModel(options: ServedModelOptions): Promise<ServedModel> {
  const { name, artefact, startedAt } = options;
  const { series } = options.settings;
  const own = await serve(options);
  const served = series === undefined ? own : handsOn(own, series);
  const checksum = options.settings.reportsAttributes ? startChecksum(artefact) : noChecksum;
  return { ...served, name, url: artefact.folder, loadMs: performance.now() - startedAt, checksum };
}

const noChecksum = (): undefined => undefined;

async function serve(options: ServedModelOptions): Promise<Served> {
  const { artefact } = options;
  if (artefact.kind === 'series') return serveSeries(options, serve);
  const source = toSource(artefact, options);
  if (artefact.codeFile !== undefined) return serveHandlers(source, options);
  if (artefact.kind === 'triton') {
    const { predictor, name, label } = await openRepository(source, options);
    return servePredictor(predictor, { ...options, name, label });
  }
  const label = { model: source.name, version: '1' };
  return servePredictor(await createPredictor(source, { ...options, label }), { ...options, label });
}

function toSource(
  { folder, onnxFile, codeFile }: Artefact,
  { name, settings }: ServedModelOptions,
): ModelSource {
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

interface DefaultContext extends ServedModelOptions {
  readonly label: ModelLabel;
}

function servePredictor(predictor: Predictor, context: DefaultContext): Served {
  const { provider, passedOver, thread, waiting, release } = predictor;
  return {
    provider,
    passedOver,
    label: context.label,
    thread,
    streamsInput: false,
    waiting,
    release,
    invoke: (invocation) => invokePredictor(invocation, predictor, context),
  };
}

async function invokePredictor(
  invocation: Invocation,
  predictor: Predictor,
  { settings: { defaultAccept }, name, label }: DefaultContext,
): Promise<InvocationAnswer> {
  const { signature } = predictor;
  const startedAt = performance.now();
  requireIdentity(invocation.headers);
  const pending = decodeBody(invocation.body, invocation.contentType, signature);
  const decoded = pending instanceof Promise ? await pending : pending;
  const { reply, rows } = decoded;
  // An Accept that cannot be written is refused before anything is run.
  const format = chooseFormat(invocation.accept, { defaultAccept, ...(reply && { reply }) });
  const decodedAt = performance.now();
  const { parts, times } = await predictParts(decoded, invocation, predictor);
  const predictedAt = performance.now();
  const options = {
    format,
    signature,
    modelName: name,
    modelVersion: label.version,
    ...(reply && { reply }),
  };
  const encoding = encodeBody(parts, rows, options);
  const { body, contentType } = encoding instanceof Promise ? await encoding : encoding;
  const outputMs = performance.now() - predictedAt;
  return { body, contentType, times: { ...times, rows, inputMs: decodedAt - startedAt, outputMs } };
}

type RunTimes = Pick<InvocationTimes, 'queueMs' | 'batchWaitMs' | 'computeMs' | 'batchRows'>;

async function predictParts(
  { parts }: DecodedBody,
  { deadline, isAbandoned }: Invocation,
  { predict, signature }: Predictor,
): Promise<{ parts: readonly Part[]; times: RunTimes }> {
  for (const { tensors } of parts) checkInputs(tensors, signature.inputs);
  const submit = ({ tensors, rows }: Part) => predict({ tensors, rows, deadline, isAbandoned });
  const answers = parts.length === 1 ? [await submit(parts[0]!)] : await Promise.all(parts.map(submit));
  return {
    parts: parts.map((part, index) => ({ ...part, tensors: answers[index]!.tensors })),
    times: sumTimes(answers),
  };
}

function sumTimes(answers: readonly BatchAnswer[]): RunTimes {
  if (answers.length === 1) return answers[0]!;
  return {
    queueMs: Math.max(...answers.map(({ queueMs }) => queueMs)),
    batchWaitMs: Math.max(...answers.map(({ batchWaitMs }) => batchWaitMs)),
    computeMs: answers.reduce((sum, { computeMs }) => sum + computeMs, 0),
    batchRows: Math.max(...answers.map(({ batchRows }) => batchRows)),
  };
}

async function serveHandlers(
  source: ModelSource,
  { pool, metrics, name, settings }: ServedModelOptions,
): Promise<Served> {
  const { provider = 'handlers', passedOver = [], streamsInput = false } = await pool.load(source);
  const label = { model: name, version: '1' };
  const { ran } = metrics.model(label);
  return {
    label,
    provider,
    passedOver,
    thread: 'worker',
    streamsInput,
    waiting: () => pool.waiting(name),
    invoke: async (invocation) => {
      const waiting = pool.waiting(name);
      if (waiting >= settings.queueLimit) throw overloaded(waiting);
      return invokeHandlers(invocation, source, { pool, ran });
    },
    release: () => pool.unload(name),
  };
}

interface HandlersContext extends Pick<ServedModelOptions, 'pool'> {
  readonly ran: (rows: number) => void;
}

async function invokeHandlers(
  invocation: Invocation,
  source: ModelSource,
  { pool, ran }: HandlersContext,
): Promise<InvocationAnswer> {
  const { contentType, accept, headers, deadline, onHead, onChunk } = invocation;
  const body = invocation.stream ?? invocation.body;
  const signal = invocation.signal();
  const arrivedAt = performance.now();
  let startedAt = arrivedAt;
  const call = { body, contentType, ...(accept !== undefined && { accept }), headers, deadline };
  const answer = await pool.run(source, { deadline, signal }, (worker) => {
    startedAt = performance.now();
    return worker.handle(source.name, call, { signal, onHead, onChunk });
  });
  ran(1);
  // The handlers do their own decoding and encoding: all of it counts as the run.
  const computeMs = performance.now() - startedAt;
  const queueMs = startedAt - arrivedAt;
  const times = { inputMs: 0, queueMs, batchWaitMs: 0, computeMs, outputMs: 0, batchRows: 1, rows: 1 };
  return { ...answer, times };
}
