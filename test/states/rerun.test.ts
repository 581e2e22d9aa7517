// RerunExecution, which AWS lacks: over the wire, for Standard and Express executions, from their history and their log.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  ListExecutionsCommand,
  StartExecutionCommand,
  StartSyncExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Logs } from '../../local/logs/api.ts';
import { createLogs } from '../../local/logs/index.ts';
import { startEngine, type TestEngine } from './engine.ts';

const DEFINITION = JSON.stringify({
  QueryLanguage: 'JSONata',
  StartAt: 'Begin',
  States: {
    Begin: { Type: 'Pass', Assign: { round: 0 }, Next: 'Count' },
    Count: { Type: 'Pass', Assign: { round: '{% $round + 1 %}' }, Next: 'Inside' },
    Inside: {
      Type: 'Parallel',
      Branches: [{ StartAt: 'In', States: { In: { Type: 'Pass', Assign: { own: 'x' }, End: true } } }],
      Output: '{% $states.input %}',
      Next: 'Again',
    },
    Again: {
      Type: 'Choice',
      Choices: [{ Condition: '{% $round < 2 %}', Next: 'Count' }],
      Default: 'Last',
    },
    Last: { Type: 'Pass', Output: { n: '{% $states.input.n %}', round: '{% $round %}' }, End: true },
  },
});

const GROUP = 'arn:aws:logs:us-east-1:000000000000:log-group:/reruns:*';

let folder: string;
let logs: Logs;
let engine: TestEngine;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'seriatim-rerun-'));
  logs = await createLogs({ folder });
  engine = await startEngine({ logs });
});

afterAll(async () => {
  await engine.close();
  await logs.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Rerun {
  readonly executionArn: string;
  readonly status?: string;
  readonly output?: string;
  readonly message?: string;
}

describe('rerunning a Standard execution', () => {
  it('goes through the rest again with the recorded input and variables, linked to the old one', async () => {
    const executionArn = await standard('standard');

    const rerun = await send({ executionArn, stateName: 'Last' });

    const described = await ended(rerun.executionArn);
    expect(described.output).toBe(await outputOf(executionArn));
    expect(described).toMatchObject({ status: 'SUCCEEDED', rerunOf: executionArn });
  });

  it('takes another input, and a state that only the event names', async () => {
    const executionArn = await standard('edited');

    const rerun = await send({ executionArn, eventId: 2, input: '{"n":5}' });

    expect((await ended(rerun.executionArn)).output).toContain('"n":5');
  });

  it.each([
    [{ stateName: 'Never' }, 'never entered'],
    [{ stateName: 'In' }, 'inside a Parallel or Map'],
    [{ stateName: 'Last', input: '{' }, 'not JSON'],
    [{}, 'stateName or eventId'],
  ])('with %j is refused by name', async (members, sentence) => {
    const executionArn = await standard(`refused-${sentence.length}`);

    expect((await send({ executionArn, ...members })).message).toContain(sentence);

    // Nothing of what was refused is left behind.
    const stateMachineArn = executionArn.split(':').with(5, 'stateMachine').slice(0, 7).join(':');
    const { executions } = await engine.client.send(new ListExecutionsCommand({ stateMachineArn }));
    expect(executions).toHaveLength(1);
  });
});

describe('a rerun under a name', () => {
  it('that is taken is refused, and everything else goes on', async () => {
    const executionArn = await standard('named');
    const first = await send({ executionArn, stateName: 'Last', name: 'twice' });
    await ended(first.executionArn);

    const second = await send({ executionArn, stateName: 'Last', name: 'twice' });

    expect(second.message).toContain('Already Exists');
    expect((await ended((await send({ executionArn, stateName: 'Last' })).executionArn)).status).toBe(
      'SUCCEEDED',
    );
  });
});

describe('rerunning an Express execution', () => {
  it('reads its log, answers with the end, and is linked by its first event', async () => {
    const stateMachineArn = await create('express', 'EXPRESS', true);
    const first = await engine.client.send(
      new StartSyncExecutionCommand({ stateMachineArn, input: '{"n":1}' }),
    );

    const rerun = await send({ executionArn: first.executionArn!, stateName: 'Last', input: '{"n":7}' });

    expect(rerun.status).toBe('SUCCEEDED');
    expect(JSON.parse(rerun.output!)).toEqual({ ...JSON.parse(first.output!), n: 7 });
    expect(await firstEvent(rerun.executionArn)).toMatchObject({
      rerunOf: first.executionArn,
      rerunFrom: 'Last',
    });
  });

  it('whose data is not in the log is refused by name', async () => {
    const stateMachineArn = await create('bare', 'EXPRESS', false);
    const first = await engine.client.send(
      new StartSyncExecutionCommand({ stateMachineArn, input: '{"n":1}' }),
    );

    const { message } = await send({ executionArn: first.executionArn!, stateName: 'Last' });

    expect(message).toContain('includeExecutionData');
  });
});

async function create(name: string, type: 'STANDARD' | 'EXPRESS', hasData: boolean): Promise<string> {
  const destinations = [{ cloudWatchLogsLogGroup: { logGroupArn: GROUP } }];
  const command = new CreateStateMachineCommand({
    name,
    type,
    roleArn: 'arn:aws:iam::000000000000:role/r',
    definition: DEFINITION,
    loggingConfiguration: { level: 'ALL', includeExecutionData: hasData, destinations },
  });
  return (await engine.client.send(command)).stateMachineArn!;
}

async function standard(name: string): Promise<string> {
  const stateMachineArn = await create(name, 'STANDARD', true);
  const command = new StartExecutionCommand({ stateMachineArn, input: '{"n":1}' });
  const { executionArn } = await engine.client.send(command);
  await ended(executionArn!);
  return executionArn!;
}

/** The SDK knows nothing of the operation, nor of `rerunOf`. */
async function send(members: object, target = 'RerunExecution'): Promise<Rerun> {
  const response = await fetch(engine.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `AWSStepFunctions.${target}`,
      authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/states/aws4_request',
    },
    body: JSON.stringify(members),
  });
  return (await response.json()) as Rerun;
}

async function ended(executionArn: string): Promise<Rerun> {
  for (;;) {
    const described = await send({ executionArn }, 'DescribeExecution');
    if (described.status !== 'RUNNING') return described;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function outputOf(executionArn: string): Promise<string> {
  return (await engine.client.send(new DescribeExecutionCommand({ executionArn }))).output!;
}

async function firstEvent(executionArn: string): Promise<unknown> {
  for await (const { message } of logs.find({ group: '/reruns', containing: executionArn })) {
    const line = JSON.parse(message) as { type: string; execution_arn: string; details: unknown };
    if (line.type === 'ExecutionStarted' && line.execution_arn === executionArn) return line.details;
  }
  return undefined;
}
