// Makes the HTTP API of the template's pieces and lets it answer on the HTTP port, the console beside it.
import { join } from 'node:path';
import type { CorsConfiguration, HttpApi, HttpRoute } from '../gateway/api.ts';
import { createGateway } from '../gateway/index.ts';
import type { Closers } from './closers.ts';
import { consoleRoutes } from './console.ts';
import type { OpenPort } from './ports.ts';
import type { HttpApiDraft } from './resources/http-api-draft.ts';
import { lowerCamel } from './resources/properties.ts';
import type { World } from './resources/resource-type.ts';

/** What is in flight has this long; the whole end has two seconds. */
const DRAIN_MS = 800;

/** @returns what was opened, in a few words */
export async function openHttpApi(
  world: World,
  port: OpenPort,
  { closers, token }: { readonly closers: Closers; readonly token?: string | undefined },
): Promise<string> {
  const [draft, ...others] = world.built.httpApis.values();
  // There is one port: on AWS each API has a host of its own.
  for (const { name } of others)
    world.built.notes.push(`HTTP API ${name}: only the first one is served here`);
  const { lambda, logs } = world.services;
  const api = draft === undefined ? NO_API : httpApi(draft);
  const gateway = createGateway({
    api,
    lambda,
    logs,
    place: world.place,
    own: consoleRoutes(join(world.projectFolder, '.build/console')),
    ...(token ? { access: { token } } : {}),
  });
  closers.add('HTTP API', async () => {
    // Closed first of all: every answer tells its client to come no more, while all behind it still works.
    await Promise.all([gateway.close(), port.drain(DRAIN_MS)]);
  });
  port.answerWith((request, response) => gateway.serve(request, response));
  return `${api.routes.length} routes on ${port.url}`;
}

const NO_API: HttpApi = { apiId: 'none', stage: '$default', routes: [] };

function httpApi({ apiId, integrations, routes, stageNames, cors }: HttpApiDraft): HttpApi {
  return {
    apiId,
    stage: stageNames[0] ?? '$default',
    // A route whose integration is not served is left out: it was noted when the integration was read.
    routes: routes.flatMap(({ routeKey, integrationId }): HttpRoute[] => {
      const integration = integrations.get(integrationId);
      if (integration === undefined) return [];
      return [{ routeKey, functionArn: integration.functionArn, timeoutMs: integration.timeoutMs }];
    }),
    ...(cors === undefined ? {} : { cors: lowerCamel(cors) as CorsConfiguration }),
  };
}
