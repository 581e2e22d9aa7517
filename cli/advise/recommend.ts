// Which of the four patterns a pipeline should be, and why: what its definition makes necessary first, then what was
// measured. The layout as written stays unless a figure speaks for another; figures against it are told too. Pure.
import { allStages } from '../../statemachines/composition.ts';
import type { EndpointContainer, Pipeline, Placement } from '../../statemachines/pipeline.ts';
import type { Cost } from './cost.ts';
import type { Measured } from './measure.ts';

export interface Tried {
  readonly placement: Placement | 'as written';
  readonly measured: Measured;
  readonly cost: Cost;
}

export interface Recommendation {
  readonly pattern: string;
  readonly placement: Tried['placement'];
  readonly reasons: readonly string[];
}

/** A difference in latency that speaks for a placement by itself. */
const MUCH_FASTER = 0.8;

/** What speaks for each pattern, whatever was measured. */
export const PATTERNS: readonly { readonly pattern: string; readonly when: string }[] = [
  { pattern: '1 one container', when: 'ease of implementation; high cohesion and low latency' },
  { pattern: '2 inference pipeline', when: 'decoupling with simple deployment and upgrades' },
  {
    pattern: '3 serial ensemble',
    when: 'freedom of framework per model; its own scaling, hardware and pace for each',
  },
  {
    pattern: '4 target model out of a group',
    when: 'cost and customisation: a model per customer, city or product, most of them idle',
  },
  {
    pattern: 'Triton, or separate endpoints',
    when: 'mixed CPU and GPU needs: an instance has a GPU for all its containers or for none',
  },
];

/** A difference in cost that does. */
const MUCH_CHEAPER = 0.95;

const PATTERN_OF: Readonly<Record<Placement, string>> = {
  container: '1 one container',
  'inference-pipeline': '2 inference pipeline',
  'state-machine': '3 serial ensemble',
};

/** @param tried at least one placement */
export function recommend(pipeline: Pipeline, tried: readonly Tried[]): Recommendation {
  const favoured = favour(pipeline, tried);
  const written = tried.find(({ placement }) => placement === (pipeline.placement ?? 'as written'));
  const other = tried.find(({ placement }) => placement === favoured.placement);
  if (written === undefined || hasMixedHardware(pipeline)) return favoured;
  if (other === undefined) return { ...favoured, placement: written.placement };
  if (other === written) return favoured;
  return settle(favoured, { written, other, isGroup: /^4|multi-model/.test(favoured.pattern) });
}

/** Another layout than the written one has to be worth the change, by figures. */
function settle(
  favoured: Recommendation,
  { written, other, isGroup }: { readonly written: Tried; readonly other: Tried; readonly isGroup: boolean },
): Recommendation {
  const gains = gainsOf(other, written);
  const losses = gainsOf(written, other);
  const despite = (figures: readonly string[]): string[] => figures.map((figure) => `despite ${figure}`);
  if (gains.length > 0) return { ...favoured, reasons: [...gains, ...favoured.reasons, ...despite(losses)] };
  const { placement } = written;
  const pattern = isGroup || placement === 'as written' ? favoured.pattern : PATTERN_OF[placement];
  const stays = `no figure speaks for ${other.placement}: ${placement} stays`;
  return { pattern, placement, reasons: [stays, ...losses, ...(isGroup ? favoured.reasons : [])] };
}

/** What is much better about the one, in figures. */
function gainsOf(one: Tried, other: Tried): string[] {
  const [own, its] = [one.measured.latency.p50Ms, other.measured.latency.p50Ms];
  const [cost, itsCost] = [totalOf(one), totalOf(other)];
  return [
    ...(own < MUCH_FASTER * its
      ? [`latency p50: ${one.placement} ${own.toFixed(1)} ms, ${other.placement} ${its.toFixed(1)} ms`]
      : []),
    ...(cost < MUCH_CHEAPER * itsCost
      ? [
          `cost per million requests: ${one.placement} $${cost.toFixed(0)}, ${other.placement} $${itsCost.toFixed(0)}`,
        ]
      : []),
  ];
}

/** With endpoint hours, at the lowest rate that was asked about. */
function totalOf({ cost }: Tried): number {
  return cost.endpoints[0]?.total ?? cost.perMillion;
}

function favour(pipeline: Pipeline, tried: readonly Tried[]): Recommendation {
  const multi = containersOf(pipeline).filter(({ mode }) => mode === 'MultiModel');
  if (hasMixedHardware(pipeline)) return separateHardware();
  if (multi.length > 1)
    return twoGroups(
      multi.map(({ name }) => name),
      tried,
    );
  if (multi.length === 1) return oneGroup(multi[0]!.name, tried);
  if (allStages(pipeline.stages).some(({ kind }) => kind === 'exit')) return earlyExit(tried);
  return byFigures(pipeline, tried);
}

function containersOf({ stages }: Pipeline): EndpointContainer[] {
  return allStages(stages).flatMap((stage) => ('endpoint' in stage ? stage.endpoint.containers : []));
}

/** Some containers ask for a GPU by their execution providers, others do not. */
function hasMixedHardware(pipeline: Pipeline): boolean {
  const containers = containersOf(pipeline);
  const onGpu = containers.filter(({ environment }) =>
    /cuda|tensorrt/.test(environment?.SERIATIM_PROVIDERS ?? ''),
  );
  return onGpu.length > 0 && onGpu.length < containers.length;
}

function separateHardware(): Recommendation {
  return {
    pattern: 'separate endpoints (3 serial ensemble), or Triton',
    placement: 'state-machine',
    reasons: [
      'mixed CPU and GPU needs: on one endpoint the models without need of a GPU would stand on its instances too',
      "Triton puts both kinds on one instance: the container reads Triton's model repository layout",
    ],
  };
}

function twoGroups(names: readonly string[], tried: readonly Tried[]): Recommendation {
  return {
    pattern: '3 serial ensemble, over multi-model endpoints',
    placement: 'state-machine',
    reasons: [
      `${names.join(' and ')} are both multi-model: SageMaker's InvokeEndpoint names one target model, so no single endpoint can hold both`,
      'cost and customisation: each group of models shares its instances, whichever model is asked for',
      ...compared(tried),
      ...hostingNote(tried),
    ],
  };
}

function oneGroup(name: string, tried: readonly Tried[]): Recommendation {
  const pipelined = tried.find(({ placement }) => placement === 'inference-pipeline');
  return {
    pattern: '4 target model out of a group',
    placement: pipelined === undefined ? 'state-machine' : 'inference-pipeline',
    reasons: [
      `cost and customisation: the models of ${name} share one endpoint's instances and are loaded when asked for`,
      'the models before it stand once beside the group; fused they would be copied into the artefact of every target model',
      ...compared(tried),
    ],
  };
}

function earlyExit(tried: readonly Tried[]): Recommendation {
  return {
    pattern: '3 serial ensemble',
    placement: 'state-machine',
    reasons: [
      'a record may leave early: only as states does that spare it the models after',
      'freedom of framework, hardware and scaling for each model',
      ...compared(tried),
      ...hostingNote(tried),
    ],
  };
}

function byFigures(pipeline: Pipeline, tried: readonly Tried[]): Recommendation {
  const fused = tried.find(({ placement }) => placement === 'container');
  const pipelined = tried.find(({ placement }) => placement === 'inference-pipeline');
  const models = containersOf(pipeline);
  if (models.length === 1 || pipelined === undefined)
    return {
      pattern: '1 one container',
      placement: 'container',
      reasons: ['ease of implementation: one model, one artefact, one call', 'high cohesion and low latency'],
    };
  const isMuchFaster =
    fused !== undefined && fused.measured.latency.p50Ms < MUCH_FASTER * pipelined.measured.latency.p50Ms;
  if (isMuchFaster)
    return {
      pattern: '1 one container',
      placement: 'container',
      reasons: ['high cohesion and low latency: no hop between the models', ...compared(tried)],
    };
  return {
    pattern: '2 inference pipeline',
    placement: 'inference-pipeline',
    reasons: [
      `decoupling with simple deployment and upgrades: ${models.length} containers, each replaceable, one endpoint`,
      ...compared(tried),
      ...hostingNote(tried),
    ],
  };
}

function compared(tried: readonly Tried[]): string[] {
  if (tried.length < 2) return [];
  const figures = tried.map(
    ({ placement, measured }) => `${placement} ${measured.latency.p50Ms.toFixed(1)} ms`,
  );
  return [`latency p50, measured here: ${figures.join(', ')}`];
}

/** Endpoint hours are what differs most. */
function hostingNote(tried: readonly Tried[]): string[] {
  const all = tried.map(({ placement, cost }) => ({ placement, hosting: cost.endpoints[0] }));
  if (all.length < 2 || all.some(({ hosting }) => hosting === undefined)) return [];
  const rate = all[0]!.hosting!.requestsPerSecond;
  const figures = all.map(({ placement, hosting }) => `${placement} $${hosting!.total.toFixed(0)}`);
  return [`cost per million requests at ${rate}/s, estimated: ${figures.join(', ')}`];
}
