// A live endpoint: the fleet of variants that serves, and while it is updated the next fleet with its share of the
// traffic.
import type { EndpointConfigRecord } from '../control/records.ts';
import type { Container } from './container.ts';
import type { Instance } from './instance.ts';
import type { Variant } from './variant.ts';

/** Variants of one endpoint config: those that serve, and shadows that get a copy and answer nobody. */
export class Fleet {
  readonly config: EndpointConfigRecord;
  readonly variants: readonly Variant[];
  readonly shadows: readonly Variant[];

  constructor(config: EndpointConfigRecord, variants: readonly Variant[]) {
    this.config = config;
    this.variants = variants.filter((variant) => !variant.plan.isShadow);
    this.shadows = variants.filter((variant) => variant.plan.isShadow);
  }

  get all(): readonly Variant[] {
    return [...this.variants, ...this.shadows];
  }

  /** By weight, or the one that was asked for by name. */
  pick(targetVariant: string | undefined): Variant | undefined {
    const { variants } = this;
    if (targetVariant !== undefined) return variants.find((variant) => variant.name === targetVariant);
    if (variants.length === 1) return variants[0];
    let left = Math.random() * this.#totalWeight();
    for (const variant of variants) {
      left -= variant.weight;
      if (left < 0) return variant;
    }
    return variants.at(-1);
  }

  /** Which part of the traffic a shadow variant gets: its weight against the weights of those that serve. */
  shadowShare(shadow: Variant): number {
    return shadow.weight / this.#totalWeight();
  }

  /** The running container that has the target model loaded. */
  holderOf(targetModel: string): Container | undefined {
    const instances = this.all.flatMap((variant) => variant.instances);
    return instances.find(
      ({ isHealthy, multiModel }) => isHealthy && multiModel?.models?.isLoaded(targetModel),
    )?.multiModel;
  }

  /** Whether the same container, as its plan has it, runs here too. */
  hasAlike(container: Container): boolean {
    return this.variants.some(({ plan }) => plan.containers.some(({ key }) => key === container.plan.key));
  }

  /** The instance that has this one's containers now that it is retired. */
  successorOf({ containers }: Instance): { variant: Variant; instance: Instance } | undefined {
    for (const variant of this.variants) {
      const instance = variant.instances.find((one) =>
        one.containers.some((own) => containers.includes(own)),
      );
      if (instance !== undefined) return { variant, instance };
    }
    return undefined;
  }

  async drainAndClose(): Promise<void> {
    await Promise.all(this.all.map((variant) => variant.drainAndClose()));
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((variant) => variant.close()));
  }

  #totalWeight(): number {
    return this.variants.reduce((sum, variant) => sum + variant.weight, 0);
  }
}

/** Where an update stands, as VariantStatus has it. */
export type DeploymentStage = 'Creating' | 'ActivatingTraffic' | 'Baking';

/** A fleet that is to take over. */
export interface PendingFleet {
  readonly fleet: Fleet;
  readonly started: Date;
  stage: DeploymentStage;
  stageStarted: Date;
}

export class LiveEndpoint {
  readonly name: string;
  /** The endpoint was deleted, or the process ends: nothing more is to be sent to it. */
  isClosed = false;
  /** While an update is under way. */
  pending: PendingFleet | undefined;
  #fleet: Fleet;
  #next: { readonly fleet: Fleet; readonly share: number } | undefined;

  constructor(name: string, fleet: Fleet) {
    this.name = name;
    this.#fleet = fleet;
  }

  get fleet(): Fleet {
    return this.#fleet;
  }

  get config(): EndpointConfigRecord {
    return this.#fleet.config;
  }

  /**
   * The fleet for the next invocation. Where a rolling update has spread unchanged multi-model containers over both
   * fleets, a model that one of them has loaded is not loaded again for the other's share.
   */
  pickFleet(targetModel?: string): Fleet {
    const next = this.#next;
    if (next === undefined) return this.#fleet;
    const isNext = Math.random() < next.share;
    const [picked, other] = isNext ? [next.fleet, this.#fleet] : [this.#fleet, next.fleet];
    if (targetModel === undefined || picked.holderOf(targetModel) !== undefined) return picked;
    const holder = other.holderOf(targetModel);
    return holder !== undefined && picked.hasAlike(holder) ? other : picked;
  }

  /** Where the containers of a retired instance serve now. */
  successorOf(instance: Instance): { variant: Variant; instance: Instance } | undefined {
    return this.#fleet.successorOf(instance) ?? this.#next?.fleet.successorOf(instance);
  }

  /** The update under way has come so far. */
  enterStage(stage: DeploymentStage, nowMs: number): void {
    if (this.pending === undefined || this.pending.stage === stage) return;
    this.pending.stage = stage;
    this.pending.stageStarted = new Date(nowMs);
  }

  /** Gives the next fleet its share of the traffic, 0 to 1. */
  shift(fleet: Fleet, share: number): void {
    this.#next = share <= 0 ? undefined : { fleet, share };
  }

  /** From now on this fleet alone serves. */
  settle(fleet: Fleet): void {
    this.#fleet = fleet;
    this.#next = undefined;
  }
}
