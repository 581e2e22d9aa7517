// Objects of S3 as the batch functions read and write them: whole, as ranges or as streams in, whole out. What is
// written in parts, because it is large or not yet whole, is in `batch/upload.ts`.

import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput, HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { s3Client } from './clients.ts';

export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
}

export interface ReadOptions {
  /** Bytes `from` to `to`, exclusive. */
  readonly range?: { readonly from: number; readonly to: number };
  /** The object must still be this one: else PreconditionFailed. */
  readonly etag?: string;
}

/** The object's body as a stream. */
export async function readStream(place: ObjectPlace, options: ReadOptions = {}): Promise<Readable> {
  return (await get(place, options)).Body as Readable;
}

export async function readBytes(place: ObjectPlace, options: ReadOptions = {}): Promise<Buffer> {
  const { Body } = await get(place, options);
  const bytes = await Body!.transformToByteArray();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

export async function readText(place: ObjectPlace): Promise<string> {
  return (await readBytes(place)).toString('utf8');
}

/** As `readText`, but undefined when there is no such object. */
export async function readTextIfThere(place: ObjectPlace): Promise<string | undefined> {
  try {
    return await readText(place);
  } catch (thrown) {
    if ((thrown as Error).name === 'NoSuchKey') return undefined;
    throw thrown;
  }
}

async function get(
  { bucket, key }: ObjectPlace,
  { range, etag }: ReadOptions,
): Promise<GetObjectCommandOutput> {
  const [{ GetObjectCommand }, client] = await Promise.all([import('@aws-sdk/client-s3'), s3Client()]);
  return client.send(
    new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      ...(range === undefined ? {} : { Range: `bytes=${range.from}-${range.to - 1}` }),
      ...(etag === undefined || etag === '' ? {} : { IfMatch: `"${etag}"` }),
    }),
  );
}

export interface ObjectHead {
  /** Without its quotes. */
  readonly etag: string;
  readonly sizeBytes: number;
  readonly contentType: string | undefined;
  /** Of whoever wrote it, names in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Undefined when there is no such object. */
export async function headObject({ bucket, key }: ObjectPlace): Promise<ObjectHead | undefined> {
  const [{ HeadObjectCommand }, client] = await Promise.all([import('@aws-sdk/client-s3'), s3Client()]);
  try {
    return toHead(await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key })));
  } catch (thrown) {
    if ((thrown as Error).name === 'NotFound') return undefined;
    throw thrown;
  }
}

function toHead({
  ETag = '',
  ContentLength = 0,
  ContentType,
  Metadata = {},
}: HeadObjectCommandOutput): ObjectHead {
  const etag = ETag.replaceAll('"', '');
  return { etag, sizeBytes: ContentLength, contentType: ContentType, metadata: Metadata };
}

export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** Every object under the prefix, in the order of their keys. */
export async function* listObjects(bucket: string, prefix: string): AsyncGenerator<ListedObject> {
  const [{ ListObjectsV2Command }, client] = await Promise.all([import('@aws-sdk/client-s3'), s3Client()]);
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
    );
    for (const { Key, Size, LastModified } of page.Contents ?? [])
      yield { key: Key!, sizeBytes: Size ?? 0, modifiedMs: LastModified?.getTime() ?? 0 };
    token = page.NextContinuationToken;
  } while (token !== undefined);
}

/** The first parts of the bucket's keys, up to a thousand, without their slash. */
export async function listFolders(bucket: string): Promise<string[]> {
  const [{ ListObjectsV2Command }, client] = await Promise.all([import('@aws-sdk/client-s3'), s3Client()]);
  const { CommonPrefixes = [] } = await client.send(
    new ListObjectsV2Command({ Bucket: bucket, Delimiter: '/' }),
  );
  return CommonPrefixes.map(({ Prefix = '' }) => Prefix.slice(0, -1));
}

export async function writeText(place: ObjectPlace, text: string, contentType: string): Promise<void> {
  await writeBytes(place, Buffer.from(text), contentType);
}

export async function writeBytes(place: ObjectPlace, body: Uint8Array, contentType: string): Promise<void> {
  const [{ PutObjectCommand }, client] = await Promise.all([import('@aws-sdk/client-s3'), s3Client()]);
  const { bucket, key } = place;
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: contentType }));
}

/** DeleteObjects takes a thousand keys. */
const DELETED_AT_ONCE = 1_000;

/** Deletes what is under the prefix, but for what `keep` says. */
export async function deleteUnder(
  bucket: string,
  prefix: string,
  keep: (key: string) => boolean = () => false,
): Promise<void> {
  const [{ DeleteObjectsCommand }, client] = await Promise.all([import('@aws-sdk/client-s3'), s3Client()]);
  let keys: string[] = [];
  const flush = async (): Promise<void> => {
    if (keys.length === 0) return;
    const Objects = keys.map((Key) => ({ Key }));
    keys = [];
    await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }));
  };
  for await (const { key } of listObjects(bucket, prefix)) {
    if (keep(key)) continue;
    keys.push(key);
    if (keys.length === DELETED_AT_ONCE) await flush();
  }
  await flush();
}
