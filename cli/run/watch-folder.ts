// A folder whose changes are acted upon, one after another, once an editor is through with a file.
import { type FSWatcher, watch } from 'node:fs';

export interface FolderWatch {
  readonly fits: (file: string) => boolean;
  readonly update: () => Promise<void>;
  /** @param file the one whose change was the last */
  readonly onFailed: (thrown: unknown, file: string) => void;
}

/** Editors write a file in several steps. */
const SETTLE_MS = 50;

export function watchFolder(folder: string, { fits, update, onFailed }: FolderWatch): FSWatcher {
  let work = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  return watch(folder, { recursive: true }, (_event, file) => {
    if (file === null || !fits(file)) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      work = work.then(update).catch((thrown: unknown) => onFailed(thrown, file));
    }, SETTLE_MS);
  });
}
