// What the containers of each variant use of processor, memory and volume, once a minute, where the system tells it (/proc):
// CloudWatch's CPUUtilization, MemoryUtilization and DiskUtilization: a value for each instance, summed over its
// containers, so that statistics are over the variant's instances; and LoadedModelCount.
import { readdir, readFile, stat, statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { HostContext } from './host-context.ts';
import type { Hosts } from './hosts.ts';
import type { Instance } from './instance.ts';
import type { VariantMetrics } from './variant-metrics.ts';

const MINUTE_MS = 60_000;
/** Linux counts processor time in hundredths of a second and memory in pages. */
const TICK_MS = 10;
const PAGE_BYTES = 4096;

export class Utilization {
  readonly #hosts: Hosts;
  readonly #context: HostContext;
  /** Processor time by process, when it was last looked at. */
  #seen = new Map<number, number>();
  #cancel: () => void = () => {};

  constructor(hosts: Hosts, context: HostContext) {
    this.#hosts = hosts;
    this.#context = context;
    this.#schedule();
  }

  close(): void {
    this.#cancel();
  }

  /** Looks once; called every minute. */
  async sample(): Promise<void> {
    const seen = new Map<number, number>();
    const { blocks, bsize } = await statfs(this.#context.volumesFolder);
    const variants = [...this.#hosts.live.values()].flatMap((endpoint) => endpoint.fleet.all);
    const sampled = variants.flatMap(({ instances, metrics }) =>
      instances.flatMap((instance) => [
        this.#sampleProcesses(instance, metrics, seen),
        sampleDisk(instance, metrics, blocks * bsize),
        countModels(instance, metrics),
      ]),
    );
    await Promise.all(sampled);
    this.#seen = seen;
  }

  #schedule(): void {
    this.#cancel = this.#context.clock.schedule(MINUTE_MS, () => {
      // The folder goes when the process ends.
      this.sample().catch(() => {});
      this.#schedule();
    });
  }

  async #sampleProcesses(
    { containers }: Instance,
    metrics: VariantMetrics,
    seen: Map<number, number>,
  ): Promise<void> {
    const pids = containers.flatMap(({ pid }) => pid ?? []);
    const usages = (await Promise.all(pids.map(usageOf))).filter((usage) => usage !== undefined);
    if (usages.length === 0) return;
    let busyMs = 0;
    let bytes = 0;
    for (const usage of usages) {
      seen.set(usage.pid, usage.cpuMs);
      busyMs += usage.cpuMs - (this.#seen.get(usage.pid) ?? usage.cpuMs);
      bytes += usage.bytes;
    }
    metrics.cpuUtilization.add((100 * busyMs) / MINUTE_MS);
    metrics.memoryUtilization.add((100 * bytes) / totalmem());
  }
}

/** Once a minute and instance, so that the sum of a minute is what all instances have loaded. */
function countModels({ multiModel }: Instance, metrics: VariantMetrics): void {
  if (multiModel?.models !== undefined) metrics.loadedModelCount.add(multiModel.models.loadedCount);
}

async function sampleDisk(
  { containers }: Instance,
  metrics: VariantMetrics,
  volumeBytes: number,
): Promise<void> {
  const bytes = (await Promise.all(containers.map(({ baseFolder }) => bytesUnder(baseFolder)))).reduce(
    (sum, one) => sum + one,
    0,
  );
  metrics.diskUtilization.add((100 * bytes) / volumeBytes);
}

/** What is removed meanwhile takes no room. */
async function bytesUnder(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  const sizes = files.map(async (file) =>
    stat(join(file.parentPath, file.name)).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function usageOf(pid: number): Promise<{ pid: number; cpuMs: number; bytes: number } | undefined> {
  try {
    // The name in brackets may hold blanks; the fields are counted from behind it.
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ').at(-1)!.split(' ');
    const pages = Number((await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')[1]);
    return { pid, cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS, bytes: pages * PAGE_BYTES };
  } catch {
    return undefined;
  }
}
