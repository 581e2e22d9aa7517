// The one loopback port for all AWS APIs: tells which service a request is for and hands it over.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Service, ServiceName } from '../service.ts';
import { sendJson } from './body.ts';
import { AwsError, sendAwsError } from './errors.ts';

export interface WireServerOptions {
  readonly services: readonly Service[];
  /** Answers `/_seriatim/...`: readiness and other things that AWS does not have. */
  readonly own?: (path: string, request: IncomingMessage, response: ServerResponse) => void;
}

/** The server is not listening yet. Its `keepAliveTimeout` outlasts the SDK clients' idle sockets. */
export function createWireServer({ services, own }: WireServerOptions): Server {
  const byName = new Map(services.map((service) => [service.name, service]));
  const server = createServer((request, response) => {
    const requestId = randomUUID();
    const target = new URL(request.url ?? '/', 'http://loopback');
    // The URL parser folds `..` and encodes; S3 keys need the path as it was sent.
    const path = (request.url ?? '/').split('?', 1)[0]!;
    if (path.startsWith('/_seriatim/')) {
      if (own) own(path, request, response);
      else sendJson(response, 200, { status: 'ready' });
      return;
    }
    const name = identifyService(request, path, target.searchParams);
    const service = byName.get(name);
    if (service === undefined) {
      const error = new AwsError('UnknownService', `The service ${name} is not served here.`, {
        statusCode: 501,
      });
      sendAwsError(response, error, 'json-1.1', requestId);
      return;
    }
    const operation = headerText(request, 'x-amz-target')?.split('.').at(-1);
    service
      .handle({
        request,
        response,
        method: request.method ?? 'GET',
        path,
        query: target.searchParams,
        operation,
        requestId,
      })
      .catch((thrown: unknown) =>
        sendAwsError(response, thrown, name === 's3' ? 'rest-xml' : 'rest-json', requestId),
      );
  });
  server.keepAliveTimeout = 65_000;
  server.requestTimeout = 0;
  return server;
}

/** `X-Amz-Target` prefixes, as the clients send them. */
const TARGETS: Readonly<Record<string, ServiceName>> = {
  AWSStepFunctions: 'states',
  SageMaker: 'sagemaker',
  Logs_20140328: 'logs',
  GraniteServiceVersion20100801: 'monitoring',
};

/** Signing names, from the credential scope of the signature. */
const SCOPES: Readonly<Record<string, ServiceName>> = {
  s3: 's3',
  lambda: 'lambda',
  states: 'states',
  logs: 'logs',
  monitoring: 'monitoring',
  sts: 'sts',
};

/** By target header, then by path, then by the signature's scope; what is left is S3. */
export function identifyService(request: IncomingMessage, path: string, query: URLSearchParams): ServiceName {
  const target = headerText(request, 'x-amz-target');
  const byTarget = target === undefined ? undefined : TARGETS[target.split('.', 1)[0]!];
  if (byTarget !== undefined) return byTarget;
  const scope = credentialScope(request, query);
  if (scope === 'sagemaker') return 'sagemaker-runtime';
  const byScope = scope === undefined ? undefined : SCOPES[scope];
  if (byScope !== undefined) return byScope;
  if (/^\/endpoints\/[^/]+\/(async-)?invocations/.test(path)) return 'sagemaker-runtime';
  if (/^\/20\d\d-\d\d-\d\d\/(functions|layers|tags|event-source-mappings|account-settings)/.test(path))
    return 'lambda';
  if (path.startsWith('/service/GraniteServiceVersion20100801/')) return 'monitoring';
  return 's3';
}

function credentialScope(request: IncomingMessage, query: URLSearchParams): string | undefined {
  const credential =
    /Credential=([^,\s]+)/.exec(headerText(request, 'authorization') ?? '')?.[1] ??
    query.get('X-Amz-Credential');
  return credential?.split('/')[3];
}

function headerText(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
