// Running again, going on and stopping, by the engine over the wire: a rerun begins where it was told, with what the
// stage had been given, and links to what it runs again.
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateStateMachineCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerRoute } from '../../layers/seriatim/inspection/http/answers.ts';
import { operateRoutes } from '../../layers/seriatim/inspection/http/operate-routes.ts';
import { createInspection, type Inspection } from '../../layers/seriatim/inspection/inspection.ts';
import { deriveMachine, NotPossible } from '../../layers/seriatim/inspection/operate/derive.ts';
import { createOperator } from '../../layers/seriatim/inspection/operate/operate.ts';
import { ownName, withOwnOutputs } from '../../layers/seriatim/inspection/operate/own-outputs.ts';
import type { ExecutionView } from '../../layers/seriatim/inspection/view.ts';
import { uuid7TimeMs } from '../../layers/seriatim/uuid7.ts';
import { createLogs } from '../../local/logs/index.ts';
import { createStates } from '../../local/states/index.ts';
import { createWireServer } from '../../local/wire/server.ts';

const CONFIG = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
const GROUP = 'machine-logs';
const NAMES = { EXPRESS: 'seriatim-dev-houses', STANDARD: 'seriatim-dev-houses-batch' } as const;

/** `Prepare` assigns a variable that `Finish` reads beside the execution's own input; `{"wait":…}` holds it open. */
const DEFINITION = {
  QueryLanguage: 'JSONata',
  StartAt: 'Prepare',
  States: {
    Prepare: {
      Type: 'Pass',
      Assign: { factor: '{% $states.input.factor %}' },
      Output: { x: '{% $states.input.x %}' },
      Next: 'Choose',
    },
    Choose: {
      Type: 'Choice',
      Choices: [{ Condition: '{% $exists($states.context.Execution.Input.wait) %}', Next: 'Hold' }],
      Default: 'Estimate',
    },
    Hold: { Type: 'Wait', Seconds: 3600, Next: 'Estimate' },
    Estimate: {
      Type: 'Task',
      Resource: 'arn:aws:states:::aws-sdk:sagemakerruntime:invokeEndpoint',
      Arguments: { EndpointName: 'houses', TargetModel: 'A.tar.gz', Body: '{% $states.input %}' },
      Output: { model: '{% $states.result.CustomAttributes %}', x: '{% $states.input.x %}' },
      Next: 'Finish',
    },
    Finish: {
      Type: 'Pass',
      Output: {
        model: '{% $states.input.model %}',
        product: '{% $factor * $states.input.x %}',
        owner: '{% $states.context.Execution.Input.owner %}',
      },
      End: true,
    },
  },
};

let isRefusing = false;
const sagemakerruntime = {
  async invokeEndpoint({ TargetModel, TargetVariant }: Record<string, unknown>) {
    if (isRefusing) throw new Error('The endpoint is gone.');
    return { Body: Buffer.from('{}'), CustomAttributes: `model=${TargetModel}${TargetVariant ?? ''}` };
  },
};

let sfn: SFNClient;
let inspection: Inspection;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'seriatim-operate-'));
  const logs = await createLogs({ folder });
  const states = await createStates({ logs, services: { sagemakerruntime } });
  const server = createWireServer({ services: [states, logs] });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  sfn = new SFNClient({ ...CONFIG, endpoint, disableHostPrefix: true });
  const logsClient = new CloudWatchLogsClient({ ...CONFIG, endpoint });
  const machines = (['EXPRESS', 'STANDARD'] as const).map((type) => ({
    pipeline: 'houses',
    arn: arnOf(type),
    type,
    logGroup: GROUP,
  }));
  inspection = createInspection({ sfn, logs: logsClient, machines, now: Date.now });
  await Promise.all((['EXPRESS', 'STANDARD'] as const).map(createMachine));
  closers.push(
    () => sfn.destroy(),
    () => logsClient.destroy(),
    () => server.closeAllConnections(),
    () => new Promise((resolve) => server.close(resolve)),
    () => states.close(),
    () => logs.close(),
    () => rmSync(folder, { recursive: true, force: true }),
  );
});
afterAll(async () => {
  for (const close of closers) await close();
});

type Type = keyof typeof NAMES;

function arnOf(type: Type): string {
  return `arn:aws:states:us-east-1:000000000000:stateMachine:${NAMES[type]}`;
}

async function createMachine(type: Type): Promise<void> {
  const logGroupArn = `arn:aws:logs:us-east-1:000000000000:log-group:${GROUP}:*`;
  const loggingConfiguration = {
    level: 'ALL' as const,
    includeExecutionData: true,
    destinations: [{ cloudWatchLogsLogGroup: { logGroupArn } }],
  };
  const made = {
    name: NAMES[type],
    type,
    roleArn: 'arn:aws:iam::000000000000:role/any',
    loggingConfiguration,
  };
  await sfn.send(new CreateStateMachineCommand({ ...made, definition: JSON.stringify(DEFINITION) }));
}

async function start(type: Type, input: object): Promise<ExecutionView> {
  const command = new StartExecutionCommand({ stateMachineArn: arnOf(type), input: JSON.stringify(input) });
  return settled(
    (await sfn.send(command)).executionArn!,
    (view) => view.status !== 'RUNNING' || 'wait' in input,
  );
}

async function settled(arn: string, is: (view: ExecutionView) => boolean): Promise<ExecutionView> {
  for (;;) {
    const view = await inspection.readExecution(arn);
    if (view !== undefined && is(view)) return view;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const hasEnded = (view: ExecutionView): boolean => view.status !== 'RUNNING';

async function post(id: string, what: string, body?: object, now = Date.now) {
  const routes = operateRoutes({ inspection, operator: createOperator(sfn, now) });
  const text = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await answerRoute(routes, `POST /executions/{id}/${what}`, {
    parameters: { id },
    query: {},
    ...text,
  });
  return {
    statusCode: answer.statusCode,
    ...(JSON.parse(answer.body) as { arn: string; id: string; error: { message: string } }),
  };
}

const INPUT = { x: 3, factor: 5, owner: 'ann' };

describe.each(['EXPRESS', 'STANDARD'] as const)('a rerun of a %s execution', (type) => {
  it('from a stage has what the stage was given, its variables, and the execution’s input', async () => {
    const old = await start(type, INPUT);
    const { statusCode, arn, id } = await post(old.arn, 'rerun', { from: 'Estimate' });
    const again = await settled(arn, hasEnded);

    expect([statusCode, again.status]).toEqual([202, 'SUCCEEDED']);
    expect(again.output).toEqual({ model: 'model=A.tar.gz', product: 15, owner: 'ann' });
    expect(again.stages.map(({ name }) => name)).toEqual(['Estimate', 'Finish']);
    expect(again.rerun).toEqual({ of: old.arn, from: 'Estimate', changed: {} });
    expect(again.input).toEqual({ x: 3 });
    expect(again.pipeline).toBe('houses');
    expect(uuid7TimeMs(id)).toBeGreaterThan(0);
    expect((await inspection.readExecution(id))?.arn).toBe(arn);
    expect((await inspection.listExecutions()).executions.map((each) => each.id)).toContain(id);
  });

  it('goes to another target model, variant or endpoint', async () => {
    const old = await start(type, INPUT);
    const { arn } = await post(old.arn, 'rerun', { targetModel: 'B.tar.gz', variant: 'V2' });
    const again = await settled(arn, hasEnded);

    expect(again.output).toMatchObject({ model: 'model=B.tar.gzV2', product: 15 });
    expect(again.rerun!.changed).toEqual({ targetModel: 'B.tar.gz', variant: 'V2' });
    expect(again.stages.map(({ name }) => name)).toEqual(['Prepare', 'Choose', 'Estimate', 'Finish']);
  });

  it('takes an edited input, and can itself be run again', async () => {
    const old = await start(type, INPUT);
    const first = await settled((await post(old.arn, 'rerun', { input: { ...INPUT, x: 7 } })).arn, hasEnded);
    const second = await settled((await post(first.arn, 'rerun')).arn, hasEnded);

    expect(first.output).toMatchObject({ product: 35 });
    expect(second).toMatchObject({ output: { product: 35, owner: 'ann' }, rerun: { of: first.arn } });
  });

  it.each([
    [{ from: 'NoSuch' }, 404, 'no stage "NoSuch"'],
    [{ from: 'Hold' }, 409, 'never entered'],
    [{ from: 'Finish', targetModel: 'B.tar.gz' }, 409, 'calls no endpoint'],
    [{ targetModel: '../etc' }, 400, 'targetModel'],
    [{ form: 'Estimate' }, 400, 'form'],
    [[], 400, 'object'],
    [{ input: { ...INPUT, owner: '[redacted]' } }, 400, 'replace each'],
  ])('is refused for %j', async (body, status, word) => {
    const old = await start(type, INPUT);
    const refused = await post(old.arn, 'rerun', body);

    expect(refused.statusCode).toBe(status);
    expect(refused.error.message).toContain(word);
  });
});

describe('a Standard execution', () => {
  it('that failed goes on from where it failed', async () => {
    isRefusing = true;
    const failed = await start('STANDARD', INPUT);
    isRefusing = false;
    const { statusCode } = await post(failed.arn, 'redrive');
    const after = await settled(failed.arn, hasEnded);

    expect([failed.status, statusCode, after.status]).toEqual(['FAILED', 202, 'SUCCEEDED']);
    expect(after.redriveCount).toBe(1);
    expect(await post(failed.arn, 'redrive')).toMatchObject({ statusCode: 409 });
  });

  it('that runs is stopped', async () => {
    const running = await start('STANDARD', { ...INPUT, wait: true });

    expect(await post(running.arn, 'stop')).toMatchObject({ statusCode: 202 });
    expect(await settled(running.arn, hasEnded)).toMatchObject({ status: 'ABORTED' });
  });

  it('can be gone on with and stopped, an Express one cannot', async () => {
    const express = await start('EXPRESS', INPUT);

    expect(await post(express.arn, 'redrive')).toMatchObject({ statusCode: 409 });
    expect(await post(express.arn, 'stop')).toMatchObject({ statusCode: 409 });
    expect(await post('no-such', 'stop')).toMatchObject({ statusCode: 404 });
  });
});

describe('a derived state machine', () => {
  it('is the same for the same wish, and keeps only what can be reached', () => {
    const wish = { from: 'Estimate', variables: ['factor'], handsRest: false, redirection: {} };
    const derived = deriveMachine(JSON.stringify(DEFINITION), wish);

    expect(deriveMachine(JSON.stringify(DEFINITION), wish)).toEqual(derived);
    expect(Object.keys(JSON.parse(derived.definition).States)).toEqual(['Resume', 'Estimate', 'Finish']);
    expect(() => deriveMachine(JSON.stringify(DEFINITION), { ...wish, from: 'Resume' })).toThrow(NotPossible);
  });

  it.each(['EXPRESS', 'STANDARD'] as const)(
    'of a %s one is deleted once nothing of it is looked at any more',
    async (type) => {
      const old = await start(type, INPUT);
      const later = (days: number) => () => Date.now() + days * 86_400_000;
      const rerun = async (from: string, now: () => number): Promise<string> => {
        const { arn } = await post(old.arn, 'rerun', { from }, now);
        await settled(arn, hasEnded);
        return arn.split(':')[6]!;
      };
      const first = await rerun('Prepare', Date.now);
      const second = await rerun('Finish', later(13));
      const before = await derivedNames();
      await rerun('Finish', later(15));

      expect(before).toEqual(expect.arrayContaining([first, second]));
      expect(await derivedNames()).not.toContain(first);
      expect(await derivedNames()).toContain(second);
    },
  );
});

async function derivedNames(): Promise<string[]> {
  const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand({}));
  return stateMachines.map(({ name }) => name!).filter((name) => name.includes('-rerun-'));
}

describe('a batch that is run again', () => {
  const run = {
    id: 'street-csv-e720',
    pipeline: 'houses',
    bucket: 'b',
    key: 'houses/in/street.csv',
    name: 'street.csv',
    workPrefix: 'houses/work/street-csv-e720/',
    attempt: 3,
  };

  it('writes to objects of its own, and works in a folder of its own where it begins anew', () => {
    const execution = '01a2059d-af1f-7ee9-ac2e-5c7bae8dedf1';

    expect(withOwnOutputs(run, { execution, isAnew: true })).toEqual({
      ...run,
      id: execution,
      name: 'street-rerun-ae8dedf1.csv',
      workPrefix: `houses/work/${execution}/`,
      attempt: 1,
    });
    expect(withOwnOutputs({ run, totals: 1 }, { execution, isAnew: false })).toEqual({
      run: { ...run, name: 'street-rerun-ae8dedf1.csv' },
      totals: 1,
    });
  });

  it.each([
    ['2026/street.v1.csv', '2026/street-rerun-9.v1.csv'],
    ['street-rerun-ae8dedf1.csv', 'street-rerun-9.csv'],
    ['street', 'street-rerun-9'],
  ])('calls what %j gives %j', (name, own) => {
    expect(ownName(name, '9')).toBe(own);
  });

  it('is refused from the middle once it has succeeded: its work is gone', async () => {
    const old = await start('STANDARD', { ...INPUT, ...run });
    const refused = await post(old.arn, 'rerun', { from: 'Estimate' });

    expect(refused).toMatchObject({ statusCode: 409, error: { message: expect.stringContaining('whole') } });
    expect(await post(old.arn, 'rerun', { from: 'Nope' })).toMatchObject({ statusCode: 404 });
    expect(await post(old.arn, 'rerun', { from: 'Prepare' })).toMatchObject({ statusCode: 202 });
  });

  it('sends all its records to the target model that was asked for', () => {
    const payload = { endpointName: 'houses', groups: '{% $states.input.groups %}' };
    const child = {
      StartAt: 'Estimate',
      States: { Estimate: { Type: 'Task', Arguments: { Payload: payload }, End: true } },
    };
    const batch = {
      StartAt: 'RunChunks',
      States: { RunChunks: { Type: 'Map', ItemProcessor: child, End: true } },
    };
    const wish = { variables: [], handsRest: true, redirection: { targetModel: 'B.tar.gz' } };
    const derived = JSON.parse(deriveMachine(JSON.stringify(batch), wish).definition);

    expect(derived.States.RunChunks.ItemProcessor.States.Estimate.Arguments.Payload).toEqual({
      ...payload,
      targetModel: 'B.tar.gz',
    });
  });

  it('is not redirected where its children call several endpoints', () => {
    const call = (endpointName: string) => ({ Type: 'Task', Arguments: { Payload: { endpointName } } });
    const child = {
      StartAt: 'A',
      States: { A: { ...call('a'), Next: 'B' }, B: { ...call('b'), End: true } },
    };
    const batch = {
      StartAt: 'RunChunks',
      States: { RunChunks: { Type: 'Map', ItemProcessor: child, End: true } },
    };
    const wish = { variables: [], handsRest: true, redirection: { targetModel: 'B.tar.gz' } };

    expect(() => deriveMachine(JSON.stringify(batch), wish)).toThrow('2 endpoints');
  });

  it('leaves what is no batch as it is', () => {
    const input = { records: [], run: { name: 'a' } };

    expect(withOwnOutputs(input, { execution: 'e', isAnew: true })).toBe(input);
  });
});
