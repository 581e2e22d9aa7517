// Bytes as they may leave under redaction rules: text with what the rules hide replaced, frames with their heads and
// bodies so treated, pictures and arrays of numbers as they are. Of anything else nobody can say what is in it.
import { decodeFrames, encodeFrames, FRAMES_TYPE, type Frame } from '../../batch/frames.ts';
import { isObject } from '../history.ts';
import { parseJson } from '../payload.ts';
import { imageFacts } from './image-facts.ts';
import type { Redactor } from './redact.ts';
import { csvTable } from './table.ts';
import { isText, npyTensor } from './tensor-facts.ts';

export type FrameHead = Readonly<Record<string, unknown>>;

/** Why bytes are not handed out. */
export function withheldWords(contentType: string): string {
  return `Bytes of ${contentType} cannot be redacted, so they are withheld while redaction rules stand.`;
}

/** `undefined` for bytes that rules cannot be applied to, which are withheld where there are rules. */
export function redactBytes(
  contentType: string,
  body: Uint8Array,
  redactor: Redactor,
): Uint8Array | undefined {
  if (!redactor.hasRules || body.length === 0) return body;
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase();
  if (type === FRAMES_TYPE) return redactFrames(body, redactor);
  if (imageFacts(body) !== undefined) return body;
  const tensor = npyTensor(body);
  if (tensor !== undefined) return isText(tensor.datatype) ? undefined : body;
  if (!/^text\/|json|csv|xml|ndjson|jsonlines/.test(type)) return;
  return Buffer.from(redactBody(Buffer.from(body).toString('utf8'), type, redactor));
}

function redactBody(text: string, type: string, redactor: Redactor): string {
  if (/jsonlines|ndjson|jsonl/.test(type)) {
    return text
      .split('\n')
      .map((line) => redactJson(line, redactor))
      .join('\n');
  }
  if (type.includes('json')) return redactJson(text, redactor);
  return type === 'text/csv' ? redactCsv(text, redactor) : redactor.text(text);
}

function redactFrames(body: Uint8Array, redactor: Redactor): Uint8Array | undefined {
  const frames = framesIn(body)?.map(({ head, body: inner }) => {
    const { bytes: _bytes, ...facts } = redactor.value(head).value as FrameHead;
    const left = redactBytes(typeOf(head), inner, redactor);
    return {
      head: left === undefined ? { ...facts, withheld: true } : facts,
      body: left ?? new Uint8Array(),
    };
  });
  return frames && encodeFrames(frames);
}

/** `undefined` for bytes that are no frames. */
export function framesIn(body: Uint8Array): Frame<FrameHead>[] | undefined {
  try {
    const frames = decodeFrames<FrameHead>(body);
    return frames.every(({ head }) => isObject(head)) ? frames : undefined;
  } catch {
    return;
  }
}

/** Of a frame's body: JSON unless its head tells. */
export function typeOf({ contentType }: FrameHead): string {
  return typeof contentType === 'string' ? contentType : 'application/json';
}

function redactJson(text: string, redactor: Redactor): string {
  const value = parseJson(text);
  return value === undefined ? redactor.text(text) : JSON.stringify(redactor.value(value).value);
}

/** All rows, with the hidden columns' cells replaced. */
function redactCsv(text: string, redactor: Redactor): string {
  const { columns, rows } = csvTable(text, redactor, Number.POSITIVE_INFINITY);
  const cell = (value: string): string =>
    /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  const hasHeader = columns.some((column, at) => column !== String(at));
  const lines = hasHeader ? [columns, ...rows] : rows;
  return `${lines.map((row) => row.map(cell).join(',')).join('\n')}\n`;
}
