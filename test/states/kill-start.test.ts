// The engine killed while executions are being started, by clients that never let go: the same name and input again
// and again, before, during and after recovery. Whoever asks, an execution has one runner.
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  RedriveExecutionCommand,
  SFNServiceException,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Killable } from './killable.ts';

const STAGES = ['A', 'B', 'C', 'D', 'E', 'F'];
const WORK_MS = 20;
/** Executions of a round begin one after the other, so that the kill finds each somewhere else, and some not begun. */
const EXECUTIONS = 12;
const APART_MS = 15;
const ROUNDS = 2;
const CLIENTS = 2;
const PAUSE_MS = 10;
const TIMEOUT_MS = 60_000;
/** What a client that asks too early, too late or too often is told. */
const EXPECTED = ['ExecutionAlreadyExists', 'ExecutionDoesNotExist', 'ExecutionNotRedrivable'];

let engine: Killable;
let stateMachineArn: string;

beforeAll(async () => {
  engine = await Killable.start({ workMs: WORK_MS, resumesLate: true });
  const roleArn = 'arn:aws:iam::000000000000:role/r';
  const definition = JSON.stringify(chain());
  const command = new CreateStateMachineCommand({ name: 'm', roleArn, definition });
  stateMachineArn = (await engine.client.send(command)).stateMachineArn!;
}, TIMEOUT_MS);

afterAll(() => engine.close(), TIMEOUT_MS);

describe('executions whose process is killed while clients go on starting them', () => {
  it.each(Array.from({ length: ROUNDS }, (_, round) => round))(
    'run once each, whoever asks and however early: no event twice, one end (round %i)',
    async (round) => {
      // Some have not begun by then: they begin after the restart, before the others go on.
      const killMs = Math.round(0.75 * EXECUTIONS * APART_MS * Math.random());
      const hammers = Array.from(
        { length: EXECUTIONS * CLIENTS },
        (_, n) => new Hammer(round, n % EXECUTIONS),
      );
      const hammering = Promise.all(hammers.map((hammer) => hammer.go()));
      hammering.catch(() => {});
      await pause(killMs);
      await engine.killAndStart();
      for (const hammer of hammers) hammer.isUp = true;
      await hammering;

      for (const hammer of hammers.slice(0, EXECUTIONS)) await expectOnce(hammer, killMs);
    },
    TIMEOUT_MS,
  );
});

async function expectOnce({ name, executionArn, isStopping }: Hammer, killMs: number): Promise<void> {
  const { status } = await engine.whenEnded(executionArn);
  const history = await engine.client.send(new GetExecutionHistoryCommand({ executionArn }));
  const events = history.events!;
  const calls = engine.calls.filter((call) => call.endsWith(`"${name}"}`));
  const told = `${name} killed after ${killMs} ms: ${idsOf(events)}; ${calls}`;
  expect(isStopping ? ['SUCCEEDED', 'ABORTED'] : ['SUCCEEDED'], told).toContain(status);
  expect(idsOf(events), told).toEqual(events.map((_, index) => index + 1));
  expect(endsOf(events), told).toEqual([status === 'ABORTED' ? 'ExecutionAborted' : 'ExecutionSucceeded']);
  if (status === 'SUCCEEDED') expect(new Set(calls).size, told).toBe(STAGES.length);
  // What was in flight at the kill, and nothing else, is called again.
  expect(calls.length - new Set(calls).size, told).toBeLessThanOrEqual(1);
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** One client that asks for the same things again and again, whether or not anyone answers. */
class Hammer {
  /** The process after the kill is up. */
  isUp = false;
  readonly name: string;
  readonly executionArn: string;
  /** Every third execution is stopped as soon as the process is up again. */
  readonly isStopping: boolean;
  private readonly delayMs: number;

  constructor(round: number, n: number) {
    this.name = `run-${round}-${n}`;
    this.executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${this.name}`;
    this.isStopping = n % 3 === 0;
    this.delayMs = n * APART_MS;
  }

  /** Until the process after the kill says that the execution has ended. */
  async go(): Promise<void> {
    await pause(this.delayMs);
    for (;;) {
      const { isUp } = this;
      const status = await this.askAll();
      if (isUp && status !== undefined && status !== 'RUNNING') return;
      if (isUp && this.isStopping) await this.stop();
      await pause(PAUSE_MS);
    }
  }

  private async askAll(): Promise<string | undefined> {
    const { executionArn, name } = this;
    const { client } = engine;
    const input = JSON.stringify({ name });
    await tolerated(client.send(new StartExecutionCommand({ stateMachineArn, name, input })));
    if (!this.isStopping) await tolerated(client.send(new RedriveExecutionCommand({ executionArn })));
    return (await tolerated(client.send(new DescribeExecutionCommand({ executionArn }))))?.status;
  }

  private async stop(): Promise<void> {
    const { executionArn } = this;
    await tolerated(engine.client.send(new StopExecutionCommand({ executionArn })));
  }
}

/** Nobody answers while the process is gone; what the engine itself answers must be one of a few errors. */
async function tolerated<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (thrown) {
    if (thrown instanceof SFNServiceException && !EXPECTED.includes(thrown.name)) throw thrown;
    return undefined;
  }
}

function idsOf(events: readonly HistoryEvent[]): number[] {
  return events.map(({ id }) => id!);
}

function endsOf(events: readonly HistoryEvent[]): string[] {
  const types = events.map(({ type }) => String(type));
  return types.filter((type) => /^Execution(Succeeded|Failed|Aborted|TimedOut)$/.test(type));
}

function chain(): object {
  const states = STAGES.map((name, index) => [
    name,
    {
      Type: 'Task',
      Resource: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
      ...(index === STAGES.length - 1 ? { End: true } : { Next: STAGES[index + 1] }),
    },
  ]);
  return { StartAt: 'A', States: Object.fromEntries(states) };
}
