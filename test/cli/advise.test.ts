// The advice: what is tried, what it costs, which limits are near, and which pattern follows from it.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sortPlacements } from '../../cli/advise/advise.ts';
import { costOf } from '../../cli/advise/cost.ts';
import { limitsOf } from '../../cli/advise/limits.ts';
import { markdownTables } from '../../cli/advise/markdown.ts';
import { type Measured, percentiles } from '../../cli/advise/measure.ts';
import { PRICES } from '../../cli/advise/prices.ts';
import { recommend, type Tried } from '../../cli/advise/recommend.ts';
import { travelledIn } from '../../cli/advise/travelled.ts';
import { upgradesOf } from '../../cli/advise/upgrades.ts';
import type { ExecutionView } from '../../layers/seriatim/inspection/view.ts';
import { artefactSources } from '../../packaging/artefacts.ts';
import { PIPELINE_DEFINITIONS } from '../../statemachines/index.ts';
import type { Pipeline, Placement } from '../../statemachines/pipeline.ts';
import { placePipeline } from '../../statemachines/placement/place.ts';

const PROJECT = join(import.meta.dirname, '../..');
const named = (name: string): Pipeline => PIPELINE_DEFINITIONS.find((one) => one.name === name)!;

const measured: Measured = {
  requests: 100,
  firstMs: 1000,
  latency: { p50Ms: 10, p99Ms: 20 },
  stages: { One: { p50Ms: 5, p99Ms: 30_000 } },
  requestsPerSecond: 50,
  clients: 8,
  load: { processes: 0.1, cores: 2 },
  travelled: {
    hops: [
      { to: 'One', bytes: 200_000 },
      { to: 'the caller', bytes: 100 },
    ],
    claimsWritten: 2,
    claimsRead: 1,
    claimBytes: 1000,
    functions: [{ stage: 'One', durationMs: 5 }],
    executionMs: 120,
  },
  failures: [],
};

describe('the cost', () => {
  it('is list prices times what was counted', () => {
    const cost = costOf(measured, 2, [10, 100]);

    expect(cost.httpApi).toBeCloseTo(1);
    // Two invocations; 10 ms of 1 GB and 5 ms of half a GB.
    expect(cost.lambda).toBeCloseTo(0.4 + (0.01 + 0.0025) * PRICES.lambdaGbSecond.usd * 1e6);
    // 10 ms count as 100, with 64 MB.
    expect(cost.stepFunctions).toBeCloseTo(1 + 0.1 * 0.0625 * PRICES.expressGbSecond.usd * 1e6);
    expect(cost.s3).toBeCloseTo(2 * 5 + 0.4);
    expect(cost.perMillion).toBeCloseTo(cost.httpApi + cost.lambda + cost.stepFunctions + cost.s3);
  });

  it('has as many instances as the rate needs, one per endpoint at least', () => {
    const [slow, fast] = costOf(measured, 2, [10, 100]).endpoints;

    expect(slow).toMatchObject({ instances: 2 });
    expect(slow!.perMillion).toBeCloseTo((2 * 0.115 * 1e6) / 10 / 3600);
    expect(fast).toMatchObject({ instances: 4 });
  });

  it('stands on prices that each have a source', () => {
    for (const price of Object.values(PRICES)) expect(price.source).toMatch(/https:\/\//);
  });
});

describe('the tables of the docs', () => {
  it('have a row for each placement of each pipeline, and say under what load', () => {
    const tried = {
      placement: 'container',
      isWritten: true,
      endpoints: 1,
      inside: { betweenContainers: 0, inMemory: 0 },
      measured,
      cost: costOf(measured, 1, [1, 10]),
      upgrades: [],
      limits: [],
    } as const;
    const recommendation = recommend(named('diabetes-progression'), [tried]);
    const rest = { samples: 1, refused: [], same: [], recommendation };
    const text = markdownTables([
      {
        pipeline: 'one',
        tried: [tried, { ...tried, placement: 'state-machine', isWritten: false }],
        ...rest,
      },
      { pipeline: 'two', tried: [tried], ...rest },
    ]);

    const rows = text.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows.map((row) => row.split(' | ').slice(0, 2).join(' '))).toEqual(
      [1, 2].flatMap(() => ['| `one` container *', '| `one` state-machine', '| `two` container *']),
    );
    expect(text).toContain('| `one` | container * | 10 ms | 20 ms | 50 |');
    expect(text).toContain('| sum | endpoint hours at 1/s | at 10/s |');
    expect(text).toMatch(/\nOn 2 cores under a load of 0 to 0\./);
  });
});

describe('the limits', () => {
  it('say what is near and by how much', () => {
    const limits = limitsOf(named('tumour-screening'), measured, { requestBytes: 500, artefacts: [] });

    const byName = Object.fromEntries(limits.map(({ name, share }) => [name, share]));
    expect(byName['payload between states']).toBeCloseTo(200_000 / 262_144);
    expect(byName['one endpoint call, all its containers']).toBeCloseTo(0.5);
    expect(byName['containers of one endpoint']).toBeCloseTo(3 / 15);
  });
});

describe('the limits of a multi-model endpoint', () => {
  it('are its models against the room for them, in every placement', async () => {
    for (const name of ['house-prices', 'regional-prices'])
      for (const placement of sortPlacements(named(name)).possible) {
        const placed =
          placement === 'as written' ? named(name) : { ...named(name), placement: placement as Placement };
        const artefacts = (await artefactSources(PROJECT, [placed])).map(({ key }) => key);
        const limits = limitsOf(placePipeline(placed), measured, { requestBytes: 500, artefacts });

        expect(limits.filter(({ name: limit }) => limit.startsWith('models of'))).toMatchObject([
          { limit: '100', found: '1000', share: 10 },
        ]);
      }
  });
});

describe('the placements that are tried', () => {
  it('are all three where they differ, the written one first', () => {
    expect(sortPlacements(named('tumour-screening'))).toEqual({
      possible: ['inference-pipeline', 'state-machine', 'container'],
      refused: [],
      same: [],
    });
  });

  it('are one where there is one model', () => {
    expect(sortPlacements(named('diabetes-progression'))).toMatchObject({
      possible: ['container'],
      same: [
        { placement: 'state-machine', as: 'container' },
        { placement: 'inference-pipeline', as: 'container' },
      ],
    });
  });

  it('leave out what SageMaker refuses, with the reason, and keep the definition as written', () => {
    const { possible, refused } = sortPlacements(named('regional-prices'));

    expect(possible).toEqual(['as written', 'state-machine']);
    expect(refused.map(({ placement }) => placement)).toEqual(['inference-pipeline', 'container']);
    expect(refused[0]!.reason).toMatch(/one multi-model container/);
  });
});

describe('the recommendation', () => {
  const tried = (placement: Tried['placement'], p50Ms: number): Tried => {
    const own = { ...measured, latency: { p50Ms, p99Ms: 2 * p50Ms } };
    return { placement, measured: own, cost: costOf(own, 1, [1]) };
  };
  const all = [tried('state-machine', 12), tried('inference-pipeline', 10), tried('container', 9)];

  it.each<[string, readonly Tried[], RegExp]>([
    ['diabetes-progression', [tried('container', 9)], /^1 one container/],
    ['tumour-screening', all, /^2 inference pipeline/],
    ['tumour-screening', [...all.slice(0, 2), tried('container', 5)], /^1 one container/],
    ['photo-themes', all, /^3 serial ensemble/],
    ['house-prices', all, /^4 target model/],
    ['regional-prices', [tried('as written', 9)], /^3 serial ensemble, over multi-model endpoints/],
  ])('for %s follows from its definition and the figures', (name, figures, pattern) => {
    const { pattern: found, reasons } = recommend(named(name), figures);

    expect(found).toMatch(pattern);
    expect(reasons.length).toBeGreaterThan(1);
  });

  it('keeps the layout as written where no figure speaks for another, and says the figures', () => {
    const slower: Tried = { ...tried('state-machine', 10), cost: costOf(measured, 3, [1]) };
    const written: Tried = { ...tried('as written', 9), cost: costOf(measured, 2, [1]) };

    const found = recommend(named('regional-prices'), [written, slower]);

    expect(found.placement).toBe('as written');
    expect(found.pattern).toMatch(/^3 serial ensemble, over multi-model/);
    expect(found.reasons[0]).toMatch(/no figure speaks for state-machine/);
    expect(found.reasons[1]).toMatch(/^cost per million requests: as written \$\d+, state-machine \$\d+/);
  });

  it('names what speaks against a layout that other figures speak for', () => {
    const fused: Tried = { ...tried('container', 3), cost: costOf(measured, 9, [1]) };

    const { placement, reasons } = recommend(named('tumour-screening'), [...all.slice(0, 2), fused]);

    expect(placement).toBe('container');
    expect(reasons[0]).toMatch(/latency p50: container 3\.0 ms, inference-pipeline 10\.0 ms/);
    expect(reasons.at(-1)).toMatch(/^despite cost per million requests/);
  });

  it('is separate endpoints or Triton where some models want a GPU', () => {
    const screening = named('tumour-screening');
    const stages = screening.stages.map((stage) => {
      if (stage.kind !== 'inference') return stage;
      const [first, ...rest] = stage.endpoint.containers;
      const onGpu = { ...first!, environment: { SERIATIM_PROVIDERS: 'cuda,cpu' } };
      return { ...stage, endpoint: { ...stage.endpoint, containers: [onGpu, ...rest] } };
    });

    expect(recommend({ ...screening, stages }, all).pattern).toMatch(/separate endpoints .* Triton/);
  });
});

describe('what can be upgraded alone', () => {
  it('is each model as states, and one artefact when fused', () => {
    const screening = named('tumour-screening');

    expect(upgradesOf({ ...screening, placement: 'state-machine' })).toHaveLength(3);
    expect(upgradesOf({ ...screening, placement: 'container' })).toEqual([
      'endpoint tumour-screening-fused: features, classifier, explanation together, as one artefact',
    ]);
  });
});

describe('what travelled', () => {
  it('is read from an execution: bytes into each stage, functions called, claims by their checksum', () => {
    const sha256 = 'a'.repeat(64);
    const payload = { claim: { bucket: 'b', key: 'k', bytes: 9, contentType: 'image/png', sha256 } };
    const attempt = { number: 1, status: 'SUCCEEDED', start: '', durationMs: 4 } as const;
    const view = {
      stages: [
        {
          name: 'Look',
          inputBytes: 300,
          input: { payload },
          attempts: [{ ...attempt, target: 'invoke-endpoint', via: 'lambda' }],
        },
        { name: 'Leave', attempts: [] },
        {
          name: 'Say',
          inputBytes: 40,
          attempts: [
            { ...attempt, target: 'seriatim-dev-topics', via: 'sagemaker' },
            { ...attempt, target: 's3:getObject' },
          ],
        },
      ],
      output: { seen: payload },
      outputBytes: 20,
      durationMs: 12,
    } as unknown as ExecutionView;

    expect(travelledIn(view)).toEqual({
      hops: [
        { to: 'Look', bytes: 300 },
        { to: 'Say', bytes: 40 },
        { to: 'the caller', bytes: 20 },
      ],
      claimsWritten: 1,
      claimsRead: 1,
      claimBytes: 9,
      functions: [{ stage: 'Look', durationMs: 4 }],
      executionMs: 12,
    });
  });
});

describe('percentiles', () => {
  it('are of the values in order', () => {
    expect(percentiles(Array.from({ length: 100 }, (_, i) => 100 - i))).toEqual({ p50Ms: 51, p99Ms: 100 });
  });
});
