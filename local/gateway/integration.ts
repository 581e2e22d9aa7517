// Calling the function of a route: the wait for it is bounded, and whatever goes wrong becomes one of the texts that
// an HTTP API answers with. The reason goes to the log, never to the client.
import type { Clock } from '../clock.ts';
import type { FunctionInvoker, InvokeResult } from '../lambda/api.ts';
import { AwsError } from '../wire/errors.ts';
import { functionAnswer, type HttpAnswer, messageAnswer, TOO_LARGE } from './answer.ts';
import type { HttpRoute } from './api.ts';

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const MAX_TIMEOUT_MS = 30_000;

export interface IntegrationCall {
  readonly route: HttpRoute;
  readonly payload: string;
  readonly traceId: string | undefined;
}

export interface IntegrationResult {
  readonly answer: HttpAnswer;
  /** Why the answer is not the function's. */
  readonly failure?: string;
}

export async function callFunction(
  { lambda, clock }: { readonly lambda: FunctionInvoker; readonly clock: Clock },
  { route, payload, traceId }: IntegrationCall,
): Promise<IntegrationResult> {
  const timeoutMs = Math.min(route.timeoutMs ?? MAX_TIMEOUT_MS, MAX_TIMEOUT_MS);
  let cancel = (): void => {};
  const late = new Promise<undefined>((resolve) => {
    cancel = clock.schedule(timeoutMs, () => resolve(undefined));
  });
  try {
    const request = {
      functionName: route.functionArn,
      payload,
      ...(traceId === undefined ? {} : { traceId }),
    };
    const result = await Promise.race([lambda.invoke(request), late]);
    if (result !== undefined) return readResult(result);
    return failed(504, 'Gateway Timeout', `no answer within ${timeoutMs} ms`);
  } catch (thrown) {
    return refused(thrown);
  } finally {
    cancel();
  }
}

function readResult(result: InvokeResult): IntegrationResult {
  if (result.functionError !== undefined) return failed(500, INTERNAL, result.payload.slice(0, 1000));
  try {
    return { answer: functionAnswer(result.payload) };
  } catch (thrown) {
    return failed(500, INTERNAL, (thrown as Error).message);
  }
}

const INTERNAL = 'Internal Server Error';

/** Lambda did not take the invocation. */
function refused(thrown: unknown): IntegrationResult {
  const reason = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  if (thrown instanceof AwsError && thrown.statusCode === 413) return { answer: TOO_LARGE, failure: reason };
  if (thrown instanceof AwsError && (thrown.statusCode === 429 || thrown.statusCode === 503))
    return failed(503, 'Service Unavailable', reason);
  return failed(500, INTERNAL, reason);
}

function failed(statusCode: number, message: string, failure: string): IntegrationResult {
  return { answer: messageAnswer(statusCode, message), failure };
}
