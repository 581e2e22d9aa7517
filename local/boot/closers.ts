// What has been opened so far, so that a start that fails half-way and an orderly end both leave nothing behind.

export interface Closers {
  /** Closed in the reverse order of being added; at once when everything else has been closed already. */
  add(name: string, close: () => Promise<void> | void): void;
  /** Closes everything once; each closer gets `limitMs`, then the next one's turn comes. Never rejects. */
  close(): Promise<void>;
}

/** Ctrl-C promises an end within two seconds; no single part may use that up. */
const DEFAULT_LIMIT_MS = 1_000;

export function createClosers(limitMs = DEFAULT_LIMIT_MS): Closers {
  const entries: { name: string; close: () => Promise<void> | void }[] = [];
  let closing: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
      const { name, close } = entry;
      await within(limitMs, async () => close()).catch((thrown: unknown) => {
        console.error(`seriatim: closing ${name}: ${thrown instanceof Error ? thrown.message : thrown}`);
      });
    }
  };
  return {
    add: (name, close) => {
      entries.push({ name, close });
      if (closing !== undefined) closing = closing.then(closeAll);
    },
    close: () => {
      closing ??= closeAll();
      return closing;
    },
  };
}

async function within(limitMs: number, work: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${limitMs} ms`)), limitMs);
  });
  await Promise.race([work(), late]).finally(() => clearTimeout(timer));
}
