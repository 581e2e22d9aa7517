// A payload for the eye, by its content type: JSON folded with the payloads it carries taken out and drawn each by its
// own type. Redaction comes first, so that no part is made of what may not be seen.
import { FRAMES_TYPE, type Frame } from '../../batch/frames.ts';
import type { PayloadPart, RenderedPayload } from '../api.ts';
import { isObject } from '../history.ts';
import { bytesOf, parseJson } from '../payload.ts';
import { type FrameHead, framesIn, redactBytes, typeOf, withheldWords } from './bytes.ts';
import { type Carried, takeCarried } from './carried.ts';
import { foldJson } from './fold-json.ts';
import { imageFacts } from './image-facts.ts';
import type { Redactor } from './redact.ts';
import { csvTable, jsonLinesTable, type Table } from './table.ts';
import {
  binaryProtocolTensors,
  factsOf,
  isText,
  npyTensor,
  protocolTensors,
  type RawTensor,
} from './tensor-facts.ts';

export type Rendered = Pick<RenderedPayload, 'bytes' | 'parts' | 'redacted'>;

const HEAD_BYTES = 32;
const MAX_TEXT = 4000;

/** A state's input or output, a function's or an endpoint's body. */
export function renderValue(value: unknown, redactor: Redactor): Rendered {
  const { value: seen, redacted } = redactor.value(value);
  const { value: rest, carried } = takeCarried(opened(seen));
  const parts = carried.map((one) => renderCarried(one, redactor));
  const own = isOnlyCarried(rest) ? [] : valueParts(rest, bytesOf(seen));
  return {
    bytes: bytesOf(value),
    parts: [...own, ...parts.flatMap((rendered) => rendered.parts)],
    redacted: [...redacted, ...parts.flatMap((rendered) => rendered.redacted)],
  };
}

/** JSON within a text, such as a Body's, as JSON: for the eye only. What a content type goes with is drawn by that. */
export function opened(value: unknown): unknown {
  if (typeof value === 'string') {
    const inner = /^\s*[[{]/.test(value) ? parseJson(value) : undefined;
    return typeof inner === 'object' && inner !== null ? opened(inner) : value;
  }
  if (Array.isArray(value)) return value.map(opened);
  if (!isObject(value) || typeof value.contentType === 'string') return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, opened(each)]));
}

/** The payload is one claim or one body, with nothing around it. */
function isOnlyCarried(rest: unknown): boolean {
  return isObject(rest) && rest.$carried === '$';
}

function valueParts(value: unknown, bytes: number): PayloadPart[] {
  if (typeof value === 'string') {
    const isCut = value.length > MAX_TEXT ? { isCut: true as const } : {};
    return [
      { kind: 'text', path: '$', contentType: 'text/plain', bytes, text: value.slice(0, MAX_TEXT), ...isCut },
    ];
  }
  const tensors = protocolTensors(value).map(({ at, tensor }) => tensorPart(tensor, { path: at, bytes }));
  const json = foldJson(tensors.length === 0 ? value : withoutData(value));
  return [{ kind: 'json', path: '$', contentType: 'application/json', bytes, ...json }, ...tensors];
}

function withoutData(value: unknown): unknown {
  const strip = (tensor: unknown): unknown =>
    isObject(tensor) ? { ...tensor, data: { $folded: 'tensor' } } : tensor;
  return isObject(value)
    ? Object.fromEntries(
        Object.entries(value).map(([name, each]) => [
          name,
          (name === 'inputs' || name === 'outputs') && Array.isArray(each) ? each.map(strip) : each,
        ]),
      )
    : value;
}

function renderCarried(one: Carried, redactor: Redactor): Pick<Rendered, 'parts' | 'redacted'> {
  const place = { path: one.path, ...(one.label === undefined ? {} : { label: one.label }) };
  if (one.kind === 'bytes') return renderBytes(one, { ...place, redactor });
  const { claim } = one;
  const { contentType, bytes } = claim;
  if (contentType.startsWith('image/')) {
    const format = contentType.slice('image/'.length);
    return {
      parts: [{ kind: 'image', ...place, contentType, bytes, format, claim }],
      redacted: [],
    };
  }
  return { parts: [{ kind: 'claim', ...place, contentType, bytes, claim }], redacted: [] };
}

export interface BytesPlace {
  readonly path: string;
  readonly label?: string;
  readonly redactor: Redactor;
}

/** A body by its content type: of a claim that was fetched, or carried inline. */
export function renderBytes(
  { contentType, body }: { readonly contentType: string; readonly body: Uint8Array },
  { redactor, ...place }: BytesPlace,
): Pick<Rendered, 'parts' | 'redacted'> {
  const base = { ...place, contentType, bytes: body.length };
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase();
  const frames = type === FRAMES_TYPE ? framesIn(body) : undefined;
  if (frames !== undefined) return renderFrames(frames, base, redactor);
  const image =
    type.startsWith('image/') || type === 'application/octet-stream' ? imageFacts(body) : undefined;
  if (image !== undefined) return { parts: [{ kind: 'image', ...base, ...image }], redacted: [] };
  const tensors = tensorsOf(type, body);
  const mayLeave = redactBytes(contentType, body, redactor) !== undefined;
  if (tensors !== undefined && (mayLeave || tensors.every(isOfNumbers))) {
    return { parts: tensors.map((tensor) => tensorPart(tensor, base)), redacted: [] };
  }
  const isText = /^text\/|json|csv|xml|ndjson|jsonlines/.test(type);
  if (!isText && !mayLeave) {
    const withheld = withheldWords(contentType);
    return { parts: [{ kind: 'binary', ...base, head: '', withheld }], redacted: [place.path] };
  }
  if (!isText) return { parts: [{ kind: 'binary', ...base, head: headOf(body) }], redacted: [] };
  return renderText(Buffer.from(body).toString('utf8'), { type, base, redactor });
}

/** Texts within a tensor may be what a rule hides. */
function isOfNumbers({ datatype }: RawTensor): boolean {
  return !isText(datatype);
}

/** Each frame's head, with its body as JSON where it is that. */
function renderFrames(
  frames: readonly Frame<FrameHead>[],
  base: { readonly path: string; readonly contentType: string; readonly bytes: number },
  redactor: Redactor,
): Pick<Rendered, 'parts' | 'redacted'> {
  const drawn = frames.map(({ head, body }) => {
    const type = typeOf(head);
    const inner = type.includes('json') ? parseJson(Buffer.from(body).toString('utf8')) : undefined;
    return { head, ...(inner === undefined ? { contentType: type } : { body: inner }) };
  });
  const seen = redactor.value(drawn);
  return { parts: [{ kind: 'json', ...base, ...foldJson(seen.value) }], redacted: seen.redacted };
}

function tensorsOf(type: string, body: Uint8Array): RawTensor[] | undefined {
  const npy = npyTensor(body);
  if (npy !== undefined) return [npy];
  return type === 'application/octet-stream' || type.includes('binary')
    ? binaryProtocolTensors(body)
    : undefined;
}

function tensorPart(
  tensor: RawTensor,
  base: Omit<BytesPlace, 'redactor'> & { bytes: number; contentType?: string },
) {
  const contentType = base.contentType ?? 'application/json';
  return { kind: 'tensor' as const, ...base, contentType, tensor: factsOf(tensor) };
}

interface TextPlace {
  readonly type: string;
  readonly base: { readonly path: string; readonly contentType: string; readonly bytes: number };
  readonly redactor: Redactor;
}

function renderText(text: string, { type, base, redactor }: TextPlace): Pick<Rendered, 'parts' | 'redacted'> {
  if (type === 'text/csv') return tableParts(csvTable(text, redactor), base);
  if (/jsonlines|ndjson|jsonl/.test(type)) {
    const table = jsonLinesTable(text, redactor);
    if (table !== undefined) return tableParts(table, base);
  }
  const value = type.includes('json') ? parseJson(text) : undefined;
  if (value !== undefined) {
    const seen = redactor.value(value);
    const parts = valueParts(seen.value, base.bytes).map((part) => ({ ...part, ...placed(part, base) }));
    return { parts, redacted: seen.redacted };
  }
  const shown = redactor.text(text);
  const isCut = shown.length > MAX_TEXT ? { isCut: true as const } : {};
  const redacted = shown === text ? [] : [base.path];
  return { parts: [{ kind: 'text', ...base, text: shown.slice(0, MAX_TEXT), ...isCut }], redacted };
}

function placed({ path }: PayloadPart, base: TextPlace['base']): { readonly path: string } {
  return { path: path === '$' ? base.path : `${base.path}.${path}` };
}

function tableParts(
  { redacted, ...table }: Table,
  base: TextPlace['base'],
): Pick<Rendered, 'parts' | 'redacted'> {
  return { parts: [{ kind: 'table', ...base, ...table }], redacted };
}

function headOf(body: Uint8Array): string {
  return Buffer.from(body.subarray(0, HEAD_BYTES)).toString('hex');
}
