// `arn:aws:states:::aws-sdk:<service>:<operation>`: any operation of a service that is connected.
// https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
import { crc32 } from 'node:zlib';
import { toAwsError } from '../../wire/errors.ts';
import type { Resource } from '../definition/types.ts';
import { isObject, type Json, textOf } from '../json/text.ts';
import { StateFailure } from '../run/failure.ts';
import { waitForToken } from './callback.ts';
import type { Integration, RunningCall } from './integration.ts';
import { sdkFailure } from './service-errors.ts';

export const awsSdk: Integration = {
  run(call) {
    return call.state.resource.pattern === 'token' ? waitForToken(call, () => request(call)) : request(call);
  },
};

/** Names as the Java SDK spells its clients, which error names and causes begin with. */
const CLIENT_NAMES: Readonly<Record<string, string>> = {
  applicationautoscaling: 'ApplicationAutoScaling',
  cloudwatch: 'CloudWatch',
  cloudwatchlogs: 'CloudWatchLogs',
  dynamodb: 'DynamoDb',
  eventbridge: 'EventBridge',
  sagemaker: 'SageMaker',
  sagemakerruntime: 'SageMakerRuntime',
  secretsmanager: 'SecretsManager',
};

export function clientName(service: string): string {
  return CLIENT_NAMES[service] ?? `${service.charAt(0).toUpperCase()}${service.slice(1)}`;
}

/** Members that are blobs, by service and operation: their JSON value goes out as JSON text. */
const BLOBS: Readonly<Record<string, readonly string[]>> = {
  'lambda:invoke': ['Payload'],
  's3:putObject': ['Body'],
  's3:uploadPart': ['Body'],
  'sagemakerruntime:invokeEndpoint': ['Body'],
  'sagemakerruntime:invokeEndpointAsync': [],
};

/** Services whose API begins its members with a small letter; the integration begins them with a capital. */
const SMALL_LETTERS = new Set(['sfn', 'cloudwatchlogs']);

async function request(call: RunningCall): Promise<Json> {
  const { resource } = call.state;
  const { services } = call.frame.execution.engine;
  const operation = services[resource.service]?.[resource.operation];
  if (operation === undefined) {
    const cause = `The operation ${resource.operation} of the service ${resource.service} is not served here.`;
    throw new StateFailure('States.Runtime', cause, { isTerminal: true });
  }
  call.events.started();
  const isSmall = SMALL_LETTERS.has(resource.service);
  try {
    const input = toInput(call.parameters, `${resource.service}:${resource.operation}`, isSmall);
    const output = await operation(input, abortOptions(call));
    return toOutput({ ...output, ...uploadChecksum(resource, input) }, isSmall);
  } catch (thrown) {
    throw sdkFailure(clientName(resource.service), toAwsError(thrown));
  }
}

/** The Java SDK adds a CRC-32 to every upload, and S3 answers with it. */
function uploadChecksum(
  resource: Resource,
  input: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  if (resource.service !== 's3' || resource.operation !== 'putObject') return {};
  const body = input.Body instanceof Uint8Array ? input.Body : Buffer.alloc(0);
  const digest = Buffer.alloc(4);
  digest.writeUInt32BE(crc32(body));
  return { ChecksumCRC32: digest.toString('base64'), ChecksumType: 'FULL_OBJECT' };
}

/** A signal only for operations that wait, such as getActivityTask: making one costs more than a quick call. */
function abortOptions({ frame, state }: RunningCall): { signal: AbortSignal } | undefined {
  if (!state.resource.operation.startsWith('getActivityTask')) return undefined;
  const controller = new AbortController();
  frame.cancellation.onCancel(() => controller.abort());
  return { signal: controller.signal };
}

function toInput(parameters: Json, name: string, isSmall: boolean): Record<string, unknown> {
  const given = isObject(parameters) ? parameters : {};
  const input: Record<string, unknown> = {};
  const blobs = BLOBS[name] ?? [];
  for (const [key, value] of Object.entries(given)) {
    const member = isSmall ? renamed(value, smallFirst) : value;
    input[isSmall ? smallFirst(key) : key] = blobs.includes(key) ? Buffer.from(textOf(value)) : member;
  }
  return input;
}

function smallFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function capitalFirst(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function renamed(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [rename(key), renamed(member, rename)]),
  );
}

/** As JSON: blobs as UTF-8 text, times in ISO 8601, absent members absent. */
function toOutput(output: Readonly<Record<string, unknown>>, isSmall: boolean): Json {
  const result: Record<string, Json> = {};
  for (const key of Object.keys(output)) {
    const value = output[key];
    if (value === undefined || key === '$metadata') continue;
    result[isSmall ? capitalFirst(key) : key] = toJson(value, isSmall);
  }
  return result;
}

function toJson(value: unknown, isSmall: boolean): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((item) => toJson(item, isSmall));
  return toOutput(value as Record<string, unknown>, isSmall);
}
