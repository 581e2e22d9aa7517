// AWS's limits that this placement comes near, with what was measured beside them. Pure.

import { endpointTargets } from '../../packaging/pipelines/hosting.ts';
import type { Pipeline } from '../../statemachines/pipeline.ts';
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

export function limitsOf(placed: Pipeline, measured: Measured, requestBytes: number): Limit[] {
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
  ];
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
