// The containers of an instance, called in turn within one deadline: each gets the answer of the one before it, with
// that answer's content type, and the first failure ends the chain. What a container cannot have got, for there was no
// connection to it, goes on in another instance.
import { AwsError } from '../../wire/errors.ts';
import type { Container } from '../hosting/container.ts';
import {
  type AnswerSink,
  type ContainerAnswer,
  ContainerTimeout,
  ContainerUnreachable,
} from '../hosting/container-client.ts';
import { Deadline } from '../hosting/deadline.ts';
import type { HostContext } from '../hosting/host-context.ts';
import type { Instance } from '../hosting/instance.ts';
import type { Variant } from '../hosting/variant.ts';
import { handoverError, modelError, timeoutMessage } from './errors.ts';
import type { Invocation, InvocationAnswer } from './invocation.ts';
import { invokeTargetModel } from './multi-model-hop.ts';

/** Where an invocation goes. */
export interface Route {
  readonly variant: Variant;
  readonly instance: Instance;
  /** The containers to go through: all of the instance, or the one that was asked for. */
  readonly containers: readonly Container[];
}

export interface ChainOptions {
  /** For the whole chain; the real-time limit unless told. */
  readonly timeoutMs?: number;
  /** Takes the last container's answer piece by piece as it comes; the answer's body is then empty. */
  readonly sink?: AnswerSink;
}

/** @throws AwsError ModelError naming the container, ModelNotReadyException, ValidationError */
export async function invokeChain(
  route: Route,
  invocation: Invocation,
  context: HostContext,
  options: ChainOptions = {},
): Promise<InvocationAnswer> {
  const { variant } = route;
  const startMs = performance.now();
  const deadline = new Deadline(context.clock, options.timeoutMs ?? context.settings.invocationTimeoutMs);
  const journey = new Journey({ invocation, deadline, route, context, sink: options.sink });
  let failedWith = NO_STATUS;
  try {
    for (const container of route.containers) await journey.visit(container);
    failedWith = 0;
    return journey.answer();
  } catch (thrown) {
    failedWith = statusOf(thrown);
    throw thrown;
  } finally {
    journey.end();
    deadline.end();
    const totalMs = performance.now() - startMs - journey.waitMs;
    const facts = { failedWith, totalMs, modelMs: journey.modelMs };
    variant.metrics.invocation(facts, variant.instances.length);
  }
}

const NO_STATUS = -1;

/** The model's own status, where it gave one. */
function statusOf(thrown: unknown): number {
  const status = thrown instanceof AwsError ? thrown.members.OriginalStatusCode : undefined;
  return typeof status === 'number' && status > 0 ? status : NO_STATUS;
}

interface JourneyPlan {
  readonly invocation: Invocation;
  readonly deadline: Deadline;
  readonly route: Route;
  readonly context: HostContext;
  readonly sink: AnswerSink | undefined;
}

class Journey {
  readonly #plan: JourneyPlan;
  /** Spent in the containers so far. */
  modelMs = 0;
  /** Spent waiting for a model to load: part of neither the model's latency nor the overhead. */
  waitMs = 0;
  #visited = 0;
  #body: Uint8Array | string;
  #contentType: string | undefined;
  #last: ContainerAnswer | undefined;
  #modelLoad: InvocationAnswer['modelLoad'];
  #instance: Instance;
  /** Instances that it could not be delivered to. */
  #tried: Set<Instance> | undefined;

  constructor(plan: JourneyPlan) {
    this.#plan = plan;
    this.#instance = plan.route.instance;
    this.#instance.enter();
    this.#body = plan.invocation.body;
    this.#contentType = plan.invocation.contentType;
  }

  /** The invocation is over, one way or the other. */
  end(): void {
    this.#instance.leave();
  }

  async visit(planned: Container): Promise<void> {
    this.#visited += 1;
    const container = this.#tried === undefined ? planned : this.#alike(planned);
    const waitBeforeMs = this.waitMs;
    const startMs = performance.now();
    let answer: ContainerAnswer;
    try {
      answer = await this.#exchange(container);
    } catch (thrown) {
      if (this.#isUndelivered(thrown)) return this.#goElsewhere(planned, thrown);
      throw this.#describe(thrown, container);
    }
    this.#measure(container, performance.now() - startMs - (this.waitMs - waitBeforeMs));
    if (answer.status < 200 || answer.status >= 300) {
      throw this.#error(container, answer.status, answer.body.toString('utf8'));
    }
    if (!this.#isLast) this.#checkHandover(container, answer);
    this.#body = answer.body;
    this.#contentType = answer.contentType;
    this.#last = answer;
  }

  /** The same container of the instance that it is in now. */
  #alike({ plan }: Container): Container {
    return this.#instance.containers.find((container) => container.plan.name === plan.name)!;
  }

  #isUndelivered(thrown: unknown): thrown is ContainerUnreachable {
    return thrown instanceof ContainerUnreachable && thrown.isUndelivered;
  }

  /** @throws AwsError when no other instance is healthy, or the session is with this one */
  async #goElsewhere(planned: Container, undelivered: ContainerUnreachable): Promise<void> {
    const { invocation, route } = this.#plan;
    const failed = this.#alike(planned);
    failed.noteUnreachable();
    this.#tried ??= new Set();
    this.#tried.add(this.#instance);
    const hasSession = invocation.sessionId !== undefined;
    const other = hasSession ? undefined : route.variant.pickOther(this.#tried, invocation.targetModel);
    if (other === undefined) throw this.#describe(undelivered, failed);
    this.#instance.leave();
    this.#instance = other;
    other.enter();
    this.#visited -= 1;
    await this.visit(planned);
  }

  answer(): InvocationAnswer {
    const last = this.#last!;
    return {
      body: last.body,
      contentType: last.contentType,
      invokedProductionVariant: this.#plan.route.variant.name,
      customAttributes: last.customAttributes,
      newSessionId: last.newSessionId,
      closedSessionId: last.closedSessionId,
      modelLoad: this.#modelLoad,
    };
  }

  #measure(container: Container, ms: number): void {
    this.modelMs += ms;
    const { variant } = this.#plan.route;
    if (variant.plan.containers.length > 1) variant.metrics.containerLatency(container.plan.name, ms);
  }

  /** @throws AwsError ModelError */
  #checkHandover(container: Container, { body, status }: ContainerAnswer): void {
    const limit = this.#plan.context.settings.containerPayloadLimitBytes;
    if (body.length <= limit) return;
    const next = this.#plan.route.containers[this.#visited]!.plan.name;
    throw handoverError({
      ...this.#facts(container),
      status,
      originalMessage: '',
      next,
      bytes: body.length,
      limit,
    });
  }

  get #isLast(): boolean {
    return this.#visited === this.#plan.route.containers.length;
  }

  async #exchange(container: Container): Promise<ContainerAnswer> {
    const { invocation, deadline, context } = this.#plan;
    const headers = this.#headers(container);
    const body = this.#body;
    const sink = this.#isLast ? this.#plan.sink : undefined;
    if (container.models === undefined) {
      return container.exchange({ method: 'POST', path: '/invocations', headers, body, sink }, deadline);
    }
    const outcome = await invokeTargetModel({
      container,
      targetModel: invocation.targetModel!,
      headers,
      body,
      sink,
      endpointName: invocation.endpointName,
      deadline,
      context,
      metrics: this.#plan.route.variant.metrics,
    });
    this.#modelLoad = outcome.modelLoad;
    this.waitMs += outcome.waitMs;
    return outcome.answer;
  }

  /** As SageMaker's own HTTP client sends them; every other header of the caller is left out. */
  #headers(container: Container): string[] {
    const { accept, customAttributes, targetModel, sessionId, inferenceId } = this.#plan.invocation;
    const headers = ['host', 'model.aws.local:8080', 'user-agent', 'AHC/2.0'];
    headers.push('accept', this.#isLast ? (accept ?? '*/*') : '*/*');
    if (this.#contentType !== undefined) headers.push('content-type', this.#contentType);
    if (customAttributes !== undefined) headers.push('x-amzn-sagemaker-custom-attributes', customAttributes);
    if (container.models !== undefined) headers.push('x-amzn-sagemaker-target-model', targetModel!);
    if (sessionId !== undefined) headers.push('x-amzn-sagemaker-session-id', sessionId);
    if (inferenceId !== undefined) headers.push('x-amzn-sagemaker-inference-id', inferenceId);
    return headers;
  }

  #describe(thrown: unknown, container: Container): unknown {
    const { name } = container.plan;
    if (thrown instanceof ContainerTimeout) return this.#error(container, 0, timeoutMessage(name));
    if (!(thrown instanceof ContainerUnreachable)) return thrown;
    const message = `The connection to container ${name} failed: ${thrown.message}`;
    return this.#error(container, 0, message, thrown.isUndelivered && this.#visited === 1);
  }

  #error(container: Container, status: number, originalMessage: string, isUndelivered = false): Error {
    return modelError({ ...this.#facts(container), status, originalMessage, isUndelivered });
  }

  #facts({ logGroup, plan }: Container) {
    const { context, invocation } = this.#plan;
    const { endpointName } = invocation;
    return { place: context.place, endpointName, logGroup, containerName: plan.name };
  }
}
