// Invocations: what is checked before a function runs, and how the three invocation types answer.
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { AwsError } from '../wire/errors.ts';
import type { InvokeRequest, InvokeResult } from './api.ts';
import type { Outcome } from './environment.ts';
import { VERSION } from './report.ts';
import { MAX_SYNC_PAYLOAD_BYTES } from './runtime/protocol.ts';
import type { FunctionStore, StoredFunction } from './store.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_ASYNC_PAYLOAD_BYTES = 1024 * 1024;
/** Concurrent invocations of one function without reserved concurrency: an account's limit. */
const ACCOUNT_CONCURRENCY = 1000;
/** Waits before the two retries of an asynchronous invocation whose function failed. */
const RETRY_DELAYS_MS = [60_000, 120_000];
/** A throttled asynchronous invocation is tried again after 1 s, then ever later up to 5 minutes, for 6 hours. */
const THROTTLE_DELAY_MS = 1000;
const MAX_THROTTLE_DELAY_MS = 5 * 60_000;
const MAX_EVENT_AGE_MS = 6 * 3_600_000;

export class Invoker {
  private readonly store: FunctionStore;
  private readonly clock: Clock;
  private isClosed = false;
  private traces = 0;

  constructor(store: FunctionStore, clock: Clock) {
    this.store = store;
    this.clock = clock;
  }

  close(): void {
    this.isClosed = true;
  }

  async invoke(request: InvokeRequest): Promise<InvokeResult> {
    if (this.isClosed) throw new AwsError('ServiceException', 'Lambda is shutting down', { statusCode: 503 });
    const target = this.store.find(request.functionName, request.qualifier);
    const type = request.invocationType ?? 'RequestResponse';
    const requestId = randomUUID();
    if (type === 'DryRun') return accepted(204, requestId);
    checkSize(request.payload, type);
    if (type === 'RequestResponse') return this.answer(target, request, requestId);
    checkJson(request.payload);
    this.runLater(request, { requestId, attempt: 0, acceptedAtMs: this.clock.now(), throttled: 0 });
    return accepted(202, requestId);
  }

  private async answer(
    target: StoredFunction,
    request: InvokeRequest,
    requestId: string,
  ): Promise<InvokeResult> {
    const outcome = await this.run(target, request, requestId);
    if (outcome.kind === 'bad-event') throw badEvent(outcome.payload);
    return {
      statusCode: 200,
      payload: outcome.payload,
      ...(outcome.kind === 'error' ? { functionError: 'Unhandled' as const } : {}),
      executedVersion: VERSION,
      requestId,
      ...(outcome.logTail === undefined ? {} : { logTail: outcome.logTail }),
    };
  }

  /** @throws AwsError TooManyRequestsException */
  private run(target: StoredFunction, request: InvokeRequest, requestId: string): Promise<Outcome> {
    const { reservedConcurrency } = target.definition;
    if (target.inFlight >= (reservedConcurrency ?? ACCOUNT_CONCURRENCY)) throw throttled(reservedConcurrency);
    target.inFlight++;
    return new Promise((resolve) =>
      target.pool.submit({
        requestId,
        payload: request.payload,
        traceId: request.traceId ?? this.newTraceId(),
        clientContext: request.clientContext,
        withLogTail: request.withLogTail ?? false,
        queuedAt: this.clock.now(),
        settle: (outcome) => {
          target.inFlight--;
          resolve(outcome);
        },
      }),
    );
  }

  /** An asynchronous invocation: a failing function gets two more attempts, a throttled one is tried for hours. */
  private async runLater(request: InvokeRequest, state: EventState): Promise<void> {
    try {
      const outcome = await this.run(this.store.find(request.functionName), request, state.requestId);
      const delayMs = RETRY_DELAYS_MS[state.attempt];
      if (outcome.kind !== 'error' || delayMs === undefined) return;
      this.retry(request, { ...state, attempt: state.attempt + 1 }, delayMs);
    } catch (thrown) {
      if (!(thrown instanceof AwsError) || thrown.statusCode !== 429) return;
      const delayMs = Math.min(THROTTLE_DELAY_MS * 2 ** state.throttled, MAX_THROTTLE_DELAY_MS);
      this.retry(request, { ...state, throttled: state.throttled + 1 }, delayMs);
    }
  }

  private retry(request: InvokeRequest, state: EventState, delayMs: number): void {
    if (this.isClosed || this.clock.now() + delayMs - state.acceptedAtMs > MAX_EVENT_AGE_MS) return;
    this.clock.schedule(delayMs, () => {
      if (!this.isClosed) void this.runLater(request, state);
    });
  }

  /** An unsampled X-Ray trace header; a counter in place of random digits, since every invocation needs one. */
  private newTraceId(): string {
    const seconds = Math.floor(this.clock.now() / 1000)
      .toString(16)
      .padStart(8, '0');
    this.traces++;
    return `Root=1-${seconds}-${this.traces.toString(16).padStart(24, '0')};Parent=${this.traces.toString(16).padStart(16, '0')};Sampled=0`;
  }
}

interface EventState {
  readonly requestId: string;
  /** Attempts that the function failed so far. */
  readonly attempt: number;
  readonly throttled: number;
  readonly acceptedAtMs: number;
}

function accepted(statusCode: 202 | 204, requestId: string): InvokeResult {
  return { statusCode, payload: '', executedVersion: VERSION, requestId };
}

function checkSize(payload: string, type: 'RequestResponse' | 'Event'): void {
  const limitBytes = type === 'Event' ? MAX_ASYNC_PAYLOAD_BYTES : MAX_SYNC_PAYLOAD_BYTES;
  if (payload.length * 3 <= limitBytes || Buffer.byteLength(payload) <= limitBytes) return;
  throw new AwsError(
    'RequestTooLargeException',
    `Request must be smaller than ${limitBytes} bytes for the InvokeFunction operation`,
    { statusCode: 413 },
  );
}

function checkJson(payload: string): void {
  try {
    JSON.parse(payload);
  } catch (thrown) {
    throw badEvent((thrown as Error).message);
  }
}

function badEvent(reason: string): AwsError {
  return new AwsError(
    'InvalidRequestContentException',
    `Could not parse request body into json: Could not parse payload into json: ${reason}`,
    { members: { Type: 'User' } },
  );
}

function throttled(reservedConcurrency: number | undefined): AwsError {
  const reason =
    reservedConcurrency === undefined
      ? 'ConcurrentInvocationLimitExceeded'
      : 'ReservedFunctionConcurrentInvocationLimitExceeded';
  return new AwsError('TooManyRequestsException', 'Rate Exceeded.', {
    statusCode: 429,
    members: { Reason: reason, Type: 'User' },
  });
}
