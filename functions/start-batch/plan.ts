// From one S3 notification to the batch that it asks for, or why there can be none. Pure.
import { createHash } from 'node:crypto';
import type { S3EventRecord } from 'aws-lambda';

/** The input of a pipeline's batch machine. */
export interface BatchInput {
  readonly pipeline: string;
  readonly bucket: string;
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
  readonly format: 'csv' | 'jsonl';
  /** The key after `<pipeline>/in/`. */
  readonly name: string;
  /** Where the state machine leaves what `assemble-batch` puts together. */
  readonly workPrefix: string;
}

export interface BatchPlan {
  /** The same for the same upload, however often it is notified. */
  readonly executionName: string;
  readonly input: BatchInput;
}

/** A file that no batch can be made of; the manifest says so. */
export interface RefusedFile {
  readonly pipeline: string;
  readonly bucket: string;
  readonly name: string;
  readonly reason: string;
}

/** Undefined for what is no input at all: another prefix, or a folder's marker. */
export function planBatch({ s3 }: S3EventRecord): BatchPlan | RefusedFile | undefined {
  const bucket = s3.bucket.name;
  const key = decodeKey(s3.object.key);
  const [, pipeline, name] = /^([^/]+)\/in\/(.+)$/s.exec(key) ?? [];
  if (pipeline === undefined || name === undefined || name.endsWith('/')) return undefined;
  const format = formatOf(name);
  if (format === undefined) {
    return { pipeline, bucket, name, reason: 'The name must end in .csv, .jsonl or .ndjson.' };
  }
  const { eTag: etag, size: sizeBytes, sequencer } = s3.object;
  const executionName = nameExecution(name, [bucket, key, etag, sequencer]);
  const workPrefix = `${pipeline}/work/${executionName}`;
  return { executionName, input: { pipeline, bucket, key, etag, sizeBytes, format, name, workPrefix } };
}

export function isRefused(plan: BatchPlan | RefusedFile): plan is RefusedFile {
  return 'reason' in plan;
}

/** Notifications encode keys as forms do: `+` for a space. */
function decodeKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '));
}

function formatOf(name: string): BatchInput['format'] | undefined {
  if (/\.csv$/i.test(name)) return 'csv';
  return /\.(jsonl|ndjson)$/i.test(name) ? 'jsonl' : undefined;
}

/** Readable, and unique to one upload: names have at most 80 characters and no spaces. */
function nameExecution(name: string, identity: readonly string[]): string {
  const readable = name.replace(/[^A-Za-z0-9-]+/g, '-').slice(0, 40);
  const digest = createHash('sha256').update(JSON.stringify(identity)).digest('hex');
  return `${readable}-${digest.slice(0, 32)}`;
}
