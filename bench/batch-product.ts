// The running product as the bench of batches drives it: a file in by S3, the manifest awaited, memory watched.
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { memoryOf } from './memory.ts';

const BUCKET = 'seriatim-dev-batch-000000000000';
const POLL_MS = 20;
const MEMORY_EVERY_MS = 300;

export interface BatchFigures {
  readonly rows: number;
  readonly tookMs: number;
  readonly peakMb: number;
}

export interface Manifest {
  readonly status: string;
  readonly counts: { readonly records: number; readonly failed: number };
  readonly error?: unknown;
}

export function s3At(awsUrl: string): S3Client {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return new S3Client({ endpoint: awsUrl, region: 'us-east-1', credentials });
}

export async function putFile(s3: S3Client, file: string, name: string): Promise<void> {
  const Key = `house-prices/in/${name}`;
  const ContentLength = statSync(file).size;
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: createReadStream(file), ContentLength }));
}

/** Undefined while there is none. */
export async function readManifest(s3: S3Client, name: string): Promise<Manifest | undefined> {
  try {
    const Key = `house-prices/out/${name}.manifest.json`;
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    return JSON.parse(await Body!.transformToString()) as Manifest;
  } catch (thrown) {
    if ((thrown as Error).name === 'NoSuchKey') return undefined;
    throw thrown;
  }
}

export async function download(s3: S3Client, key: string, file: string): Promise<void> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: `house-prices/${key}` }));
  await pipeline(Body as Readable, createWriteStream(file));
}

/** From the file being there to the manifest being there. @throws Error for a run that did not go through */
export async function runBatch(
  s3: S3Client,
  { file, name, pid }: { readonly file: string; readonly name: string; readonly pid: number },
): Promise<BatchFigures> {
  await putFile(s3, file, name);
  const begunMs = performance.now();
  let peakMb = 0;
  let sampledMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    const manifest = await readManifest(s3, name);
    const nowMs = performance.now();
    if (manifest !== undefined) {
      if (manifest.status !== 'SUCCEEDED' || manifest.counts.failed > 0)
        throw new Error(`${name}: ${JSON.stringify(manifest.error ?? manifest.counts)}`);
      return { rows: manifest.counts.records, tookMs: nowMs - begunMs, peakMb };
    }
    if (nowMs - sampledMs > MEMORY_EVERY_MS) {
      peakMb = Math.max(peakMb, (await memoryOf(pid)).residentMb);
      sampledMs = nowMs;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Of the run of a file that is not over yet; its runs are told apart by the name that they start with. */
export async function countParts(s3: S3Client, name: string): Promise<number> {
  const readable = name.replace(/[^A-Za-z0-9-]+/g, '-');
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: BUCKET, Prefix: `house-prices/work/${readable}-` }),
  );
  return Contents.filter(({ Key }) => Key!.includes('/parts/')).length;
}
