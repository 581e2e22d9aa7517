// Application Auto Scaling for endpoint variants: scalable targets, target tracking policies on invocations per
// instance, and the loop that follows them. JSON 1.1, `AnyScaleFrontendService`.
// https://docs.aws.amazon.com/autoscaling/application/APIReference/Welcome.html
import { type AwsPlace, arn, type SdkOperations, type SdkValues } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';
import type { HostContext } from '../hosting/host-context.ts';
import type { Hosts } from '../hosting/hosts.ts';
import type { ControlStore } from '../store.ts';
import { TargetTracker } from './target-tracking.ts';

interface ScalingPolicy {
  readonly fields: SdkValues;
  readonly tracker: TargetTracker;
  /** The count of invocations when it was last looked at. */
  seenInvocations: number | undefined;
}

const DIMENSION = 'sagemaker:variant:DesiredInstanceCount';
const METRIC = 'SageMakerVariantInvocationsPerInstance';
const MINUTE_MS = 60_000;

export class AutoScaling {
  readonly operations: SdkOperations;
  readonly #hosts: Hosts;
  readonly #context: HostContext;
  readonly #store: Pick<ControlStore, 'scalableTargets' | 'scalingPolicies'>;
  readonly #policies = new Map<string, ScalingPolicy>();
  #cancel: () => void = () => {};

  constructor(
    hosts: Hosts,
    context: HostContext,
    store: Pick<ControlStore, 'scalableTargets' | 'scalingPolicies'>,
  ) {
    this.#hosts = hosts;
    this.#context = context;
    this.#store = store;
    for (const { fields } of store.scalingPolicies.values()) this.#follows(fields);
    this.operations = {
      registerScalableTarget: async (input) => this.#register(input),
      deregisterScalableTarget: async (input) => this.#deregister(input),
      describeScalableTargets: async () => this.#describeTargets(),
      putScalingPolicy: async (input) => this.#putPolicy(input),
      deleteScalingPolicy: async (input) => this.#deletePolicy(input),
      describeScalingPolicies: async () => this.#describePolicies(),
    };
    this.#schedule();
  }

  close(): void {
    this.#cancel();
  }

  #register(input: SdkValues): SdkValues {
    const { ResourceId, MinCapacity, MaxCapacity } = checkTarget(input);
    const known = this.#store.scalableTargets.get(ResourceId);
    const [, endpointName, , variantName] = ResourceId.split('/');
    const min = (MinCapacity as number | undefined) ?? known?.min;
    const max = (MaxCapacity as number | undefined) ?? known?.max;
    if (min === undefined || max === undefined || min > max)
      throw refuse('MinCapacity and MaxCapacity are required, and the first must not be larger.');
    const created = known?.created ?? new Date(this.#context.clock.now());
    const target = {
      resourceId: ResourceId,
      endpointName: endpointName!,
      variantName: variantName!,
      min,
      max,
      created,
    };
    this.#store.scalableTargets.put(ResourceId, target);
    return { ScalableTargetARN: targetArn(this.#context.place, ResourceId) };
  }

  #deregister(input: SdkValues): SdkValues {
    const { ResourceId } = checkTarget(input);
    if (!this.#store.scalableTargets.delete(ResourceId)) throw notFound(ResourceId);
    for (const [name, { fields }] of this.#policies) {
      if (fields.ResourceId !== ResourceId) continue;
      this.#policies.delete(name);
      this.#store.scalingPolicies.delete(name);
    }
    return {};
  }

  #describeTargets(): SdkValues {
    const ScalableTargets = [...this.#store.scalableTargets.values()].map(
      ({ resourceId, min, max, created }) => ({
        ServiceNamespace: 'sagemaker',
        ResourceId: resourceId,
        ScalableDimension: DIMENSION,
        MinCapacity: min,
        MaxCapacity: max,
        CreationTime: created,
        ScalableTargetARN: targetArn(this.#context.place, resourceId),
      }),
    );
    return { ScalableTargets };
  }

  #putPolicy(input: SdkValues): SdkValues {
    const { ResourceId } = checkTarget(input);
    if (this.#store.scalableTargets.get(ResourceId) === undefined) throw notFound(ResourceId);
    checkTracking(input);
    const policyArn = arn(
      this.#context.place,
      'autoscaling',
      `scalingPolicy:${ResourceId}:policyName/${input.PolicyName}`,
    );
    const CreationTime = new Date(this.#context.clock.now());
    const fields = { ...input, PolicyARN: policyArn, CreationTime, Alarms: [] };
    this.#store.scalingPolicies.put(this.#follows(fields), { fields });
    return { PolicyARN: policyArn, Alarms: [] };
  }

  /** @returns the name under which the policy is kept */
  #follows(fields: SdkValues): string {
    const config = checkTracking(fields);
    const { scaleOutPeriods, scaleInPeriods } = this.#context.settings;
    const policy = {
      targetValue: config.TargetValue,
      scaleInCooldownMs: 1000 * (config.ScaleInCooldown ?? 300),
      scaleOutCooldownMs: 1000 * (config.ScaleOutCooldown ?? 300),
      isScaleInDisabled: config.DisableScaleIn === true,
    };
    const name = `${fields.ResourceId}/${fields.PolicyName}`;
    const tracker = new TargetTracker(policy, { scaleOutPeriods, scaleInPeriods });
    this.#policies.set(name, { fields, tracker, seenInvocations: undefined });
    return name;
  }

  #deletePolicy(input: SdkValues): SdkValues {
    const { ResourceId } = checkTarget(input);
    const name = `${ResourceId}/${input.PolicyName}`;
    if (!this.#policies.delete(name)) throw notFound(ResourceId);
    this.#store.scalingPolicies.delete(name);
    return {};
  }

  #describePolicies(): SdkValues {
    return { ScalingPolicies: [...this.#policies.values()].map(({ fields }) => fields) };
  }

  #schedule(): void {
    this.#cancel = this.#context.clock.schedule(MINUTE_MS, () => {
      for (const policy of this.#policies.values()) this.#follow(policy);
      this.#schedule();
    });
  }

  /** Looks at the last minute of one policy's variant and scales it. */
  #follow(policy: ScalingPolicy): void {
    const target = this.#store.scalableTargets.get(String(policy.fields.ResourceId));
    if (target === undefined) return;
    const variant = this.#hosts.live
      .get(target.endpointName)
      ?.fleet.variants.find(({ name }) => name === target.variantName);
    if (variant === undefined) return;
    const { invocationCount } = variant.metrics;
    // A new fleet begins to count anew.
    const before = Math.min(policy.seenInvocations ?? invocationCount, invocationCount);
    policy.seenInvocations = invocationCount;
    const current = variant.desiredInstanceCount;
    const perInstance = (invocationCount - before) / Math.max(1, current);
    const wanted = policy.tracker.observe(perInstance, current, this.#context.clock.now());
    const desired = Math.min(target.max, Math.max(target.min, wanted));
    if (desired === current) return;
    variant.desiredInstanceCount = desired;
    variant.scaleTo(desired).catch(() => {
      variant.desiredInstanceCount = variant.instances.length;
    });
  }
}

function checkTarget(input: SdkValues): SdkValues & { ResourceId: string } {
  if (input.ServiceNamespace !== 'sagemaker')
    throw refuse('Only the service namespace sagemaker is served here.');
  if (input.ScalableDimension !== DIMENSION)
    throw refuse(`Only the scalable dimension ${DIMENSION} is served here.`);
  if (!/^endpoint\/[^/]+\/variant\/[^/]+$/.test(String(input.ResourceId)))
    throw refuse('ResourceId must be endpoint/<name>/variant/<name>.');
  return input as SdkValues & { ResourceId: string };
}

interface TrackingConfig {
  readonly TargetValue: number;
  readonly ScaleInCooldown?: number;
  readonly ScaleOutCooldown?: number;
  readonly DisableScaleIn?: boolean;
  readonly PredefinedMetricSpecification?: { readonly PredefinedMetricType?: string };
}

function checkTracking(input: SdkValues): TrackingConfig {
  const config = input.TargetTrackingScalingPolicyConfiguration as TrackingConfig | undefined;
  if (input.PolicyType !== 'TargetTrackingScaling' || config === undefined)
    throw refuse('Only policies of type TargetTrackingScaling are served here.');
  if (config.PredefinedMetricSpecification?.PredefinedMetricType !== METRIC)
    throw refuse(`Only the metric ${METRIC} is served here.`);
  if (!(config.TargetValue > 0)) throw refuse('TargetValue must be greater than 0.');
  return config;
}

function refuse(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

function notFound(resourceId: string): AwsError {
  const message = `No scalable target found for service namespace: sagemaker, resource ID: ${resourceId}, scalable dimension: ${DIMENSION}`;
  return new AwsError('ObjectNotFoundException', message);
}

function targetArn(place: AwsPlace, resourceId: string): string {
  return arn(place, 'application-autoscaling', `scalable-target/${resourceId}`);
}
