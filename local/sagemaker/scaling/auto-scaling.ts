// Application Auto Scaling for endpoint variants: scalable targets, target tracking policies on invocations per
// instance, step scaling policies that alarms name among their actions, and the loop that follows them. JSON 1.1,
// `AnyScaleFrontendService`.
// https://docs.aws.amazon.com/autoscaling/application/APIReference/Welcome.html
import { type AwsPlace, arn, type SdkOperations, type SdkValues } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';
import { sagemakerArn } from '../control/context.ts';
import type { HostContext } from '../hosting/host-context.ts';
import type { Hosts } from '../hosting/hosts.ts';
import type { Variant } from '../hosting/variant.ts';
import type { ControlStore } from '../store.ts';
import { refuse, ruleOf, type ScalingRule } from './policies.ts';
import type { StepScaler } from './step-scaling.ts';
import type { TargetTracker } from './target-tracking.ts';
import { type AlarmPlace, deleteTrackingAlarms, putTrackingAlarms } from './tracking-alarms.ts';

type ScalingStore = Pick<ControlStore, 'scalableTargets' | 'scalingPolicies' | 'serving'>;

interface ScalingPolicy {
  readonly fields: SdkValues;
  readonly rule: ScalingRule;
  /** The count of invocations when it was last looked at. */
  seenInvocations: number | undefined;
}

const DIMENSION = 'sagemaker:variant:DesiredInstanceCount';
const MINUTE_MS = 60_000;

export class AutoScaling {
  readonly operations: SdkOperations;
  readonly #hosts: Hosts;
  readonly #context: HostContext;
  readonly #store: ScalingStore;
  readonly #policies = new Map<string, ScalingPolicy>();
  #cancel: () => void = () => {};

  constructor(hosts: Hosts, context: HostContext, store: ScalingStore) {
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
    this.#checkExists(endpointName!, variantName!);
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

  /** @throws AwsError ValidationException */
  #checkExists(endpointName: string, variantName: string): void {
    const config = this.#store.serving.get(endpointName)?.config;
    if (config === undefined)
      throw refuse(
        `Could not find endpoint "${sagemakerArn(this.#context.place, 'endpoint', endpointName)}".`,
      );
    if (!config.ProductionVariants.some(({ VariantName }) => VariantName === variantName))
      throw refuse(`The endpoint ${endpointName} has no production variant ${variantName}.`);
  }

  async #deregister(input: SdkValues): Promise<SdkValues> {
    const { ResourceId } = checkTarget(input);
    if (!this.#store.scalableTargets.delete(ResourceId)) throw notFound(ResourceId);
    for (const [name, { fields }] of this.#policies)
      if (fields.ResourceId === ResourceId) await this.#forget(name, fields);
    return {};
  }

  async #forget(name: string, fields: SdkValues): Promise<void> {
    this.#policies.delete(name);
    this.#store.scalingPolicies.delete(name);
    await deleteTrackingAlarms(fields, this.#alarmPlace);
  }

  get #alarmPlace(): AlarmPlace {
    const { place, settings, monitoring } = this.#context;
    return { place, settings, cloudWatch: monitoring.operations };
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

  async #putPolicy(input: SdkValues): Promise<SdkValues> {
    const { ResourceId } = checkTarget(input);
    if (this.#store.scalableTargets.get(ResourceId) === undefined) throw notFound(ResourceId);
    ruleOf(input, this.#context.settings);
    const policyArn = arn(
      this.#context.place,
      'autoscaling',
      `scalingPolicy:${ResourceId}:policyName/${input.PolicyName}`,
    );
    const CreationTime = new Date(this.#context.clock.now());
    const before = this.#policies.get(`${ResourceId}/${input.PolicyName}`)?.fields;
    if (before !== undefined) await deleteTrackingAlarms(before, this.#alarmPlace);
    const policy = { ...input, PolicyARN: policyArn, CreationTime };
    const Alarms = await putTrackingAlarms(policy, this.#alarmPlace);
    const fields = { ...policy, Alarms };
    this.#store.scalingPolicies.put(this.#follows(fields), { fields });
    return { PolicyARN: policyArn, Alarms };
  }

  /** @returns the name under which the policy is kept */
  #follows(fields: SdkValues): string {
    const rule = ruleOf(fields, this.#context.settings);
    const name = `${fields.ResourceId}/${fields.PolicyName}`;
    this.#policies.set(name, { fields, rule, seenInvocations: undefined });
    return name;
  }

  async #deletePolicy(input: SdkValues): Promise<SdkValues> {
    const { ResourceId } = checkTarget(input);
    const name = `${ResourceId}/${input.PolicyName}`;
    const policy = this.#policies.get(name);
    if (policy === undefined) throw notFound(ResourceId);
    await this.#forget(name, policy.fields);
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

  /** Looks at the last minute of one policy's variant, or at the policy's alarms, and scales it. */
  #follow(policy: ScalingPolicy): void {
    const target = this.#store.scalableTargets.get(String(policy.fields.ResourceId));
    if (target === undefined) return;
    const variant = this.#hosts.live
      .get(target.endpointName)
      ?.fleet.variants.find(({ name }) => name === target.variantName);
    if (variant === undefined) return;
    const current = variant.desiredInstanceCount;
    const wanted =
      policy.rule.kind === 'tracking'
        ? this.#tracked(policy, policy.rule.tracker, variant)
        : this.#stepped(policy.fields, policy.rule.scaler, current);
    const desired = Math.min(target.max, Math.max(target.min, wanted));
    if (desired === current) return;
    variant.desiredInstanceCount = desired;
    variant.scaleTo(desired).catch(() => {
      variant.desiredInstanceCount = variant.instances.length;
    });
  }

  #tracked(
    policy: ScalingPolicy,
    tracker: TargetTracker,
    { metrics, desiredInstanceCount }: Variant,
  ): number {
    const { invocationCount } = metrics;
    // A new fleet begins to count anew.
    const before = Math.min(policy.seenInvocations ?? invocationCount, invocationCount);
    policy.seenInvocations = invocationCount;
    const perInstance = (invocationCount - before) / Math.max(1, desiredInstanceCount);
    return tracker.observe(perInstance, desiredInstanceCount, this.#context.clock.now());
  }

  /** An alarm that rings has its policy carried out every minute. */
  #stepped(fields: SdkValues, scaler: StepScaler, current: number): number {
    const [alarm] = this.#context.monitoring.ringing(String(fields.PolicyARN));
    if (alarm === undefined) return current;
    return scaler.ring(alarm.value - alarm.threshold, current, this.#context.clock.now());
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

function notFound(resourceId: string): AwsError {
  const message = `No scalable target found for service namespace: sagemaker, resource ID: ${resourceId}, scalable dimension: ${DIMENSION}`;
  return new AwsError('ObjectNotFoundException', message);
}

function targetArn(place: AwsPlace, resourceId: string): string {
  return arn(place, 'application-autoscaling', `scalable-target/${resourceId}`);
}
