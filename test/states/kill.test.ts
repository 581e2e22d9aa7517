// The engine as a process, killed without warning while executions run: started again, each goes on to its end.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const EXECUTIONS = 200;
const STAGES = ['A', 'B', 'C', 'D'];
/** Function calls after which the process is killed. */
const KILLS = [90, 310, 500];

describe('200 running Standard executions', () => {
  const calls: string[] = [];
  let functions: Server;
  let folder: string;
  let onCall: () => void = () => {};

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'seriatim-kill-'));
    functions = createServer((request, response) => {
      const name = decodeURIComponent(request.url!.split('/')[3]!).split(':').at(-1)!;
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        calls.push(`${name}:${JSON.parse(body).n}`);
        onCall();
        response.setHeader('x-amz-executed-version', '$LATEST');
        response.end(body);
      });
    });
    functions.listen(0, '127.0.0.1');
    await once(functions, 'listening');
  });

  afterAll(async () => {
    functions.closeAllConnections();
    functions.close();
    await once(functions, 'close');
    rmSync(folder, { recursive: true, force: true });
  });

  it('all end as they should when the process is killed thrice, and no finished state runs twice', async () => {
    let engine = await startEngine();
    const arns = await startAll(engine.client);
    for (const after of KILLS) {
      await callsReach(after);
      engine.process.kill('SIGKILL');
      await once(engine.process, 'exit');
      engine.client.destroy();
      engine = await startEngine();
    }

    const statuses = await Promise.all(arns.map((arn) => terminalStatus(engine.client, arn)));
    engine.client.destroy();
    engine.process.kill('SIGTERM');
    await once(engine.process, 'exit');

    expect(statuses.every((status) => status === 'SUCCEEDED')).toBe(true);
    expect(new Set(calls).size).toBe(EXECUTIONS * STAGES.length);
    expect(repeatedAfterTheirSuccessor()).toEqual([]);
  });

  /** Calls of a stage that came after its execution's next stage had been called: the stage was finished then. */
  function repeatedAfterTheirSuccessor(): string[] {
    const reached = new Map<string, number>();
    return calls.filter((call) => {
      const [stage, n] = call.split(':') as [string, string];
      const index = STAGES.indexOf(stage);
      const isRepeated = index < (reached.get(n) ?? 0);
      reached.set(n, Math.max(index, reached.get(n) ?? 0));
      return isRepeated;
    });
  }

  function callsReach(count: number): Promise<void> {
    return new Promise((resolve) => {
      onCall = () => {
        if (calls.length >= count) resolve();
      };
      onCall();
    });
  }

  async function startEngine(): Promise<{ client: SFNClient; process: ChildProcess }> {
    const lambda = `http://127.0.0.1:${(functions.address() as AddressInfo).port}`;
    const args = ['cli/main.ts', 'states', '--port', '0', '--folder', folder, '--lambda-endpoint', lambda];
    const child = spawn(process.execPath, args, {
      cwd: resolve(import.meta.dirname, '../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const client = new SFNClient({
      endpoint: /http:\S+/.exec(String(line))![0],
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
    return { client, process: child };
  }

  async function startAll(client: SFNClient): Promise<string[]> {
    const states = STAGES.map((name, index) => [
      name,
      {
        Type: 'Task',
        Resource: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
        ...(index === STAGES.length - 1 ? { End: true } : { Next: STAGES[index + 1] }),
      },
    ]);
    const { stateMachineArn } = await client.send(
      new CreateStateMachineCommand({
        name: 'killed',
        roleArn: 'arn:aws:iam::000000000000:role/r',
        definition: JSON.stringify({ StartAt: 'A', States: Object.fromEntries(states) }),
      }),
    );
    const started = Array.from({ length: EXECUTIONS }, (_, n) =>
      client.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify({ n }) })),
    );
    return (await Promise.all(started)).map((answer) => answer.executionArn!);
  }

  async function terminalStatus(client: SFNClient, executionArn: string): Promise<string | undefined> {
    for (;;) {
      const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
      if (status !== 'RUNNING') return status;
    }
  }
});
