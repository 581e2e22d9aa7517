// `/_seriatim/health`, `/_seriatim/resources` and `/_seriatim/metrics` (Prometheus text, also as `/metrics`, where
// Prometheus looks unless told) on the AWS port: what is still pending, and, once every endpoint is in service, what is
// there. They answer from the first moment on.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from '../wire/body.ts';
import type { World } from './resources/resource-type.ts';
import type { Stack } from './stack.ts';

export interface OwnSources {
  readonly version: string;
  readonly ports: { readonly http: number; readonly aws: number };
  /** The parts of the start that are not done. */
  readonly pending: ReadonlySet<string>;
  readonly shown: () => Shown | undefined;
}

export interface Shown {
  readonly world: World;
  readonly stack?: Stack;
}

/** Answers paths under `/_seriatim/` and `/metrics`, and tells by `true` that it did. */
export type OwnRoutes = (request: IncomingMessage, response: ServerResponse) => boolean;

export function ownRoutes(sources: OwnSources): OwnRoutes {
  return (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0]!;
    if (isScrape(path, request)) answerMetrics(sources.shown()?.world, response);
    else if (!path.startsWith('/_seriatim/')) return false;
    else if (path === '/_seriatim/health') answerHealth(sources, response);
    else if (path === '/_seriatim/resources') answerResources(sources.shown()?.stack, response);
    else if (path === '/_seriatim/metrics') answerMetrics(sources.shown()?.world, response);
    else sendJson(response, 404, { message: `There is nothing at ${path}` });
    return true;
  };
}

/** A bucket may be called `metrics`: whoever asks for that signs. */
function isScrape(path: string, { method, headers, url }: IncomingMessage): boolean {
  const isSigned = headers.authorization !== undefined || url!.includes('X-Amz-');
  return path === '/metrics' && method === 'GET' && !isSigned;
}

function answerHealth({ version, ports, pending, shown }: OwnSources, response: ServerResponse): void {
  const world = shown()?.world;
  const endpoints = world?.services.sagemaker.endpoints() ?? [];
  // One that failed after the start would never be ready; at the start it ends the start.
  const waiting = endpoints.filter(({ status }) => status !== 'InService' && status !== 'Failed');
  const notYet = [...pending, ...waiting.map((one) => `endpoint ${one.endpointName}: ${one.status}`)];
  const isReady = notYet.length === 0;
  sendJson(response, isReady ? 200 : 503, {
    status: isReady ? 'ready' : 'starting',
    pending: notYet,
    versions: { seriatim: version, node: process.version },
    ports,
    endpoints: endpoints.map(({ endpointName, status, instances }) => ({ endpointName, status, instances })),
    functions: [...(world?.built.functions.values() ?? [])].map(({ functionName }) => functionName),
    stateMachines: world?.built.stateMachineArns ?? [],
  });
}

function answerResources(stack: Stack | undefined, response: ServerResponse): void {
  const unserved = new Set(stack?.plan.unserved.map(({ logicalId }) => logicalId));
  const resources = [...(stack?.resources ?? [])].map(([logicalId, { ref }]) => ({
    logicalId,
    type: stack!.plan.template.resources[logicalId]!.Type,
    physicalId: ref,
    served: !unserved.has(logicalId),
  }));
  sendJson(response, 200, { resources, outputs: stack?.outputs ?? {} });
}

function answerMetrics(world: World | undefined, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  response.end(world?.services.monitoring.prometheus() ?? '');
}
