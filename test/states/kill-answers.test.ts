// What the engine has answered is so after a SIGKILL right behind the answer; a database that somebody else holds and a
// process that is paused lose nothing; two processes never work on the same executions.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CreateStateMachineCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStates } from '../../local/states/index.ts';
import { Killable } from './killable.ts';

const EXECUTIONS = 10;
const TIMEOUT_MS = 60_000;
const LAMBDA = 'arn:aws:lambda:us-east-1:000000000000:function';

const CHAIN = {
  StartAt: 'A',
  States: {
    A: { Type: 'Task', Resource: `${LAMBDA}:a`, Next: 'Pause' },
    Pause: { Type: 'Wait', Seconds: 1, Next: 'B' },
    B: { Type: 'Task', Resource: `${LAMBDA}:b`, End: true },
  },
};
let engine: Killable;

beforeAll(async () => {
  engine = await Killable.start();
}, TIMEOUT_MS);

afterAll(() => engine.close(), TIMEOUT_MS);

describe('a process that ends with SIGKILL in the very moment of an answer', () => {
  it.each([
    ['startExecution', 'RUNNING'],
    ['sendTaskSuccess', 'SUCCEEDED'],
    ['sendTaskFailure', 'FAILED'],
    ['stopExecution', 'ABORTED'],
    ['describeExecution', 'SUCCEEDED'],
  ])('has kept what %s told the caller', async (operation, status) => {
    const folder = mkdtempSync(join(tmpdir(), 'seriatim-answer-'));
    try {
      const { executionArn, signal } = await killedAfter(operation, folder);
      const states = await createStates({ databaseFile: join(folder, 'states.sqlite') });
      const described = await states.operations.describeExecution!({ executionArn });
      await states.close();

      expect(signal).toBe('SIGKILL');
      expect(described.status).toBe(status);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('executions that run', () => {
  it(
    'go on while somebody else holds the database, and when the process was paused',
    async () => {
      const stateMachineArn = await create('chain', CHAIN);
      const holder = new DatabaseSync(join(engine.folder, 'states.sqlite'));
      holder.exec('PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE');
      const before = engine.calls.length;
      const arns = await startAll(stateMachineArn);
      await engine.callsReach(before + EXECUTIONS);
      await engine.pause(500);
      await engine.callsReach(before + 2 * EXECUTIONS);
      holder.exec('COMMIT');
      holder.close();
      await engine.killAndStart();

      const ends = await Promise.all(arns.map((arn) => engine.whenEnded(arn)));

      expect(ends.map(({ output }) => output)).toEqual(arns.map((_, n) => `{"n":${n}}`));
    },
    TIMEOUT_MS,
  );

  it(
    'are not taken up by a second process on the same folder, which says why and ends',
    async () => {
      const { code, said } = await engine.second();

      expect(code).toBe(1);
      expect(said).toContain('in use by another process');
    },
    TIMEOUT_MS,
  );
});

/** Runs `killed-after.ts`, which says which execution it is about. */
async function killedAfter(
  operation: string,
  folder: string,
): Promise<{ executionArn: string; signal: string }> {
  const script = join(import.meta.dirname, 'killed-after.ts');
  const child = spawn(process.execPath, [script, operation, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  const [, signal] = (await once(child, 'close')) as [number, string];
  return { executionArn: said.trim(), signal };
}

async function create(name: string, definition: object): Promise<string> {
  const roleArn = 'arn:aws:iam::000000000000:role/r';
  const command = new CreateStateMachineCommand({ name, roleArn, definition: JSON.stringify(definition) });
  return (await engine.client.send(command)).stateMachineArn!;
}

function startAll(stateMachineArn: string): Promise<string[]> {
  const one = async (n: number): Promise<string> => {
    const command = new StartExecutionCommand({ stateMachineArn, input: JSON.stringify({ n }) });
    return (await engine.client.send(command)).executionArn!;
  };
  return Promise.all(Array.from({ length: EXECUTIONS }, (_, n) => one(n)));
}
