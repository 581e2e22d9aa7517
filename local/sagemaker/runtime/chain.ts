// The containers of an instance, called in turn within one deadline: each gets the answer of the one before it, with
// that answer's content type, and the first failure ends the chain.
import type { Container } from '../hosting/container.ts';
import { type ContainerAnswer, ContainerTimeout, ContainerUnreachable } from '../hosting/container-client.ts';
import { Deadline } from '../hosting/deadline.ts';
import type { HostContext } from '../hosting/host-context.ts';
import type { Instance } from '../hosting/instance.ts';
import { modelError, timeoutMessage } from './errors.ts';
import type { Invocation, InvocationAnswer } from './invocation.ts';
import { invokeTargetModel } from './multi-model-hop.ts';

export interface ChainOptions {
  readonly context: HostContext;
  readonly variantName: string;
  /** The containers to go through: all of the instance, or the one that was asked for. */
  readonly containers: readonly Container[];
}

/** @throws AwsError ModelError naming the container, ModelNotReadyException, ValidationError */
export async function invokeChain(
  instance: Instance,
  invocation: Invocation,
  options: ChainOptions,
): Promise<InvocationAnswer> {
  const { context, containers } = options;
  const deadline = new Deadline(context.clock, context.settings.invocationTimeoutMs);
  instance.enter();
  try {
    const journey = new Journey(invocation, deadline, options);
    for (const container of containers) await journey.visit(container);
    return journey.answer();
  } finally {
    instance.leave();
    deadline.end();
  }
}

class Journey {
  readonly #invocation: Invocation;
  readonly #deadline: Deadline;
  readonly #options: ChainOptions;
  #visited = 0;
  #body: Uint8Array | string;
  #contentType: string | undefined;
  #last: ContainerAnswer | undefined;
  #modelLoad: InvocationAnswer['modelLoad'];

  constructor(invocation: Invocation, deadline: Deadline, options: ChainOptions) {
    this.#invocation = invocation;
    this.#deadline = deadline;
    this.#options = options;
    this.#body = invocation.body;
    this.#contentType = invocation.contentType;
  }

  async visit(container: Container): Promise<void> {
    this.#visited += 1;
    let answer: ContainerAnswer;
    try {
      answer = await this.#exchange(container);
    } catch (thrown) {
      throw this.#describe(thrown, container);
    }
    if (answer.status < 200 || answer.status >= 300) {
      throw this.#error(container, answer.status, answer.body.toString('utf8'));
    }
    this.#body = answer.body;
    this.#contentType = answer.contentType;
    this.#last = answer;
  }

  answer(): InvocationAnswer {
    const last = this.#last!;
    return {
      body: last.body,
      contentType: last.contentType,
      invokedProductionVariant: this.#options.variantName,
      customAttributes: last.customAttributes,
      newSessionId: last.newSessionId,
      closedSessionId: last.closedSessionId,
      modelLoad: this.#modelLoad,
    };
  }

  async #exchange(container: Container): Promise<ContainerAnswer> {
    const headers = this.#headers(container);
    const body = this.#body;
    if (container.models === undefined) {
      return container.exchange({ method: 'POST', path: '/invocations', headers, body }, this.#deadline);
    }
    const { endpointName, targetModel } = this.#invocation;
    const outcome = await invokeTargetModel({
      container,
      targetModel: targetModel!,
      headers,
      body,
      endpointName,
      deadline: this.#deadline,
      context: this.#options.context,
    });
    this.#modelLoad = outcome.modelLoad;
    return outcome.answer;
  }

  /** As SageMaker's own HTTP client sends them; every other header of the caller is left out. */
  #headers(container: Container): string[] {
    const { accept, customAttributes, targetModel, sessionId, inferenceId } = this.#invocation;
    const isLast = this.#visited === this.#options.containers.length;
    const headers = ['host', 'model.aws.local:8080', 'user-agent', 'AHC/2.0'];
    headers.push('accept', isLast ? (accept ?? '*/*') : '*/*');
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
    return this.#error(container, 0, `The connection to container ${name} failed: ${thrown.message}`);
  }

  #error(container: Container, status: number, originalMessage: string): Error {
    const { place } = this.#options.context;
    const { endpointName } = this.#invocation;
    return modelError({ place, endpointName, containerName: container.plan.name, status, originalMessage });
  }
}
