// `GET /batches?pipeline=&limit=`: the newest runs of one pipeline or of all, each by its last start.
import {
  findPipeline,
  InvalidPayload,
  newestExecutions,
  PIPELINES,
  runIdOf,
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
}

export async function listRuns(
  query: Readonly<Record<string, string | undefined>>,
  { machinePrefix }: BatchPlace,
): Promise<BatchAnswer> {
  const limit = Number(query.limit ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
    throw new InvalidPayload(`limit: expected a whole number from 1 to ${MOST}, got "${query.limit}".`);
  const pipelines =
    query.pipeline === undefined ? Object.keys(PIPELINES) : [findPipeline(query.pipeline).name];
  const found = await Promise.all(pipelines.map((pipeline) => runsOf(pipeline, machinePrefix, limit)));
  const batches = found
    .flat()
    .sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))
    .slice(0, limit);
  return { statusCode: 200, body: { batches } };
}

async function runsOf(pipeline: string, machinePrefix: string, limit: number): Promise<ListedRun[]> {
  const executions = await newestExecutions(`${machinePrefix}${pipeline}-batch`, limit);
  const runs = new Map<string, ListedRun>();
  for (const { name, ...state } of executions) {
    const id = runIdOf(name);
    if (!runs.has(id)) runs.set(id, { id, pipeline, ...state });
  }
  return [...runs.values()];
}
