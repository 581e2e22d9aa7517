// A model in memory, on whichever thread this runs: the ONNX session, the handlers, or both.
import { join } from 'node:path';
import { InferenceError } from '../errors.ts';
import type { Handlers, Logger } from '../handlers/api.ts';
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

/** @throws InferenceError InvalidArtefact, ModelOutOfMemory, or what `modelFn` and `warmupFn` throw */
export async function loadModel(source: ModelSource, logger: Logger): Promise<LoadedModel> {
  const handlers = source.codeFile === undefined ? undefined : await loadHandlers(source.codeFile);
  const needsSession = source.onnxFile !== undefined && handlers?.modelFn === undefined;
  const session = needsSession ? await openSession(source.onnxFile!, source.providers) : undefined;
  for (const reason of session?.passedOver ?? []) logger.warn(`Execution provider passed over: ${reason}`);
  if (handlers !== undefined) checkHasModel(source, handlers, session);
  const facts = {
    ...(session && { signature: session.signature, provider: session.provider }),
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
  const signature = session && { signature: session.signature };
  const context = { modelName: name, modelDir: folder, logger, openModel, ...signature };
  const model = handlers.modelFn ? await handlers.modelFn(folder, context) : session;
  await handlers.warmupFn?.(model, context);
  return { name, folder, handlers, model, ...signature, defaultAccept, logger, openModel };
}
