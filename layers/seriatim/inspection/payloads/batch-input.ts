// What a batch reads is no payload of its states: they name an object, and its children a range of it. It is offered as
// a claim is, and drawn as a table of its first rows when asked for.
import type { PayloadPart } from '../api.ts';
import { isObject } from '../history.ts';

/** Where it stands among the parts of a payload. */
export const INPUT_OBJECT = 'input-object';

export interface InputObject {
  readonly bucket: string;
  readonly key: string;
  readonly from: number;
  readonly bytes: number;
  readonly contentType: string;
  /** Of a chunk, above whose rows no header stands. */
  readonly header?: string;
}

const TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  jsonl: 'application/jsonlines',
  json: 'application/json',
};

/** `undefined` for what belongs to no batch, or to one that reads a listing or Parquet. */
export function inputObjectOf(value: unknown): InputObject | undefined {
  const task = isObject(value) && isObject(value.task) ? value.task : value;
  const run = isObject(task) && isObject(task.run) ? task.run : task;
  if (!isObject(run) || !isObject(task)) return;
  const { bucket, key, sizeBytes, format, workPrefix } = run;
  if (typeof bucket !== 'string' || typeof key !== 'string' || typeof workPrefix !== 'string') return;
  if (typeof sizeBytes !== 'number' || typeof format !== 'string') return;
  const { chunk, reading } = task;
  if (isObject(chunk)) return chunkOf({ bucket, key }, chunk, isObject(reading) ? reading : {});
  const contentType = TYPES[format];
  return contentType === undefined ? undefined : { bucket, key, from: 0, bytes: sizeBytes, contentType };
}

function chunkOf(
  { bucket, key }: { readonly bucket: string; readonly key: string },
  chunk: Readonly<Record<string, unknown>>,
  { format, columns }: Readonly<Record<string, unknown>>,
): InputObject | undefined {
  const { from, to } = chunk;
  const contentType = TYPES[String(format)];
  if (contentType === undefined || typeof from !== 'number' || typeof to !== 'number') return;
  const place = { bucket, key: typeof chunk.key === 'string' ? chunk.key : key };
  const header = Array.isArray(columns) ? { header: `${columns.map(quoted).join(',')}\n` } : {};
  return { ...place, from, bytes: to - from, contentType, ...header };
}

function quoted(column: unknown): string {
  return `"${String(column).replaceAll('"', '""')}"`;
}

export function inputPart({ bucket, key, bytes, contentType }: InputObject): PayloadPart {
  const claim = { bucket, key, bytes, contentType, sha256: '' };
  return { kind: 'claim', path: INPUT_OBJECT, contentType, bytes, claim };
}

/** Enough for the first rows. */
export const INPUT_HEAD_BYTES = 256 * 1024;

/** Whole lines of the beginning. @param head of the object's bytes */
export function inputText(object: InputObject, head: Uint8Array): Uint8Array {
  const text = Buffer.from(head).toString('utf8');
  const whole = head.length < object.bytes ? text.slice(0, text.lastIndexOf('\n') + 1) : text;
  return Buffer.from((object.header ?? '') + whole);
}
