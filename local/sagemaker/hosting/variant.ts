// One variant of an endpoint: its instances, and which of them serves the next invocation.
import type { Container } from './container.ts';
import { type HostContext, logGroupOf } from './host-context.ts';
import { Instance, type StartFailure } from './instance.ts';
import { OnDemandInstances } from './on-demand.ts';
import type { VariantPlan } from './plan.ts';
import { VariantMetrics } from './variant-metrics.ts';

/** With so many calls under way at every instance that has a model, an idle instance gets a copy of it. */
const COPY_AT_OUTSTANDING = 8;

export interface VariantOptions {
  readonly endpointName: string;
  readonly plan: VariantPlan;
  readonly context: HostContext;
  /** Where its containers log; the endpoint's group unless told. */
  readonly logGroup?: string;
  /** Of the inference component whose copies its instances are. */
  readonly componentName?: string;
  /** Ends the names of its instances. */
  readonly instanceSuffix?: string;
  /** The variant of the same name whose running containers are taken over where they are equal. */
  readonly donor?: Variant | undefined;
  /** Asked before instances are started. @throws Error when none may be any more */
  readonly admit?: () => void;
}

export class Variant {
  readonly plan: VariantPlan;
  readonly name: string;
  readonly isMultiModel: boolean;
  readonly metrics: VariantMetrics;
  /** Of a serverless variant. */
  readonly onDemand: OnDemandInstances | undefined;
  weight: number;
  /** How many instances there are to be; `instances` follows. */
  desiredInstanceCount: number;
  #instances: readonly Instance[] = [];
  readonly #options: VariantOptions;
  #scaling: Promise<void> = Promise.resolve();
  /** Instances that are not healthy yet. */
  readonly #starting = new Set<Instance>();
  /** Instances that finish what they have. */
  readonly #ending = new Set<Instance>();
  #donor: Variant | undefined;
  #isClosed = false;
  #waking: Promise<void> | undefined;
  #lastCallMs = 0;
  #cancelRest: (() => void) | undefined;

  /** It has no instances until it is scaled. */
  constructor(options: VariantOptions) {
    const { plan, endpointName, context } = options;
    this.#options = options;
    this.#donor = options.donor;
    this.plan = plan;
    this.name = plan.name;
    this.weight = plan.weight;
    this.desiredInstanceCount = plan.instanceCount;
    this.metrics = new VariantMetrics(context.monitoring, {
      endpointName,
      variantName: plan.name,
      componentName: options.componentName,
    });
    this.onDemand = plan.serverless === undefined ? undefined : new OnDemandInstances(this, context);
    this.isMultiModel = plan.containers.some((container) => container.isMultiModel);
  }

  get instances(): readonly Instance[] {
    return this.#instances;
  }

  /**
   * Starts or ends instances until there are so many; new ones serve once they are healthy, old ones finish what they
   * have. One change after the other.
   * @throws Error in the words of a FailureReason when an instance does not come up; the others stay
   */
  scaleTo(count: number): Promise<void> {
    const change = this.#scaling.then(() => this.#scale(count));
    this.#scaling = change.catch(() => {});
    return change;
  }

  /** Its instances start with the first call, which has not come yet. */
  get isAsleep(): boolean {
    return this.plan.startsOnFirstCall && this.#instances.length === 0 && !this.#isClosed;
  }

  /** Starts what the first call needs; later calls wait for the same start. */
  wake(): Promise<void> {
    this.#waking ??= this.scaleTo(Math.max(1, this.desiredInstanceCount)).finally(() => {
      this.#waking = undefined;
      this.#scheduleRest();
    });
    return this.#waking;
  }

  /** A call has come: what it started stays for a while. */
  noteCall(): void {
    this.#lastCallMs = this.#options.context.clock.now();
  }

  /** Ends what the first call started once nobody has called for long. */
  #scheduleRest(): void {
    const { clock, settings } = this.#options.context;
    if (this.#isClosed || this.#instances.length === 0) return;
    this.#cancelRest = clock.schedule(settings.serverlessIdleMs, () => {
      const isBusy = this.#instances.some(({ outstanding }) => outstanding > 0);
      const isRecent = this.#lastCallMs > clock.now() - settings.serverlessIdleMs;
      if (isBusy || isRecent) this.#scheduleRest();
      else void this.scaleTo(0);
    });
  }

  /** One instance more, once it is healthy. */
  async addInstance(): Promise<Instance> {
    const instance = this.#createInstance(await this.#outdated());
    await this.#start([instance]);
    return instance;
  }

  removeInstance(instance: Instance): void {
    this.#instances = this.#instances.filter((other) => other !== instance);
    void this.#retire(instance);
  }

  async #scale(count: number): Promise<void> {
    if (this.#isClosed) return;
    const surplus = this.#surplusPast(count);
    this.#instances = this.#instances.filter((instance) => !surplus.includes(instance));
    for (const instance of surplus) void this.#retire(instance);
    const missing = Math.max(0, count - this.#instances.length);
    const outdated = missing > 0 ? await this.#outdated() : new Set<Container>();
    if (this.#isClosed) return;
    const fresh = Array.from({ length: missing }, () => this.#createInstance(outdated));
    if (fresh.length > 0) await this.#start(fresh);
  }

  /** Those that go: first the ones whose equal containers serve on in an heir, then the youngest. */
  #surplusPast(count: number): readonly Instance[] {
    const inherited = this.#instances.filter(({ heir }) => heir !== undefined);
    const others = this.#instances.filter(({ heir }) => heir === undefined).reverse();
    return [...inherited, ...others].slice(0, Math.max(0, this.#instances.length - count));
  }

  async #retire(instance: Instance): Promise<void> {
    this.#ending.add(instance);
    await endWhenDrained(instance);
    this.#ending.delete(instance);
  }

  /** Donors' containers whose model's data was replaced since they started. */
  async #outdated(): Promise<ReadonlySet<Container>> {
    const containers = (this.#donor?.instances ?? []).flatMap((instance) => instance.containers);
    const upToDate = await Promise.all(containers.map((container) => container.isUpToDate()));
    return new Set(containers.filter((_container, index) => !upToDate[index]));
  }

  #createInstance(outdated: ReadonlySet<Container>): Instance {
    const { endpointName, plan, context, logGroup = logGroupOf(endpointName) } = this.#options;
    const { metrics } = this;
    return Instance.create({
      endpointName,
      logGroup,
      plan,
      metrics,
      context,
      donor: this.#nextDonor(),
      outdated,
      suffix: this.#options.instanceSuffix,
    });
  }

  /** Each gives once: in a rolling update the next batch takes over what the last one has not. */
  #nextDonor(): Instance | undefined {
    const own = new Set(this.#instances.flatMap(({ containers }) => containers));
    return this.#donor?.instances.find(
      ({ heir, containers }) => heir === undefined && !containers.some((container) => own.has(container)),
    );
  }

  async #start(fresh: readonly Instance[]): Promise<void> {
    this.#options.admit?.();
    const timeoutMs = this.plan.startupTimeoutMs ?? this.#options.context.settings.startupTimeoutMs;
    for (const instance of fresh) this.#starting.add(instance);
    const failures = (await Promise.all(fresh.map((instance) => instance.start(timeoutMs)))).flat();
    for (const instance of fresh) this.#starting.delete(instance);
    if (this.#isClosed || failures.length > 0) await Promise.all(fresh.map((instance) => instance.close()));
    if (failures.length > 0) throw new Error(this.#failureReason(failures));
    if (!this.#isClosed) this.#instances = [...this.#instances, ...fresh];
  }

  #failureReason(failures: readonly StartFailure[]): string {
    // In the order of the pipeline, not in that in which they were found.
    const failed = this.plan.containers.flatMap(
      ({ name }) => failures.find(({ containerName }) => containerName === name) ?? [],
    );
    const reason = failed[0]!.reason;
    if (reason.startsWith('Failed to')) return reason;
    const names = failed.map(({ containerName }) => containerName).join(', ');
    const which = this.plan.isPipeline
      ? `The following containers for production variant ${this.name} failed the ping health check: ${names}.`
      : `The primary container for production variant ${this.name} did not pass the ping health check.`;
    return `${which} Please check CloudWatch logs for this endpoint. (${names}: ${reason})`;
  }

  /**
   * From now on new instances take over the equal containers of that variant's as they run; undefined: they start
   * their own.
   */
  takeOverFrom(donor: Variant | undefined): void {
    this.#donor = donor;
    for (const instance of this.#instances) instance.heir = undefined;
  }

  /** The instance for the next invocation; undefined when none is healthy. */
  pick(targetModel: string | undefined): Instance | undefined {
    const instances = this.#instances;
    if (instances.length === 1) return instances[0]!.isHealthy ? instances[0] : undefined;
    const healthy = fitToServe(instances);
    if (targetModel !== undefined && this.isMultiModel) return pickForModel(healthy, targetModel);
    if (this.plan.routing === 'RANDOM') return healthy[Math.floor(Math.random() * healthy.length)];
    return leastOutstanding(healthy);
  }

  /** An instance for a call that could not be delivered to those; undefined when no other is healthy. */
  pickOther(tried: ReadonlySet<Instance>, targetModel: string | undefined): Instance | undefined {
    if (this.onDemand !== undefined) return undefined;
    const others = fitToServe(this.#instances.filter((instance) => !tried.has(instance)));
    return targetModel !== undefined && this.isMultiModel
      ? pickForModel(others, targetModel)
      : leastOutstanding(others);
  }

  /** Lets every instance finish what it has, then ends it. */
  async drainAndClose(): Promise<void> {
    this.#isClosed = true;
    this.#cancelRest?.();
    this.onDemand?.close();
    await Promise.all(this.#instances.map(endWhenDrained));
  }

  /** Ends every instance at once, those that start included. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelRest?.();
    this.onDemand?.close();
    await Promise.all(
      [...this.#instances, ...this.#starting, ...this.#ending].map((instance) => instance.close()),
    );
  }
}

/** The healthy ones; those that may be hung only when there are no others. */
function fitToServe(instances: readonly Instance[]): readonly Instance[] {
  const healthy = instances.filter((instance) => instance.isHealthy);
  const sure = healthy.filter((instance) => !instance.isSuspect);
  return sure.length > 0 ? sure : healthy;
}

async function endWhenDrained(instance: Instance): Promise<void> {
  await instance.drained();
  await instance.close();
}

/** An instance that has the model; when all of those are busy and another is idle, that one gets a copy. */
function pickForModel(healthy: readonly Instance[], targetModel: string): Instance | undefined {
  const holder = leastOutstanding(
    healthy.filter((instance) => instance.multiModel?.models?.isLoaded(targetModel)),
  );
  const other = leastOutstanding(healthy);
  if (holder === undefined) return fewestModels(healthy);
  // The copy serves later calls; this one does not wait for it.
  if (holder.outstanding >= COPY_AT_OUTSTANDING && other!.outstanding === 0)
    other!.multiModel?.models?.prefetch(targetModel);
  return holder;
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
