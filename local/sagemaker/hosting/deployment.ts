// How an update takes over: blue/green, all at once, in a canary or in linear steps, or rolling in batches; with a
// bake time after each step, and back again when an alarm rings.
// https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html
import type { Fleet, LiveEndpoint } from './endpoint.ts';
import type { HostContext } from './host-context.ts';

export interface CapacitySize {
  readonly Type: 'INSTANCE_COUNT' | 'CAPACITY_PERCENT';
  readonly Value: number;
}

export interface DeploymentConfig {
  readonly BlueGreenUpdatePolicy?: {
    readonly TrafficRoutingConfiguration: {
      readonly Type: 'ALL_AT_ONCE' | 'CANARY' | 'LINEAR';
      readonly WaitIntervalInSeconds: number;
      readonly CanarySize?: CapacitySize;
      readonly LinearStepSize?: CapacitySize;
    };
    readonly TerminationWaitInSeconds?: number;
    readonly MaximumExecutionTimeoutInSeconds?: number;
  };
  readonly RollingUpdatePolicy?: {
    readonly MaximumBatchSize: CapacitySize;
    readonly WaitIntervalInSeconds: number;
    readonly MaximumExecutionTimeoutInSeconds?: number;
  };
  readonly AutoRollbackConfiguration?: { readonly Alarms?: readonly { readonly AlarmName?: string }[] };
}

export interface DeploymentPlan {
  readonly endpoint: LiveEndpoint;
  /** Without instances yet. */
  readonly green: Fleet;
  readonly config: DeploymentConfig;
  readonly context: HostContext;
  /** Called once the first green instances are there, before they get any traffic. @throws Error to call it off */
  readonly check: (green: Fleet) => Promise<void>;
  /** The old fleet gets everything back. */
  readonly onRollback: () => void;
}

/** Between two looks at the alarms. */
const ALARM_CHECK_MS = 1_000;

/**
 * Moves the endpoint to the green fleet and ends the blue one.
 * @throws Error in the words of a FailureReason; the blue fleet then serves as before and the green one is gone
 */
export async function deploy(plan: DeploymentPlan): Promise<void> {
  const { endpoint, green, config } = plan;
  const blue = endpoint.fleet;
  const inTime = timeLimit(plan);
  try {
    if (config.RollingUpdatePolicy === undefined) await shiftBlueGreen({ ...plan, inTime });
    else await roll({ ...plan, inTime }, blue);
  } catch (thrown) {
    await rollBack(plan, blue);
    throw thrown;
  }
  endpoint.settle(green);
  for (const variant of green.all) variant.takeOverFrom(undefined);
  await blue.drainAndClose();
}

/** What looks whether the update's own limit on its time has passed. @throws Error */
function timeLimit({ config, context: { clock } }: DeploymentPlan): () => void {
  const { MaximumExecutionTimeoutInSeconds: seconds } =
    config.RollingUpdatePolicy ?? config.BlueGreenUpdatePolicy ?? {};
  const untilMs = seconds === undefined ? Number.POSITIVE_INFINITY : clock.now() + seconds * 1000;
  return () => {
    if (clock.now() > untilMs)
      throw new Error(
        `The update took longer than its MaximumExecutionTimeoutInSeconds of ${seconds} seconds and was rolled back.`,
      );
  };
}

interface TimedPlan extends DeploymentPlan {
  readonly inTime: () => void;
}

async function shiftBlueGreen(plan: TimedPlan): Promise<void> {
  const { green, config } = plan;
  const policy = config.BlueGreenUpdatePolicy;
  await scaleAll(green, (variant) => variant.desiredInstanceCount);
  await plan.check(green);
  const routing = policy?.TrafficRoutingConfiguration;
  for (const share of sharesOf(plan)) {
    giveTraffic(plan, share);
    await bake(plan, (routing?.WaitIntervalInSeconds ?? 0) * 1000);
  }
  await bake(plan, (policy?.TerminationWaitInSeconds ?? 0) * 1000);
}

/** The green fleet's shares of the traffic, step by step up to all of it. */
function sharesOf({ green, config }: DeploymentPlan): number[] {
  const routing = config.BlueGreenUpdatePolicy?.TrafficRoutingConfiguration;
  if (routing?.Type === 'CANARY') return [portion(routing.CanarySize, green), 1];
  if (routing?.Type !== 'LINEAR') return [1];
  const step = portion(routing.LinearStepSize, green);
  const count = Math.max(1, Math.ceil(1 / step - 1e-9));
  return Array.from({ length: count }, (_, index) => Math.min(1, (index + 1) * step));
}

/** A size as a part of the fleet's capacity. */
function portion(size: CapacitySize | undefined, fleet: Fleet): number {
  if (size === undefined) return 1;
  if (size.Type === 'CAPACITY_PERCENT') return Math.min(1, size.Value / 100);
  const instances = fleet.variants.reduce((sum, variant) => sum + variant.desiredInstanceCount, 0);
  return Math.min(1, size.Value / Math.max(1, instances));
}

/** Batch by batch: new instances start, take their share, and as many old ones end. */
async function roll(plan: TimedPlan, blue: Fleet): Promise<void> {
  const { green, config } = plan;
  const policy = config.RollingUpdatePolicy!;
  const step = portion(policy.MaximumBatchSize, green);
  for (let share = Math.min(1, step); ; share = Math.min(1, share + step)) {
    await scaleAll(green, (variant) => Math.max(1, Math.floor(variant.desiredInstanceCount * share + 1e-9)));
    await plan.check(green);
    giveTraffic(plan, share);
    await bake(plan, policy.WaitIntervalInSeconds * 1000);
    if (share >= 1) return;
    await scaleAll(blue, (variant) =>
      Math.max(1, Math.ceil(variant.desiredInstanceCount * (1 - share) - 1e-9)),
    );
  }
}

function giveTraffic({ endpoint, green, context }: DeploymentPlan, share: number): void {
  endpoint.enterStage('ActivatingTraffic', context.clock.now());
  endpoint.shift(green, share);
}

async function scaleAll(fleet: Fleet, count: (variant: Fleet['variants'][number]) => number): Promise<void> {
  await Promise.all(fleet.all.map((variant) => variant.scaleTo(count(variant))));
}

/** @throws Error naming the alarm that rang */
async function bake({ config, context, endpoint, inTime }: TimedPlan, ms: number): Promise<void> {
  const untilMs = context.clock.now() + ms;
  if (ms > 0) endpoint.enterStage('Baking', context.clock.now());
  for (;;) {
    inTime();
    const ringing = (config.AutoRollbackConfiguration?.Alarms ?? []).find(
      ({ AlarmName }) => AlarmName !== undefined && context.monitoring.alarmState(AlarmName) === 'ALARM',
    );
    if (ringing !== undefined)
      throw new Error(`Auto rollback was triggered: the alarm ${ringing.AlarmName} is in ALARM state.`);
    const leftMs = untilMs - context.clock.now();
    if (leftMs <= 0 || endpoint.isClosed) return;
    await new Promise<void>((resolve) => {
      context.clock.schedule(Math.min(ALARM_CHECK_MS, leftMs), resolve);
    });
  }
}

async function rollBack({ endpoint, green, onRollback }: DeploymentPlan, blue: Fleet): Promise<void> {
  onRollback();
  for (const variant of blue.all) variant.takeOverFrom(green.all.find(({ name }) => name === variant.name));
  await scaleAll(blue, (variant) => variant.desiredInstanceCount).catch(() => {});
  endpoint.shift(green, 0);
  for (const variant of blue.all) variant.takeOverFrom(undefined);
  await green.drainAndClose();
}
