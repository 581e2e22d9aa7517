// Checks of a task's Resource: what it names, and whether this type of state machine may call it that way.
import { isObject } from '../json/text.ts';
import type { StateContext } from './check-state.ts';
import { parseResource } from './compile-task.ts';
import type { Fields } from './fields.ts';
import type { Resource } from './types.ts';

export function checkResource(state: Fields, context: StateContext): void {
  const { findings, at } = context;
  const place = `${at}/Resource`;
  if (state.Resource === undefined) return;
  const resource = readResource(state.Resource);
  if (resource === undefined) {
    findings.schema('Value is not a valid resource ARN', place);
    return;
  }
  if (resource.service === 'http') checkHttp(state, context);
  if (context.type === 'EXPRESS') checkExpress(resource, context, place);
  if (resource.kind === 'optimised') checkRequired(state, resource, context);
  if (!isWellNamed(resource) || (context.isServed !== undefined && !context.isServed(resource))) {
    findings.schema(
      `The resource provided ${resource.text} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.`,
      place,
    );
  }
}

/** Services are spelt in small letters, actions begin with one; jobs are waited for by optimised integrations only. */
function isWellNamed({ kind, service, operation, pattern }: Resource): boolean {
  if (kind !== 'sdk') return true;
  const isJob = pattern === 'sync' || pattern === 'sync:2';
  return !isJob && /^[a-z][a-z0-9]*$/.test(service) && /^[a-z][A-Za-z0-9]*$/.test(operation);
}

/** What a request cannot go without, by integration. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  'lambda:invoke': ['FunctionName'],
  'states:startExecution': ['StateMachineArn'],
};

function checkRequired(
  state: Fields,
  { service, operation }: Resource,
  { findings, at }: StateContext,
): void {
  const field = state.Arguments === undefined ? 'Parameters' : 'Arguments';
  const given = state[field];
  // An expression for all of them is known when it runs.
  if (typeof given === 'string') return;
  const has = (name: string): boolean => isObject(given) && (name in given || `${name}.$` in given);
  const missing = (REQUIRED[`${service}:${operation}`] ?? []).filter((name) => !has(name));
  if (missing.length === 0) return;
  const place = given === undefined ? at : `${at}/${field}`;
  findings.schema(`These fields are required: [${missing.join(', ')}]`, place);
}

const HTTP_FIELDS = ['ApiEndpoint', 'Method'];
/** How an HTTP task is authorised: one of them. */
const HTTP_CONNECTIONS = ['Authentication', 'InvocationConfig'];

/** https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html */
function checkHttp(state: Fields, { findings, at }: StateContext): void {
  const field = state.Arguments === undefined ? 'Parameters' : 'Arguments';
  const given = state[field];
  // An expression for all of them is known when it runs.
  if (typeof given === 'string') return;
  const has = (name: string): boolean => isObject(given) && (name in given || `${name}.$` in given);
  const missing = HTTP_FIELDS.filter((name) => !has(name));
  if (!HTTP_CONNECTIONS.some(has)) missing.push('Authentication');
  if (missing.length > 0) {
    findings.schema(
      `These fields are required: [${missing.join(', ')}]`,
      given === undefined ? at : `${at}/${field}`,
    );
  }
}

/** Express state machines neither wait for callbacks nor for jobs. */
function checkExpress(resource: Resource, { findings }: StateContext, place: string): void {
  if (resource.kind === 'activity') {
    findings.schema('Express state machine does not support Activity ARN', place);
  } else if (resource.pattern === 'token') {
    findings.schema("Express state machine does not support '.waitForTaskToken' service integration ", place);
  } else if (resource.pattern === 'sync' || resource.pattern === 'sync:2') {
    findings.schema("Express state machine does not support '.sync' service integration ", place);
  }
}

function readResource(text: unknown): Resource | undefined {
  if (typeof text !== 'string' || !text.startsWith('arn:')) return undefined;
  try {
    return parseResource(text);
  } catch {
    return undefined;
  }
}
