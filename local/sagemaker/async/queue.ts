// Asynchronous inference: one backlog per endpoint, worked off by its instances within their concurrency. Results and
// failures go to S3, notices to the config's topics, a line for each to the data log. What was accepted is kept until
// its outcome is there, and taken up again after a restart.
import { toAwsError } from '../../wire/errors.ts';
import type { LiveEndpoint } from '../hosting/endpoint.ts';
import { type HostContext, logGroupOf } from '../hosting/host-context.ts';
import { parseS3Url } from '../hosting/plan.ts';
import { invokeChain, type Route } from '../runtime/chain.ts';
import { Undelivered, validationError } from '../runtime/errors.ts';
import type { InvocationAnswer } from '../runtime/invocation.ts';
import type { Invoker } from '../runtime/invoke.ts';
import type { Collection } from '../store.ts';
import { AsyncMetrics } from './metrics.ts';
import { type AsyncOutcome, notificationOf } from './notification.ts';
import type { AsyncRecord } from './records.ts';
import { type AsyncInput, type AsyncRequest, checkAsync } from './request.ts';

interface Backlog {
  readonly waiting: AsyncRecord[];
  /** Invocations under way by instance. */
  readonly running: Map<string, number>;
  readonly metrics: AsyncMetrics;
  /** Ends the wait for the next look at what waits. */
  cancelLook?: (() => void) | undefined;
}

export class AsyncInference {
  readonly #invoker: Invoker;
  readonly #context: HostContext;
  readonly #backlogs = new Map<LiveEndpoint, Backlog>();
  readonly #kept: Collection<AsyncRecord>;
  #accepted = 0;
  #isClosed = false;

  constructor(invoker: Invoker, context: HostContext, kept: Collection<AsyncRecord>) {
    this.#invoker = invoker;
    this.#context = context;
    this.#kept = kept;
    for (const { key } of kept.values()) this.#accepted = Math.max(this.#accepted, Number(key));
  }

  /** Nothing is begun any more; what is cut off now is taken up after the next start. */
  close(): void {
    this.#isClosed = true;
    for (const { cancelLook } of this.#backlogs.values()) cancelLook?.();
  }

  /** Takes up what an earlier process left, once its endpoints are there; oldest first. */
  async resume(settled: (endpointName: string) => Promise<unknown>): Promise<void> {
    const byEndpoint = Map.groupBy(this.#kept.values(), ({ request }) => request.endpointName);
    const resumed = [...byEndpoint].map(async ([endpointName, records]) => {
      await settled(endpointName).catch(() => {});
      for (const record of records) await this.#takeUp(record);
    });
    await Promise.all(resumed);
  }

  async #takeUp(record: AsyncRecord): Promise<void> {
    try {
      this.#enqueue(this.#invoker.endpoint(record.request.endpointName), record);
    } catch (thrown) {
      await this.#giveUp(record, toAwsError(thrown).message);
    }
  }

  /** The endpoint did not come back: the caller finds that where failures lie. */
  async #giveUp({ key, request }: AsyncRecord, reason: string): Promise<void> {
    await this.#store(request.failureLocation, { status: 'Failed', reason }).catch(() => {});
    if (!this.#isClosed) this.#kept.delete(key);
  }

  /**
   * Accepts one invocation; it is worked off later.
   * @throws AwsError ValidationError
   */
  submit(input: AsyncInput): AsyncRequest {
    const endpoint = this.#invoker.endpoint(input.endpointName);
    const config = endpoint.config.AsyncInferenceConfig;
    if (config === undefined)
      throw validationError(`Endpoint ${input.endpointName} is not configured for asynchronous inference.`);
    const { clock, settings } = this.#context;
    const request = checkAsync(input, config, { nowMs: clock.now(), settings });
    const record = { key: String(++this.#accepted).padStart(15, '0'), request };
    this.#kept.put(record.key, record);
    this.#enqueue(endpoint, record);
    return request;
  }

  #enqueue(endpoint: LiveEndpoint, record: AsyncRecord): void {
    const backlog = this.#backlogOf(endpoint);
    backlog.waiting.push(record);
    this.#workOff(endpoint, backlog);
  }

  /** How many invocations wait at the endpoint. */
  backlogSize(endpointName: string): number {
    for (const [endpoint, { waiting }] of this.#backlogs)
      if (endpoint.name === endpointName) return waiting.length;
    return 0;
  }

  #backlogOf(endpoint: LiveEndpoint): Backlog {
    const known = this.#backlogs.get(endpoint);
    if (known !== undefined) return known;
    const variantName = endpoint.fleet.variants[0]!.name;
    const metrics = new AsyncMetrics(this.#context.monitoring, endpoint.name, variantName);
    const backlog: Backlog = { waiting: [], running: new Map(), metrics };
    this.#backlogs.set(endpoint, backlog);
    return backlog;
  }

  #workOff(endpoint: LiveEndpoint, backlog: Backlog): void {
    if (this.#isClosed) return;
    if (endpoint.isClosed) {
      backlog.cancelLook?.();
      for (const { key } of backlog.waiting) this.#kept.delete(key);
      this.#backlogs.delete(endpoint);
      return;
    }
    while (backlog.waiting.length > 0) {
      const route = this.#freeRoute(endpoint, backlog);
      if (route === undefined) break;
      const record = backlog.waiting.shift()!;
      const { id } = route.instance;
      backlog.running.set(id, (backlog.running.get(id) ?? 0) + 1);
      void this.#process(endpoint, record, { route, metrics: backlog.metrics }).finally(() => {
        // Instances come and go: those with nothing under way are not kept.
        const left = backlog.running.get(id)! - 1;
        if (left > 0) backlog.running.set(id, left);
        else backlog.running.delete(id);
        this.#workOff(endpoint, backlog);
      });
    }
    const instances = endpoint.fleet.variants.reduce((sum, variant) => sum + variant.instances.length, 0);
    const oldest = backlog.waiting[0];
    const oldestMs = oldest === undefined ? 0 : this.#context.clock.now() - oldest.request.receivedMs;
    backlog.metrics.backlog(backlog.waiting.length, instances, oldestMs);
    this.#lookAgain(endpoint, backlog);
  }

  /**
   * What ends calls back, but an instance that is added, or comes back, does not: what waits is looked at again, soon
   * when nothing runs at all.
   */
  #lookAgain(endpoint: LiveEndpoint, backlog: Backlog): void {
    backlog.cancelLook?.();
    backlog.cancelLook = undefined;
    if (backlog.waiting.length === 0) return;
    backlog.cancelLook = this.#context.clock.schedule(backlog.running.size > 0 ? LOOK_MS : RETRY_MS, () =>
      this.#workOff(endpoint, backlog),
    );
  }

  /** A healthy instance with room for one more. */
  #freeRoute(endpoint: LiveEndpoint, { running }: Backlog): Route | undefined {
    const config = endpoint.config.AsyncInferenceConfig;
    const limit =
      config?.ClientConfig?.MaxConcurrentInvocationsPerInstance ??
      this.#context.settings.asyncConcurrencyPerInstance;
    const variant = endpoint.pickFleet().pick(undefined);
    if (variant?.isAsleep) variant.wake().catch(() => {});
    const free = variant?.instances
      .filter((instance) => instance.isHealthy && (running.get(instance.id) ?? 0) < limit)
      .sort((a, b) => Number(a.isSuspect) - Number(b.isSuspect) || a.outstanding - b.outstanding)[0];
    return free === undefined
      ? undefined
      : { variant: variant!, instance: free, containers: free.containers };
  }

  async #process(endpoint: LiveEndpoint, record: AsyncRecord, course: Course): Promise<void> {
    const { key, request } = record;
    const { clock } = this.#context;
    const { metrics } = course;
    const startedMs = clock.now();
    const outcome = await this.#outcomeOf(request, course);
    if (outcome === 'undelivered') return this.#putBack(endpoint, record);
    metrics.timeInBacklog.add(startedMs - request.receivedMs);
    // Cut off by the process's end: the next one does it.
    if (this.#isClosed && outcome.status === 'Failed') return;
    const final = await this.#stored(request, outcome, metrics);
    if (!this.#isClosed) this.#kept.delete(key);
    metrics.invocationsProcessed.add(final.status === 'Completed' ? 1 : 0);
    metrics.invocationFailures.add(final.status === 'Completed' ? 0 : 1);
    metrics.totalProcessingTime.add(clock.now() - request.receivedMs);
    this.#log(request, final, { route: course.route, startedMs });
    await this.#notify(endpoint, request, { outcome: final, metrics });
  }

  /** No container got it: it is the next again, after a moment in which the container may be found dead. */
  async #putBack(endpoint: LiveEndpoint, record: AsyncRecord): Promise<void> {
    await new Promise<void>((resolve) => void this.#context.clock.schedule(RETRY_MS, resolve));
    const backlog = this.#backlogs.get(endpoint);
    if (backlog !== undefined) backlog.waiting.unshift(record);
    else if (!this.#isClosed) this.#kept.delete(record.key);
  }

  /** The outcome once it lies in S3; a failure when it could not be put there. */
  async #stored(request: AsyncRequest, outcome: AsyncOutcome, metrics: AsyncMetrics): Promise<AsyncOutcome> {
    const location = outcome.status === 'Completed' ? request.outputLocation : request.failureLocation;
    const startMs = performance.now();
    try {
      await this.#store(location, outcome);
      metrics.responseUploadLatency.add((performance.now() - startMs) * 1000);
      return outcome;
    } catch (thrown) {
      metrics.responseUploadFailures.add(1);
      return { status: 'Failed', reason: `The output could not be written: ${(thrown as Error).message}` };
    }
  }

  async #outcomeOf(request: AsyncRequest, { route, metrics }: Course): Promise<AsyncOutcome | 'undelivered'> {
    try {
      if (this.#context.clock.now() >= request.expiresMs) {
        metrics.expiredRequests.add(1);
        throw validationError('The request expired before it was processed: RequestTTLSeconds is over.');
      }
      const body = await this.#bodyOf(request, metrics);
      const answer = await this.#invoke(request, body, route);
      return { status: 'Completed', contentType: answer.contentType, body: answer.body };
    } catch (thrown) {
      if (thrown instanceof Undelivered) return 'undelivered';
      const { message, members } = toAwsError(thrown);
      const words = members.OriginalMessage;
      return {
        status: 'Failed',
        reason: message,
        ...(typeof words === 'string' && { body: Buffer.from(words) }),
      };
    }
  }

  async #bodyOf({ input }: AsyncRequest, metrics: AsyncMetrics): Promise<Uint8Array> {
    if ('body' in input) return input.body;
    const startMs = performance.now();
    try {
      const body = await this.#download(input.location);
      metrics.requestDownloadLatency.add((performance.now() - startMs) * 1000);
      return body;
    } catch (thrown) {
      metrics.requestDownloadFailures.add(1);
      throw thrown;
    }
  }

  async #invoke(request: AsyncRequest, body: Uint8Array, route: Route): Promise<InvocationAnswer> {
    const { endpointName, contentType, accept, customAttributes, inferenceId, timeoutMs } = request;
    const invocation = {
      endpointName,
      body,
      contentType,
      accept,
      customAttributes,
      inferenceId,
      targetModel: undefined,
      targetVariant: undefined,
      targetContainerHostname: undefined,
      sessionId: undefined,
      inferenceComponentName: undefined,
    };
    return invokeChain(route, invocation, this.#context, { timeoutMs });
  }

  async #download(location: string): Promise<Buffer> {
    const at = parseS3Url(location);
    const { info, body } = await this.#context.s3.getObject(at);
    const limit = this.#context.settings.asyncPayloadLimitBytes;
    if (info.sizeBytes > limit) {
      body.destroy();
      throw validationError(`The input of ${info.sizeBytes} bytes is larger than ${limit} bytes.`);
    }
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  async #store(location: string | undefined, outcome: AsyncOutcome): Promise<void> {
    if (location === undefined) return;
    const at = parseS3Url(location);
    if (outcome.status === 'Failed') {
      await this.#context.s3.putObject(at, outcome.reason, { contentType: 'text/plain' });
      return;
    }
    const options = outcome.contentType === undefined ? {} : { contentType: outcome.contentType };
    await this.#context.s3.putObject(at, outcome.body, options);
  }

  #log(
    request: AsyncRequest,
    outcome: AsyncOutcome,
    { route, startedMs }: { route: Route; startedMs: number },
  ): void {
    const { clock, logs } = this.#context;
    const timestamp = clock.now();
    const what =
      outcome.status === 'Completed'
        ? 'Inference request succeeded.'
        : `Inference request failed: ${outcome.reason}`;
    const message = `[${request.inferenceId}] ${what} TimeInBacklog: ${startedMs - request.receivedMs} ms, TotalProcessingTime: ${timestamp - request.receivedMs} ms`;
    const stream = `${route.variant.name}/${route.instance.id}/data-log`;
    logs.write(logGroupOf(request.endpointName), stream, [{ timestamp, message }]);
  }

  async #notify(
    endpoint: LiveEndpoint,
    request: AsyncRequest,
    { outcome, metrics }: { readonly outcome: AsyncOutcome; readonly metrics: AsyncMetrics },
  ): Promise<void> {
    const config = endpoint.config.AsyncInferenceConfig;
    if (config === undefined) return;
    const { place, clock, notify } = this.#context;
    const notice = notificationOf(request, outcome, { config, place, nowMs: clock.now() });
    if (notice === undefined) return;
    try {
      await notify(notice.topic, notice.message);
    } catch {
      metrics.notificationFailures.add(1);
    }
  }
}

/** One invocation's way through an instance. */
interface Course {
  readonly route: Route;
  readonly metrics: AsyncMetrics;
}

const RETRY_MS = 100;
const LOOK_MS = 1_000;
