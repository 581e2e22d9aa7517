// The running product as the bench of batches drives it: a file in by S3, the manifest awaited, memory watched.
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type Footprint, footprintOf } from './footprint.ts';

const BUCKET = 'seriatim-dev-batch-000000000000';
const POLL_MS = 20;
const LOOK_EVERY_MS = 500;

export interface BatchFigures {
  readonly rows: number;
  readonly tookMs: number;
  /** Each page counted once, over all processes. */
  readonly peakMb: number;
  /** Processor time of all processes; undefined where it cannot be told. */
  readonly cpuMs?: number | undefined;
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
  const before = await footprintOf(pid);
  const begunMs = performance.now();
  let peakMb = before.memoryMb;
  let lookedMs = begunMs;
  for (;;) {
    const manifest = await readManifest(s3, name);
    const nowMs = performance.now();
    const isOver = manifest !== undefined;
    if (isOver || nowMs - lookedMs > LOOK_EVERY_MS) {
      const now = await footprintOf(pid);
      peakMb = Math.max(peakMb, now.memoryMb);
      lookedMs = performance.now();
      if (isOver)
        return figures(manifest, name, { tookMs: nowMs - begunMs, peakMb, cpuMs: spent(before, now) });
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function figures(
  { status, counts, error }: Manifest,
  name: string,
  measured: Omit<BatchFigures, 'rows'>,
): BatchFigures {
  if (status !== 'SUCCEEDED' || counts.failed > 0)
    throw new Error(`${name}: ${JSON.stringify(error ?? counts)}`);
  return { rows: counts.records, ...measured };
}

function spent(before: Footprint, now: Footprint): number | undefined {
  return before.cpuMs === undefined || now.cpuMs === undefined ? undefined : now.cpuMs - before.cpuMs;
}

/** Of the run of a file that is not over yet; its runs are told apart by the name that they start with. */
export async function countParts(s3: S3Client, name: string): Promise<number> {
  const readable = name.replace(/[^A-Za-z0-9-]+/g, '-');
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: BUCKET, Prefix: `house-prices/work/${readable}-` }),
  );
  return Contents.filter(({ Key }) => Key!.includes('/parts/')).length;
}
