// How tests call a running product: requests to a pipeline, and batches through S3.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PROJECT, type Product, pause } from './product.ts';

export const BATCH_BUCKET = 'seriatim-dev-batch-000000000000';

/** The lines of a sample file of `models/`. */
export function samples<Line>(file: string): Line[] {
  const text = readFileSync(join(PROJECT, 'models', file), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

export interface Asked<Answer> {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Answer;
}

/** @param body bytes as they are, anything else as JSON */
export async function ask<Answer = Record<string, unknown>>(
  product: Product,
  pipeline: string,
  body: unknown,
  { contentType = 'application/json', query = '' }: { contentType?: string; query?: string } = {},
): Promise<Asked<Answer>> {
  const response = await fetch(`${product.httpUrl}/pipelines/${pipeline}/invocations${query}`, {
    method: 'POST',
    headers: { 'content-type': contentType },
    body: body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, json: (await response.json()) as Answer };
}

export interface BatchOutcome {
  readonly manifest: Record<string, unknown>;
  /** Lines of the output and of the error records. */
  readonly out: string[];
  readonly errors: string[];
  readonly text: (key: string) => Promise<string>;
}

/** Puts the file under the pipeline's `in/` and waits for its manifest. */
export async function runBatch(
  product: Product,
  pipeline: string,
  file: { readonly name: string; readonly text: string },
): Promise<BatchOutcome> {
  const s3 = s3Of(product);
  const text = (key: string): Promise<string> => readText(s3, `${pipeline}/${key}`);
  await s3.send(
    new PutObjectCommand({ Bucket: BATCH_BUCKET, Key: `${pipeline}/in/${file.name}`, Body: file.text }),
  );
  await untilObject(s3, `${pipeline}/out/${file.name}.manifest.json`);
  const lines = async (key: string): Promise<string[]> =>
    (await text(key)).split('\n').filter((line) => line !== '');
  return {
    manifest: JSON.parse(await text(`out/${file.name}.manifest.json`)) as Record<string, unknown>,
    out: await lines(`out/${file.name}.out`),
    errors: await lines(`errors/${file.name}.errors.jsonl`),
    text,
  };
}

export function s3Of({ awsUrl }: Product): S3Client {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return new S3Client({ endpoint: awsUrl, region: 'us-east-1', credentials });
}

async function untilObject(s3: S3Client, key: string): Promise<void> {
  for (;;) {
    const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: BATCH_BUCKET, Prefix: key }));
    if (KeyCount === 1) return;
    await pause(50);
  }
}

async function readText(s3: S3Client, key: string): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: BATCH_BUCKET, Key: key }));
  return Body!.transformToString();
}

/** Records as the lines of a CSV file with a header; null is an empty cell. */
export function csvOf(records: readonly Readonly<Record<string, unknown>>[]): string {
  const header = Object.keys(records[0]!);
  const rows = records.map((record) => header.map((name) => record[name] ?? '').join(','));
  return [header.join(','), ...rows, ''].join('\n');
}

/** Whether two numbers agree to four digits, which is what the recorded answers promise. */
export function agree(found: unknown, expected: number): boolean {
  return typeof found === 'number' && Math.abs(found - expected) <= 1e-4 * Math.abs(expected);
}
