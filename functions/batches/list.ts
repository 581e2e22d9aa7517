// `GET /batches?pipeline=&limit=`: the newest runs of one pipeline or of all, each by its last start, with the reason where
// one failed. Files under a prefix that is no pipeline's start nothing; the list of all tells of them too.
import {
  describeExecution,
  executionArn,
  executionError,
  findPipeline,
  InvalidPayload,
  inputPlaceOf,
  listFolders,
  listObjects,
  newestExecutions,
  PIPELINES,
  PipelineNotFound,
  readTextIfThere,
  runIdOf,
  runKeys,
  SERVED_PIPELINES,
  workPrefixOf,
} from '../../layers/seriatim/index.ts';
import type { BatchAnswer, BatchPlace } from './create.ts';

const DEFAULT_LIMIT = 20;
const MOST = 100;

interface ListedRun {
  readonly id: string;
  readonly pipeline: string;
  readonly status: string;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
}

export async function listRuns(
  query: Readonly<Record<string, string | undefined>>,
  { bucket, machinePrefix }: BatchPlace,
): Promise<BatchAnswer> {
  const limit = Number(query.limit ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
    throw new InvalidPayload(`limit: expected a whole number from 1 to ${MOST}, got "${query.limit}".`);
  const pipelines =
    query.pipeline === undefined ? Object.keys(PIPELINES) : [findPipeline(query.pipeline).name];
  const [strays, ...found] = await Promise.all([
    query.pipeline === undefined ? strayInputs(bucket, limit) : [],
    ...pipelines.map((pipeline) => runsOf(pipeline, machinePrefix, limit)),
  ]);
  const newest = [strays, ...found]
    .flat()
    .sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))
    .slice(0, limit);
  const batches = await Promise.all(newest.map((run) => withReason(run, bucket)));
  return { statusCode: 200, body: { batches: batches.map(({ arn: _arn, ...run }) => run) } };
}

/** With the execution that was started last, where there is one. */
interface FoundRun extends ListedRun {
  readonly arn?: string;
}

async function runsOf(pipeline: string, machinePrefix: string, limit: number): Promise<FoundRun[]> {
  const stateMachineArn = `${machinePrefix}${pipeline}-batch`;
  const runs = new Map<string, FoundRun>();
  for (const { name, ...state } of await newestExecutions(stateMachineArn, limit)) {
    const id = runIdOf(name);
    if (!runs.has(id)) runs.set(id, { id, pipeline, ...state, arn: executionArn(stateMachineArn, name) });
  }
  return [...runs.values()];
}

/** A list of executions does not say why one failed; the run's manifest does, better than the execution. */
async function withReason(run: FoundRun, bucket: string): Promise<FoundRun> {
  if (run.status !== 'FAILED' || run.arn === undefined) return run;
  const told = await manifestError(run, bucket);
  if (told !== undefined) return { ...run, error: told };
  const state = await describeExecution(run.arn);
  if (state === undefined) return run;
  const { code, message } = executionError({
    status: state.status,
    error: state.error,
    cause: state.cause,
    pipeline: run.pipeline,
  });
  return { ...run, error: { code, message } };
}

/** Of the start that is listed: an earlier one's says nothing any more. */
async function manifestError({ id, pipeline, arn }: FoundRun, bucket: string): Promise<ListedRun['error']> {
  const { runManifest } = runKeys({ pipeline, name: '', workPrefix: workPrefixOf(pipeline, id) });
  const text = await readTextIfThere({ bucket, key: runManifest });
  if (text === undefined) return undefined;
  const { executionArn: told, error } = JSON.parse(text) as {
    executionArn: string;
    error?: ListedRun['error'];
  };
  return told === arn && error !== undefined ? { code: error.code, message: error.message } : undefined;
}

/** Objects under `<name>/in/` where no pipeline has that name. */
async function strayInputs(bucket: string, limit: number): Promise<FoundRun[]> {
  const names = (await listFolders(bucket)).filter((name) => !SERVED_PIPELINES.has(name));
  const known = [...SERVED_PIPELINES.keys()];
  const found: FoundRun[] = [];
  for (const pipeline of names) {
    const { message } = new PipelineNotFound(pipeline, known);
    for await (const { key, modifiedMs } of listObjects(bucket, `${pipeline}/in/`)) {
      if (inputPlaceOf(key) === undefined) continue;
      const startedAt = new Date(modifiedMs).toISOString();
      const error = { code: 'PipelineNotFound', message };
      found.push({ id: key, pipeline, status: 'FAILED', startedAt, endedAt: startedAt, error });
      if (found.length >= limit) return found;
    }
  }
  return found;
}

/** The entry of the list whose id is the key of a file that no pipeline takes. */
export async function findStray(key: string, bucket: string): Promise<ListedRun | undefined> {
  const place = inputPlaceOf(key);
  if (place === undefined || SERVED_PIPELINES.has(place.pipeline)) return undefined;
  const { message } = new PipelineNotFound(place.pipeline, [...SERVED_PIPELINES.keys()]);
  for await (const { key: found, modifiedMs } of listObjects(bucket, key)) {
    if (found !== key) break;
    const startedAt = new Date(modifiedMs).toISOString();
    const error = { code: 'PipelineNotFound', message };
    return { id: key, pipeline: place.pipeline, status: 'FAILED', startedAt, endedAt: startedAt, error };
  }
  return undefined;
}
