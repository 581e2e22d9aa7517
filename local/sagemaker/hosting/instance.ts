// One instance of a variant: its containers in order, each with a volume of its own. Instances of two fleets may
// share a container while an update hands it over; it ends with the last instance that has it.
import { join } from 'node:path';
import { Container } from './container.ts';
import type { HostContext } from './host-context.ts';
import type { ContainerPlan, VariantPlan } from './plan.ts';

/** A container that did not come up. */
export interface StartFailure {
  readonly containerName: string;
  readonly reason: string;
}

export class Instance {
  readonly id: string;
  readonly containers: readonly Container[];
  /** The one multi-model container, if there is one. */
  readonly multiModel: Container | undefined;
  /** Invocations under way. */
  outstanding = 0;
  isHealthy = false;
  #onDrained: (() => void) | undefined;

  private constructor(id: string, containers: readonly Container[]) {
    this.id = id;
    this.containers = containers;
    this.multiModel = containers.find((container) => container.models !== undefined);
    for (const container of containers) container.addOwner(this);
    this.noteHealth();
  }

  /** @param donor an instance whose equal containers are taken over as they run */
  static create(options: {
    readonly endpointName: string;
    readonly plan: VariantPlan;
    readonly context: HostContext;
    readonly donor?: Instance | undefined;
  }): Instance {
    const { endpointName, plan, context, donor } = options;
    const id = `i-${randomHex(17)}`;
    const containers = plan.containers.map((containerPlan) => {
      const kept = donor?.containers.find((container) => container.plan.key === containerPlan.key);
      return (
        kept ?? new Container(containerPlan, siteOf(id, endpointName, plan, containerPlan, context), context)
      );
    });
    return new Instance(id, containers);
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
    if (this.outstanding === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onDrained = resolve;
    });
  }

  /** Ends the containers that no other instance has. */
  async close(): Promise<void> {
    await Promise.all(this.containers.map((container) => container.removeOwner(this)));
  }
}

function siteOf(
  instanceId: string,
  endpointName: string,
  variant: VariantPlan,
  plan: ContainerPlan,
  context: HostContext,
) {
  const stream = `${variant.name}/${instanceId}`;
  return {
    endpointName,
    variantName: variant.name,
    instanceId,
    baseFolder: join(context.volumesFolder, endpointName, variant.name, instanceId, plan.name),
    logStream: variant.isPipeline ? `${stream}/${plan.name}` : stream,
  };
}

function randomHex(length: number): string {
  return Array.from({ length }, () => Math.floor(Math.random() * 16).toString(16)).join('');
}
