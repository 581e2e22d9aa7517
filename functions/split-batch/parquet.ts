// The rows of a Parquet object as lines of JSON, a row group at a time and within it a chunk at a time. Only the bytes
// of the columns that are asked for are read.
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet';
import { type BatchRun, type InputFields, InvalidPayload, readBytes } from '../../layers/seriatim/index.ts';
import { checkColumns } from './columns.ts';

/** A row group is read whole; larger ones would not fit a function's memory. */
const MAX_GROUP_BYTES = 512 * 1024 * 1024;

const compressors = {
  GZIP: (input: Uint8Array) => new Uint8Array(gunzipSync(input)),
  BROTLI: (input: Uint8Array) => new Uint8Array(brotliDecompressSync(input)),
  ZSTD: (input: Uint8Array) => new Uint8Array(zstdDecompressSync(input)),
};

export interface RowBatch {
  readonly count: number;
  readonly lines: Buffer;
}

export interface RowOptions {
  readonly fields: InputFields | undefined;
  readonly maxRows: number;
  /** Told the file's columns before its rows. */
  readonly onColumns: (columns: readonly string[]) => void;
}

/** @throws InvalidPayload for what is no Parquet, or lacks a column that the pipeline takes */
export async function* rowBatches(
  run: BatchRun,
  { fields, maxRows, onColumns }: RowOptions,
): AsyncGenerator<RowBatch> {
  const object = objectBuffer(run);
  const metadata = await readMetadata(object, run.name);
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  if (fields !== undefined) checkColumns(columns, fields, 'The Parquet file');
  onColumns(columns);
  let start = 0;
  for (const [index, group] of metadata.row_groups.entries()) {
    const bytes = Number(group.total_byte_size);
    if (bytes > MAX_GROUP_BYTES)
      throw new InvalidPayload(
        `Row group ${index} of ${run.name} is ${bytes} bytes; at most ${MAX_GROUP_BYTES} are read.`,
      );
    const end = start + Number(group.num_rows);
    yield* groupBatches({
      file: await wholeGroup(object, group),
      metadata,
      start,
      end,
      maxRows,
      name: run.name,
    });
    start = end;
  }
}

interface GroupRead {
  readonly file: AsyncBuffer;
  readonly metadata: FileMetaData;
  readonly start: number;
  readonly end: number;
  readonly maxRows: number;
  readonly name: string;
}

/** Rows that are objects at once: a row group may have millions. */
const ROWS_AT_ONCE = 50_000;

async function* groupBatches(read: GroupRead): AsyncGenerator<RowBatch> {
  const step = Math.max(read.maxRows, ROWS_AT_ONCE - (ROWS_AT_ONCE % read.maxRows));
  for (let at = read.start; at < read.end; at += step) {
    const rows = await readRows(read, at, Math.min(read.end, at + step));
    for (let from = 0; from < rows.length; from += read.maxRows) {
      const lines = rows.slice(from, from + read.maxRows).map((row) => `${JSON.stringify(row, plain)}\n`);
      yield { count: lines.length, lines: Buffer.from(lines.join('')) };
    }
  }
}

async function readRows(
  { file, metadata, name }: GroupRead,
  rowStart: number,
  rowEnd: number,
): Promise<Record<string, unknown>[]> {
  try {
    return await parquetReadObjects({ file, metadata, rowStart, rowEnd, compressors });
  } catch (cause) {
    throw new InvalidPayload(`${name} cannot be read from row ${rowStart} on: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** What JSON has no word for: whole numbers beyond 2^53 stay as text. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint')
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
      ? Number(value)
      : String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return value;
}

async function readMetadata(object: AsyncBuffer, name: string): Promise<FileMetaData> {
  try {
    return await parquetMetadataAsync(object);
  } catch (cause) {
    throw new InvalidPayload(`${name} is no Parquet file, or is cut off: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function objectBuffer(run: BatchRun): AsyncBuffer {
  return {
    byteLength: run.sizeBytes,
    slice: (from, to = run.sizeBytes) => readRange(run, from, to),
  };
}

async function readRange(run: BatchRun, from: number, to: number): Promise<ArrayBuffer> {
  const place = { bucket: run.bucket, key: run.key };
  const bytes = await readBytes(place, { range: { from, to }, etag: run.etag });
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
}

/** The row group's bytes read in one request. */
async function wholeGroup(
  object: AsyncBuffer,
  group: FileMetaData['row_groups'][number],
): Promise<AsyncBuffer> {
  const spans = group.columns.map(({ meta_data: meta }) => {
    const at = Number(meta!.dictionary_page_offset ?? meta!.data_page_offset);
    const from = Math.min(at, Number(meta!.data_page_offset));
    return { from, to: from + Number(meta!.total_compressed_size) };
  });
  const from = Math.min(...spans.map((span) => span.from));
  const to = Math.max(...spans.map((span) => span.to));
  const bytes = await object.slice(from, to);
  return {
    byteLength: object.byteLength,
    slice: async (start, end = object.byteLength) =>
      start >= from && end <= to ? bytes.slice(start - from, end - from) : object.slice(start, end),
  };
}
