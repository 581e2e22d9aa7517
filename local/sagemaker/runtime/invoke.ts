// InvokeEndpoint: what may be asked of which endpoint, which variant and instance serve it, then the chain.
import { randomUUID } from 'node:crypto';
import type { Container } from '../hosting/container.ts';
import type { LiveEndpoint } from '../hosting/endpoint.ts';
import type { HostContext } from '../hosting/host-context.ts';
import type { Instance } from '../hosting/instance.ts';
import type { Variant } from '../hosting/variant.ts';
import { targetModelProblem } from '../multi-model/target.ts';
import { invokeChain, type Route } from './chain.ts';
import { serviceUnavailable, validationError } from './errors.ts';
import type { Invocation, InvocationAnswer } from './invocation.ts';

/** Target models whose name was found good, so that the check is made once; emptied when it grows. */
const MAX_CHECKED_NAMES = 10_000;

export class Invoker {
  readonly #context: HostContext;
  readonly #endpoints: ReadonlyMap<string, LiveEndpoint>;
  readonly #goodNames = new Set<string>();

  constructor(context: HostContext, endpoints: ReadonlyMap<string, LiveEndpoint>) {
    this.#context = context;
    this.#endpoints = endpoints;
  }

  /** @throws AwsError as the Runtime API has them */
  async invoke(invocation: Invocation): Promise<InvocationAnswer> {
    const route = this.route(invocation);
    return invokeChain(route, invocation, this.#context);
  }

  /** @throws AwsError ValidationError */
  endpoint(endpointName: string): LiveEndpoint {
    const endpoint = this.#endpoints.get(endpointName);
    if (endpoint === undefined) throw this.#notFound(endpointName);
    return endpoint;
  }

  /**
   * Which containers of which instance serve the invocation.
   * @throws AwsError ValidationError, ServiceUnavailable
   */
  route(invocation: Invocation): Route {
    const endpoint = this.endpoint(invocation.endpointName);
    const variant = endpoint.pickVariant(invocation.targetVariant);
    if (variant === undefined)
      throw validationError(`Variant ${invocation.targetVariant} not found for Request ${randomUUID()}`);
    this.#checkTargetModel(variant, invocation);
    const instance = variant.pick(invocation.targetModel);
    if (instance === undefined) throw serviceUnavailable();
    return { variant, instance, containers: containersFor(instance, variant, invocation) };
  }

  #notFound(endpointName: string): Error {
    const { accountId } = this.#context.place;
    return validationError(`Endpoint ${endpointName} of account ${accountId} not found.`);
  }

  #checkTargetModel(variant: Variant, invocation: Invocation): void {
    const { endpointName, targetModel } = invocation;
    const isMultiModel = variant.isMultiModel && reachesMultiModel(variant, invocation);
    if (targetModel === undefined) {
      if (isMultiModel) throw validationError(`Request ${randomUUID()} is missing a target model header`);
      return;
    }
    if (!isMultiModel) {
      throw validationError(
        `Endpoint ${endpointName} is not a multi-model endpoint and does not support target model header.`,
        'TARGET_MODEL_HEADER_NOT_SUPPORTED',
      );
    }
    if (!this.#goodNames.has(targetModel)) this.#checkName(targetModel);
  }

  #checkName(targetModel: string): void {
    const problem = targetModelProblem(targetModel);
    if (problem !== undefined)
      throw validationError(`Invalid target model "${targetModel}": ${problem}.`, 'INVALID_TARGET_MODEL');
    if (this.#goodNames.size >= MAX_CHECKED_NAMES) this.#goodNames.clear();
    this.#goodNames.add(targetModel);
  }
}

function reachesMultiModel({ plan }: Variant, { targetContainerHostname: hostname }: Invocation): boolean {
  return !plan.isDirect || plan.containers.some((one) => one.isMultiModel && one.hostname === hostname);
}

/** All containers in order; in Direct mode the one that is named. */
function containersFor(
  instance: Instance,
  variant: Variant,
  { endpointName, targetContainerHostname: hostname }: Invocation,
): readonly Container[] {
  if (!variant.plan.isDirect) {
    if (hostname === undefined) return instance.containers;
    throw validationError(
      `Endpoint ${endpointName} does not run its containers in Direct mode and does not support target container hostname header.`,
      'TARGET_CONTAINER_HOSTNAME_HEADER_NOT_SUPPORTED',
    );
  }
  if (hostname === undefined)
    throw validationError(`Request ${randomUUID()} is missing a target container hostname header`);
  const container = instance.containers.find((one) => one.plan.hostname === hostname);
  if (container !== undefined) return [container];
  throw validationError(`Container with hostname ${hostname} not found in endpoint ${endpointName}.`);
}
