// Hands artefacts to the thread that checks and unpacks them; the thread starts with the first one. Should it die, what
// it had in hand fails, and the next artefact gets another.
import { Worker } from 'node:worker_threads';
import { ArchiveRefused, type UnpackLimits } from './unpack.ts';

export interface UnpackJob {
  /** The archive's bytes, which are given away, or the file that holds it. */
  readonly content: Uint8Array<ArrayBuffer> | string;
  /** What its MD5 has to be, where that is known. */
  readonly md5: string | undefined;
  /** Exists and is empty. */
  readonly folder: string;
  readonly limits: UnpackLimits;
}

/** As it comes back from the thread. */
export type UnpackOutcome =
  | { readonly unpackedBytes: number }
  | { readonly refused: string }
  | { readonly failed: string; readonly code: string | undefined };

interface Pending {
  readonly resolve: (unpackedBytes: number) => void;
  readonly reject: (error: Error) => void;
}

export class Unpacker {
  #thread: Worker | undefined;
  readonly #pending = new Map<number, Pending>();
  #count = 0;

  /**
   * @returns how many bytes its files take
   * @throws ArchiveRefused
   */
  unpack({ content, md5, folder, limits }: UnpackJob): Promise<number> {
    const id = ++this.#count;
    const { unpackedLimitBytes, unpackedEntriesLimit, unpackRatioLimit } = limits;
    const job: UnpackJob = {
      content,
      md5,
      folder,
      limits: { unpackedLimitBytes, unpackedEntriesLimit, unpackRatioLimit },
    };
    this.#thread ??= this.#start();
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#thread!.postMessage({ id, job }, typeof content === 'string' ? [] : [content.buffer]);
    });
  }

  async close(): Promise<void> {
    await this.#thread?.terminate();
  }

  #start(): Worker {
    const thread = new Worker(new URL('./unpack-thread.ts', import.meta.url));
    thread.unref();
    thread.on('message', ({ id, outcome }: { id: number; outcome: UnpackOutcome }) => {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if ('unpackedBytes' in outcome) pending?.resolve(outcome.unpackedBytes);
      else pending?.reject(errorOf(outcome));
    });
    const lost = (error?: Error): void => this.#lose(thread, error);
    thread.on('error', lost).on('exit', () => lost());
    return thread;
  }

  #lose(thread: Worker, cause: Error | undefined): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    const error = new Error('The thread that unpacks artefacts has ended.', { cause });
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

function errorOf(outcome: Exclude<UnpackOutcome, { unpackedBytes: number }>): Error {
  if ('refused' in outcome) return new ArchiveRefused(outcome.refused);
  return Object.assign(new Error(outcome.failed), outcome.code === undefined ? {} : { code: outcome.code });
}
