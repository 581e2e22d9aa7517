// Chooses a format by Content-Type and Accept. A new format is one file beside this one and one line in the table.
import { InferenceError } from '../errors.ts';
import type { DecodeContext, DecodedBody, Encode, EncodedBody, Format, OipReply, Part } from './codec.ts';
import { decodeCsv, encodeCsv } from './csv.ts';
import { decodeImage, encodeImage } from './image.ts';
import { decodeJson, encodeJson } from './json.ts';
import { decodeJsonLines, encodeJsonLines } from './json-lines.ts';
import { type MediaType, parseAccept, parseMediaType } from './media-type.ts';
import { decodeNpy, encodeNpy } from './npy.ts';
import { decodeNpz, encodeNpz } from './npz.ts';
import { BINARY_OIP, decodeOipBinary, encodeOip } from './oip.ts';

const FORMATS: readonly Format[] = [
  { name: 'JSON', mediaTypes: ['application/json'], decode: decodeJson, encode: encodeJson },
  { name: 'CSV', mediaTypes: ['text/csv'], decode: decodeCsv, encode: encodeCsv },
  {
    name: 'JSON Lines',
    mediaTypes: [
      'application/jsonlines',
      'application/x-jsonlines',
      'application/x-ndjson',
      'application/jsonl',
    ],
    decode: decodeJsonLines,
    encode: encodeJsonLines,
  },
  {
    name: 'Open Inference Protocol with binary tensors',
    mediaTypes: [BINARY_OIP],
    decode: decodeOipBinary,
    encode: (parts, _rows, context) => encodeOip(parts, context),
  },
  { name: 'NumPy', mediaTypes: ['application/x-npy'], decode: decodeNpy, encode: encodeNpy },
  { name: 'NumPy archive', mediaTypes: ['application/x-npz'], decode: decodeNpz, encode: encodeNpz },
  {
    name: 'image',
    mediaTypes: ['image/png', 'image/jpeg', 'image/webp'],
    decode: decodeImage,
    encode: encodeImage,
  },
];

const byMediaType = new Map(
  FORMATS.flatMap((format) => format.mediaTypes.map((type) => [type, format] as const)),
);

/** @throws InferenceError UnsupportedContentType for a body that is compressed */
export function requireIdentity(headers: Readonly<Record<string, string>>): void {
  const encoding = headers['content-encoding'];
  if (encoding === undefined || encoding === '' || encoding.toLowerCase() === 'identity') return;
  const message = `Content encoding "${encoding}" is not supported: send the body as it is.`;
  throw new InferenceError('UnsupportedContentType', message);
}

/** @throws InferenceError UnsupportedContentType, InvalidPayload */
export function decodeBody(
  body: Buffer,
  contentType: string,
  signature: DecodeContext['signature'],
): DecodedBody | Promise<DecodedBody> {
  const mediaType = parseMediaType(contentType);
  const decode = byMediaType.get(mediaType.type)?.decode;
  if (decode === undefined) {
    const message = `Content type "${contentType}" is not supported; supported are ${supported('decode')}.`;
    throw new InferenceError('UnsupportedContentType', message);
  }
  return decode(body, { contentType: mediaType, signature });
}

/** A format that the caller accepts. */
export interface ChosenFormat {
  readonly mediaType: MediaType;
  readonly encode: Encode;
}

export interface AcceptOptions {
  /** For an absent Accept and for wildcards. */
  readonly defaultAccept: string;
  readonly reply?: OipReply;
}

/** @throws InferenceError NotAcceptable */
export function chooseFormat(
  accept: string | undefined,
  { defaultAccept, reply }: AcceptOptions,
): ChosenFormat {
  const wanted = accept === undefined || accept === '' ? '*/*' : accept;
  for (const mediaType of parseAccept(wanted)) {
    const resolved = isWildcard(mediaType)
      ? wildcardType(mediaType, reply ? 'application/json' : defaultAccept)
      : mediaType;
    const encode = resolved && byMediaType.get(resolved.type)?.encode;
    if (resolved !== undefined && encode !== undefined) return { mediaType: resolved, encode };
  }
  const message = `Accept "${wanted}" cannot be written; supported are ${supported('encode')}.`;
  throw new InferenceError('NotAcceptable', message);
}

function isWildcard({ type }: MediaType): boolean {
  return type.endsWith('/*');
}

/** `text/*` takes the default if it is a text, else the first format of that kind. */
function wildcardType({ type }: MediaType, defaultAccept: string): MediaType | undefined {
  const preferred = parseMediaType(defaultAccept);
  if (type === '*/*' || preferred.type.startsWith(type.slice(0, -1))) return preferred;
  const first = [...byMediaType].find(
    ([name, format]) => name.startsWith(type.slice(0, -1)) && format.encode,
  );
  return first && parseMediaType(first[0]);
}

function supported(direction: 'decode' | 'encode'): string {
  return FORMATS.filter((format) => format[direction] !== undefined)
    .map(({ mediaTypes }) => mediaTypes[0])
    .join(', ');
}

/** What an encoder needs besides the outputs. */
export interface EncodeOptions {
  readonly format: ChosenFormat;
  readonly signature: DecodeContext['signature'];
  readonly modelName: string;
  readonly modelVersion?: string;
  readonly reply?: OipReply;
}

/** @throws InferenceError NotAcceptable where the outputs do not fit the format */
export function encodeBody(
  parts: readonly Part[],
  rows: number,
  options: EncodeOptions,
): EncodedBody | Promise<EncodedBody> {
  const { format, ...context } = options;
  return format.encode(parts, rows, { ...context, accept: format.mediaType });
}
