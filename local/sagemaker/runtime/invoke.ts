// InvokeEndpoint: what may be asked of which endpoint, which variant and instance serve it, then the chain.
import { randomUUID } from 'node:crypto';
import { AwsError } from '../../wire/errors.ts';
import type { Container } from '../hosting/container.ts';
import type { Fleet, LiveEndpoint } from '../hosting/endpoint.ts';
import type { HostContext } from '../hosting/host-context.ts';
import type { Instance } from '../hosting/instance.ts';
import type { OnDemandInstances } from '../hosting/on-demand.ts';
import type { Variant } from '../hosting/variant.ts';
import { targetModelProblem } from '../multi-model/target.ts';
import { DataCapture } from './capture.ts';
import { invokeChain, type Route } from './chain.ts';
import { serviceUnavailable, validationError } from './errors.ts';
import type { Invocation, InvocationAnswer } from './invocation.ts';
import { checkMembers, checkName } from './members.ts';
import { Sessions } from './sessions.ts';

/** Target models whose name was found good, so that the check is made once; emptied when it grows. */
const MAX_CHECKED_NAMES = 10_000;

export class Invoker {
  readonly #context: HostContext;
  readonly #endpoints: ReadonlyMap<string, LiveEndpoint>;
  readonly #components: { serving(endpointName: string, componentName: string): Variant | undefined };
  readonly #goodNames = new Set<string>();
  readonly #sessions: Sessions;
  readonly #capture: DataCapture;

  constructor(
    context: HostContext,
    endpoints: ReadonlyMap<string, LiveEndpoint>,
    components: { serving(endpointName: string, componentName: string): Variant | undefined },
  ) {
    this.#context = context;
    this.#components = components;
    this.#sessions = new Sessions(context.clock);
    this.#capture = new DataCapture(context);
    this.#endpoints = endpoints;
  }

  /** @throws AwsError as the Runtime API has them */
  async invoke(invocation: Invocation): Promise<InvocationAnswer> {
    const endpoint = this.endpoint(invocation.endpointName);
    checkMembers(invocation);
    const { inferenceComponentName } = invocation;
    if (inferenceComponentName !== undefined) {
      return invokeChain(this.#componentRoute(invocation, inferenceComponentName), invocation, this.#context);
    }
    const fleet = endpoint.pickFleet(invocation.targetModel);
    const onDemand = fleet.variants[0]!.onDemand;
    if (onDemand !== undefined) return this.#invokeServerless(fleet.variants[0]!, onDemand, invocation);
    await awaken(fleet);
    const route = this.route(invocation, endpoint.name, fleet);
    if (fleet.shadows.length > 0) this.#mirror(fleet, invocation);
    const answer = await invokeChain(route, invocation, this.#context);
    if (answer.newSessionId !== undefined || answer.closedSessionId !== undefined)
      this.#sessions.note(endpoint.name, answer, route);
    const capture = fleet.config.DataCaptureConfig;
    if (capture !== undefined) this.#capture.offer(capture, invocation, answer);
    return answer;
  }

  /** As `route`, for a component where one is named. */
  async routeAny(invocation: Invocation): Promise<Route> {
    const { inferenceComponentName: name } = invocation;
    await awaken(this.endpoint(invocation.endpointName).pickFleet());
    return name === undefined ? this.route(invocation) : this.#componentRoute(invocation, name);
  }

  #componentRoute(invocation: Invocation, componentName: string): Route {
    const { endpointName } = invocation;
    const variant = this.#components.serving(endpointName, componentName);
    if (variant === undefined)
      throw validationError(`Inference Component ${componentName} of endpoint ${endpointName} not found.`);
    const instance = variant.pick(invocation.targetModel);
    if (instance === undefined) {
      throw validationError(
        'Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress (if configured) or try to increase the capacity by invoking UpdateInferenceComponentRuntimeConfig API.',
      );
    }
    this.#checkTargetModel(variant, invocation);
    return { variant, instance, containers: instance.containers };
  }

  /** A serverless endpoint has one variant, of one container. */
  async #invokeServerless(
    variant: Variant,
    onDemand: OnDemandInstances,
    invocation: Invocation,
  ): Promise<InvocationAnswer> {
    if (Buffer.byteLength(invocation.body) > this.#context.settings.serverlessPayloadLimitBytes)
      throw validationError(`Request ${randomUUID()} has oversize body.`);
    this.#checkTargetModel(variant, invocation);
    const instance = await onDemand.acquire();
    try {
      const route = { variant, instance, containers: containersFor(instance, variant, invocation) };
      return await invokeChain(route, invocation, this.#context);
    } finally {
      onDemand.release(instance);
    }
  }

  /** Sends shadow variants their share of the traffic; what they answer is nobody's. */
  #mirror(fleet: Fleet, invocation: Invocation): void {
    for (const variant of fleet.shadows) {
      if (Math.random() >= fleet.shadowShare(variant)) continue;
      const instance = variant.pick(invocation.targetModel);
      if (instance === undefined) continue;
      const route = { variant, instance, containers: instance.containers };
      invokeChain(route, invocation, this.#context).catch(() => {});
    }
  }

  /** Writes what data capture holds back. */
  close(): Promise<void> {
    return this.#capture.close();
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
  route(
    invocation: Invocation,
    endpointName = invocation.endpointName,
    fleet = this.endpoint(endpointName).pickFleet(invocation.targetModel),
  ): Route {
    const session = this.#sessions.find(this.endpoint(endpointName), invocation.sessionId);
    const variant = session?.variant ?? fleet.pick(invocation.targetVariant);
    if (variant === undefined) checkName('targetVariant', invocation.targetVariant!);
    if (variant === undefined)
      throw validationError(`Variant ${invocation.targetVariant} not found for Request ${randomUUID()}`);
    if (variant.plan.containers.length === 0) {
      throw validationError(
        'Inference Component Name header is required for endpoints to which you plan to deploy inference components. Please include Inference Component Name header or consider using SageMaker models.',
      );
    }
    this.#checkTargetModel(variant, invocation);
    const instance = session?.instance ?? variant.pick(invocation.targetModel);
    if (instance === undefined) throw serviceUnavailable();
    return { variant, instance, containers: containersFor(instance, variant, invocation) };
  }

  #notFound(endpointName: string): Error {
    checkName('endpointName', endpointName);
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

/** @throws AwsError ServiceUnavailable with the reason when an instance does not come up */
async function awaken(fleet: Fleet): Promise<void> {
  for (const variant of fleet.all) {
    if (!variant.plan.startsOnFirstCall) continue;
    variant.noteCall();
    if (!variant.isAsleep) continue;
    await variant.wake().catch((cause: Error) => {
      throw new AwsError('ServiceUnavailable', cause.message, { statusCode: 503 });
    });
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
