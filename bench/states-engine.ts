// What the parts of the Step Functions bench share: functions that return at once, a database in a folder of its own,
// and a loop that keeps so many executions going.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FunctionInvoker } from '../local/lambda/api.ts';
import type { States } from '../local/states/api.ts';
import { createStates } from '../local/states/index.ts';
import { machineOf } from './states-definitions.ts';

/** Answers with the event. */
export const atOnce: FunctionInvoker = {
  invoke: async ({ payload }) => ({
    statusCode: 200,
    payload,
    executedVersion: '$LATEST',
    requestId: 'bench',
  }),
};

export function temporaryFile(): { file: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'seriatim-states-bench-'));
  return {
    file: join(folder, 'states.sqlite'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Gives the work an engine that is durable on disk. */
export async function withStates<T>(work: (states: States) => Promise<T>): Promise<T> {
  const { file, remove } = temporaryFile();
  const states = await createStates({ databaseFile: file, lambda: atOnce });
  try {
    return await work(states);
  } finally {
    await states.close();
    remove();
  }
}

/** Creates a state machine. @returns its ARN */
export async function create(
  states: States,
  name: string,
  { definition, type }: { definition: object; type?: 'EXPRESS' | 'STANDARD' },
): Promise<string> {
  const answer = await states.operations.createStateMachine!(machineOf(name, definition, type));
  return String(answer.stateMachineArn);
}

/** Runs one Express execution to its end. @throws when it did not succeed */
export async function runExpress(states: States, stateMachineArn: string, n: number): Promise<void> {
  const { status, cause } = await states.operations.startSyncExecution!({
    stateMachineArn,
    input: `{"n":${n}}`,
  });
  if (status !== 'SUCCEEDED') throw new Error(`${status}: ${cause}`);
}

/** Starts one Standard execution and looks until it has ended. @throws when it did not succeed */
export async function runStandard(states: States, stateMachineArn: string, n: number): Promise<void> {
  const { executionArn } = await states.operations.startExecution!({ stateMachineArn, input: `{"n":${n}}` });
  for (;;) {
    const { status } = await states.operations.describeExecution!({ executionArn });
    if (status === 'SUCCEEDED') return;
    if (status !== 'RUNNING') throw new Error(`an execution ended as ${status}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export interface Rate {
  readonly perSecond: number;
  readonly p50Ms: number;
  /** Of the process that this runs in. */
  readonly cpuMsEach: number;
}

/** So many at once, each starting the next when it is done. */
export async function rateOf(
  one: (n: number) => Promise<void>,
  { count, atOnce: width }: { count: number; atOnce: number },
): Promise<Rate> {
  const times: number[] = [];
  let next = 0;
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const lane = async (): Promise<void> => {
    while (next < count) {
      const beganMs = performance.now();
      next += 1;
      await one(next);
      times.push(performance.now() - beganMs);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  times.sort((a, b) => a - b);
  return {
    perSecond: count / seconds,
    p50Ms: times[Math.floor(times.length / 2)]!,
    cpuMsEach: (user + system) / 1000 / count,
  };
}
