// The bounded store of unpacked models on one container's volume: `<folder>/<hash>/model`. A model is in it only once
// it is whole; of those that nobody has loaded the least worth goes first when the volume fills.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type FetchOptions, type FetchReport, fetchArchive } from '../artefacts/fetch.ts';
import { VolumeFull } from '../artefacts/problem.ts';
import { AdaptivePolicy } from './adaptive-policy.ts';
import type { EvictionPolicy } from './policy.ts';

export interface StoredModel {
  readonly hash: string;
  readonly bucket: string;
  readonly key: string;
}

export class ModelDisk {
  readonly #folder: string;
  readonly #options: FetchOptions;
  readonly #isLoaded: (hash: string) => boolean;
  readonly #sizes = new Map<string, number>();
  readonly #policy: EvictionPolicy = new AdaptivePolicy();
  #usedBytes = 0;
  /** Removals under way, by hash: what comes back to the same folder waits for them. */
  readonly #removals = new Map<string, Promise<void>>();

  /** @param isLoaded whether the container has the model's files open: such a model stays on disk */
  constructor(folder: string, options: FetchOptions, isLoaded: (hash: string) => boolean) {
    this.#folder = folder;
    this.#options = options;
    this.#isLoaded = isLoaded;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get modelCount(): number {
    return this.#sizes.size;
  }

  /** The folder that a container is told to load. */
  pathOf(hash: string): string {
    return join(this.#folder, hash, 'model');
  }

  bytesOf(hash: string): number {
    return this.#sizes.get(hash) ?? 0;
  }

  /**
   * Brings the model onto the volume unless it is there. One caller at a time for one model.
   * @returns what it took, or undefined when it was there
   * @throws ArtefactMissing, ArtefactRefused, VolumeFull
   */
  async ensure(model: StoredModel): Promise<FetchReport | undefined> {
    this.#policy.touched(model.hash);
    if (this.#sizes.has(model.hash)) return undefined;
    await this.#removals.get(model.hash);
    const report = await fetchArchive(model, this.pathOf(model.hash), this.#options);
    this.#sizes.set(model.hash, report.unpackedBytes);
    this.#usedBytes += report.unpackedBytes;
    this.#policy.added(model.hash, {
      bytes: report.unpackedBytes,
      loadMs: report.downloadMs + report.unpackMs,
    });
    await this.#makeRoom(model);
    return report;
  }

  async remove(hash: string): Promise<void> {
    const bytes = this.#sizes.get(hash);
    if (bytes === undefined) return;
    this.#sizes.delete(hash);
    this.#usedBytes -= bytes;
    this.#policy.removed(hash);
    const removal = rm(join(this.#folder, hash), { recursive: true, force: true }).finally(() =>
      this.#removals.delete(hash),
    );
    // Whoever waits to fetch goes on all the same: what cannot be removed, the fetch meets and reports.
    this.#removals.set(
      hash,
      removal.catch(() => {}),
    );
    await removal;
  }

  async #makeRoom(newcomer: StoredModel): Promise<void> {
    const limit = this.#options.settings.modelDiskBytes;
    while (this.#usedBytes > limit) {
      const victim = this.#policy.victim((hash) => hash !== newcomer.hash && !this.#isLoaded(hash));
      if (victim !== undefined) {
        await this.remove(victim);
        continue;
      }
      const bytes = this.bytesOf(newcomer.hash);
      await this.remove(newcomer.hash);
      throw new VolumeFull(
        `No space left on the volume for model data (bucket: ${newcomer.bucket}, key: ${newcomer.key}): it takes ${bytes} bytes of ${limit}, and every other model on the volume is in use.`,
      );
    }
  }
}
