// ONNX Runtime sessions. `session.run` blocks the thread that calls it, so one session uses one intra-op thread
// without spinning (measured: spinning threads took p99 from 10 ms to 58 ms on two cores), and parallelism comes from
// more instances. Loaded with the first model: a server without one does not pay for the runtime.
import { createRequire } from 'node:module';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { InferenceError } from '../errors.ts';
import {
  DTYPES,
  type Dtype,
  isBatchedSignature,
  type Signature,
  type Tensor,
  type TensorData,
  type TensorSpec,
  type Tensors,
} from '../tensors.ts';

const require = createRequire(import.meta.url);

export interface OnnxSession {
  readonly signature: Signature;
  /** The execution provider in use. */
  readonly provider: string;
  /** Why the providers before it were passed over. */
  readonly passedOver: readonly string[];
  run(inputs: Tensors): Promise<Tensors>;
  release(): Promise<void>;
}

type Ort = typeof import('onnxruntime-node');
let loadedOrt: Ort | undefined;

function loadOrt(): Ort {
  if (loadedOrt === undefined) {
    loadedOrt = require('onnxruntime-node') as Ort;
    // What goes wrong is thrown, and told by whoever catches it: the runtime need not print it as well.
    loadedOrt.env.logLevel = 'fatal';
  }
  return loadedOrt;
}

/**
 * Opens the model at `file`, trying `providers` in order.
 * @param bytes what the file holds, where that has been read
 * @throws InferenceError InvalidArtefact naming the file, ModelOutOfMemory
 */
export async function openSession(
  file: string,
  providers: readonly string[],
  bytes?: Uint8Array,
): Promise<OnnxSession> {
  const ort = loadOrt();
  const refusals: string[] = [];
  for (const provider of providers) {
    try {
      const options = sessionOptions(provider);
      const { InferenceSession } = ort;
      const session = await (bytes === undefined
        ? InferenceSession.create(file, options)
        : InferenceSession.create(bytes, options));
      return { ...wrapSession(ort, session), provider, passedOver: refusals };
    } catch (thrown) {
      refusals.push(`${provider}: ${(thrown as Error).message}`);
    }
  }
  const message = `The model ${file} does not load. ${refusals.join('; ')}`;
  throw new InferenceError(
    /out of memory|bad_alloc/i.test(message) ? 'ModelOutOfMemory' : 'InvalidArtefact',
    message,
  );
}

function sessionOptions(provider: string): InferenceSession.SessionOptions {
  return {
    executionProviders: [provider],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
  };
}

function wrapSession(ort: Ort, session: InferenceSession): Omit<OnnxSession, 'provider' | 'passedOver'> {
  const inputs = session.inputMetadata.map(toSpec);
  const outputs = session.outputMetadata.map(toSpec);
  const signature = { inputs, outputs, isBatched: isBatchedSignature(inputs, outputs) };
  return {
    signature,
    run: (tensors) => runSession(ort, session, { signature, tensors }),
    release: () => session.release(),
  };
}

function toSpec(metadata: InferenceSession.ValueMetadata): TensorSpec {
  if (!metadata.isTensor) throw new InferenceError('InvalidArtefact', `"${metadata.name}" is not a tensor.`);
  if (!(DTYPES as readonly string[]).includes(metadata.type)) {
    const message = `"${metadata.name}" is of type ${metadata.type}, which is not served.`;
    throw new InferenceError('InvalidArtefact', message);
  }
  return { name: metadata.name, dtype: metadata.type as Dtype, shape: metadata.shape };
}

interface SessionCall {
  readonly signature: Signature;
  readonly tensors: Tensors;
}

async function runSession(
  ort: Ort,
  session: InferenceSession,
  { signature, tensors }: SessionCall,
): Promise<Tensors> {
  const feeds: Record<string, OrtTensor> = {};
  for (const { name } of signature.inputs) feeds[name] = toOrt(ort, tensors[name]!);
  try {
    return fromResults(await session.run(feeds), signature);
  } catch (thrown) {
    throw runError(thrown as Error);
  }
}

function toOrt(ort: Ort, { dtype, data, shape }: Tensor): OrtTensor {
  const tensor = new ort.Tensor(dtype as 'float32', data as Float32Array, shape as number[]);
  return dtype === 'float16' ? withHalfBits(tensor, data as Float16Array) : tensor;
}

/**
 * The runtime's JavaScript wants a Float16Array, its native part knows none and finds no bytes in it (1.30): it is given
 * the same memory as the integers that it takes for float16.
 */
function withHalfBits(tensor: OrtTensor, { buffer, byteOffset, length }: Float16Array): OrtTensor {
  return Object.assign(tensor, { cpuData: new Uint16Array(buffer, byteOffset, length) });
}

function fromResults(results: InferenceSession.OnnxValueMapType, { outputs }: Signature): Tensors {
  const tensors: Record<string, Tensor> = {};
  for (const { name } of outputs) {
    const { type, dims, data } = results[name] as OrtTensor;
    tensors[name] = { dtype: type as Dtype, shape: dims, data: data as TensorData };
  }
  return tensors;
}

/** What the runtime says of the input's shape or value is the caller's; the rest is the model's. */
function runError(thrown: Error): InferenceError {
  const isInput = /INVALID_ARGUMENT|Got invalid dimensions|Unexpected input data type/i.test(thrown.message);
  return new InferenceError(isInput ? 'InvalidPayload' : 'ModelFailed', thrown.message, { cause: thrown });
}
