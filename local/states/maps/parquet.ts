// Rows of a Parquet object as items.
import { parquetReadObjects } from 'hyparquet';
import { type Json, parseJson } from '../json/text.ts';
import { openObject, type ReaderSource, readerFailure, readWhole } from './reader.ts';

export async function* parquetItems(source: ReaderSource): AsyncGenerator<Json> {
  const bytes = await readWhole(await openObject(source.frame, source.bucket, source.key));
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  let rows: Record<string, unknown>[];
  try {
    rows = await parquetReadObjects({ file });
  } catch (thrown) {
    throw readerFailure(
      `The Parquet object cannot be read: ${thrown instanceof Error ? thrown.message : thrown}`,
    );
  }
  for (const row of rows) yield toJson(row);
}

/** Whole numbers of 64 bits and times as JSON can hold them. */
function toJson(value: unknown): Json {
  // Beyond 2^53 as a literal: a double would be another number.
  if (typeof value === 'bigint') return parseJson(String(value));
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toJson(member)]));
}
