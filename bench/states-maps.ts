// A Map of 10,000 items, inline and distributed, and the memory of 10,000 executions that wait.
import { mapOver, WAITING } from './states-definitions.ts';
import { create, runExpress, runStandard, withStates } from './states-engine.ts';

const ITEMS = 10_000;
const OPEN = 10_000;

export async function maps(): Promise<void> {
  await withStates(async (states) => {
    const inline = mapOver('INLINE');
    const express = await create(states, 'inline-express', { definition: inline, type: 'EXPRESS' });
    // 10,000 iterations have more events than a Standard execution may.
    await timed('inline Map, Express', () => runExpress(states, express, 0));
    const distributed = await create(states, 'distributed', { definition: mapOver('DISTRIBUTED') });
    await timed('distributed Map, Standard children', () => runStandard(states, distributed, 0));
  });
}

async function timed(what: string, work: () => Promise<void>): Promise<void> {
  await work();
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await work();
  const ms = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    `${what.padEnd(36)} ${ITEMS} items in ${ms.toFixed(0)} ms, ${((user + system) / ITEMS).toFixed(0)} µs of processor each`,
  );
}

export async function waiting(): Promise<void> {
  await withStates(async (states) => {
    const stateMachineArn = await create(states, 'waiting', { definition: WAITING });
    const start = (n: number): Promise<unknown> =>
      states.operations.startExecution!({ stateMachineArn, input: `{"n":${n}}` });
    for (let n = 0; n < 500; n += 1) await start(n);
    const before = memory();
    for (let n = 0; n < OPEN; n += 1) await start(n);
    const after = memory();
    const kb = (bytes: number): string => (bytes / OPEN / 1024).toFixed(1);
    console.log(
      `${OPEN} executions in a Wait: ${kb(after.heap - before.heap)} KB of heap each, ${kb(after.resident - before.resident)} KB resident`,
    );
  });
}

/** After a collection where the process allows one (`node --expose-gc`). */
function memory(): { heap: number; resident: number } {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, resident: rss };
}
