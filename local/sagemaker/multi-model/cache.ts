// The models loaded in one multi-model container. A warm call takes a synchronous path; a cold one waits for the one
// load of its model, however many wait. A model that serves or is waited for is never unloaded; when the container
// says 507, or our own bounds are reached, unused models are unloaded and the load is tried again.
import { performance } from 'node:perf_hooks';
import type { Clock } from '../../clock.ts';
import type { ContainerAnswer, ContainerRequest } from '../hosting/container-client.ts';
import type { HostingSettings } from '../settings.ts';
import { AdaptivePolicy } from './adaptive-policy.ts';
import type { ModelDisk } from './disk.ts';
import type { LoadReport } from './load-report.ts';
import type { EvictionPolicy } from './policy.ts';
import { Slots } from './slots.ts';
import { modelHash } from './target.ts';

/** A model as the cache knows it; callers read `invokePath` and hand it back to `release`. */
export interface CachedModel {
  readonly targetModel: string;
  readonly hash: string;
  readonly invokePath: string;
  state: 'absent' | 'loading' | 'loaded' | 'unloading';
  /** Calls in the container, and calls that wait for the load. */
  users: number;
  loading: Promise<LoadReport> | undefined;
  unloading: Promise<void> | undefined;
}

export interface ModelCacheOptions {
  readonly bucket: string;
  /** The key's part before the target model, `/` included. */
  readonly prefix: string;
  readonly disk: ModelDisk;
  readonly settings: HostingSettings;
  readonly clock: Clock;
  readonly keepsModels: boolean;
  /** Target models that stay loaded once they are. */
  readonly pinned: ReadonlySet<string>;
  /** One call of the container's models API, bounded by the load's time. */
  readonly call: (request: ContainerRequest) => Promise<ContainerAnswer>;
  readonly onLoaded: (model: CachedModel, report: LoadReport) => void;
  readonly onUnloaded: (model: CachedModel, unloadMs: number) => void;
}

/** The container refused to load a model; the answer is the container's. */
export class ModelLoadFailed extends Error {
  override readonly name = 'ModelLoadFailed';
  readonly answer: ContainerAnswer;

  constructor(answer: ContainerAnswer) {
    super(`The container answered ${answer.status} when the model was loaded.`);
    this.answer = answer;
  }
}

/** However long a load took, its slot rests no longer than this. */
const MAX_REST_MS = 1_000;
/** So many warm calls during one load are traffic that is worth the whole rest. */
const BUSY_WARM_CALLS = 10;
/** Of so many loads one asks the container for room before making any. */
const PROBE_EVERY = 64;
const JSON_HEADERS = ['content-type', 'application/json', 'accept', '*/*'];

export class ModelCache {
  readonly #options: ModelCacheOptions;
  readonly #models = new Map<string, CachedModel>();
  readonly #loaded = new Map<string, CachedModel>();
  readonly #policy: EvictionPolicy = new AdaptivePolicy();
  readonly #slots: Slots;
  /** Loads that wait for some model to become unused. */
  #onIdle: (() => void)[] = [];
  #loadedBytes = 0;
  /** So many models were loaded when the container last answered 507. */
  #fullAt = Number.POSITIVE_INFINITY;
  #loadsSinceProbe = 0;
  #warmCalls = 0;
  /** Hashes of models whose files a load is reading or about to read. */
  readonly #inLoad = new Set<string>();

  constructor(options: ModelCacheOptions) {
    this.#options = options;
    this.#slots = new Slots(options.settings.concurrentModelLoads);
  }

  get loadedCount(): number {
    return this.#loaded.size;
  }

  isLoaded(targetModel: string): boolean {
    return this.#models.get(targetModel)?.state === 'loaded';
  }

  /** Whether the model's files on the volume must stay. */
  usesFiles(hash: string): boolean {
    return this.#loaded.has(hash) || this.#inLoad.has(hash);
  }

  /** The hot path: the model when it is loaded, held until `release`. */
  holdWarm(targetModel: string): CachedModel | undefined {
    const model = this.#models.get(targetModel);
    if (model?.state !== 'loaded') return undefined;
    model.users += 1;
    this.#warmCalls += 1;
    this.#policy.touched(model.hash);
    return model;
  }

  /**
   * Starts the load of a model unless it runs, and waits for it; the caller holds the model from now on and must
   * `release` it, whatever comes of the load.
   */
  hold(targetModel: string): { model: CachedModel; loaded: Promise<LoadReport | undefined> } {
    const model = this.#find(targetModel);
    model.users += 1;
    this.#policy.touched(model.hash);
    if (model.state === 'loaded') return { model, loaded: Promise.resolve(undefined) };
    model.loading ??= this.#startLoad(model);
    return { model, loaded: model.loading };
  }

  /** Loads a model that nobody waits for; what goes wrong, the next caller will meet. */
  prefetch(targetModel: string): void {
    const known = this.#models.get(targetModel);
    if (known !== undefined && (known.state !== 'absent' || known.loading !== undefined)) return;
    const { model, loaded } = this.hold(targetModel);
    const done = (): void => this.release(model);
    loaded.then(done, done);
  }

  release(model: CachedModel): void {
    model.users -= 1;
    if (model.users > 0) return;
    if (!this.#options.keepsModels && model.state === 'loaded') void this.#discard(model);
    if (this.#onIdle.length > 0) for (const wake of this.#onIdle.splice(0)) wake();
  }

  /** The container lost this model (404) though we held it for loaded. */
  forget(model: CachedModel): void {
    if (model.state === 'loaded') this.#setAbsent(model);
  }

  /** The container was restarted: nothing is loaded any more. */
  forgetAll(): void {
    this.#fullAt = Number.POSITIVE_INFINITY;
    for (const model of [...this.#loaded.values()]) this.#setAbsent(model);
  }

  /** Unloads the next unused model to make room in the container; false when every model is in use. */
  async evictOne(evicted: string[] = []): Promise<boolean> {
    const hash = this.#policy.victim((key) => this.#mayGo(this.#loaded.get(key)));
    if (hash === undefined) return false;
    const victim = this.#loaded.get(hash)!;
    evicted.push(victim.targetModel);
    await this.#unload(victim);
    return true;
  }

  #mayGo(model: CachedModel | undefined): boolean {
    return model?.users === 0 && !this.#options.pinned.has(model.targetModel);
  }

  #find(targetModel: string): CachedModel {
    const known = this.#models.get(targetModel);
    if (known !== undefined) return known;
    const { bucket, prefix } = this.#options;
    const hash = modelHash(bucket, prefix + targetModel);
    const model: CachedModel = {
      targetModel,
      hash,
      invokePath: `/models/${hash}/invoke`,
      state: 'absent',
      users: 0,
      loading: undefined,
      unloading: undefined,
    };
    this.#models.set(targetModel, model);
    return model;
  }

  #startLoad(model: CachedModel): Promise<LoadReport> {
    const arrivedMs = performance.now();
    const loading = new Promise<LoadReport>((resolve, reject) => {
      void this.#slots.run(async () => {
        const startMs = performance.now();
        const warmBefore = this.#warmCalls;
        await this.#load(model, arrivedMs).then(resolve, reject);
        await this.#rest(performance.now() - startMs, this.#warmCalls - warmBefore);
      });
    });
    const settle = (): void => {
      model.loading = undefined;
      if (model.state !== 'loaded' && model.users === 0) this.#models.delete(model.targetModel);
    };
    loading.then(settle, settle);
    return loading;
  }

  /**
   * A storm of cold loads leaves warm callers their share of the machine: all slots together then take no more than
   * 1 / (1 + modelLoadRest) of a core. The fewer warm calls there were meanwhile, the shorter the rest.
   */
  async #rest(loadMs: number, warmCalls: number): Promise<void> {
    const { clock, settings } = this.#options;
    if (warmCalls === 0 || settings.modelLoadRest === 0) return;
    const parts = (1 + settings.modelLoadRest) * settings.concurrentModelLoads - 1;
    const restMs = Math.min(MAX_REST_MS, loadMs * parts * Math.min(1, warmCalls / BUSY_WARM_CALLS));
    await new Promise<void>((resolve) => void clock.schedule(restMs, resolve));
  }

  async #load(model: CachedModel, arrivedMs: number): Promise<LoadReport> {
    await model.unloading;
    model.state = 'loading';
    this.#inLoad.add(model.hash);
    try {
      const { bucket, prefix, disk } = this.#options;
      const fetched = await disk.ensure({ hash: model.hash, bucket, key: prefix + model.targetModel });
      const readyMs = performance.now();
      const evicted: string[] = [];
      await this.#loadIntoContainer(model, evicted);
      const endMs = performance.now();
      this.#setLoaded(model, endMs - readyMs);
      const report: LoadReport = {
        isFetched: fetched !== undefined,
        totalMs: endMs - arrivedMs,
        downloadMs: fetched?.downloadMs ?? 0,
        unpackMs: fetched?.unpackMs ?? 0,
        loadMs: endMs - readyMs,
        unpackedBytes: disk.bytesOf(model.hash),
        evicted,
      };
      this.#options.onLoaded(model, report);
      return report;
    } catch (thrown) {
      model.state = 'absent';
      throw thrown;
    } finally {
      this.#inLoad.delete(model.hash);
    }
  }

  async #loadIntoContainer(model: CachedModel, evicted: string[]): Promise<void> {
    const { call, disk } = this.#options;
    const body = JSON.stringify({ model_name: model.hash, url: disk.pathOf(model.hash) });
    await this.#keepBounds(disk.bytesOf(model.hash), evicted);
    await this.#expectFull(evicted);
    for (;;) {
      const answer = await call({ method: 'POST', path: '/models', headers: JSON_HEADERS, body });
      if ((answer.status >= 200 && answer.status < 300) || answer.status === 409) return;
      if (answer.status !== 507 || this.#loaded.size === 0) throw new ModelLoadFailed(answer);
      this.#fullAt = this.#loaded.size;
      if (!(await this.#evictOrWait(evicted))) throw new ModelLoadFailed(answer);
    }
  }

  /**
   * A container that had no room for one more of so many is not asked again each time: room is made first. Now and then
   * it is asked all the same, for models are not all of one size.
   */
  async #expectFull(evicted: string[]): Promise<void> {
    this.#loadsSinceProbe += 1;
    if (this.#loaded.size < this.#fullAt) return;
    if (this.#loadsSinceProbe >= PROBE_EVERY) {
      this.#loadsSinceProbe = 0;
      this.#fullAt = Number.POSITIVE_INFINITY;
      return;
    }
    await this.evictOne(evicted);
  }

  /** Our own bounds, where they are set: by count and by unpacked size. */
  async #keepBounds(newBytes: number, evicted: string[]): Promise<void> {
    const { maxLoadedModels, modelMemoryBytes } = this.#options.settings;
    while (
      this.#loaded.size > 0 &&
      (this.#loaded.size >= maxLoadedModels || this.#loadedBytes + newBytes > modelMemoryBytes)
    ) {
      if (!(await this.#evictOrWait(evicted))) return;
    }
  }

  /** False when nothing is loaded that could ever make room. */
  async #evictOrWait(evicted: string[]): Promise<boolean> {
    if (await this.evictOne(evicted)) return true;
    if (this.#loaded.values().every((model) => this.#options.pinned.has(model.targetModel))) return false;
    await new Promise<void>((resolve) => this.#onIdle.push(resolve));
    return true;
  }

  async #unload(model: CachedModel): Promise<void> {
    const startMs = performance.now();
    this.#setAbsent(model);
    model.state = 'unloading';
    model.unloading = this.#options
      .call({ method: 'DELETE', path: `/models/${model.hash}`, headers: JSON_HEADERS })
      .then(
        () => this.#options.onUnloaded(model, performance.now() - startMs),
        // A container that is going down has unloaded it too.
        () => {},
      );
    await model.unloading;
    model.unloading = undefined;
    if (model.state === 'unloading') model.state = 'absent';
    if (model.users === 0 && model.loading === undefined) this.#models.delete(model.targetModel);
  }

  async #discard(model: CachedModel): Promise<void> {
    await this.#unload(model);
    if (model.state === 'absent' && model.loading === undefined)
      await this.#options.disk.remove(model.hash).catch(() => {});
  }

  #setLoaded(model: CachedModel, loadMs: number): void {
    model.state = 'loaded';
    this.#loaded.set(model.hash, model);
    this.#loadedBytes += this.#options.disk.bytesOf(model.hash);
    this.#policy.added(model.hash, { bytes: this.#options.disk.bytesOf(model.hash), loadMs });
  }

  #setAbsent(model: CachedModel): void {
    model.state = 'absent';
    if (!this.#loaded.delete(model.hash)) return;
    this.#loadedBytes -= this.#options.disk.bytesOf(model.hash);
    this.#policy.removed(model.hash);
  }
}
