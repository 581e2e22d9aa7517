// What the server's thread and a worker say to each other. Tensors cross as typed arrays, never as JSON.
import type { ErrorRecord } from '../errors.ts';
import type { HandlerCall } from '../handlers/run.ts';
import type { Signature, Tensors } from '../tensors.ts';

/** What an instance needs to load a model. */
export interface ModelSource {
  readonly name: string;
  readonly folder: string;
  readonly onnxFile?: string;
  readonly codeFile?: string;
  readonly providers: readonly string[];
  readonly defaultAccept: string;
}

/** What loading told. */
export interface ModelFacts {
  readonly signature?: Signature;
  /** The execution provider in use; absent where handlers bring their own model. */
  readonly provider?: string;
  /** Why the providers before it were passed over. */
  readonly passedOver?: readonly string[];
  /** Whether the handlers take the body as it comes. */
  readonly streamsInput?: boolean;
}

export type WorkerRequest =
  | { readonly kind: 'load'; readonly id: number; readonly source: ModelSource }
  | { readonly kind: 'unload'; readonly id: number; readonly name: string }
  | { readonly kind: 'predict'; readonly id: number; readonly name: string; readonly tensors: Tensors }
  | { readonly kind: 'handle'; readonly id: number; readonly name: string; readonly call: HandlerCall }
  | { readonly kind: 'abort'; readonly id: number }
  /** The caller has taken a chunk of this length. */
  | { readonly kind: 'taken'; readonly id: number; readonly length: number };

export type WorkerReply =
  | { readonly kind: 'done'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly error: ErrorRecord }
  | { readonly kind: 'head'; readonly id: number; readonly value: WireAnswer }
  | { readonly kind: 'chunk'; readonly id: number; readonly chunk: string | Uint8Array }
  | { readonly kind: 'log'; readonly level: 'info' | 'warn' | 'error'; readonly message: string };

/** A handler's answer; a streamed one is announced and followed by chunks and `done`. */
export interface WireAnswer {
  readonly body: string | Uint8Array | null;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
}
