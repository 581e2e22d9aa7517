// Every live endpoint of the process: starts, replaces, scales and ends their fleets. Knows everything that was
// started, so that nothing is left when it closes.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AlarmState } from '../../monitoring/api.ts';
import type {
  DesiredCapacity,
  EndpointConfigRecord,
  ModelRecord,
  ProductionVariant,
} from '../control/records.ts';
import type { HostingSettings } from '../settings.ts';
import type { ControlStore } from '../store.ts';
import { type DeploymentConfig, deploy } from './deployment.ts';
import { Fleet, LiveEndpoint } from './endpoint.ts';
import type { HostContext } from './host-context.ts';
import { planVariant, type VariantPlan } from './plan.ts';
import { Variant } from './variant.ts';

export type VariantProperty = 'DesiredInstanceCount' | 'DesiredWeight' | 'DataCaptureConfig';

export interface UpdateOptions {
  readonly deployment: DeploymentConfig;
  /** What is kept as it is now, whatever the new config says. */
  readonly keeps: ReadonlySet<VariantProperty>;
  readonly onRollback: () => void;
}

/** What the registry adds to hosting. */
export interface HostHooks {
  /** Puts versions' containers in place of their names. @throws Error for one that may not serve */
  resolve(model: ModelRecord): ModelRecord;
  /** Asked before an instance more is started. @throws Error when one of the plan's versions may not serve (any more) */
  admit(plan: VariantPlan): void;
  /** Tries a fleet before it gets traffic. @throws Error to call it off */
  check(endpointName: string, fleet: Fleet): Promise<void>;
  /** A fleet serves from now on. */
  onServing(endpointName: string, fleet: Fleet): void;
  /** An endpoint was deleted or taken out of service; the process's own end is none. */
  onEnded(endpointName: string): void;
}

export class Hosts {
  /** By the endpoint's name, those that serve. */
  readonly live = new Map<string, LiveEndpoint>();
  readonly #context: HostContext;
  readonly #store: ControlStore;
  readonly #hooks: HostHooks;
  /** Fleets that run, are starting or are ending. */
  readonly #fleets = new Set<Fleet>();

  constructor(context: HostContext, store: ControlStore, hooks: HostHooks) {
    this.#context = context;
    this.#store = store;
    this.#hooks = hooks;
  }

  get settings(): HostingSettings {
    return this.#context.settings;
  }

  /** Undefined when there is no such alarm. */
  alarmState(alarmName: string): AlarmState | undefined {
    return this.#context.monitoring.alarmState(alarmName);
  }

  has(endpointName: string): boolean {
    return this.live.has(endpointName);
  }

  /** @throws Error in the words of a FailureReason */
  async create(
    endpointName: string,
    config: EndpointConfigRecord,
    capacities: readonly DesiredCapacity[] = [],
  ): Promise<void> {
    const fleet = this.#createFleet(endpointName, config, undefined);
    for (const capacity of capacities) setDesired(fleet, capacity);
    try {
      const starting = fleet.all.filter(({ plan }) => !plan.startsOnFirstCall);
      await Promise.all(starting.map((variant) => variant.scaleTo(variant.desiredInstanceCount)));
      await this.#hooks.check(endpointName, fleet);
    } catch (thrown) {
      await this.#end(fleet);
      throw thrown;
    }
    this.live.set(endpointName, new LiveEndpoint(endpointName, fleet));
    this.#hooks.onServing(endpointName, fleet);
  }

  /** Starts the new fleet beside the old one and lets it take over as the deployment config says. */
  async update(endpointName: string, config: EndpointConfigRecord, options: UpdateOptions): Promise<void> {
    const endpoint = this.live.get(endpointName);
    if (endpoint === undefined) return this.create(endpointName, config);
    const { deployment, onRollback } = options;
    const blue = endpoint.fleet;
    const green = this.#createFleet(endpointName, keepCapture(config, blue, options.keeps), blue);
    keepProperties(green, blue, options.keeps);
    const started = new Date(this.#context.clock.now());
    endpoint.pending = { fleet: green, started, stage: 'Creating', stageStarted: started };
    try {
      await deploy({
        endpoint,
        green,
        config: deployment,
        context: this.#context,
        check: (fleet) => this.#hooks.check(endpointName, fleet),
        onRollback,
      });
      this.#hooks.onServing(endpointName, green);
      this.#fleets.delete(blue);
    } catch (thrown) {
      this.#fleets.delete(green);
      throw thrown;
    } finally {
      endpoint.pending = undefined;
    }
  }

  /** New weights take effect at once; new counts when their instances are there. */
  async setWeightsAndCapacities(endpointName: string, desired: readonly DesiredCapacity[]): Promise<void> {
    const fleet = this.live.get(endpointName)?.fleet;
    const changes = desired.map(async (capacity) => {
      const variant = fleet && setDesired(fleet, capacity);
      if (capacity.DesiredInstanceCount !== undefined) await variant?.scaleTo(capacity.DesiredInstanceCount);
    });
    await Promise.all(changes);
  }

  /** Nothing new is sent to it; what is under way may end within the time that a call has. */
  async delete(endpointName: string): Promise<void> {
    const endpoint = this.live.get(endpointName);
    this.live.delete(endpointName);
    if (endpoint !== undefined) {
      endpoint.isClosed = true;
      this.#hooks.onEnded(endpointName);
      await this.#drain(endpoint.fleet);
      await this.#end(endpoint.fleet);
    }
    await rm(join(this.#context.volumesFolder, endpointName), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    for (const endpoint of this.live.values()) endpoint.isClosed = true;
    this.live.clear();
    await Promise.all([...this.#fleets].map((fleet) => this.#end(fleet)));
  }

  #createFleet(endpointName: string, config: EndpointConfigRecord, donors: Fleet | undefined): Fleet {
    const context = this.#context;
    const plans = [
      ...config.ProductionVariants.map((variant) => this.#plan(variant, false)),
      ...(config.ShadowProductionVariants ?? []).map((variant) => this.#plan(variant, true)),
    ];
    const variants = plans.map((plan) => {
      const donor = donors?.all.find((variant) => variant.name === plan.name);
      const admit = () => this.#hooks.admit(plan);
      return new Variant({ endpointName, plan, context, donor, admit });
    });
    const fleet = new Fleet(config, variants);
    this.#fleets.add(fleet);
    return fleet;
  }

  #plan(variant: ProductionVariant, isShadow: boolean): VariantPlan {
    // A variant without a model hosts inference components: an instance of no containers.
    if (variant.ModelName === undefined) return this.planModel(NO_MODEL, variant, isShadow);
    const model = this.#store.models.get(variant.ModelName);
    if (model === undefined)
      throw new Error(`The model "${variant.ModelName}" of variant ${variant.VariantName} does not exist.`);
    return this.planModel(model, variant, isShadow);
  }

  /** @throws Error in the words of a FailureReason */
  planModel(model: ModelRecord, variant: ProductionVariant, isShadow = false): VariantPlan {
    return planVariant(variant, this.#hooks.resolve(model), { images: this.#context.images, isShadow });
  }

  async #drain(fleet: Fleet): Promise<void> {
    const { clock, settings } = this.#context;
    const { promise: isLate, resolve } = Promise.withResolvers<void>();
    const cancel = clock.schedule(settings.invocationTimeoutMs, resolve);
    await Promise.race([fleet.drainAndClose(), isLate]);
    cancel();
  }

  async #end(fleet: Fleet): Promise<void> {
    await fleet.close();
    this.#fleets.delete(fleet);
  }
}

const NO_MODEL: ModelRecord = { ModelName: '', ModelArn: '', CreationTime: new Date(0), Containers: [] };

function setDesired(
  fleet: Fleet,
  { VariantName, DesiredWeight, DesiredInstanceCount }: DesiredCapacity,
): Variant | undefined {
  const variant = fleet.all.find(({ name }) => name === VariantName);
  if (variant === undefined) return undefined;
  variant.weight = DesiredWeight ?? variant.weight;
  variant.desiredInstanceCount = DesiredInstanceCount ?? variant.desiredInstanceCount;
  return variant;
}

function keepCapture(
  config: EndpointConfigRecord,
  { config: { DataCaptureConfig } }: Fleet,
  keeps: ReadonlySet<VariantProperty>,
): EndpointConfigRecord {
  const isKept = keeps.has('DataCaptureConfig') && DataCaptureConfig !== undefined;
  return isKept ? { ...config, DataCaptureConfig } : config;
}

function keepProperties(green: Fleet, blue: Fleet, keeps: ReadonlySet<VariantProperty>): void {
  for (const variant of green.all) {
    const old = blue.all.find(({ name }) => name === variant.name);
    if (old === undefined) continue;
    if (keeps.has('DesiredWeight')) variant.weight = old.weight;
    if (keeps.has('DesiredInstanceCount')) variant.desiredInstanceCount = old.desiredInstanceCount;
  }
}
