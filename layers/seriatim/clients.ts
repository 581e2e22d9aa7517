// The one factory of AWS clients. Each is made once per Lambda environment (and endpoint, should that be switched) and
// loaded only by the functions that ask for it: a function without AWS calls starts without the SDK. Connections are
// kept open between invocations.

import { Agent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import type { SFNClient } from '@aws-sdk/client-sfn';

/** SageMaker asks callers to wait 70 s for a container that may take 60 s. */
const ENDPOINT_SOCKET_TIMEOUT_MS = 70_000;

const CONNECT_TIMEOUT_MS = 3_000;

export const s3Client = once(async (): Promise<S3Client> => {
  const { S3Client: Client } = await import('@aws-sdk/client-s3');
  return new Client({
    ...settings('S3'),
    requestHandler: handlerSettings(),
    // Bodies are signed with their SHA-256: a CRC beside it would be a second sum over the same bytes.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
});

/** The digest of a command's body where it is known: the signature needs it, and would compute it again. */
export function signedAs(command: PutObjectCommand, sha256: string): void {
  command.middlewareStack.add(
    (next) => (args) => {
      (args.request as { headers: Record<string, string> }).headers['x-amz-content-sha256'] = sha256;
      return next(args);
    },
    { step: 'build', name: 'knownDigest' },
  );
}

export const sfnClient = once(async (): Promise<SFNClient> => {
  const { SFNClient: Client } = await import('@aws-sdk/client-sfn');
  return new Client({ ...settings('SFN'), requestHandler: handlerSettings() });
});

export const sageMakerRuntimeClient = once(async (): Promise<SageMakerRuntimeClient> => {
  const { SageMakerRuntimeClient: Client } = await import('@aws-sdk/client-sagemaker-runtime');
  const requestHandler = { ...handlerSettings(), requestTimeout: ENDPOINT_SOCKET_TIMEOUT_MS };
  return new Client({ ...settings('SAGEMAKER_RUNTIME'), requestHandler });
});

/**
 * An overridden endpoint has no `sync-` or other host prefix before it. The middleware stack of a command is resolved
 * once, not per call.
 */
function settings(service: string): { disableHostPrefix?: boolean; cacheMiddleware: boolean } {
  const overridden = process.env[`AWS_ENDPOINT_URL_${service}`] ?? process.env.AWS_ENDPOINT_URL;
  return { cacheMiddleware: true, ...(overridden ? { disableHostPrefix: true } : {}) };
}

function handlerSettings() {
  const keepAlive: AgentOptions = { keepAlive: true, maxSockets: 256 };
  return {
    connectionTimeout: CONNECT_TIMEOUT_MS,
    httpAgent: new Agent(keepAlive),
    httpsAgent: new HttpsAgent(keepAlive),
  };
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: { readonly endpoint: string | undefined; readonly value: Promise<Value> } | undefined;
  return () => {
    const endpoint = process.env.AWS_ENDPOINT_URL;
    if (made === undefined || made.endpoint !== endpoint) made = { endpoint, value: make() };
    return made.value;
  };
}
