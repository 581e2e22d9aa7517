// `seriatim advise`: tries the placements of a pipeline one after the other on this machine and says what each costs
// and gives. A placement that comes out as the same stages as an earlier one is not tried again.

import { artefactSources } from '../../packaging/artefacts.ts';
import { endpointTargets } from '../../packaging/pipelines/hosting.ts';
import { type Pipeline, PLACEMENTS, type Placement } from '../../statemachines/pipeline.ts';
import { placementProblem, placePipeline } from '../../statemachines/placement/place.ts';
import { type Cost, costOf } from './cost.ts';
import { type Limit, limitsOf } from './limits.ts';
import { type Measured, measure } from './measure.ts';
import { type Recommendation, recommend } from './recommend.ts';
import { readSamples } from './samples.ts';
import { startSystem } from './system.ts';
import { upgradesOf } from './upgrades.ts';

export interface AdviseOptions {
  readonly projectFolder: string;
  readonly pipeline: Pipeline;
  readonly requests: number;
  /** Requests per second that endpoint hours are reckoned at. */
  readonly rates: readonly number[];
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

/** A placement, or the stages as the definition writes them where it names none. */
export type Layout = Placement | 'as written';

export interface Advice {
  readonly pipeline: string;
  readonly samples: number;
  readonly tried: readonly TriedPlacement[];
  /** Placements that SageMaker or the definition rules out, with the reason. */
  readonly refused: readonly { readonly placement: Placement; readonly reason: string }[];
  /** Placements that come out as another one. */
  readonly same: readonly { readonly placement: Placement; readonly as: Layout }[];
  readonly recommendation: Recommendation;
}

export interface TriedPlacement {
  readonly placement: Layout;
  readonly isWritten: boolean;
  readonly endpoints: number;
  /** Hops between containers inside endpoints, and between models within one container. */
  readonly inside: { readonly betweenContainers: number; readonly inMemory: number };
  readonly measured: Measured;
  readonly cost: Cost;
  readonly upgrades: readonly string[];
  readonly limits: readonly Limit[];
}

export async function advise(options: AdviseOptions): Promise<Advice> {
  const { pipeline, projectFolder } = options;
  const samples = readSamples(projectFolder, pipeline.name);
  const { possible, refused, same } = sortPlacements(pipeline);
  const tried: TriedPlacement[] = [];
  for (const placement of possible) tried.push(await tryPlacement(placement, options));
  return {
    pipeline: pipeline.name,
    samples: samples.length,
    tried,
    refused,
    same,
    recommendation: recommend(pipeline, tried),
  };
}

/** The layout as written comes first; of others that come out as the same stages it is the one that is tried. */
export function sortPlacements(pipeline: Pipeline): {
  readonly possible: readonly Layout[];
  readonly refused: Advice['refused'];
  readonly same: Advice['same'];
} {
  const written: Layout = pipeline.placement ?? 'as written';
  const shapes = new Map<string, Layout>([[shapeOf(pipeline, written), written]]);
  const refused: { placement: Placement; reason: string }[] = [];
  const same: { placement: Placement; as: Layout }[] = [];
  for (const placement of PLACEMENTS.filter((one) => one !== written)) {
    const reason = placementProblem(pipeline, placement);
    if (reason !== undefined) {
      refused.push({ placement, reason });
      continue;
    }
    const shape = shapeOf(pipeline, placement);
    const as = shapes.get(shape);
    if (as === undefined) shapes.set(shape, placement);
    else same.push({ placement, as });
  }
  return { possible: [...shapes.values()], refused, same };
}

function shapeOf(pipeline: Pipeline, layout: Layout): string {
  return JSON.stringify(placePipeline(laidOut(pipeline, layout)).stages);
}

function laidOut(pipeline: Pipeline, layout: Layout): Pipeline {
  return layout === 'as written' ? pipeline : { ...pipeline, placement: layout };
}

async function tryPlacement(placement: Layout, options: AdviseOptions): Promise<TriedPlacement> {
  const { pipeline, projectFolder, requests, rates, signal, onProgress } = options;
  const { name } = pipeline;
  const samples = readSamples(projectFolder, name);
  const placed = laidOut(pipeline, placement);
  onProgress(`${placement}: starting`);
  const system = await startSystem({
    projectFolder,
    pipelines: [name],
    ...(placement === 'as written' ? {} : { placements: { [name]: placement } }),
    signal,
  });
  try {
    onProgress(`${placement}: ${samples.length} samples to warm up, ${requests} requests twice`);
    const measured = await measure({ httpUrl: system.httpUrl, pipeline: name, samples, requests, signal });
    const targets = endpointTargets([placed]);
    const endpoints = targets.length;
    const sources = await artefactSources(projectFolder, [placed]);
    const requestBytes = Math.max(...samples.map(({ body }) => Buffer.byteLength(body)));
    return {
      placement,
      isWritten: placement === (pipeline.placement ?? 'as written'),
      endpoints,
      inside: {
        betweenContainers: sum(targets.map(({ containers }) => containers.length - 1)),
        inMemory: sum(
          targets.flatMap(({ containers }) => containers.map((one) => (one.series?.models.length ?? 1) - 1)),
        ),
      },
      measured,
      cost: costOf(measured, endpoints, rates),
      upgrades: upgradesOf(placed),
      limits: limitsOf(placePipeline(placed), measured, {
        requestBytes,
        artefacts: sources.map(({ key }) => key),
      }),
    };
  } finally {
    onProgress(`${placement}: ending`);
    await system.close();
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
