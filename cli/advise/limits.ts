// AWS's limits that this placement comes near, with what was measured beside them. Pure.

import { endpointTargets, modelDataKey } from '../../packaging/pipelines/hosting.ts';
import type { EndpointContainer, EndpointTarget, Pipeline } from '../../statemachines/pipeline.ts';
import { formatBytes } from '../format/text.ts';
import type { Measured } from './measure.ts';

export interface Limit {
  readonly name: string;
  readonly limit: string;
  readonly found: string;
  /** 0 to 1 and over. */
  readonly share: number;
  readonly source: string;
}

const KIB = 1024;
const MB = 1024 * 1024;
const SFN = 'https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html';
const SAGEMAKER = 'https://docs.aws.amazon.com/sagemaker/latest/dg/inference-pipelines.html';

/** What a placement was asked and holds, besides what was measured. */
export interface Surroundings {
  readonly requestBytes: number;
  /** The keys of its artefacts in the model bucket. */
  readonly artefacts: readonly string[];
}

export function limitsOf(
  placed: Pipeline,
  measured: Measured,
  { requestBytes, artefacts }: Surroundings,
): Limit[] {
  const { hops, claimBytes, executionMs } = measured.travelled;
  const largest = hops.reduce((most, hop) => (hop.bytes > most.bytes ? hop : most), { to: '', bytes: 0 });
  const endpoints = endpointTargets([placed]);
  const containers = Math.max(0, ...endpoints.map((one) => one.containers.length));
  const slowest = Math.max(0, ...Object.values(measured.stages).map(({ p99Ms }) => p99Ms));
  return [
    size('payload between states', 256 * KIB, largest.bytes, `${SFN} (to ${largest.to})`),
    size(
      'request to the function (Lambda, synchronous)',
      6 * MB,
      requestBytes,
      'https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html',
    ),
    size(
      'payload of one endpoint call',
      25 * MB,
      Math.max(claimBytes, largest.bytes),
      'https://aws.amazon.com/sagemaker/ai/faqs/',
    ),
    {
      name: 'containers of one endpoint',
      limit: '15',
      found: String(containers),
      share: containers / 15,
      source: SAGEMAKER,
    },
    seconds(
      'one endpoint call, all its containers',
      60,
      slowest,
      'https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html',
    ),
    seconds(
      'the HTTP API waits',
      30,
      measured.latency.p99Ms,
      'https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html',
    ),
    seconds('an Express execution', 300, executionMs, SFN),
    ...endpoints.flatMap((target) => roomLimits(target, artefacts)),
  ];
}

const MULTI_MODEL = 'https://docs.aws.amazon.com/sagemaker/latest/dg/multi-model-endpoints.html';

/** Target models that are more than are loaded at once make room for each other: cold loads. */
function roomLimits(target: EndpointTarget, artefacts: readonly string[]): Limit[] {
  return target.containers.flatMap((container) => {
    const room = roomOf(container);
    if (room === undefined) return [];
    const prefix = modelDataKey(target, container);
    const models = artefacts.filter((key) => key.startsWith(prefix)).length;
    return [
      {
        name: `models of ${container.name} loaded at once (those beyond are loaded when called, others unloaded)`,
        limit: String(room),
        found: String(models),
        share: models / room,
        source: MULTI_MODEL,
      },
    ];
  });
}

/** Of a multi-model container that says so; the rest are limited by the instance's memory alone. */
function roomOf({ mode, environment, series }: EndpointContainer): number | undefined {
  if (mode !== 'MultiModel') return undefined;
  const inside = series?.models.map(({ container }) => roomOf(container)) ?? [];
  const own = environment?.SERIATIM_MAX_MODELS;
  return own === undefined ? inside.find((room) => room !== undefined) : Number(own);
}

function size(name: string, limit: number, found: number, source: string): Limit {
  return {
    name,
    limit: limit === 256 * KIB ? '256 KiB' : `${limit / MB} MB`,
    found: formatBytes(found),
    share: found / limit,
    source,
  };
}

function seconds(name: string, limit: number, foundMs: number, source: string): Limit {
  return {
    name,
    limit: `${limit} s`,
    found: `${(foundMs / 1000).toFixed(2)} s`,
    share: foundMs / 1000 / limit,
    source,
  };
}
