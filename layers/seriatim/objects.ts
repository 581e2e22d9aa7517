// Objects of S3 as the batch functions read and write them: line by line in, from a file or a text out.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { s3Client } from './clients.ts';

export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
}

/** The object's body as a stream. */
export async function readStream({ bucket, key }: ObjectPlace): Promise<Readable> {
  const [{ GetObjectCommand }, client] = await Promise.all([import('@aws-sdk/client-s3'), s3Client()]);
  const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return answer.Body as Readable;
}

export async function readText(place: ObjectPlace): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of await readStream(place)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** The object's lines without their ends, one in memory at a time. */
export async function* readLines(place: ObjectPlace): AsyncGenerator<string> {
  const body = await readStream(place);
  yield* createInterface({ input: body, crlfDelay: Number.POSITIVE_INFINITY });
}

export async function writeText(place: ObjectPlace, text: string, contentType: string): Promise<void> {
  const [{ PutObjectCommand }, client] = await Promise.all([import('@aws-sdk/client-s3'), s3Client()]);
  await client.send(
    new PutObjectCommand({ Bucket: place.bucket, Key: place.key, Body: text, ContentType: contentType }),
  );
}

/** Uploads a file as it is; its length is known, so it streams in one request. */
export async function writeFromFile(place: ObjectPlace, file: string, contentType: string): Promise<void> {
  const [{ PutObjectCommand }, client] = await Promise.all([import('@aws-sdk/client-s3'), s3Client()]);
  await client.send(
    new PutObjectCommand({
      Bucket: place.bucket,
      Key: place.key,
      Body: createReadStream(file),
      ContentLength: (await stat(file)).size,
      ContentType: contentType,
    }),
  );
}
