// The end of a batch: results in the file's order under `out/`, failed records under `errors/`, and last the manifest,
// whose appearance says that the batch is over. Assembling again gives the same objects.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { caughtError, findPipeline, log, writeFromFile, writeText } from '../../layers/seriatim/index.ts';
import type { BatchInput } from '../start-batch/plan.ts';
import { type AssembledFiles, assemble, type Counts } from './assemble.ts';
import { createGroups, type Groups } from './groups.ts';
import { lineWriter } from './lines.ts';
import { readResults, type WriterDetails } from './results.ts';

export interface AssembleEvent {
  readonly batch: BatchInput;
  readonly executionArn: string;
  readonly startedAt: string;
  /** Where the Distributed Map's results are; empty for an empty file. */
  readonly results?: WriterDetails;
  /** Why the records could not be read at all. */
  readonly failure?: { readonly Error?: string; readonly Cause?: string };
}

export interface AssembleResult {
  readonly status: 'SUCCEEDED' | 'FAILED';
  readonly manifest: string;
  readonly counts?: Counts;
}

export async function handler(event: AssembleEvent): Promise<AssembleResult> {
  const { batch, failure } = event;
  if (failure !== undefined) {
    const error = caughtError({ error: failure.Error, message: failure.Cause }, { stage: 'ReadRecords' });
    return finish(event, 'FAILED', { error: { code: error.code, message: error.message } });
  }
  const folder = await mkdtemp(join(tmpdir(), 'assemble-'));
  try {
    const files = { resultFile: join(folder, 'out'), errorFile: join(folder, 'errors') };
    const { outputFields, groupBy } = findPipeline(batch.pipeline);
    const results = readResults({ pipeline: batch.pipeline, details: event.results ?? {} });
    const groups = groupBy === undefined ? undefined : createGroups(groupBy);
    const records = groups === undefined ? results : groups.watch(results);
    const counts = await assemble(records, lineWriter(batch.format, outputFields), files);
    await upload(batch, files);
    if (groups !== undefined) await writeGroups(batch, groups.found());
    return await finish(event, 'SUCCEEDED', { counts });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function outputKeys({ pipeline, name }: BatchInput) {
  return {
    output: `${pipeline}/out/${name}.out`,
    errors: `${pipeline}/errors/${name}.errors.jsonl`,
    groups: `${pipeline}/out/${name}.groups.json`,
    manifest: `${pipeline}/out/${name}.manifest.json`,
  };
}

async function writeGroups(batch: BatchInput, groups: Groups): Promise<void> {
  const place = { bucket: batch.bucket, key: outputKeys(batch).groups };
  await writeText(place, `${JSON.stringify(groups, null, 2)}\n`, 'application/json');
}

/** The error records too when there are none: those of an earlier file of the same name must not stay. */
async function upload(batch: BatchInput, files: AssembledFiles): Promise<void> {
  const { bucket, format } = batch;
  const keys = outputKeys(batch);
  const contentType = format === 'csv' ? 'text/csv' : 'application/x-ndjson';
  await writeFromFile({ bucket, key: keys.output }, files.resultFile, contentType);
  await writeFromFile({ bucket, key: keys.errors }, files.errorFile, 'application/x-ndjson');
}

async function finish(
  { batch, executionArn, startedAt }: AssembleEvent,
  status: AssembleResult['status'],
  outcome: { readonly counts?: Counts; readonly error?: { code: string; message: string } },
): Promise<AssembleResult> {
  const { bucket, key, etag, sizeBytes, format, pipeline } = batch;
  const keys = outputKeys(batch);
  const endedAt = new Date().toISOString();
  const manifest = {
    pipeline,
    status,
    executionArn,
    startedAt,
    endedAt,
    durationMs: Date.parse(endedAt) - Date.parse(startedAt),
    input: { bucket, key, etag, sizeBytes, format },
    ...(status === 'SUCCEEDED'
      ? { output: { bucket, key: keys.output }, errors: { bucket, key: keys.errors } }
      : {}),
    ...outcome,
  };
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  await writeText({ bucket, key: keys.manifest }, text, 'application/json');
  log('info', 'batch ended', { pipeline, status, executionArn, counts: outcome.counts });
  const { counts } = outcome;
  return { status, manifest: `s3://${bucket}/${keys.manifest}`, ...(counts === undefined ? {} : { counts }) };
}
