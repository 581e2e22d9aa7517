// Every live endpoint of the process: starts, replaces and ends their fleets. Knows everything that was started, so
// that nothing is left when it closes.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EndpointConfigRecord, ProductionVariant } from '../control/records.ts';
import type { ControlStore } from '../store.ts';
import { LiveEndpoint } from './endpoint.ts';
import type { HostContext } from './host-context.ts';
import { planVariant, type VariantPlan } from './plan.ts';
import { Variant } from './variant.ts';

export class Hosts {
  /** By the endpoint's name, those that serve. */
  readonly live = new Map<string, LiveEndpoint>();
  readonly #context: HostContext;
  readonly #store: ControlStore;
  /** Fleets that run, are starting or are ending. */
  readonly #fleets = new Set<readonly Variant[]>();

  constructor(context: HostContext, store: ControlStore) {
    this.#context = context;
    this.#store = store;
  }

  has(endpointName: string): boolean {
    return this.live.has(endpointName);
  }

  /** @throws Error in the words of a FailureReason */
  async create(endpointName: string, config: EndpointConfigRecord): Promise<void> {
    const fleet = await this.#startFleet(endpointName, config, []);
    this.live.set(endpointName, new LiveEndpoint(endpointName, config, fleet));
  }

  /** Starts the new fleet beside the old one, lets it take over, and ends the old one when it has drained. */
  async update(endpointName: string, config: EndpointConfigRecord): Promise<void> {
    const endpoint = this.live.get(endpointName);
    if (endpoint === undefined) return this.create(endpointName, config);
    const old = endpoint.variants;
    const fleet = await this.#startFleet(endpointName, config, old);
    await endpoint.replaceFleet(config, fleet);
    this.#fleets.delete(old);
  }

  async delete(endpointName: string): Promise<void> {
    const endpoint = this.live.get(endpointName);
    this.live.delete(endpointName);
    if (endpoint !== undefined) endpoint.isClosed = true;
    if (endpoint !== undefined) await this.#endFleet(endpoint.variants);
    await rm(join(this.#context.volumesFolder, endpointName), { recursive: true, force: true });
  }

  describe(endpointName: string): Record<string, unknown>[] {
    const variants = this.live.get(endpointName)?.variants ?? [];
    return variants.map((variant) => ({
      VariantName: variant.name,
      CurrentWeight: variant.weight,
      DesiredWeight: variant.weight,
      CurrentInstanceCount: variant.instances.length,
      DesiredInstanceCount: variant.plan.instanceCount,
    }));
  }

  async close(): Promise<void> {
    for (const endpoint of this.live.values()) endpoint.isClosed = true;
    this.live.clear();
    await Promise.all([...this.#fleets].map((fleet) => this.#endFleet(fleet)));
  }

  async #startFleet(
    endpointName: string,
    config: EndpointConfigRecord,
    donors: readonly Variant[],
  ): Promise<readonly Variant[]> {
    const context = this.#context;
    const plans = config.ProductionVariants.map((variant) => this.#plan(variant));
    const fleet = plans.map((plan) => {
      const donor = donors.find((variant) => variant.name === plan.name);
      return Variant.create(endpointName, plan, { context, donor });
    });
    this.#fleets.add(fleet);
    try {
      await Promise.all(fleet.map((variant) => variant.start(context)));
      return fleet;
    } catch (thrown) {
      await this.#endFleet(fleet);
      throw thrown;
    }
  }

  #plan(variant: ProductionVariant): VariantPlan {
    const model = this.#store.models.get(variant.ModelName ?? '');
    if (model === undefined)
      throw new Error(`The model "${variant.ModelName}" of variant ${variant.VariantName} does not exist.`);
    return planVariant(variant, model, this.#context.images);
  }

  async #endFleet(fleet: readonly Variant[]): Promise<void> {
    await Promise.all(fleet.map((variant) => variant.close()));
    this.#fleets.delete(fleet);
  }
}
