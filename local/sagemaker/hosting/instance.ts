// One instance of a variant: its containers in order, each with a volume of its own. Instances of two fleets may
// share a container while an update hands it over; it ends with the last instance that has it.
import { join } from 'node:path';
import { Container } from './container.ts';
import type { ContainerSite, HostContext } from './host-context.ts';
import type { ContainerPlan, VariantPlan } from './plan.ts';
import type { VariantMetrics } from './variant-metrics.ts';

/** A container that did not come up. */
export interface StartFailure {
  readonly containerName: string;
  readonly reason: string;
}

export interface InstanceOptions {
  readonly endpointName: string;
  readonly logGroup: string;
  readonly plan: VariantPlan;
  readonly metrics: VariantMetrics;
  readonly context: HostContext;
  /** An instance whose equal containers are taken over as they run. */
  readonly donor?: Instance | undefined;
  /** Containers of donors that are not to be taken over: their model's data has changed. */
  readonly outdated?: ReadonlySet<Container>;
  /** Of its name. */
  readonly suffix?: string | undefined;
}

export class Instance {
  readonly id: string;
  readonly containers: readonly Container[];
  /** The one multi-model container, if there is one. */
  readonly multiModel: Container | undefined;
  /** Invocations under way. */
  outstanding = 0;
  isHealthy = false;
  /** Healthy as far as is known, with a container that may be hung. */
  isSuspect = false;
  /** It finishes what it has; nothing new is sent to it. */
  isRetired = false;
  /** The instance that took over its equal containers as they run. */
  heir: Instance | undefined;
  #onDrained: (() => void) | undefined;

  private constructor(id: string, containers: readonly Container[]) {
    this.id = id;
    this.containers = containers;
    this.multiModel = containers.find((container) => container.models !== undefined);
    for (const container of containers) container.addOwner(this);
    this.noteHealth();
  }

  static create(options: InstanceOptions): Instance {
    const { plan, context, donor, outdated } = options;
    const id = `i-${randomHex(17)}${options.suffix ?? ''}`;
    const containers = plan.containers.map((containerPlan) => {
      const kept = donor?.containers.find(
        (container) => container.plan.key === containerPlan.key && !outdated?.has(container),
      );
      return kept ?? new Container(containerPlan, siteOf(id, containerPlan, options), context);
    });
    const instance = new Instance(id, containers);
    if (donor?.containers.some((container) => containers.includes(container))) donor.heir = instance;
    return instance;
  }

  /** @returns the containers that did not become healthy, with why */
  async start(startupTimeoutMs: number): Promise<readonly StartFailure[]> {
    const failures: StartFailure[] = [];
    const starting = this.containers.map((container) =>
      container.startOnce(startupTimeoutMs).catch((error: Error) => {
        failures.push({ containerName: container.plan.name, reason: error.message });
      }),
    );
    await Promise.all(starting);
    return failures;
  }

  noteHealth(): void {
    this.isHealthy = this.containers.every((container) => container.isHealthy);
    this.isSuspect = this.containers.some((container) => container.isSuspect);
  }

  enter(): void {
    this.outstanding += 1;
  }

  leave(): void {
    this.outstanding -= 1;
    if (this.outstanding === 0) this.#onDrained?.();
  }

  /** Resolves when no invocation is under way; none may enter any more. */
  drained(): Promise<void> {
    this.isRetired = true;
    if (this.outstanding === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onDrained = resolve;
    });
  }

  /** Ends the containers that no other instance has. */
  async close(): Promise<void> {
    this.isRetired = true;
    await Promise.all(this.containers.map((container) => container.removeOwner(this)));
  }
}

function siteOf(instanceId: string, plan: ContainerPlan, options: InstanceOptions): ContainerSite {
  const { endpointName, logGroup, plan: variant, metrics, context } = options;
  const stream = `${variant.name}/${instanceId}`;
  return {
    logGroup,
    metrics,
    baseFolder: join(context.volumesFolder, endpointName, variant.name, instanceId, plan.name),
    logStream: variant.isPipeline ? `${stream}/${plan.name}` : stream,
  };
}

function randomHex(length: number): string {
  return Array.from({ length }, () => Math.floor(Math.random() * 16).toString(16)).join('');
}
