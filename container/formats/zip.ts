// The part of ZIP that `.npz` needs (APPNOTE 6.3): reading by the central directory, stored or deflated entries, with
// a bound on the size unpacked; writing stored entries.
import { crc32, inflateRawSync } from 'node:zlib';
import { InferenceError } from '../errors.ts';

const END_RECORD = 0x06_05_4b_50;
const CENTRAL_ENTRY = 0x02_01_4b_50;
const LOCAL_ENTRY = 0x04_03_4b_50;
const END_BYTES = 22;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;

export interface ZipEntry {
  readonly name: string;
  readonly bytes: Buffer;
}

/** @throws InferenceError InvalidPayload; PayloadTooLarge where the entries unpack to more than `limitBytes` */
export function readZip(archive: Buffer, limitBytes: number): ZipEntry[] {
  try {
    return readEntries(archive, limitBytes);
  } catch (thrown) {
    if (thrown instanceof InferenceError) throw thrown;
    throw new InferenceError('InvalidPayload', `The archive is damaged: ${(thrown as Error).message}`);
  }
}

function readEntries(archive: Buffer, limitBytes: number): ZipEntry[] {
  const end = findEnd(archive);
  const count = archive.readUInt16LE(end + 10);
  let offset = archive.readUInt32LE(end + 16);
  let left = limitBytes;
  const entries: ZipEntry[] = [];
  for (let i = 0; i < count; i++) {
    const central = readCentral(archive, offset);
    left -= central.size;
    if (left < 0)
      throw new InferenceError('PayloadTooLarge', `The archive unpacks to more than ${limitBytes} bytes.`);
    entries.push({ name: central.name, bytes: unpack(archive, central) });
    offset = central.next;
  }
  return entries;
}

function findEnd(archive: Buffer): number {
  const first = Math.max(0, archive.length - END_BYTES - 65_535);
  for (let offset = archive.length - END_BYTES; offset >= first; offset--) {
    if (archive.readUInt32LE(offset) === END_RECORD) return offset;
  }
  throw new InferenceError('InvalidPayload', 'The body is not a ZIP archive.');
}

interface CentralEntry {
  readonly name: string;
  readonly method: number;
  readonly checksum: number;
  readonly packed: number;
  readonly size: number;
  readonly local: number;
  readonly next: number;
}

function readCentral(archive: Buffer, offset: number): CentralEntry {
  if (archive.readUInt32LE(offset) !== CENTRAL_ENTRY)
    throw new RangeError('its directory is not where it says');
  const nameEnd = offset + CENTRAL_BYTES + archive.readUInt16LE(offset + 28);
  return {
    name: archive.toString('utf8', offset + CENTRAL_BYTES, nameEnd),
    method: archive.readUInt16LE(offset + 10),
    checksum: archive.readUInt32LE(offset + 16),
    packed: archive.readUInt32LE(offset + 20),
    size: archive.readUInt32LE(offset + 24),
    local: archive.readUInt32LE(offset + 42),
    next: nameEnd + archive.readUInt16LE(offset + 30) + archive.readUInt16LE(offset + 32),
  };
}

function unpack(archive: Buffer, entry: CentralEntry): Buffer {
  const { local, name } = entry;
  if (archive.readUInt32LE(local) !== LOCAL_ENTRY) throw new RangeError(`"${name}" is not where it says`);
  const start = local + LOCAL_BYTES + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const packed = archive.subarray(start, start + entry.packed);
  if (packed.length !== entry.packed) throw new RangeError(`"${name}" is cut short`);
  const bytes = inflate(packed, entry);
  if (bytes.length !== entry.size || crc32(bytes) !== entry.checksum)
    throw new RangeError(`"${name}" fails its checksum`);
  return bytes;
}

function inflate(packed: Buffer, { method, size, name }: CentralEntry): Buffer {
  if (method === STORED) return packed;
  if (method === DEFLATED) return inflateRawSync(packed, { maxOutputLength: Math.max(1, size) });
  throw new RangeError(`"${name}" is packed by method ${method}`);
}

/** Stored entries with the time of 1980-01-01, the earliest there is: equal entries give equal bytes. */
export function writeZip(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const local = localHeader(entry);
    centrals.push(centralHeader(entry, offset));
    locals.push(local, entry.bytes);
    offset += local.length + entry.bytes.length;
  }
  const directory = Buffer.concat(centrals);
  return Buffer.concat([...locals, directory, endRecord(entries.length, directory.length, offset)]);
}

const VERSION = 20;
const UTF8_NAMES = 0x8_00;
const FIRST_DAY = 0x00_21;

function localHeader({ name, bytes }: ZipEntry): Buffer {
  const header = Buffer.alloc(LOCAL_BYTES);
  header.writeUInt32LE(LOCAL_ENTRY, 0);
  writeCommon(header.subarray(4), { name, bytes });
  return Buffer.concat([header, Buffer.from(name)]);
}

function centralHeader({ name, bytes }: ZipEntry, local: number): Buffer {
  const header = Buffer.alloc(CENTRAL_BYTES);
  header.writeUInt32LE(CENTRAL_ENTRY, 0);
  header.writeUInt16LE(VERSION, 4);
  writeCommon(header.subarray(6), { name, bytes });
  header.writeUInt32LE(local, 42);
  return Buffer.concat([header, Buffer.from(name)]);
}

/** The fields that local and central headers share, in their order. */
function writeCommon(header: Buffer, { name, bytes }: ZipEntry): void {
  header.writeUInt16LE(VERSION, 0);
  header.writeUInt16LE(UTF8_NAMES, 2);
  header.writeUInt16LE(STORED, 4);
  header.writeUInt16LE(FIRST_DAY, 8);
  header.writeUInt32LE(crc32(bytes), 10);
  header.writeUInt32LE(bytes.length, 14);
  header.writeUInt32LE(bytes.length, 18);
  header.writeUInt16LE(Buffer.byteLength(name), 22);
}

function endRecord(count: number, directoryBytes: number, offset: number): Buffer {
  const record = Buffer.alloc(END_BYTES);
  record.writeUInt32LE(END_RECORD, 0);
  record.writeUInt16LE(count, 8);
  record.writeUInt16LE(count, 10);
  record.writeUInt32LE(directoryBytes, 12);
  record.writeUInt32LE(offset, 16);
  return record;
}
