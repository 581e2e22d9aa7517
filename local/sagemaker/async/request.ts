// InvokeEndpointAsync's input, checked, and where its output and its failure will lie.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointAsync.html
import { randomUUID } from 'node:crypto';
import type { AsyncInferenceConfig } from '../control/records.ts';
import { parseS3Url } from '../hosting/plan.ts';
import { validationError } from '../runtime/errors.ts';
import { checkMembers } from '../runtime/members.ts';
import type { HostingSettings } from '../settings.ts';

export interface AsyncInput {
  readonly endpointName: string;
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
  readonly customAttributes: string | undefined;
  readonly inferenceId: string | undefined;
  readonly inputLocation: string | undefined;
  readonly body: Uint8Array | undefined;
  readonly outputPathExtension: string | undefined;
  readonly filename: string | undefined;
  readonly ttlSeconds: number | undefined;
  readonly timeoutSeconds: number | undefined;
}

export interface AsyncRequest {
  readonly endpointName: string;
  readonly inferenceId: string;
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
  readonly customAttributes: string | undefined;
  readonly input: { readonly location: string } | { readonly body: Uint8Array };
  readonly outputLocation: string | undefined;
  readonly failureLocation: string | undefined;
  readonly receivedMs: number;
  readonly expiresMs: number;
  readonly timeoutMs: number;
}

const DEFAULT_TTL_SECONDS = 21_600;
const DEFAULT_TIMEOUT_SECONDS = 900;

/** @throws AwsError ValidationError */
export function checkAsync(
  input: AsyncInput,
  config: AsyncInferenceConfig,
  facts: { readonly nowMs: number; readonly settings: HostingSettings },
): AsyncRequest {
  checkInput(input, facts.settings);
  // An id of the caller's own may come again: it names no object, which would replace an earlier one.
  const id = randomUUID();
  const inferenceId = input.inferenceId ?? id;
  const { S3OutputPath: outputPath, S3FailurePath: failurePath } = config.OutputConfig ?? {};
  const name = input.filename ?? `${id}.out`;
  return {
    endpointName: input.endpointName,
    inferenceId,
    contentType: input.contentType,
    accept: input.accept,
    customAttributes: input.customAttributes,
    input: input.body === undefined ? { location: input.inputLocation! } : { body: input.body },
    outputLocation: join(outputPath, input.outputPathExtension, name),
    failureLocation: join(failurePath, input.outputPathExtension, `${name.replace(/\.out$/, '')}-error.out`),
    receivedMs: facts.nowMs,
    expiresMs: facts.nowMs + 1000 * (input.ttlSeconds ?? DEFAULT_TTL_SECONDS),
    timeoutMs: 1000 * (input.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS),
  };
}

function join(base: string | undefined, extension: string | undefined, name: string): string | undefined {
  if (base === undefined) return undefined;
  return [base.replace(/\/+$/, ''), extension?.replace(/^\/+|\/+$/g, ''), name].filter(Boolean).join('/');
}

const LOCATION = /^(https|s3):\/\/([^/]+)\/?(.*)$/;
const EXTENSION = /^(?!s3:|https:)[a-zA-Z0-9!_.*'()/-]{1,512}$/;
const FILENAME = /^(?!.*\..*\.)[a-zA-Z0-9][a-zA-Z0-9\-_.]{0,31}$/;

function checkInput(input: AsyncInput, settings: HostingSettings): void {
  checkMembers(input);
  const hasBody = input.body !== undefined && input.body.byteLength > 0;
  if (hasBody === (input.inputLocation !== undefined))
    throw validationError('Exactly one of Body and InputLocation must be given.');
  if (hasBody && input.body.byteLength > settings.asyncInlineLimitBytes)
    throw validationError(`Body must be at most ${settings.asyncInlineLimitBytes} bytes.`);
  checkLocation(input.inputLocation);
  const extension = input.outputPathExtension;
  if (extension !== undefined && (!EXTENSION.test(extension) || extension.split('/').includes('..')))
    throw constraint(extension, 's3OutputPathExtension', EXTENSION);
  if (input.filename !== undefined && !FILENAME.test(input.filename))
    throw constraint(input.filename, 'filename', FILENAME);
  checkRange('requestTTLSeconds', input.ttlSeconds, 60, 21_600);
  checkRange('invocationTimeoutSeconds', input.timeoutSeconds, 1, 3_600);
}

function checkLocation(location: string | undefined): void {
  if (location === undefined) return;
  if (!LOCATION.test(location)) throw constraint(location, 'inputLocation', LOCATION);
  try {
    parseS3Url(location);
  } catch (thrown) {
    throw validationError(`Invalid InputLocation: ${(thrown as Error).message}`);
  }
}

function checkRange(member: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return;
  throw validationError(
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must have value between ${min} and ${max}, inclusive`,
  );
}

function constraint(value: string, member: string, pattern: RegExp): Error {
  return validationError(
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must satisfy regular expression pattern: ${pattern.source.replaceAll('\\/', '/')}`,
  );
}
