// A model in memory, on whichever thread this runs: the ONNX session, the handlers, or both.
import { join } from 'node:path';
import { type ErrorCode, InferenceError, toInferenceError } from '../errors.ts';
import type { Handlers, Logger, OnnxModel } from '../handlers/api.ts';
import { loadHandlers } from '../handlers/load.ts';
import { type HandledModel, type HandlerAnswer, type HandlerCall, runHandlers } from '../handlers/run.ts';
import { type OnnxSession, openSession } from '../onnx/session.ts';
import type { Tensors } from '../tensors.ts';
import type { ModelFacts, ModelSource } from './protocol.ts';

export interface LoadedModel {
  readonly facts: ModelFacts;
  predict(tensors: Tensors): Promise<Tensors>;
  handle(call: HandlerCall, signal: AbortSignal): Promise<HandlerAnswer>;
  release(): Promise<void>;
}

/**
 * @param onnxBytes what `source.onnxFile` holds, where that has been read
 * @throws InferenceError InvalidArtefact, ModelOutOfMemory, or what `modelFn` and `warmupFn` throw
 */
export async function loadModel(
  source: ModelSource,
  logger: Logger,
  onnxBytes?: Uint8Array,
): Promise<LoadedModel> {
  const handlers = source.codeFile === undefined ? undefined : await loadHandlers(source.codeFile);
  const needsSession = source.onnxFile !== undefined && handlers?.modelFn === undefined;
  const session = needsSession ? await openSession(source.onnxFile!, source.providers, onnxBytes) : undefined;
  for (const reason of session?.passedOver ?? []) logger.warn(`Execution provider passed over: ${reason}`);
  if (handlers !== undefined) checkHasModel(source, handlers, session);
  const facts = {
    ...(session && { signature: session.signature, provider: session.provider }),
    ...(session && session.passedOver.length > 0 && { passedOver: session.passedOver }),
    ...(handlers?.streamsInput && { streamsInput: true }),
  };
  const opened: OnnxSession[] = [];
  const openModel = async (file: string): Promise<OnnxSession> => {
    const other = await openSession(join(source.folder, file), source.providers);
    opened.push(other);
    return other;
  };
  const handled = handlers && (await startHandlers(source, handlers, { session, logger, openModel }));
  return {
    facts,
    predict: (tensors) => session!.run(tensors),
    handle: (call, signal) => runHandlers(handled!, call, signal),
    release: async () => {
      for (const one of session === undefined ? opened : [session, ...opened]) await one.release();
    },
  };
}

function checkHasModel(
  { codeFile, folder }: ModelSource,
  handlers: Handlers,
  session: OnnxSession | undefined,
): void {
  if (session !== undefined || handlers.modelFn !== undefined) return;
  if (handlers.transformFn !== undefined || handlers.predictFn !== undefined) return;
  const message = `The handlers in ${codeFile} cannot be used: there is no ONNX model in ${folder} and neither modelFn nor predictFn.`;
  throw new InferenceError('InvalidArtefact', message);
}

interface HandlerStart {
  readonly session: OnnxSession | undefined;
  readonly logger: Logger;
  readonly openModel: (file: string) => Promise<OnnxSession>;
}

async function startHandlers(
  source: ModelSource,
  handlers: Handlers,
  { session, logger, openModel }: HandlerStart,
): Promise<HandledModel> {
  const { name, folder, defaultAccept } = source;
  const given = session && { signature: session.signature };
  const context = { modelName: name, modelDir: folder, logger, openModel, ...given };
  const { modelFn, warmupFn } = handlers;
  const model = modelFn ? await attempt(source, 'modelFn', () => modelFn(folder, context)) : session;
  // A model of `modelFn`'s own may be one that the other defaults can serve.
  const found = (model as Partial<OnnxModel> | null | undefined)?.signature;
  const signature = found && { signature: found };
  checkIsComplete(source, handlers, model);
  if (warmupFn) await attempt(source, 'warmupFn', () => warmupFn(model, { ...context, ...signature }));
  return { name, folder, handlers, model, ...signature, defaultAccept, logger, openModel };
}

/** The defaults for the handlers that are not there must have something to work on. */
function checkIsComplete({ codeFile }: ModelSource, handlers: Handlers, model: unknown): void {
  if (handlers.transformFn !== undefined) return;
  const { run, signature } = (model ?? {}) as Partial<OnnxModel>;
  const missing = [
    ...(handlers.inputFn === undefined && signature === undefined ? ['inputFn'] : []),
    ...(handlers.predictFn === undefined && typeof run !== 'function' ? ['predictFn'] : []),
  ];
  if (missing.length === 0) return;
  const message = `The handlers in ${codeFile} cannot be used: without an ONNX model there is no default for ${missing.join(' and ')}: export it, or transformFn.`;
  throw new InferenceError('InvalidArtefact', message);
}

/** A failure while loading is read in a log, far from the file. */
async function attempt<Value>(
  { codeFile }: ModelSource,
  handler: string,
  run: () => Value | Promise<Value>,
): Promise<Value> {
  try {
    return await run();
  } catch (thrown) {
    const { name, statusCode, message } = toInferenceError(thrown);
    const text = `${handler} in ${codeFile} failed: ${message}`;
    throw new InferenceError(name as ErrorCode, text, { statusCode, cause: thrown });
  }
}
