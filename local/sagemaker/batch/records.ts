// Cuts an input object into records and packs records into payloads, as a transform job's SplitType, BatchStrategy
// and MaxPayloadInMB say. Streams: no object is ever held whole, unless it is one record.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformInput.html

export type SplitType = 'None' | 'Line' | 'RecordIO' | 'TFRecord';

/** One request's worth of records, each with its own end (a line feed stays with its line). */
export interface Payload {
  readonly records: readonly Buffer[];
  readonly bytes: Buffer;
}

/** A record larger than a request may be, or an object that is not what SplitType says. */
export class RecordProblem extends Error {
  override readonly name = 'RecordProblem';
}

export async function* splitRecords(body: AsyncIterable<Buffer>, type: SplitType): AsyncIterable<Buffer> {
  if (type === 'None') {
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(chunk);
    yield Buffer.concat(chunks);
    return;
  }
  const lengthOf = LENGTHS[type];
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of body) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    let from = 0;
    for (let length = lengthOf(pending, from); length > 0; length = lengthOf(pending, from)) {
      yield pending.subarray(from, from + length);
      from += length;
    }
    pending = pending.subarray(from);
  }
  if (pending.length === 0) return;
  if (type !== 'Line') throw new RecordProblem(`The object ends in the middle of a ${type} record.`);
  yield pending;
}

/** The length of the record that begins at `from`, or 0 when it is not there whole. */
const LENGTHS: Readonly<Record<Exclude<SplitType, 'None'>, (bytes: Buffer, from: number) => number>> = {
  Line(bytes, from) {
    const end = bytes.indexOf(0x0a, from);
    return end === -1 ? 0 : end + 1 - from;
  },
  /** Length as u64, its CRC, the data, its CRC. */
  TFRecord(bytes, from) {
    if (bytes.length - from < 12) return 0;
    const length = 16 + Number(bytes.readBigUInt64LE(from));
    return bytes.length - from < length ? 0 : length;
  },
  /** A magic number, the length in its word's lower 29 bits, the data, padded to four. */
  RecordIO(bytes, from) {
    if (bytes.length - from < 8) return 0;
    if (bytes.readUInt32LE(from) !== RECORD_IO_MAGIC)
      throw new RecordProblem('The object is not in RecordIO format.');
    const data = bytes.readUInt32LE(from + 4) & 0x1fffffff;
    const length = 8 + Math.ceil(data / 4) * 4;
    return bytes.length - from < length ? 0 : length;
  },
};

const RECORD_IO_MAGIC = 0xced7230a;

export interface PackOptions {
  readonly isMultiRecord: boolean;
  /** 0 is without bound. */
  readonly maxBytes: number;
  /** Applied to each record before it is packed; the record itself goes along for a join. */
  readonly prepare: (record: Buffer) => Buffer;
}

/** @throws RecordProblem for a record that does not fit into one request */
export async function* packPayloads(
  records: AsyncIterable<Buffer>,
  { isMultiRecord, maxBytes, prepare }: PackOptions,
): AsyncIterable<Payload> {
  let kept: Buffer[] = [];
  let parts: Buffer[] = [];
  let size = 0;
  const flush = (): Payload => {
    const payload = { records: kept, bytes: parts.length === 1 ? parts[0]! : Buffer.concat(parts) };
    [kept, parts, size] = [[], [], 0];
    return payload;
  };
  for await (const record of records) {
    const part = prepare(record);
    if (maxBytes > 0 && part.length > maxBytes)
      throw new RecordProblem(
        `A record of ${part.length} bytes is larger than MaxPayloadInMB (${maxBytes} bytes).`,
      );
    if (parts.length > 0 && (!isMultiRecord || (maxBytes > 0 && size + part.length > maxBytes)))
      yield flush();
    kept.push(record);
    parts.push(part);
    size += part.length;
  }
  if (parts.length > 0) yield flush();
}
