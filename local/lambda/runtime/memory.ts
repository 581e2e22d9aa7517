// Keeps a function to its memory setting. The thread's own limit lies far above it, because V8 ends the whole process
// when one large allocation goes past it; so the environment looks at its memory itself, whenever its event loop
// turns: after an invocation, and twice a second during a long one. Unlike the thread's limit this counts `Buffer`s.
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const MB = 1024 * 1024;

/** Megabytes in use; what is garbage counts until it is collected. */
export function memoryInUseMb(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return Math.ceil((used_heap_size + external_memory) / MB);
}

/** Whether more than the setting is in use once garbage is out of the way. */
export function isOverMemory(settingMb: number): boolean {
  if (memoryInUseMb() <= settingMb) return false;
  collectGarbage();
  return memoryInUseMb() > settingMb;
}

let collect: (() => void) | undefined;

function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}
