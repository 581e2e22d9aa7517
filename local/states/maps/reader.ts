// Item readers of a distributed Map: the items of a CSV, JSON or JSON Lines object, of a listing, of a manifest.
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
import type { Readable } from 'node:stream';
import { toAwsError } from '../../wire/errors.ts';
import type { ItemReader } from '../definition/types.ts';
import { isObject, type Json } from '../json/text.ts';
import { StateFailure } from '../run/failure.ts';
import type { Frame, MapItem } from '../run/frame.ts';
import { csvItems } from './csv.ts';
import { jsonItems, jsonLineItems } from './json-items.ts';
import { listingItems } from './listing.ts';
import { manifestItems } from './manifest.ts';
import { parquetItems } from './parquet.ts';

/** What every reader is given. */
export interface ReaderSource {
  readonly frame: Frame;
  readonly reader: ItemReader;
  readonly bucket: string;
  readonly key: string;
  readonly parameters: Readonly<Record<string, Json>>;
}

export const readerFailure = (cause: string): StateFailure =>
  new StateFailure('States.ItemReaderFailed', cause);

/** @throws StateFailure States.ItemReaderFailed, States.Runtime */
export async function openReader(
  frame: Frame,
  reader: ItemReader,
  input: Json,
): Promise<AsyncIterable<MapItem>> {
  const scope = frame.scope(input);
  const parameters = await reader.parameters?.(scope);
  const maxItems = await reader.maxItems(scope);
  const given = isObject(parameters) ? parameters : {};
  const source: ReaderSource = {
    frame,
    reader,
    bucket: String(given.Bucket ?? ''),
    key: String(given.Key ?? ''),
    parameters: given,
  };
  return numbered(valuesOf(source), maxItems, source);
}

function valuesOf(source: ReaderSource): AsyncIterable<Json> {
  const { reader } = source;
  if (isListing(reader)) return listingItems(source);
  return reader.manifestType === undefined ? objectItems(source) : manifestItems(source);
}

function isListing(reader: ItemReader): boolean {
  return reader.resource.endsWith(':s3:listObjectsV2');
}

/** The items of one object, by the reader's input type. */
export function objectItems(source: ReaderSource): AsyncIterable<Json> {
  switch (source.reader.inputType) {
    case 'CSV':
      return csvItems(source);
    case 'JSONL':
      return jsonLineItems(source);
    case 'MANIFEST':
      return manifestItems(source);
    case 'PARQUET':
      return parquetItems(source);
    default:
      return jsonItems(source);
  }
}

async function* numbered(
  values: AsyncIterable<Json>,
  maxItems: number | undefined,
  source: ReaderSource,
): AsyncGenerator<MapItem> {
  const limit = maxItems === undefined || maxItems === 0 ? Number.POSITIVE_INFINITY : maxItems;
  const isList = isListing(source.reader) && source.reader.transformation !== 'LOAD_AND_FLATTEN';
  const place = isList ? `S3://${source.bucket}` : `S3://${source.bucket}/${source.key}`;
  let index = 0;
  for await (const value of values) {
    if (index >= limit) break;
    yield { index, value, source: place };
    index += 1;
  }
}

/** The object's bytes as a stream. @throws StateFailure */
export async function openObject(frame: Frame, bucket: string, key: string): Promise<Readable> {
  const { s3 } = frame.execution.engine;
  if (s3 === undefined) throw readerFailure('No S3 service is connected.');
  try {
    return (await s3.getObject({ bucket, key })).body;
  } catch (thrown) {
    throw s3Failure(thrown);
  }
}

/** S3's error as the reader's: named by S3's code, as `S3.NoSuchKey`. */
export function s3Failure(thrown: unknown): StateFailure {
  return readerFailure(toAwsError(thrown).message);
}

export async function readWhole(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
