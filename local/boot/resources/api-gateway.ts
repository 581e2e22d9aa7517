// HTTP APIs, piece by piece: an API, its integrations with functions, its routes and its stage. Authorisation is not
// asked for on the loopback port.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGatewayV2.html
import type { HttpApiDraft } from './http-api-draft.ts';
import type { Properties } from './properties.ts';
import { hash, type ResourceType, type World } from './resource-type.ts';

/** An HTTP API's own limit. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const MAX_INTEGRATION_TIMEOUT_MS = 30_000;

export const api: ResourceType = ({ logicalId, properties }, world) => {
  const apiId = identifier(world, logicalId);
  if (properties.text('ProtocolType') === 'WEBSOCKET') {
    world.built.notes.push(`${properties.path}: WebSocket APIs are not served here`);
  } else if (properties.values.Body !== undefined || properties.values.BodyS3Location !== undefined) {
    world.built.notes.push(`${properties.path}.Body: OpenAPI definitions are not served here`);
  }
  world.built.httpApis.set(apiId, {
    apiId,
    name: properties.text('Name') ?? logicalId,
    integrations: new Map(),
    routes: [],
    stageNames: [],
    cors: properties.object('CorsConfiguration')?.values,
  });
  return { ref: apiId, attributes: { ApiId: apiId, ApiEndpoint: world.httpApiUrl } };
};

export const integration: ResourceType = ({ logicalId, properties }, world) => {
  const integrationId = identifier(world, logicalId);
  const functionArn = functionOf(properties.text('IntegrationUri') ?? '');
  if (properties.text('IntegrationType') === 'AWS_PROXY' && functionArn !== undefined) {
    draft(properties, world).integrations.set(integrationId, {
      functionArn,
      payloadFormatVersion: properties.text('PayloadFormatVersion') ?? '1.0',
      timeoutMs: properties.number('TimeoutInMillis') ?? MAX_INTEGRATION_TIMEOUT_MS,
    });
  } else {
    const kind = properties.text('IntegrationSubtype') ?? properties.text('IntegrationType') ?? 'unnamed';
    world.built.notes.push(`${properties.path}: the integration ${kind} is not served here`);
  }
  return { ref: integrationId, attributes: { IntegrationId: integrationId } };
};

export const route: ResourceType = ({ logicalId, properties }, world) => {
  const routeId = identifier(world, logicalId);
  const routeKey = properties.requiredText('RouteKey');
  const target = /^integrations\/(.+)$/.exec(properties.text('Target') ?? '');
  const integrationId = target?.[1] ?? properties.refuse('Target', 'must be integrations/<integration id>');
  const { routes } = draft(properties, world);
  if (routes.some((other) => other.routeKey === routeKey))
    properties.refuse('RouteKey', `the API has another route ${routeKey}`);
  routes.push({ routeKey, integrationId });
  return { ref: routeId, attributes: { RouteId: routeId } };
};

export const stage: ResourceType = ({ properties }, world) => {
  const name = properties.requiredText('StageName');
  draft(properties, world).stageNames.push(name);
  return { ref: name, attributes: {} };
};

export const authorizer: ResourceType = ({ logicalId, properties }, world) => {
  const authorizerId = identifier(world, logicalId);
  world.built.notes.push(`${properties.path}: the local HTTP API asks for no authorisation`);
  return { ref: authorizerId, attributes: { AuthorizerId: authorizerId } };
};

/** An invocation URI wraps the function's ARN: `arn:aws:apigateway:…:path/2015-03-31/functions/<ARN>/invocations`. */
function functionOf(uri: string): string | undefined {
  const wrapped = /functions\/(arn:[^/]+)\/invocations$/.exec(uri)?.[1] ?? uri;
  return /^arn:[^:]+:lambda:/.test(wrapped) ? wrapped : undefined;
}

function draft(properties: Properties, world: World): HttpApiDraft {
  const apiId = properties.requiredText('ApiId');
  return world.built.httpApis.get(apiId) ?? properties.refuse('ApiId', `there is no HTTP API ${apiId}`);
}

/** Ten letters and digits, as API Gateway's are. */
function identifier(world: World, logicalId: string): string {
  return hash(`${world.stackName}/api/${logicalId}`, 10).toLowerCase();
}
