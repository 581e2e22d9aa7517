// One variant of an endpoint: its instances, and which of them serves the next invocation.
import type { HostContext } from './host-context.ts';
import { Instance } from './instance.ts';
import type { VariantPlan } from './plan.ts';

/** With so many calls under way at every instance that has a model, an idle one gets a copy of it. */
const COPY_AT_OUTSTANDING = 8;

export class Variant {
  readonly plan: VariantPlan;
  readonly name: string;
  readonly isMultiModel: boolean;
  weight: number;
  readonly instances: Instance[];

  constructor(plan: VariantPlan, instances: Instance[]) {
    this.plan = plan;
    this.name = plan.name;
    this.weight = plan.weight;
    this.instances = instances;
    this.isMultiModel = plan.containers.some((container) => container.isMultiModel);
  }

  /** @param donor the variant of the same name whose running containers are taken over where they are equal */
  static create(
    endpointName: string,
    plan: VariantPlan,
    options: { context: HostContext; donor?: Variant | undefined },
  ): Variant {
    const instances = Array.from({ length: plan.instanceCount }, (_, index) =>
      Instance.create({
        endpointName,
        plan,
        context: options.context,
        donor: options.donor?.instances[index],
      }),
    );
    return new Variant(plan, instances);
  }

  /**
   * Starts all instances.
   * @throws Error in the words of a FailureReason
   */
  async start(context: HostContext): Promise<void> {
    const timeoutMs = this.plan.startupTimeoutMs ?? context.settings.startupTimeoutMs;
    const failures = (await Promise.all(this.instances.map((instance) => instance.start(timeoutMs)))).flat();
    if (failures.length === 0) return;
    const reason = failures[0]!.reason;
    if (reason.startsWith('Failed to')) throw new Error(reason);
    const names = [...new Set(failures.map((failure) => failure.containerName))].join(', ');
    const which = this.plan.isPipeline
      ? `The following containers for production variant ${this.name} failed the ping health check: ${names}.`
      : `The primary container for production variant ${this.name} did not pass the ping health check.`;
    throw new Error(`${which} Please check CloudWatch logs for this endpoint. (${names}: ${reason})`);
  }

  /** The instance for the next invocation; undefined when none is healthy. */
  pick(targetModel: string | undefined): Instance | undefined {
    const { instances } = this;
    if (instances.length === 1) return instances[0]!.isHealthy ? instances[0] : undefined;
    const healthy = instances.filter((instance) => instance.isHealthy);
    if (targetModel !== undefined && this.isMultiModel) return pickForModel(healthy, targetModel);
    if (this.plan.routing === 'RANDOM') return healthy[Math.floor(Math.random() * healthy.length)];
    return leastOutstanding(healthy);
  }

  async drainAndClose(): Promise<void> {
    await Promise.all(
      this.instances.map(async (instance) => {
        await instance.drained();
        await instance.close();
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.close()));
  }
}

/** An instance that has the model, unless all of them are busy and another is idle. */
function pickForModel(healthy: readonly Instance[], targetModel: string): Instance | undefined {
  const holder = leastOutstanding(
    healthy.filter((instance) => instance.multiModel?.models?.isLoaded(targetModel)),
  );
  const other = leastOutstanding(healthy);
  if (holder === undefined) return fewestModels(healthy);
  const isWorthACopy = holder.outstanding >= COPY_AT_OUTSTANDING && other!.outstanding === 0;
  return isWorthACopy ? other : holder;
}

function leastOutstanding(instances: readonly Instance[]): Instance | undefined {
  const least = Math.min(...instances.map((instance) => instance.outstanding));
  const idlest = instances.filter((instance) => instance.outstanding === least);
  return idlest[Math.floor(Math.random() * idlest.length)];
}

function fewestModels(instances: readonly Instance[]): Instance | undefined {
  const count = (instance: Instance): number => instance.multiModel?.models?.loadedCount ?? 0;
  const sorted = [...instances].sort((a, b) => count(a) - count(b) || a.outstanding - b.outstanding);
  return sorted[0];
}
