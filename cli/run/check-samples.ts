// Runs a few of every pipeline's own sample records through the real functions and containers, on free ports and with
// a state folder that is thrown away: what handlers and functions make of a record no signature tells. Pipelines with
// containers in series are run a second time with each container as a state, so that the one that fails is named and
// the content types that the definition promises are the ones that travel.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { request } from 'undici';
import type { EventsPage } from '../../layers/seriatim/inspection/api.ts';
import { endpointTargets } from '../../packaging/pipelines/hosting.ts';
import { allStages } from '../../statemachines/composition.ts';
import type { Pipeline, Stage } from '../../statemachines/pipeline.ts';
import { modelFolder } from '../../statemachines/placement/endpoints.ts';
import { placementProblem, placePipeline } from '../../statemachines/placement/place.ts';
import { BadSamples, readSamples, type Sample } from '../advise/samples.ts';
import { type Placements, startSystem } from '../advise/system.ts';
import { getJson } from '../http-api.ts';
import { contentTypeProblems } from './check-content-types.ts';

/** Spread over the samples, so that switches and early exits are met. */
const SAMPLES_LIMIT = 8;

export interface SampleRun {
  readonly pipelines: readonly Pipeline[];
  readonly projectFolder: string;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

/** @returns what failed, each in one line that names the pipeline and the stage */
export async function checkSamples(run: SampleRun): Promise<string[]> {
  const bad: string[] = [];
  const samples = samplesOf(run, bad);
  const asked = run.pipelines.filter(({ name }) => samples.has(name));
  const problems = [...bad, ...(await askAll({ ...run, pipelines: asked }, samples, {}))];
  const apart = asked.filter(isInSeries);
  if (apart.length === 0) return problems;
  const placements = Object.fromEntries(apart.map(({ name }) => [name, 'state-machine' as const]));
  const more = await askAll({ ...run, pipelines: apart }, samples, placements);
  return [...problems, ...more.map((problem) => `${problem} (each container as a state)`)];
}

/** @param bad is told the files that cannot be read */
function samplesOf(
  { pipelines, projectFolder, onProgress }: SampleRun,
  bad: string[],
): Map<string, readonly Sample[]> {
  const found = new Map<string, readonly Sample[]>();
  for (const { name } of pipelines) {
    try {
      found.set(name, spread(readSamples(projectFolder, name)));
    } catch (thrown) {
      const { message } = thrown as Error;
      if (thrown instanceof BadSamples) bad.push(`${name}: ${message}`);
      else onProgress(`${name}: not run. ${message}`);
    }
  }
  return found;
}

function spread(samples: readonly Sample[]): Sample[] {
  const step = Math.max(1, samples.length / SAMPLES_LIMIT);
  return samples.filter((_, i) => i === 0 || Math.floor(i / step) !== Math.floor((i - 1) / step));
}

function isInSeries(pipeline: Pipeline): boolean {
  const [written, apart] = [pipeline, { ...pipeline, placement: 'state-machine' as const }];
  if (!endpointTargets([written]).some(({ containers }) => containers.length > 1)) return false;
  if (placementProblem(pipeline, 'state-machine') !== undefined) return false;
  return JSON.stringify(placePipeline(apart).stages) !== JSON.stringify(placePipeline(written).stages);
}

async function askAll(
  { pipelines, projectFolder, signal, onProgress }: SampleRun,
  samples: ReadonlyMap<string, readonly Sample[]>,
  placements: Placements,
): Promise<string[]> {
  if (pipelines.length === 0) return [];
  const names = pipelines.map(({ name }) => name);
  const system = await startSystem({ projectFolder, pipelines: names, placements, signal });
  try {
    const problems: string[] = [];
    for (const pipeline of pipelines) {
      const { name } = pipeline;
      const found = await askOne(
        { httpUrl: system.httpUrl, projectFolder },
        placed(pipeline, placements),
        samples.get(name)!,
      );
      problems.push(...found.map((problem) => `${name}: ${problem}`));
      const how = name in placements ? ', each container as a state' : '';
      if (found.length === 0) onProgress(`${name}: ${samples.get(name)!.length} samples answered${how}`);
    }
    return problems;
  } finally {
    await system.close();
  }
}

function placed(pipeline: Pipeline, placements: Placements): Pipeline {
  const placement = placements[pipeline.name];
  return placement === undefined ? pipeline : { ...pipeline, placement };
}

/** What went wrong with the first sample that failed; records after it mostly say the same. */
async function askOne(
  { httpUrl, projectFolder }: { readonly httpUrl: string; readonly projectFolder: string },
  pipeline: Pipeline,
  samples: readonly Sample[],
): Promise<string[]> {
  let executionArn = '';
  for (const [i, { body, contentType }] of samples.entries()) {
    const answer = await request(`${httpUrl}/pipelines/${pipeline.name}/invocations`, {
      method: 'POST',
      headers: { 'content-type': contentType },
      body,
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) {
      const where = filesOf(pipeline, stageIn(text), projectFolder);
      return [`sample ${i + 1} is answered by ${answer.statusCode}: ${plain(text)}${where}`];
    }
    executionArn = String(answer.headers['x-seriatim-execution-arn']);
  }
  const path = `/payloads/${encodeURIComponent(executionArn.split(':')[7] ?? '')}/events?limit=25000`;
  const { events } = await getJson<EventsPage>({ url: httpUrl, path });
  return contentTypeProblems(placePipeline(pipeline).stages, events);
}

function stageIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { error?: { stage?: string } }).error?.stage;
  } catch {
    return undefined;
  }
}

/** ` (Second: models/prices-second/model; before it Combine: functions/combine)`: where to look. */
function filesOf(pipeline: Pipeline, name: string | undefined, projectFolder: string): string {
  const stages = allStages(placePipeline(pipeline).stages).filter(({ kind }) => CALLING.includes(kind));
  const at = stages.findIndex((stage) => stage.name === name);
  if (at < 0) return '';
  const told = (stage: Stage): string => `${stage.name}: ${foldersOf(stage, projectFolder).join(', ')}`;
  const before = at === 0 ? '' : `; before it ${told(stages[at - 1]!)}`;
  return ` (${told(stages[at]!)}${before})`;
}

const CALLING: readonly Stage['kind'][] = ['function', 'inference', 'payload'];

function foldersOf(stage: Stage, projectFolder: string): string[] {
  if (stage.kind === 'function') return [`functions/${stage.function}`];
  if (stage.kind !== 'inference' && stage.kind !== 'payload') return [];
  const { endpoint } = stage;
  const folders = endpoint.containers.map((container) => `models/${modelFolder(endpoint, container)}`);
  // A container whose model is a file of the endpoint's folder has none of its own.
  const there = folders.map((path) => (existsSync(join(projectFolder, path)) ? path : dirname(path)));
  return [...new Set(there)];
}

/** `stage Screen, ModelFailed: …` of the usual error form; any other answer as it is. */
function plain(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: string; message?: string; stage?: string } };
    if (error?.message === undefined) return text;
    return `stage ${error.stage ?? 'unknown'}, ${error.code}: ${error.message}`;
  } catch {
    return text;
  }
}
