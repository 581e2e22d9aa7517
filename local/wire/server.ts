// The one loopback port for all AWS APIs: tells which service a request is for and hands it over.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Service, ServiceName } from '../service.ts';
import { sendJson } from './body.ts';
import { AwsError, sendAwsError, type WireProtocol } from './errors.ts';

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
    const { path, query } = splitTarget(request.url ?? '/');
    if (path.startsWith('/_seriatim/')) {
      if (own) own(path, request, response);
      else sendJson(response, 200, { status: 'ready' });
      return;
    }
    const name = identifyService(request, path, query);
    const service = byName.get(name as ServiceName);
    if (service === undefined) {
      const error = new AwsError('UnknownService', `The service ${name} is not served here.`, {
        statusCode: 501,
      });
      sendAwsError(response, error, isForm(request) ? 'query' : 'json-1.1', requestId);
      return;
    }
    const operation = headerText(request, 'x-amz-target')?.split('.').at(-1);
    service
      .handle({
        request,
        response,
        method: request.method ?? 'GET',
        path,
        query,
        operation,
        requestId,
      })
      .catch((thrown: unknown) => sendAwsError(response, thrown, PROTOCOLS[service.name], requestId));
  });
  server.keepAliveTimeout = 65_000;
  server.requestTimeout = 0;
  return server;
}

/**
 * The path as it was sent: a URL parser folds `..`, takes what follows `//` for a host and throws at some of it, and
 * keys of S3 may be all that.
 */
function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const mark = target.indexOf('?');
  if (mark === -1) return { path: target, query: new URLSearchParams() };
  return { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
}

/** How a failure that a service did not answer itself is written. */
const PROTOCOLS: Readonly<Record<ServiceName, WireProtocol>> = {
  s3: 'rest-xml',
  sts: 'query',
  lambda: 'rest-json',
  'sagemaker-runtime': 'rest-json',
  states: 'json-1.0',
  monitoring: 'json-1.0',
  sagemaker: 'json-1.1',
  'application-autoscaling': 'json-1.1',
  logs: 'json-1.1',
};

/** `X-Amz-Target` prefixes, as the clients send them. */
const TARGETS: Readonly<Record<string, ServiceName>> = {
  AWSStepFunctions: 'states',
  SageMaker: 'sagemaker',
  Logs_20140328: 'logs',
  GraniteServiceVersion20100801: 'monitoring',
  AnyScaleFrontendService: 'application-autoscaling',
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

/**
 * By target header, then by the signature's scope, then by path; what is left is S3. A request signed for a service
 * that is not known here gets that service's signing name, so that the answer can say so.
 */
export function identifyService(request: IncomingMessage, path: string, query: URLSearchParams): string {
  const target = headerText(request, 'x-amz-target');
  const byTarget = target === undefined ? undefined : TARGETS[target.split('.', 1)[0]!];
  if (byTarget !== undefined) return byTarget;
  const scope = credentialScope(request, query);
  if (scope === 'sagemaker') return 'sagemaker-runtime';
  if (scope !== undefined) return SCOPES[scope] ?? scope;
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

/** What a client of the Query protocol sends; it reads XML only. */
function isForm(request: IncomingMessage): boolean {
  return headerText(request, 'content-type')?.startsWith('application/x-www-form-urlencoded') === true;
}

function headerText(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
