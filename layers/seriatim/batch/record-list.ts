// Records as a payload: those of a slice follow each other, so their positions need not be said one by one. Values in
// order, null where a record failed, and the failed ones beside them. It is one JSON value with a value per line, so
// that records can be written and read one by one: a list of thousands of values is never in memory at once.
import { isAscii } from 'node:buffer';
import { ContractViolation } from '../errors.ts';
import { type FailedRecord, isFailed, type RecordEnvelope } from '../records.ts';
import { TextBuffer } from './text-buffer.ts';

/** Takes records one by one. */
export class RecordListWriter {
  readonly #text = new TextBuffer();
  readonly #failed: FailedRecord[] = [];
  #first = 0;
  #count = 0;

  /** @throws ContractViolation when a stage has lost a record or changed their order */
  add(record: RecordEnvelope): void {
    if (this.#count === 0) this.#begin(record.position);
    const expected = this.#first + this.#count;
    if (record.position !== expected)
      throw new ContractViolation(`Position ${record.position} stands where ${expected} is expected.`);
    const hasFailed = isFailed(record);
    if (hasFailed) this.#failed.push(record);
    const value = hasFailed ? 'null' : (JSON.stringify(record.value) ?? 'null');
    this.#text.add(this.#count === 0 ? value : `,\n${value}`);
    this.#count++;
  }

  bytes(): Buffer {
    if (this.#count === 0) this.#begin(0);
    this.#text.add(`\n],"failed":${JSON.stringify(this.#failed)}}`);
    return this.#text.bytes();
  }

  #begin(first: number): void {
    this.#first = first;
    this.#text.add(`{"first":${first},"values":[\n`);
  }
}

/** @throws ContractViolation when a record is missing or stands elsewhere */
export function encodeRecords(records: Iterable<RecordEnvelope>): Buffer {
  const writer = new RecordListWriter();
  for (const record of records) writer.add(record);
  return writer.bytes();
}

const HEAD = /^\{"first":(\d+),"values":\[\n/;
const TAIL = '\n],"failed":';

/** @throws ContractViolation when it is not what `RecordListWriter` writes */
export function* decodeRecords(body: Uint8Array): Generator<RecordEnvelope, void> {
  const text = textOf(body);
  const head = HEAD.exec(text);
  const end = text.lastIndexOf(TAIL);
  if (head === null || end < 0) throw new ContractViolation('A payload is no list of records.');
  const failed = JSON.parse(text.slice(end + TAIL.length, -1)) as FailedRecord[];
  let position = Number(head[1]);
  let nextFailed = 0;
  for (let at = head[0].length; at <= end; position++) {
    const next = text.indexOf('\n', at);
    if (failed[nextFailed]?.position === position) yield failed[nextFailed++]!;
    // A comma ends every line but the last.
    else if (next > at)
      yield { position, value: JSON.parse(text.slice(at, next === end ? next : next - 1)) as unknown };
    at = next + 1;
  }
}

/** Texts of one byte per character take half the memory, and are decoded at once. */
function textOf(body: Uint8Array): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  return bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');
}
