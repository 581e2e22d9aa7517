// Runs one invocation through an artefact's handlers, with the defaults in the gaps. Runs in a worker thread.
import { InferenceError } from '../errors.ts';
import type { DecodedBody, EncodedBody, Part } from '../formats/codec.ts';
import { chooseFormat, decodeBody, encodeBody, requireIdentity } from '../formats/index.ts';
import { unstackRecords } from '../formats/rows.ts';
import { checkInputs, type Signature } from '../tensors.ts';
import type {
  HandlerBody,
  HandlerOutput,
  Handlers,
  InvocationContext,
  Logger,
  OnnxModel,
  Prediction,
} from './api.ts';
import { readInputs, readOwnPrediction, writeOwnJson } from './own-output.ts';

/** One invocation as it crosses to the worker. */
export interface HandlerCall {
  /** A stream where the handlers take one. */
  readonly body: Uint8Array | ReadableStream<Uint8Array>;
  readonly contentType: string;
  readonly accept?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly deadline: number;
}

export interface HandlerAnswer {
  readonly body: HandlerBody;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A model whose handlers are loaded. */
export interface HandledModel {
  readonly name: string;
  readonly folder: string;
  readonly handlers: Handlers;
  /** What `modelFn` gave. */
  readonly model: unknown;
  readonly signature?: Signature;
  readonly defaultAccept: string;
  readonly logger: Logger;
  readonly openModel: (file: string) => Promise<OnnxModel>;
}

/** @throws whatever a handler throws */
export async function runHandlers(
  handled: HandledModel,
  call: HandlerCall,
  signal: AbortSignal,
): Promise<HandlerAnswer> {
  const { handlers, model } = handled;
  const context = createContext(handled, call, signal);
  const body = toHandlerBody(call.body);
  const accept = resolveAccept(call.accept, handled.defaultAccept);
  if (handlers.transformFn !== undefined) {
    const output = await handlers.transformFn(model, body, call.contentType, accept, context);
    return toAnswer(output, accept, context);
  }
  const data = await (handlers.inputFn ?? defaultInput)(body, call.contentType, context);
  const prediction = await (handlers.predictFn ?? defaultPredict)(data, model, context);
  if (handlers.outputFn !== undefined) {
    return toAnswer(await handlers.outputFn(prediction, accept, context), accept, context);
  }
  const encoded = await defaultOutput(prediction, handled, call.accept);
  return { ...encoded, headers: answerHeaders(context) };
}

/** What a handler of `streamsInput` gets is typed in `StreamingHandlers`. */
function toHandlerBody(body: HandlerCall['body']): Buffer {
  if (body instanceof ReadableStream) return body as unknown as Buffer;
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** Absent and wildcard Accepts become the default, as in the toolkits; lists stay for the handler to read. */
function resolveAccept(accept: string | undefined, defaultAccept: string): string {
  return accept === undefined || accept === '' || accept === '*/*' ? defaultAccept : accept;
}

function createContext(handled: HandledModel, call: HandlerCall, signal: AbortSignal): InvocationContext {
  const { name, folder, logger, signature, openModel } = handled;
  const customAttributes = call.headers['x-amzn-sagemaker-custom-attributes'];
  const targetModel = call.headers['x-amzn-sagemaker-target-model'];
  return {
    modelName: name,
    modelDir: folder,
    logger,
    openModel,
    ...(signature && { signature }),
    headers: call.headers,
    ...(customAttributes !== undefined && { customAttributes }),
    ...(targetModel !== undefined && { targetModel }),
    responseHeaders: {},
    signal,
    deadline: call.deadline,
    toRecords: ({ parts, rows }) =>
      unstackRecords(parts, rows, { signature: requireSignature(signature) }) as Record<string, unknown>[],
  };
}

function requireSignature(signature: Signature | undefined): Signature {
  if (signature !== undefined) return signature;
  throw new InferenceError('ModelFailed', 'The default handlers need an ONNX model in the artefact.');
}

function defaultInput(
  body: Buffer,
  contentType: string,
  context: InvocationContext,
): DecodedBody | Promise<DecodedBody> {
  requireIdentity(context.headers);
  return decodeBody(body, contentType, requireSignature(context.signature));
}

async function defaultPredict(
  data: unknown,
  model: unknown,
  context: InvocationContext,
): Promise<Prediction> {
  const { run } = model as OnnxModel;
  if (typeof run !== 'function')
    throw new InferenceError('ModelFailed', 'modelFn gave no ONNX session: export predictFn.');
  const decoded = isDecoded(data) ? data : fromTensors(data, context.signature);
  const parts: Part[] = [];
  for (const part of decoded.parts) parts.push({ ...part, tensors: await run(part.tensors) });
  return { parts, rows: decoded.rows, ...(decoded.reply && { reply: decoded.reply }) };
}

function isDecoded(data: unknown): data is DecodedBody {
  return Array.isArray((data as DecodedBody | null)?.parts);
}

/**
 * What no body could have made right is the handler's fault; a shape may come from the caller's values.
 * @throws InferenceError ModelFailed naming inputFn, or InvalidPayload for shapes that the model does not take
 */
function fromTensors(data: unknown, signature: Signature | undefined): DecodedBody {
  if (typeof data !== 'object' || data === null)
    throw new InferenceError('ModelFailed', 'inputFn gave no tensors by input name: export predictFn.');
  const tensors = readInputs(data, signature);
  if (signature !== undefined) checkInputs(tensors, signature.inputs);
  const rows = Object.values(tensors)[0]?.shape[0] ?? 1;
  return { parts: [{ tensors, rows }], rows };
}

async function defaultOutput(
  prediction: unknown,
  handled: HandledModel,
  accept: string | undefined,
): Promise<EncodedBody> {
  const { defaultAccept, name } = handled;
  const own = isDecoded(prediction) ? undefined : readOwnPrediction(prediction, handled.signature);
  if (!isDecoded(prediction) && own === undefined) return writeJson(prediction, accept, defaultAccept);
  const { parts, rows, reply } = own ?? (prediction as DecodedBody);
  const signature = own?.signature ?? handled.signature;
  const format = chooseFormat(accept, { defaultAccept, ...(reply && { reply }) });
  return encodeBody(parts, rows, {
    format,
    signature: requireSignature(signature),
    modelName: name,
    ...(reply && { reply }),
  });
}

/** A value of the handler's own making can only be JSON. */
function writeJson(value: unknown, accept: string | undefined, defaultAccept: string): EncodedBody {
  const { mediaType } = chooseFormat(accept, { defaultAccept });
  if (mediaType.type === 'application/json')
    return { body: writeOwnJson(value), contentType: 'application/json' };
  const message = `predictFn's answer can be written as application/json, not ${mediaType.type}: export outputFn.`;
  throw new InferenceError('NotAcceptable', message);
}

function toAnswer(output: HandlerOutput, accept: string, context: InvocationContext): HandlerAnswer {
  const headers = answerHeaders(context);
  const contentType = firstType(accept);
  if (isBody(output)) return { body: output, contentType, headers };
  if (typeof output === 'object' && output !== null && isBody(output.body)) {
    return { body: output.body, contentType: output.contentType ?? contentType, headers };
  }
  throw new InferenceError('ModelFailed', 'The handler answered neither text, bytes, nor a stream of them.');
}

/** How the body is framed is the server's to say. */
const FRAMING = new Set(['content-length', 'content-type', 'transfer-encoding', 'connection', 'keep-alive']);

function answerHeaders({ responseHeaders }: InvocationContext): Record<string, string> {
  const own = Object.entries(responseHeaders ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
  return Object.fromEntries(own.filter(([name]) => !FRAMING.has(name as string)));
}

function firstType(accept: string): string {
  return accept.split(',', 1)[0]!.split(';', 1)[0]!.trim();
}

function isBody(value: unknown): value is HandlerBody {
  if (typeof value === 'string' || value instanceof Uint8Array) return true;
  return typeof (value as AsyncIterable<string> | null)?.[Symbol.asyncIterator] === 'function';
}
