// What an artefact's `code/inference.ts` may export. Every handler is optional and has a default for ONNX artefacts;
// `transformFn` stands in place of `inputFn`, `predictFn` and `outputFn` and goes with none of them.
import type { DecodedBody, Part } from '../formats/codec.ts';
import type { Signature, Tensors } from '../tensors.ts';

export type { Signature, Tensor, Tensors } from '../tensors.ts';

/**
 * The handlers, named as in the SageMaker inference toolkits.
 * @example
 * export const outputFn: Handlers['outputFn'] = (prediction, _accept, context) => ({
 *   body: JSON.stringify(context.toRecords(prediction as Prediction).map(({ score }) => ({ score }))),
 *   contentType: 'application/json',
 * });
 */
export interface Handlers {
  /** Loads the model, once per instance. Default: an ONNX Runtime session on the artefact's model. */
  readonly modelFn?: (modelDir: string, context: ModelContext) => unknown;
  /** Bytes to what `predictFn` takes. Default: a `DecodedBody`, by content type and the model's inputs. */
  readonly inputFn?: (body: Buffer, contentType: string, context: InvocationContext) => unknown;
  /** Default: runs the session on a `DecodedBody`, or on tensors by input name. */
  readonly predictFn?: (data: unknown, model: unknown, context: InvocationContext) => unknown;
  /** Default: writes a `Prediction` in a format that the caller accepts; any other value as JSON. */
  readonly outputFn?: (
    prediction: unknown,
    accept: string,
    context: InvocationContext,
  ) => HandlerOutput | Promise<HandlerOutput>;
  readonly transformFn?: (
    model: unknown,
    body: Buffer,
    contentType: string,
    accept: string,
    context: InvocationContext,
  ) => HandlerOutput | Promise<HandlerOutput>;
  /**
   * Whether `inputFn` or `transformFn` takes the body as it comes, as an async iterable of chunks, in place of a
   * Buffer: see `StreamingHandlers`. Such a body has no bound on its size.
   */
  readonly streamsInput?: boolean;
  /** Called once after the model is loaded, before it is ready. */
  readonly warmupFn?: (model: unknown, context: ModelContext) => unknown;
}

/** The handlers of an artefact with `export const streamsInput = true`. */
export interface StreamingHandlers extends Omit<Handlers, 'streamsInput' | 'inputFn' | 'transformFn'> {
  readonly streamsInput: true;
  readonly inputFn?: (
    body: AsyncIterable<Uint8Array>,
    contentType: string,
    context: InvocationContext,
  ) => unknown;
  readonly transformFn?: (
    model: unknown,
    body: AsyncIterable<Uint8Array>,
    contentType: string,
    accept: string,
    context: InvocationContext,
  ) => HandlerOutput | Promise<HandlerOutput>;
}

/** A body with the content type that was accepted, or with its own. Chunks of an async iterable are streamed. */
export type HandlerOutput = HandlerBody | { readonly body: HandlerBody; readonly contentType: string };

export type HandlerBody = string | Uint8Array | AsyncIterable<string | Uint8Array>;

/** What the default `predictFn` answers: outputs by name, cut into the parts that the request was. */
export interface Prediction {
  readonly parts: readonly Part[];
  readonly rows: number;
  readonly reply?: DecodedBody['reply'];
}

/** The default `modelFn`'s model. */
export interface OnnxModel {
  readonly signature: Signature;
  readonly provider: string;
  run(inputs: Tensors): Promise<Tensors>;
}

export interface Logger {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface ModelContext {
  readonly modelName: string;
  readonly modelDir: string;
  readonly logger: Logger;
  /** The ONNX model's inputs and outputs; absent where the artefact has none or `modelFn` is its own. */
  readonly signature?: Signature;
  /**
   * Opens another `.onnx` file of the artefact, for a `modelFn` that runs several. It is released with the model.
   * @param file relative to the artefact: `features.onnx`
   */
  openModel(file: string): Promise<OnnxModel>;
}

export interface InvocationContext extends ModelContext {
  /** Headers of the request, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** `X-Amzn-SageMaker-Custom-Attributes` of the request. */
  readonly customAttributes?: string;
  /** `X-Amzn-SageMaker-Target-Model`: the name by which the caller knows the model. */
  readonly targetModel?: string;
  /** Headers for the answer, such as `x-amzn-sagemaker-custom-attributes`. */
  readonly responseHeaders: Record<string, string>;
  /** Aborts at the deadline and when the caller goes away. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** The records of a `Prediction`, by output name. */
  toRecords(prediction: Prediction): Record<string, unknown>[];
}
