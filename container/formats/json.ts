// JSON in and out. In: `{"instances":[…]}`, `{"predictions":[…]}` as the container before this one answered it, a
// plain array of records, one bare record, or an Open Inference Protocol request (`oip.ts`). Out:
// `{"predictions":[…]}`, one record per row; see `rows.ts` for the records.
import { isUtf8 } from 'node:buffer';
import { InferenceError } from '../errors.ts';
import type { Signature } from '../tensors.ts';
import type { DecodeContext, DecodedBody, EncodeContext, EncodedBody, Part } from './codec.ts';
import { decodeOipJson, encodeOip, isOipRequest } from './oip.ts';
import { stackRecords, unstackRecords } from './rows.ts';

/** @throws InferenceError InvalidPayload */
export function decodeJson(body: Buffer, { signature }: DecodeContext): DecodedBody {
  return decodeDocument(parseJson(readText(body), signature), signature);
}

/** The same for JSON that is parsed already. @throws InferenceError InvalidPayload */
export function decodeDocument(document: unknown, signature: Signature): DecodedBody {
  if (Array.isArray(document)) return fromRecords(document, signature, false);
  if (typeof document !== 'object' || document === null) return fromRecords([document], signature, false);
  const { instances, predictions } = document as { instances?: unknown; predictions?: unknown };
  if (Array.isArray(instances)) return fromRecords(instances, signature, false);
  if (Array.isArray(predictions)) return fromRecords(predictions, signature, true);
  if (isOipRequest(document)) return decodeOipJson(document, signature);
  if (instances !== undefined) throw new InferenceError('InvalidPayload', '"instances" must be an array.');
  return fromRecords([document], signature, false);
}

function fromRecords(
  records: readonly unknown[],
  signature: Signature,
  ignoresUnknown: boolean,
): DecodedBody {
  return { parts: stackRecords(records, signature, { ignoresUnknown }), rows: records.length };
}

export function encodeJson(parts: readonly Part[], rows: number, context: EncodeContext): EncodedBody {
  if (context.reply !== undefined) return encodeOip(parts, context);
  const predictions = unstackRecords(parts, rows, { signature: context.signature, isText: true });
  return { body: JSON.stringify({ predictions }), contentType: 'application/json' };
}

/** @throws InferenceError InvalidPayload for bytes that are not UTF-8 */
export function readText(body: Buffer): string {
  if (!isUtf8(body)) throw new InferenceError('InvalidPayload', 'The body is not UTF-8 text.');
  const text = body.toString('utf8');
  return text.charCodeAt(0) === 0xfe_ff ? text.slice(1) : text;
}

/**
 * Parses JSON; where the model takes 64-bit integers, whole numbers past 2^53 become BigInts.
 * @throws InferenceError InvalidPayload
 */
export function parseJson(text: string, signature: Signature): unknown {
  try {
    return needsBigIntegers(text, signature) ? JSON.parse(text, reviveBig as never) : JSON.parse(text);
  } catch (thrown) {
    if (thrown instanceof InferenceError) throw thrown;
    const message = `The body is not JSON: ${(thrown as Error).message}${hintAt(text)}`;
    throw new InferenceError('InvalidPayload', message, { cause: thrown });
  }
}

/** Python writes these where JSON has none. */
function hintAt(text: string): string {
  return /[[,:]\s*(NaN|-?Infinity)\s*[\],}]/.test(text)
    ? '; JSON has no NaN and Infinity: write null, or "NaN", "Infinity" and "-Infinity"'
    : '';
}

function needsBigIntegers(text: string, { inputs }: Signature): boolean {
  return inputs.some(({ dtype }) => dtype === 'int64' || dtype === 'uint64') && /\d{16}/.test(text);
}

function reviveBig(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  return /^-?\d+$/.test(context.source ?? '') ? BigInt(context.source!) : value;
}
