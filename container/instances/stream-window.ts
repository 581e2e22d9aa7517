// Backpressure of a streamed answer: a worker sends chunks ahead of its caller only up to a window of bytes, and goes
// on when the server's thread says that chunks have been taken. Without it a fast handler and a slow caller would pile
// the whole answer up in memory.

/** Enough to keep a fast caller busy across the hop between threads. */
const WINDOW_BYTES = 256 * 1024;

export interface StreamWindow {
  sent(bytes: number): void;
  taken(bytes: number): void;
  /** Resolves when the next chunk may be sent, or when the window is closed. */
  room(): Promise<void>;
  /** Nobody reads any more: whoever waits for room goes on. */
  close(): void;
}

export function createStreamWindow(limitBytes: number = WINDOW_BYTES): StreamWindow {
  let underWay = 0;
  let isClosed = false;
  let wake: (() => void) | undefined;
  const wakeIfRoom = () => {
    if (!isClosed && underWay >= limitBytes) return;
    wake?.();
    wake = undefined;
  };
  return {
    sent: (bytes) => {
      underWay += bytes;
    },
    taken: (bytes) => {
      underWay -= bytes;
      wakeIfRoom();
    },
    room: () => {
      if (isClosed || underWay < limitBytes) return Promise.resolve();
      return new Promise((resolve) => {
        wake = resolve;
      });
    },
    close: () => {
      isClosed = true;
      wakeIfRoom();
    },
  };
}
