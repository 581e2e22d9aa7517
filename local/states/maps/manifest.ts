// Manifests: of an S3 inventory (its CSV files, gzipped or not), and of Athena's UNLOAD (a list of objects).
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import { isObject, type Json, parseJson } from '../json/text.ts';
import { parquetItems } from './parquet.ts';
import { objectItems, openObject, type ReaderSource, readerFailure, readWhole } from './reader.ts';

export async function* manifestItems(source: ReaderSource): AsyncGenerator<Json> {
  const text = (await readWhole(await openObject(source.frame, source.bucket, source.key))).toString('utf8');
  if (source.reader.manifestType === 'ATHENA_DATA') yield* athenaItems(source, text);
  else yield* inventoryItems(source, text);
}

async function* inventoryItems(source: ReaderSource, text: string): AsyncGenerator<Json> {
  const manifest = readManifest(text);
  const headers = String(manifest.fileSchema ?? '')
    .split(',')
    .map((name) => name.trim());
  const bucket = String(manifest.destinationBucket ?? source.bucket).replace(/^arn:aws:s3:::/, '');
  const format = String(manifest.fileFormat ?? 'CSV');
  if (format !== 'CSV' && format !== 'Parquet')
    throw readerFailure(`An inventory in ${format} is not served.`);
  for (const file of (manifest.files ?? []) as { key: string }[]) {
    if (format === 'Parquet') {
      yield* parquetItems({ ...source, bucket, key: file.key });
      continue;
    }
    const body = await openObject(source.frame, bucket, file.key);
    const plain = file.key.endsWith('.gz') ? body.pipe(createGunzip()) : body;
    const rows = plain.pipe(parse({ relax_column_count: true }));
    for await (const row of rows as AsyncIterable<string[]>) {
      yield Object.fromEntries(headers.map((name, index) => [name, decoded(name, row[index] ?? '')]));
    }
  }
}

/** Keys are URL-encoded in an inventory. */
function decoded(name: string, value: string): string {
  return name === 'Key' ? decodeURIComponent(value.replaceAll('+', ' ')) : value;
}

function readManifest(text: string): Record<string, Json> {
  try {
    const manifest = parseJson(text);
    if (isObject(manifest)) return manifest;
  } catch {
    // Told below.
  }
  throw readerFailure('The manifest is not a JSON object.');
}

/** A line per object: `s3://bucket/key`. Objects are read by the reader's input type. */
async function* athenaItems(source: ReaderSource, text: string): AsyncGenerator<Json> {
  for (const line of text.split('\n').map((part) => part.trim())) {
    const match = /^s3:\/\/([^/]+)\/(.+)$/.exec(line);
    if (match !== null) yield* objectItems({ ...source, bucket: match[1]!, key: match[2]! });
  }
}
