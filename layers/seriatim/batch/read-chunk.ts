// The records of a chunk, or of a slice of it, as the stages take them. What cannot be read becomes an error record at
// its position: bytes that are no UTF-8, a line that is not JSON, a record that is too large for a request.
import { isAscii, isUtf8 } from 'node:buffer';
import { ClaimMismatch, ClaimNotFound, ContractViolation } from '../errors.ts';
import { readBytes } from '../objects.ts';
import { STATE_BYTES_LIMIT } from '../payload.ts';
import type { FailedRecord, RecordEnvelope } from '../records.ts';
import { instancesIn } from './instances.ts';
import { type CutOptions, cellsOf, cutRecords } from './record-text.ts';
import type { ChunkTask, Reading, Slice } from './run.ts';

/** The stage that error records of this kind name. */
export const READ_STAGE = 'ReadRecords';

/** As much as a request may bring: what is larger goes through no stage. */
export const MAX_RECORD_BYTES = STATE_BYTES_LIMIT;

/** How much of an unreadable record its error record keeps. */
export const KEPT_CHARACTERS = 1_000;

/**
 * The records one by one, each as it is asked for; a chunk that holds another number of them is found out at its end.
 * @throws ClaimNotFound when the object is gone, ClaimMismatch when it is another one now
 */
export async function readSlice(task: ChunkTask, slice?: Slice): Promise<Iterable<RecordEnvelope>> {
  const { chunk } = task;
  if (chunk.tooLargeBytes !== undefined) return [await readTooLarge(task, chunk.tooLargeBytes)];
  const bytes = await readChunkBytes(task);
  return recordsOfSlice(bytes, task, slice ?? { from: 0, to: task.chunk.count });
}

/** @throws ContractViolation when more or fewer than the chunk's records are there */
function* recordsOfSlice(
  bytes: Buffer,
  { chunk, reading }: ChunkTask,
  slice: Slice,
): Generator<RecordEnvelope, void> {
  let count = 0;
  for (const record of recordsIn(bytes, reading, chunk.first)) {
    if (count >= slice.from && count < slice.to) yield record;
    count++;
  }
  if (count === chunk.count) return;
  const message = `Chunk ${chunk.n} holds ${count} records; ${chunk.count} were counted.`;
  throw new ContractViolation(message, { stage: READ_STAGE });
}

/** Its first bytes alone, which are what the error record keeps. */
async function readTooLarge(task: ChunkTask, sizeBytes: number): Promise<RecordEnvelope> {
  const { from, to } = task.chunk;
  const chunk = { ...task.chunk, to: Math.min(to, from + KEPT_CHARACTERS + 1) };
  return tooLarge(task.chunk.first, await readChunkBytes({ ...task, chunk }), sizeBytes);
}

async function readChunkBytes({ run, chunk }: ChunkTask): Promise<Buffer> {
  const isOwn = chunk.key !== undefined;
  const place = { bucket: run.bucket, key: chunk.key ?? run.key };
  try {
    const range = { from: chunk.from, to: chunk.to };
    return await readBytes(place, isOwn ? {} : { range, etag: run.etag });
  } catch (cause) {
    const { name } = cause as Error;
    if (name === 'NoSuchKey')
      throw new ClaimNotFound(`s3://${place.bucket}/${place.key} was deleted while the run read it.`, {
        cause,
      });
    if (name !== 'PreconditionFailed') throw cause;
    throw new ClaimMismatch(`s3://${place.bucket}/${place.key} was replaced while the run read it.`, {
      cause,
    });
  }
}

/** @param first the position of the first record */
export function* recordsIn(bytes: Buffer, reading: Reading, first: number): Generator<RecordEnvelope, void> {
  const { format, delimiter = ',' } = reading;
  const encoding = reading.encoding === 'latin1' ? 'latin1' : 'utf8';
  // Rows of Parquet are written as lines too, and stay rows.
  const isLines = format === 'jsonl' && reading.columns === undefined;
  const isPlain = encoding === 'latin1' || isUtf8(bytes);
  const read = format === 'csv' ? csvReader(reading) : readJsonLine;
  const text = textOf(bytes, encoding);
  const spans = spansOf(bytes, { format, delimiter, isLast: true });
  let position = first;
  for (let i = 0; i < spans.length; i += 2) {
    const [from, to] = [spans[i]!, spans[i + 1]!];
    const instances = isLines ? instancesIn(bytes.subarray(from, to), encoding) : undefined;
    if (instances !== undefined) {
      for (const value of instances) yield { position: position++, value };
    } else if (to - from > MAX_RECORD_BYTES) yield tooLarge(position++, bytes.subarray(from, to), to - from);
    else if (!isPlain && !isUtf8(bytes.subarray(from, to)))
      yield notUtf8(position++, bytes.subarray(from, to));
    else yield read(text(from, to), position++);
  }
}

/** Where a byte is a character all text is made at once; otherwise record by record. */
function textOf(bytes: Buffer, encoding: 'latin1' | 'utf8'): (from: number, to: number) => string {
  if (encoding === 'utf8' && !isAscii(bytes)) return (from, to) => bytes.toString(encoding, from, to);
  const text = bytes.toString('latin1');
  return (from, to) => text.slice(from, to);
}

/** Begin and end of each record in turn. */
function spansOf(bytes: Buffer, options: CutOptions): readonly number[] {
  const spans: number[] = [];
  cutRecords(bytes, options, (from, to) => void spans.push(from, to));
  return spans;
}

type ReadRecord = (text: string, position: number) => RecordEnvelope;

function readJsonLine(text: string, position: number): RecordEnvelope {
  try {
    return { position, value: JSON.parse(text) as unknown };
  } catch (thrown) {
    return unreadable(position, `is not JSON: ${(thrown as Error).message}`, text);
  }
}

function csvReader({ columns = [], delimiter = ',' }: Reading): ReadRecord {
  return (text, position) => {
    let broken: string | undefined;
    const cells = cellsOf(text, delimiter, (cell, isClosed) => {
      const what = isClosed ? 'has text behind its closing quote' : 'has a quote that is not closed';
      broken ??= `is no CSV: cell ${cell} ${what}`;
    });
    if (broken !== undefined) return unreadable(position, broken, text);
    // A row that was cut off is no row whose last cells are empty.
    if (cells.length !== columns.length) {
      const message = `has ${cells.length} cells; the file has ${columns.length} columns`;
      return unreadable(position, message, text);
    }
    const value: Record<string, string> = {};
    for (let i = 0; i < cells.length; i++) value[columns[i]!] = cells[i]!;
    return { position, value };
  };
}

function unreadable(position: number, message: string, text: string): FailedRecord {
  return failed(position, {
    code: 'InvalidPayload',
    message: `records[${position}] ${message}`,
    record: kept(text),
  });
}

function notUtf8(position: number, bytes: Buffer): FailedRecord {
  const at = firstBadByte(bytes);
  const byte = `0x${bytes[at]!.toString(16).padStart(2, '0')}`;
  const message = `records[${position}] is not UTF-8: byte ${at} of the record is ${byte}; the option "encoding": "latin1" reads such files`;
  return failed(position, { code: 'InvalidPayload', message, record: kept(bytes.toString('latin1')) });
}

/** Of bytes that are no UTF-8. */
export function firstBadByte(bytes: Buffer): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    // A cut within a character is no fault: up to three bytes of it are missing.
    const isGood = [0, 1, 2, 3].some((back) => isUtf8(bytes.subarray(0, Math.max(0, middle - back))));
    if (isGood) good = middle;
    else bad = middle;
  }
  while (good > 0 && !isUtf8(bytes.subarray(0, good))) good--;
  return good;
}

function tooLarge(position: number, bytes: Buffer, sizeBytes: number): FailedRecord {
  const message = `records[${position}] is ${sizeBytes} bytes; at most ${MAX_RECORD_BYTES} are taken.`;
  const record = kept(bytes.toString('latin1', 0, KEPT_CHARACTERS + 1));
  return failed(position, { code: 'PayloadTooLarge', message, record });
}

function failed(position: number, error: { code: string; message: string; record: string }): FailedRecord {
  return { position, error: { stage: READ_STAGE, ...error } };
}

function kept(text: string): string {
  return text.length > KEPT_CHARACTERS ? `${text.slice(0, KEPT_CHARACTERS)}…` : text;
}
