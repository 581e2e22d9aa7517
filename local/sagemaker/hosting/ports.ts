// Ports for containers: a block for each, the first for SAGEMAKER_BIND_TO_PORT and the rest for
// SAGEMAKER_SAFE_PORT_RANGE. Blocks lie below the range from which systems take ports for outgoing connections.
import { createServer } from 'node:net';

export interface PortBlock {
  readonly bindPort: number;
  /** `XXXX-YYYY`, both ends inclusive. */
  readonly safeRange: string;
  release(): void;
}

const FIRST_PORT = 10_240;
const LAST_PORT = 32_000;
const BLOCK = 8;
const ATTEMPTS = 200;

export class Ports {
  readonly #taken = new Set<number>();

  /** @throws Error when no block of free ports is found */
  async take(): Promise<PortBlock> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const blocks = Math.floor((LAST_PORT - FIRST_PORT) / BLOCK);
      const first = FIRST_PORT + BLOCK * Math.floor(Math.random() * blocks);
      if (this.#taken.has(first)) continue;
      this.#taken.add(first);
      if (await isFree(first)) return this.#block(first);
      this.#taken.delete(first);
    }
    throw new Error('No block of free ports for a container was found.');
  }

  #block(first: number): PortBlock {
    return {
      bindPort: first,
      safeRange: `${first + 1}-${first + BLOCK - 1}`,
      release: () => void this.#taken.delete(first),
    };
  }
}

async function isFree(first: number): Promise<boolean> {
  const checks = Array.from({ length: BLOCK }, (_, index) => canListen(first + index));
  return (await Promise.all(checks)).every(Boolean);
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
