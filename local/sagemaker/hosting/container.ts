// One container of one instance: it is started, watched, and started again when it dies or stops answering pings;
// until it is healthy it is down, and calls to it fail at once. A multi-model one has its models besides.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { contentTag, type FetchOptions, fetchModelData } from '../artefacts/fetch.ts';
import type { ModelCache } from '../multi-model/cache.ts';
import { type ContainerAnswer, type ContainerRequest, ContainerUnreachable } from './container-client.ts';
import { createModels } from './container-models.ts';
import { Deadline } from './deadline.ts';
import type { ContainerSite, HostContext } from './host-context.ts';
import type { ContainerPlan } from './plan.ts';
import { RunningContainer } from './running-container.ts';

/** An instance that has the container among its own. */
export interface ContainerOwner {
  /** Called at every change of a container's health. */
  noteHealth(): void;
}

const MAX_BACKOFF_MS = 10_000;

export class Container {
  readonly plan: ContainerPlan;
  /** Undefined unless the container is a multi-model one. */
  readonly models: ModelCache | undefined;
  readonly #context: HostContext;
  readonly #site: ContainerSite;
  readonly #owners = new Set<ContainerOwner>();
  #running: RunningContainer | undefined;
  #started: Promise<void> | undefined;
  #isHealthy = false;
  #failedPings = 0;
  #isClosed = false;
  #contentTag: string | undefined;
  #lastLine = '';
  #cancelPing: () => void = () => {};

  constructor(plan: ContainerPlan, site: ContainerSite, context: HostContext) {
    this.plan = plan;
    this.#site = site;
    this.#context = context;
    if (!plan.isMultiModel) return;
    this.models = createModels({
      plan,
      site,
      context,
      fetchOptions: this.#fetchOptions(),
      call: (request) => this.#callModelsApi(request),
      log: (line) => this.#log([line]),
    });
  }

  get isHealthy(): boolean {
    return this.#isHealthy;
  }

  /** It has left a ping unanswered, and may be hung: calls that can go elsewhere should. */
  get isSuspect(): boolean {
    return this.#failedPings > 0;
  }

  /** Whether what lies at its model's address is what it has loaded: an object can be replaced in place. */
  async isUpToDate(): Promise<boolean> {
    return (await contentTag(this.plan.modelData, this.#context.s3)) === this.#contentTag;
  }

  get logGroup(): string {
    return this.#site.logGroup;
  }

  /** Its folder in place of /opt/ml. */
  get baseFolder(): string {
    return this.#site.baseFolder;
  }

  /** Of its process, while it runs on this machine. */
  get pid(): number | undefined {
    return this.#running?.process?.pid;
  }

  /** @throws ContainerUnreachable, ContainerTimeout */
  exchange(request: ContainerRequest, deadline: Deadline): Promise<ContainerAnswer> {
    if (this.#running !== undefined) return this.#running.client.exchange(request, deadline);
    const message = `The container ${this.plan.name} is not running.`;
    return Promise.reject(new ContainerUnreachable(message, { isUndelivered: true }));
  }

  /** A call could not connect: until a ping is answered, calls that can go elsewhere should. */
  noteUnreachable(): void {
    this.#noteFailedPings(Math.max(1, this.#failedPings));
  }

  addOwner(owner: ContainerOwner): void {
    this.#owners.add(owner);
  }

  /** Ends the container with its last owner. */
  async removeOwner(owner: ContainerOwner): Promise<void> {
    this.#owners.delete(owner);
    if (this.#owners.size === 0) await this.#close();
  }

  /**
   * Fetches the model data, starts the container and waits until it is healthy; once, however many owners ask.
   * @throws Error saying why it is not
   */
  startOnce(startupTimeoutMs: number): Promise<void> {
    this.#started ??= this.#start(startupTimeoutMs);
    return this.#started;
  }

  async #start(startupTimeoutMs: number): Promise<void> {
    await mkdir(this.#site.baseFolder, { recursive: true });
    await this.#fetchModel();
    const { urlStartupTimeoutMs } = this.#context.settings;
    const isUrl = this.plan.launcher.kind === 'url';
    const timeoutMs = isUrl ? Math.min(startupTimeoutMs, urlStartupTimeoutMs) : startupTimeoutMs;
    const deadline = new Deadline(this.#context.clock, timeoutMs);
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
    this.#cancelPing();
    await this.#drop();
    await rm(this.#site.baseFolder, { recursive: true, force: true }).catch(() => {});
  }

  async #fetchModel(): Promise<void> {
    const { modelData } = this.plan;
    const folder = join(this.#site.baseFolder, 'model');
    if (modelData === undefined || this.plan.isMultiModel) await mkdir(folder, { recursive: true });
    else {
      // Asked first: should it be replaced meanwhile, the container counts as out of date, not as new.
      this.#contentTag = await contentTag(modelData, this.#context.s3);
      await fetchModelData(modelData, folder, this.#fetchOptions());
    }
  }

  async #startUntilHealthy(deadline: Deadline): Promise<void> {
    let reason = '';
    for (let attempt = 0; attempt < this.#context.settings.startAttempts; attempt++) {
      if (this.#isClosed || deadline.isExpired) break;
      const outcome = await this.#launchOnce(deadline);
      if (outcome === 'healthy') {
        const unloaded = await this.#preload();
        if (unloaded === undefined) return;
        throw new Error(`Failed to load the pinned ${unloaded}`);
      }
      reason = outcome;
      await this.#drop();
    }
    throw new Error(this.#isClosed ? 'it was stopped while it started' : reason);
  }

  /** Starts the process and pings it. @returns `healthy`, or why it is not. */
  async #launchOnce(deadline: Deadline): Promise<'healthy' | string> {
    const running = await RunningContainer.launch({
      plan: this.plan,
      site: this.#site,
      context: this.#context,
      onLines: (lines) => this.#logOutput(lines),
    });
    this.#running = running;
    void running.process?.ended.then((reason) => this.#processEnded(running, reason));
    for (;;) {
      if (this.#isClosed) {
        await running.drop();
        return 'it was stopped';
      }
      // What ended in this very moment was no healthy container that was lost: nobody would start it again.
      if ((await running.ping()) && running.endedWith === undefined) {
        this.#setHealthy(true);
        return 'healthy';
      }
      if (running.endedWith !== undefined) return `it ${running.endedWith}${this.#lastWords()}`;
      if (deadline.isExpired) return 'it did not answer /ping with 200 in time';
      await this.#pause(this.#context.settings.startupPingIntervalMs);
    }
  }

  #lastWords(): string {
    return this.#lastLine === '' ? '' : `; its last line: ${this.#lastLine}`;
  }

  /**
   * Loads the models that are to be there before they are asked for; one that cannot be is told in the log.
   * @returns which pinned model could not be loaded, and why
   */
  async #preload(): Promise<string | undefined> {
    let unloaded: string | undefined;
    const { preloadedModels, pinnedModels, name } = this.plan;
    for (const targetModel of preloadedModels) {
      const { model, loaded } = this.models!.hold(targetModel);
      await loaded.catch((error: Error) => {
        this.#log([`model-preload target=${targetModel} failed: ${error.message}`]);
        if (pinnedModels.includes(targetModel))
          unloaded ??= `model ${targetModel} into the container ${name}: ${error.message}`;
      });
      this.models!.release(model);
    }
    return unloaded;
  }

  /** Pings a healthy container for as long as it lives. */
  #watch(): void {
    if (this.#isClosed) return;
    this.#cancelPing = this.#context.clock.schedule(this.#context.settings.pingIntervalMs, () => {
      void this.#checkHealth().then(() => this.#watch());
    });
  }

  async #checkHealth(): Promise<void> {
    const running = this.#running;
    const isWell = !this.#isHealthy || running === undefined || (await running.ping());
    this.#noteFailedPings(isWell ? 0 : this.#failedPings + 1);
    const { pingFailuresToRestart, stopGraceMs } = this.#context.settings;
    if (isWell || this.#failedPings < pingFailuresToRestart || this.#isClosed) return;
    this.#log([`The container ${this.plan.name} failed ${pingFailuresToRestart} pings and is restarted.`]);
    if (running.process === undefined) this.#goDown();
    else void running.process.stop(stopGraceMs);
  }

  #noteFailedPings(count: number): void {
    if (count === this.#failedPings) return;
    this.#failedPings = count;
    for (const owner of this.#owners) owner.noteHealth();
  }

  #processEnded(ended: RunningContainer, reason: string): void {
    if (this.#isClosed || this.#running !== ended) return;
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
    await this.#drop();
    for (let attempt = 1; !this.#isClosed; attempt++) {
      const deadline = new Deadline(this.#context.clock, this.#context.settings.startupTimeoutMs);
      const outcome = await this.#launchOnce(deadline).catch((error: Error) => error.message);
      deadline.end();
      if (outcome === 'healthy') {
        await this.#preload();
        return;
      }
      await this.#drop();
      await this.#pause(Math.min(MAX_BACKOFF_MS, 100 * 2 ** Math.min(attempt, 7)));
    }
  }

  async #drop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.drop();
  }

  #setHealthy(isHealthy: boolean): void {
    this.#isHealthy = isHealthy;
    this.#failedPings = 0;
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

  #fetchOptions(): FetchOptions {
    const { s3, settings, unpacker } = this.#context;
    return { s3, settings, unpacker, temporaryFolder: join(this.#site.baseFolder, '.incoming') };
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
