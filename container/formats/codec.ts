// What a format is: a decoder from a request's body to tensors and an encoder back. Requests are cut into parts: rows
// of one shape that can share a run; most requests are one part. `formats/index.ts` chooses the format.
import type { Signature, Tensors } from '../tensors.ts';
import type { MediaType } from './media-type.ts';

/** Records of a request that have one shape. */
export interface Part {
  readonly tensors: Tensors;
  /** Records in the part; 1 for a model without a batch axis. */
  readonly rows: number;
  /** Each record's place in the request; absent where they are 0, 1, 2 … */
  readonly positions?: readonly number[];
}

export interface DecodedBody {
  readonly parts: readonly Part[];
  /** Records in all parts. */
  readonly rows: number;
  /** What an Open Inference Protocol request asked of the answer. */
  readonly reply?: OipReply;
}

export interface OipReply {
  readonly id?: string;
  /** Outputs asked for by name, and whether as binary; absent: all. */
  readonly outputs?: readonly { readonly name: string; readonly isBinary: boolean }[];
  readonly isBinaryDefault: boolean;
}

export interface DecodeContext {
  readonly contentType: MediaType;
  readonly signature: Signature;
}

export interface EncodeContext {
  readonly accept: MediaType;
  readonly signature: Signature;
  readonly modelName: string;
  /** `1` where nothing else is known. */
  readonly modelVersion?: string;
  readonly reply?: OipReply;
}

export interface EncodedBody {
  readonly body: string | Uint8Array;
  readonly contentType: string;
}

/** @throws InferenceError InvalidPayload */
export type Decode = (body: Buffer, context: DecodeContext) => DecodedBody | Promise<DecodedBody>;

/** @throws InferenceError NotAcceptable where the outputs cannot be written so */
export type Encode = (
  parts: readonly Part[],
  rows: number,
  context: EncodeContext,
) => EncodedBody | Promise<EncodedBody>;

export interface Format {
  readonly name: string;
  readonly mediaTypes: readonly string[];
  readonly decode?: Decode;
  readonly encode?: Encode;
}
