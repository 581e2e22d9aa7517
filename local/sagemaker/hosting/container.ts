// One container of one instance: its process (or URL), its health, its connections, and its models when it is a
// multi-model one. A container that dies or stops answering pings is started again; until it is healthy it is down,
// and calls to it fail at once.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchModelData } from '../artefacts/fetch.ts';
import { type CachedModel, ModelCache } from '../multi-model/cache.ts';
import { ModelDisk } from '../multi-model/disk.ts';
import { describeLoad, type LoadReport } from '../multi-model/load-report.ts';
import {
  type ContainerAnswer,
  ContainerClient,
  type ContainerRequest,
  ContainerUnreachable,
} from './container-client.ts';
import { Deadline } from './deadline.ts';
import { containerEnvironment } from './environment.ts';
import type { ContainerSite, HostContext } from './host-context.ts';
import type { ContainerPlan } from './plan.ts';
import type { PortBlock } from './ports.ts';
import { type ContainerProcess, startProcess } from './process.ts';

/** An instance that has the container among its own. */
export interface ContainerOwner {
  /** Called at every change of a container's health. */
  noteHealth(): void;
}

export class Container {
  readonly plan: ContainerPlan;
  /** Undefined unless the container is a multi-model one. */
  readonly models: ModelCache | undefined;
  readonly #context: HostContext;
  readonly #site: ContainerSite;
  #client: ContainerClient | undefined;
  #process: ContainerProcess | undefined;
  #isHealthy = false;
  #isClosed = false;
  #restarts = 0;
  #lastLine = '';
  #cancelTimer: () => void = () => {};
  readonly #owners = new Set<ContainerOwner>();
  #started: Promise<void> | undefined;

  constructor(plan: ContainerPlan, site: ContainerSite, context: HostContext) {
    this.plan = plan;
    this.#site = site;
    this.#context = context;
    this.models = plan.isMultiModel ? this.#createModels() : undefined;
  }

  get isHealthy(): boolean {
    return this.#isHealthy;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** @throws ContainerUnreachable, ContainerTimeout */
  exchange(request: ContainerRequest, deadline: Deadline): Promise<ContainerAnswer> {
    if (this.#client === undefined)
      return Promise.reject(new ContainerUnreachable(`The container ${this.plan.name} is not running.`));
    return this.#client.exchange(request, deadline);
  }

  addOwner(owner: ContainerOwner): void {
    this.#owners.add(owner);
  }

  /** Ends the container with its last owner. */
  async removeOwner(owner: ContainerOwner): Promise<void> {
    this.#owners.delete(owner);
    if (this.#owners.size === 0) await this.#close();
  }

  /** Starts it unless another owner has. */
  startOnce(startupTimeoutMs: number): Promise<void> {
    this.#started ??= this.#start(startupTimeoutMs);
    return this.#started;
  }

  /**
   * Fetches the model data, starts the container and waits until it is healthy.
   * @throws Error saying why it is not
   */
  async #start(startupTimeoutMs: number): Promise<void> {
    await mkdir(this.#site.baseFolder, { recursive: true });
    await this.#fetchModel();
    const deadline = new Deadline(this.#context.clock, startupTimeoutMs);
    try {
      await this.#startUntilHealthy(deadline);
    } finally {
      deadline.end();
    }
    this.#watch();
  }

  /** Ends the process and everything in flight. */
  async #close(): Promise<void> {
    this.#isClosed = true;
    this.#isHealthy = false;
    this.#cancelTimer();
    const client = this.#client;
    this.#client = undefined;
    await Promise.all([client?.destroy(), this.#process?.stop(this.#context.settings.stopGraceMs)]);
    await rm(this.#site.baseFolder, { recursive: true, force: true }).catch(() => {});
  }

  async #fetchModel(): Promise<void> {
    const { modelData } = this.plan;
    const folder = join(this.#site.baseFolder, 'model');
    if (modelData === undefined || this.plan.isMultiModel) await mkdir(folder, { recursive: true });
    else await fetchModelData(modelData, folder, this.#fetchOptions());
  }

  async #startUntilHealthy(deadline: Deadline): Promise<void> {
    let reason = '';
    for (let attempt = 0; attempt < this.#context.settings.startAttempts && !this.#isClosed; attempt++) {
      const outcome = await this.#launchOnce(deadline);
      if (outcome === 'healthy') return this.#preload();
      reason = outcome;
      await this.#dropProcess();
      if (deadline.isExpired) break;
    }
    throw new Error(this.#isClosed ? 'it was stopped while it started' : reason);
  }

  /** Loads the models that are to be there before they are asked for; one that cannot be is told in the log. */
  async #preload(): Promise<void> {
    for (const targetModel of this.plan.preloadedModels) {
      const { model, loaded } = this.models!.hold(targetModel);
      await loaded.catch((error: Error) =>
        this.#log([`model-preload target=${targetModel} failed: ${error.message}`]),
      );
      this.models!.release(model);
    }
  }

  /** Starts the process and pings it. @returns `healthy`, or why it is not. */
  async #launchOnce(deadline: Deadline): Promise<'healthy' | string> {
    const { launcher } = this.plan;
    const { settings, ports } = this.#context;
    let block: PortBlock | undefined;
    let endedWith: string | undefined;
    if (launcher.kind === 'command') {
      block = await ports.take();
      if (this.#isClosed) return 'it was stopped';
      const started = startProcess(
        {
          command: launcher.command,
          args: launcher.args,
          environment: containerEnvironment({
            plan: this.plan,
            launcher,
            block,
            region: this.#context.place.region,
            baseFolder: this.#site.baseFolder,
          }),
          onLines: (lines) => this.#logOutput(lines),
        },
        this.#context.clock,
      );
      const taken = block;
      this.#process = started;
      void started.ended.then((reason) => {
        endedWith = reason;
        taken.release();
        this.#processEnded(started, reason);
      });
    }
    const origin = launcher.kind === 'url' ? launcher.url : `http://127.0.0.1:${block!.bindPort}`;
    this.#client = new ContainerClient(origin, settings.connectionsPerContainer);
    for (;;) {
      if (await this.#ping()) {
        // The answer may be another program's when ours could not have the port; then ours has ended.
        if (endedWith === undefined) {
          this.#setHealthy(true);
          return 'healthy';
        }
      }
      if (endedWith !== undefined)
        return `it ${endedWith}${this.#lastLine === '' ? '' : `; its last line: ${this.#lastLine}`}`;
      if (this.#isClosed) return 'it was stopped';
      if (deadline.isExpired) return 'it did not answer /ping with 200 in time';
      await this.#pause(settings.startupPingIntervalMs);
    }
  }

  async #ping(): Promise<boolean> {
    const client = this.#client;
    if (client === undefined) return false;
    const deadline = new Deadline(this.#context.clock, this.#context.settings.pingTimeoutMs);
    try {
      const answer = await client.exchange({ method: 'GET', path: '/ping', headers: PING_HEADERS }, deadline);
      return answer.status === 200;
    } catch {
      return false;
    } finally {
      deadline.end();
    }
  }

  /** Pings a healthy container for as long as it lives. */
  #watch(): void {
    let failures = 0;
    const { settings, clock } = this.#context;
    const next = (): void => {
      if (!this.#isClosed) this.#cancelTimer = clock.schedule(settings.pingIntervalMs, check);
    };
    const check = (): void => {
      if (!this.#isHealthy) {
        next();
        return;
      }
      void this.#ping().then((isFine) => {
        failures = isFine ? 0 : failures + 1;
        if (failures >= settings.pingFailuresToRestart && !this.#isClosed) {
          failures = 0;
          this.#log([
            `The container ${this.plan.name} failed ${settings.pingFailuresToRestart} pings and is restarted.`,
          ]);
          if (this.#process === undefined) this.#goDown();
          else void this.#process.stop(settings.stopGraceMs);
        }
        next();
      });
    };
    next();
  }

  #processEnded(ended: ContainerProcess, reason: string): void {
    if (this.#isClosed || this.#process !== ended) return;
    this.#log([`The container ${this.plan.name} ${reason}.`]);
    if (this.#isHealthy) this.#goDown();
  }

  /** A healthy container was lost: calls in flight fail, and it is started again. */
  #goDown(): void {
    this.#setHealthy(false);
    this.models?.forgetAll();
    void this.#restart();
  }

  async #restart(): Promise<void> {
    await this.#dropProcess();
    while (!this.#isClosed) {
      this.#restarts += 1;
      const deadline = new Deadline(this.#context.clock, this.#context.settings.startupTimeoutMs);
      const outcome = await this.#launchOnce(deadline).catch((error: Error) => error.message);
      deadline.end();
      if (outcome === 'healthy') {
        this.#restarts = 0;
        await this.#preload();
        return;
      }
      await this.#dropProcess();
      if (!this.#isClosed)
        await this.#pause(Math.min(MAX_BACKOFF_MS, 100 * 2 ** Math.min(this.#restarts, 7)));
    }
  }

  async #dropProcess(): Promise<void> {
    const client = this.#client;
    const running = this.#process;
    this.#client = undefined;
    this.#process = undefined;
    await Promise.all([client?.destroy(), running?.stop(this.#context.settings.stopGraceMs)]);
  }

  #setHealthy(isHealthy: boolean): void {
    this.#isHealthy = isHealthy;
    for (const owner of this.#owners) owner.noteHealth();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#context.clock.schedule(ms, resolve));
  }

  #logOutput(lines: readonly string[]): void {
    this.#lastLine = lines.findLast((line) => line.trim() !== '') ?? this.#lastLine;
    this.#log(lines);
  }

  #log(lines: readonly string[]): void {
    const timestamp = this.#context.clock.now();
    const events = lines.map((message) => ({ timestamp, message }));
    this.#context.logs.write(this.#site.logGroup, this.#site.logStream, events);
  }

  #fetchOptions() {
    const { s3, settings } = this.#context;
    return { s3, settings, temporaryFolder: join(this.#site.baseFolder, '.incoming') };
  }

  #createModels(): ModelCache {
    const { settings } = this.#context;
    const { bucket, key } = this.plan.modelData!;
    const folder = join(this.#site.baseFolder, 'models');
    const disk = new ModelDisk(folder, this.#fetchOptions(), (hash) => models.usesFiles(hash));
    const models: ModelCache = new ModelCache({
      bucket,
      prefix: key === '' || key.endsWith('/') ? key : `${key}/`,
      disk,
      settings,
      clock: this.#context.clock,
      keepsModels: this.plan.keepsModels,
      pinned: new Set(this.plan.pinnedModels),
      call: (request) => this.#callModelsApi(request),
      onLoaded: (model, report) => this.#modelLoaded(model, report),
      onUnloaded: (model, unloadMs) => this.#modelUnloaded(model, unloadMs),
    });
    return models;
  }

  #modelLoaded(model: CachedModel, report: LoadReport): void {
    const { metrics } = this.#site;
    if (report.isFetched) metrics.modelDownloadingTime.add(report.downloadMs * 1000);
    metrics.modelLoadingTime.add(report.loadMs * 1000);
    metrics.loadedModelCount.add(this.models!.loadedCount);
    this.#log([`model-load target=${model.targetModel} name=${model.hash} ${describeLoad(report)}`]);
  }

  #modelUnloaded(model: CachedModel, unloadMs: number): void {
    const { metrics } = this.#site;
    metrics.modelUnloadingTime.add(unloadMs * 1000);
    metrics.loadedModelCount.add(this.models!.loadedCount);
    this.#log([
      `model-unload target=${model.targetModel} name=${model.hash} unload-ms=${unloadMs.toFixed(2)}`,
    ]);
  }

  async #callModelsApi(request: ContainerRequest): Promise<ContainerAnswer> {
    const deadline = new Deadline(this.#context.clock, this.#context.settings.modelLoadTimeoutMs);
    try {
      return await this.exchange(request, deadline);
    } finally {
      deadline.end();
    }
  }
}

const PING_HEADERS = ['user-agent', 'AHC/2.0', 'accept', '*/*'];
const MAX_BACKOFF_MS = 10_000;
