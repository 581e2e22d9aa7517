// One start of a container: its process with its ports, or the URL where it already runs, and the connections to it.
// It lives until the process ends or it is dropped; the container then starts another.
import type { ImageLauncher } from '../api.ts';
import { ContainerClient } from './container-client.ts';
import { Deadline } from './deadline.ts';
import { containerEnvironment } from './environment.ts';
import type { ContainerSite, HostContext } from './host-context.ts';
import { noteProcess } from './leftovers.ts';
import type { ContainerPlan } from './plan.ts';
import { type ContainerProcess, startProcess } from './process.ts';

export interface RunningOptions {
  readonly plan: ContainerPlan;
  readonly site: ContainerSite;
  readonly context: HostContext;
  readonly onLines: (lines: readonly string[]) => void;
}

export class RunningContainer {
  readonly client: ContainerClient;
  /** Undefined for a container that runs elsewhere. */
  readonly process: ContainerProcess | undefined;
  /** Why the process ended, once it has. */
  endedWith: string | undefined;
  readonly #context: HostContext;

  private constructor(origin: string, process: ContainerProcess | undefined, context: HostContext) {
    this.client = new ContainerClient(origin, context.settings.connectionsPerContainer);
    this.process = process;
    this.#context = context;
    void process?.ended.then((reason) => {
      this.endedWith = reason;
    });
  }

  /** @throws Error when no ports are free */
  static async launch(options: RunningOptions): Promise<RunningContainer> {
    const { launcher } = options.plan;
    if (launcher.kind === 'url') return new RunningContainer(launcher.url, undefined, options.context);
    return RunningContainer.#launchProcess(launcher, options);
  }

  static async #launchProcess(
    launcher: Extract<ImageLauncher, { kind: 'command' }>,
    { plan, site, context, onLines }: RunningOptions,
  ): Promise<RunningContainer> {
    const block = await context.ports.take();
    const { region } = context.place;
    const environment = containerEnvironment({ plan, launcher, block, region, baseFolder: site.baseFolder });
    const { command, args } = launcher;
    const started = startProcess({ command, args, environment, onLines }, context.clock);
    const forget = started.pid === undefined ? () => {} : noteProcess(context.volumesFolder, started.pid);
    void started.ended.then(() => {
      block.release();
      forget();
    });
    return new RunningContainer(`http://127.0.0.1:${block.bindPort}`, started, context);
  }

  /** Whether it answers /ping with 200, in time. */
  async ping(): Promise<boolean> {
    const deadline = new Deadline(this.#context.clock, this.#context.settings.pingTimeoutMs);
    try {
      const answer = await this.client.exchange(
        { method: 'GET', path: '/ping', headers: PING_HEADERS },
        deadline,
      );
      // The answer may be another program's when ours could not have the port; then ours has ended.
      return answer.status === 200 && this.endedWith === undefined;
    } catch {
      return false;
    } finally {
      deadline.end();
    }
  }

  /** Ends the process and cuts every connection; calls under way fail. */
  async drop(): Promise<void> {
    this.client.destroy();
    await this.process?.stop(this.#context.settings.stopGraceMs);
  }
}

const PING_HEADERS = ['user-agent', 'AHC/2.0', 'accept', '*/*'];
