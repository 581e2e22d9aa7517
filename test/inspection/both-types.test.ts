// One state machine as Standard and as Express, run by the engine over the wire: inspection shows the same of both,
// though one comes from GetExecutionHistory and the other from the log group.
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
  StartSyncExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { payloadRoutes } from '../../layers/seriatim/inspection/http/payload-routes.ts';
import { viewRoutes } from '../../layers/seriatim/inspection/http/view-routes.ts';
import { createInspection, type Inspection } from '../../layers/seriatim/inspection/inspection.ts';
import { createRedactor } from '../../layers/seriatim/inspection/payloads/redact.ts';
import { readHistory, readOn } from '../../layers/seriatim/inspection/standard-history.ts';
import type { ExecutionView } from '../../layers/seriatim/inspection/view.ts';
import type { FunctionInvoker, InvokeRequest, InvokeResult } from '../../local/lambda/api.ts';
import { createLogs } from '../../local/logs/index.ts';
import { createStates } from '../../local/states/index.ts';
import { AwsError } from '../../local/wire/errors.ts';
import { createWireServer } from '../../local/wire/server.ts';

const CONFIG = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
const GROUP = 'machine-logs';
const ROLE = 'arn:aws:iam::000000000000:role/any';

const INVOKE = {
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: 'echo', Payload: '{% $states.input %}' },
  Output: '{% $states.result.Payload %}',
};
/** A function, an inference that is refused once, and a switch; `{"fail":true}` ends in the Fail state. */
const DEFINITION = {
  QueryLanguage: 'JSONata',
  StartAt: 'Preprocess',
  States: {
    Preprocess: {
      ...INVOKE,
      Catch: [{ ErrorEquals: ['States.ALL'], Output: '{% $states.errorOutput %}', Next: 'Failed' }],
      Next: 'Estimate',
    },
    Estimate: {
      Type: 'Map',
      Items: '{% $states.input.models %}',
      MaxConcurrency: 1,
      ItemProcessor: {
        StartAt: 'InvokeEstimate',
        States: {
          InvokeEstimate: {
            Type: 'Task',
            Resource: 'arn:aws:states:::aws-sdk:sagemakerruntime:invokeEndpoint',
            Arguments: {
              EndpointName: 'houses',
              TargetModel: '{% $states.input %}',
              Body: { instances: [1] },
            },
            Retry: [
              {
                ErrorEquals: ['SageMakerRuntime.ModelNotReadyException'],
                IntervalSeconds: 1,
                MaxAttempts: 1,
              },
            ],
            End: true,
          },
        },
      },
      Next: 'Choose',
    },
    Choose: {
      Type: 'Choice',
      Choices: [{ Condition: '{% false %}', Next: 'Failed' }],
      Default: 'Postprocess',
    },
    Postprocess: { ...INVOKE, End: true },
    Failed: {
      Type: 'Fail',
      Error: '{% $states.input.Error %}',
      Cause:
        '{% $string({"stage": "Preprocess", "error": $states.input.Error, "message": $states.input.Cause}) %}',
    },
  },
};
const DISTRIBUTED = {
  QueryLanguage: 'JSONata',
  StartAt: 'Records',
  States: {
    Records: {
      Type: 'Map',
      Items: '{% $states.input.items %}',
      ToleratedFailurePercentage: 100,
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' },
        StartAt: 'Each',
        States: { Each: { ...INVOKE, End: true } },
      },
      End: true,
    },
  },
};

/** One whose records may not fail. */
const STRICT = {
  ...DISTRIBUTED,
  States: { Records: { ...DISTRIBUTED.States.Records, ToleratedFailurePercentage: 0 } },
};

/** The function `echo` gives its payload back; a payload with `fail` is refused, in its `says`. */
const functions: FunctionInvoker = {
  async invoke({ payload }: InvokeRequest): Promise<InvokeResult> {
    const { fail, says } = JSON.parse(payload) as { fail?: boolean; says?: string };
    const isRefused = fail === true;
    const error = JSON.stringify({
      errorType: 'InvalidPayload',
      errorMessage: says ?? 'city: is missing',
      trace: [],
    });
    const answer = { statusCode: 200 as const, executedVersion: '$LATEST', requestId: 'r' };
    return isRefused ? { ...answer, payload: error, functionError: 'Handled' } : { ...answer, payload };
  },
};

function endpoint() {
  let calls = 0;
  return {
    async invokeEndpoint({ TargetModel }: Record<string, unknown>) {
      calls += 1;
      if (calls % 3 === 2)
        throw new AwsError('ModelNotReadyException', 'The model is loading.', { statusCode: 429 });
      const load = calls % 3 === 1 ? 'load=warm' : 'load=cold;load-ms=20';
      const Body = Buffer.from('{"predictions":[2]}');
      return {
        Body,
        ContentType: 'application/json',
        CustomAttributes: `model=${TargetModel};${load};batch=1`,
      };
    },
  };
}

let sfn: SFNClient;
let inspection: Inspection;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'seriatim-inspection-'));
  const logs = await createLogs({ folder });
  const services = { sagemakerruntime: endpoint() };
  const states = await createStates({ lambda: functions, logs, services });
  const server = createWireServer({ services: [states, logs] });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  sfn = new SFNClient({ ...CONFIG, endpoint: url, disableHostPrefix: true });
  const logsClient = new CloudWatchLogsClient({ ...CONFIG, endpoint: url });
  const machine = (name: string): string =>
    `arn:aws:states:us-east-1:000000000000:stateMachine:seriatim-dev-${name}`;
  const machines = [
    { pipeline: 'houses', arn: machine('houses'), type: 'EXPRESS' as const, logGroup: GROUP },
    { pipeline: 'houses', arn: machine('houses-batch'), type: 'STANDARD' as const, logGroup: GROUP },
    { pipeline: 'strict', arn: machine('strict-batch'), type: 'STANDARD' as const, logGroup: GROUP },
    { pipeline: 'files', arn: machine('files-batch'), type: 'STANDARD' as const, logGroup: GROUP },
  ];
  inspection = createInspection({ sfn, logs: logsClient, machines, now: Date.now });
  await createMachine('houses', 'EXPRESS', DEFINITION);
  await createMachine('houses-batch', 'STANDARD', DEFINITION);
  await createMachine('files-batch', 'STANDARD', DISTRIBUTED);
  await createMachine('strict-batch', 'STANDARD', STRICT);
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

async function createMachine(name: string, type: 'EXPRESS' | 'STANDARD', definition: object): Promise<void> {
  const logGroupArn = `arn:aws:logs:us-east-1:000000000000:log-group:${GROUP}:*`;
  await sfn.send(
    new CreateStateMachineCommand({
      name: `seriatim-dev-${name}`,
      type,
      roleArn: ROLE,
      definition: JSON.stringify(definition),
      loggingConfiguration: {
        level: 'ALL',
        includeExecutionData: true,
        destinations: [{ cloudWatchLogsLogGroup: { logGroupArn } }],
      },
    }),
  );
}

function arnOf(name: string): string {
  return `arn:aws:states:us-east-1:000000000000:stateMachine:seriatim-dev-${name}`;
}

async function runExpress(input: object): Promise<ExecutionView> {
  const command = new StartSyncExecutionCommand({
    stateMachineArn: arnOf('houses'),
    input: JSON.stringify(input),
  });
  const { executionArn } = await sfn.send(command);
  return (await inspection.readExecution(executionArn!))!;
}

async function runStandard(machine: string, input: object): Promise<ExecutionView> {
  const command = new StartExecutionCommand({
    stateMachineArn: arnOf(machine),
    input: JSON.stringify(input),
  });
  const { executionArn } = await sfn.send(command);
  return ended(executionArn!);
}

async function ended(arn: string): Promise<ExecutionView> {
  for (;;) {
    const view = (await inspection.readExecution(arn))!;
    if (view.status !== 'RUNNING') return view;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What must be the same of both, times and names left out. */
function essence({ status, input, output, error, stages, eventCount }: ExecutionView): unknown {
  const timeless = (key: string, value: unknown): unknown =>
    ['start', 'end', 'durationMs', 'waitMs', 'cost', 'time'].includes(key) ? undefined : value;
  const text = JSON.stringify({ status, input, output, error, stages, eventCount }, timeless);
  return JSON.parse(text.replaceAll(/Request ID: [0-9a-f-]+/g, 'Request ID: any'));
}

describe('a state machine as Standard and as Express', () => {
  const input = { models: ['Houston', 'Dallas'] };

  it('shows the same stages, attempts and payloads', async () => {
    const express = await runExpress(input);
    const standard = await runStandard('houses-batch', input);

    expect([express.type, standard.type]).toEqual(['EXPRESS', 'STANDARD']);
    expect(essence(express)).toEqual(essence(standard));
    expect(express.stages).toMatchObject([
      { name: 'Preprocess', kind: 'function', status: 'SUCCEEDED', input, output: input },
      {
        name: 'Estimate',
        kind: 'inference',
        status: 'SUCCEEDED',
        inference: { endpoint: 'houses', targetModels: ['Houston', 'Dallas'], cold: 1, warm: 1 },
        attempts: [
          { iteration: 0, number: 1, status: 'SUCCEEDED', output: { predictions: [2] } },
          { iteration: 1, number: 1, status: 'FAILED', error: { code: 'ModelLoading' } },
          {
            iteration: 1,
            number: 2,
            status: 'SUCCEEDED',
            inference: { marks: [{ load: 'cold', loadMs: 20 }] },
          },
        ],
      },
      { name: 'Choose', kind: 'switch' },
      { name: 'Postprocess', kind: 'function' },
    ]);
    expect(express.stages[1]!.attempts[1]!.waitMs).toBeGreaterThanOrEqual(900);
  });

  it('shows the same failure', async () => {
    const express = await runExpress({ fail: true });
    const standard = await runStandard('houses-batch', { fail: true });

    expect(essence(express)).toEqual(essence(standard));
    expect(express).toMatchObject({
      status: 'FAILED',
      error: { stage: 'Preprocess', code: 'InvalidPayload', message: 'city: is missing' },
      stages: [{ name: 'Preprocess', status: 'FAILED', caught: true }],
    });
  });

  it('lists both, newest first', async () => {
    const { executions } = await inspection.listExecutions({ pipeline: 'houses', status: 'FAILED' });

    expect(executions.map(({ type, status }) => [type, status])).toEqual([
      ['STANDARD', 'FAILED'],
      ['EXPRESS', 'FAILED'],
    ]);
  });
});

describe('a Map Run', () => {
  it('is counted, and its children stand in no list', async () => {
    const view = await runStandard('files-batch', { items: [{ n: 1 }, { fail: true }, { n: 3 }] });

    expect(view).toMatchObject({
      pipeline: 'files',
      status: 'SUCCEEDED',
      stages: [
        {
          name: 'Records',
          kind: 'map',
          mapRun: { status: 'SUCCEEDED', items: { total: 3, succeeded: 2, failed: 1 } },
        },
      ],
    });
    const { executions } = await inspection.listExecutions({ pipeline: 'files' });
    expect(executions).toHaveLength(1);
  });

  it('that ended because its records failed is told with the error of the first of them', async () => {
    const view = await runStandard('strict-batch', { items: [{ fail: true }] });

    expect(view.error).toMatchObject({ code: 'InvalidPayload' });
    expect(view.error!.message).toMatch(/Too many records failed, the first with: city: is missing/);
    expect(view.error!.advice).not.toMatch(/error records/);
  });
});

describe('what a child of a Map Run is told to have failed with', () => {
  const redactor = createRedactor({ fields: ['**.patient'], patterns: [] });
  const failing = { fail: true, patient: 'Ann Smith', says: 'nobody is called Ann Smith' };

  it.each(['files-batch', 'strict-batch'])('hides what the rules hide in what %s got', async (machine) => {
    const { arn } = await runStandard(machine, { items: [failing] });
    const routes = {
      ...viewRoutes({ inspection, redactor }),
      ...payloadRoutes({ inspection, redactor, readClaim: unread, readHead: unread }),
    };
    const ask = async (route: string): Promise<string> =>
      (await routes[route]!({ parameters: { id: arn }, query: {} })).body;

    const children = await ask('GET /executions/{id}/children');

    expect(JSON.parse(children)).toMatchObject({
      children: [{ status: 'FAILED', error: { code: 'InvalidPayload', stage: 'Each' } }],
      errors: [{ code: 'InvalidPayload', stage: 'Each', count: 1 }],
    });
    const others = await Promise.all(
      ['GET /executions/{id}', 'GET /payloads/{id}', 'GET /payloads/{id}/history'].map(ask),
    );
    expect([children, ...others].join()).not.toContain('Ann Smith');
  });

  it('is told whole by its execution where no rule hides anything', async () => {
    const { error } = await runStandard('strict-batch', { items: [failing] });

    expect(error!.message).toContain('nobody is called Ann Smith');
  });
});

describe('a long history', () => {
  it('is read from both ends, whole and once each', async () => {
    const names = Array.from({ length: 1300 }, (_, at) => `Stage${at}`);
    const States = Object.fromEntries(
      names.map((name, at) => {
        const Next = names[at + 1];
        return [name, { Type: 'Pass', ...(Next === undefined ? { End: true } : { Next }) }];
      }),
    );
    await createMachine('long-batch', 'STANDARD', { StartAt: names[0], States });
    const asked = new StartExecutionCommand({ stateMachineArn: arnOf('long-batch'), input: '{}' });
    const { executionArn } = await sfn.send(asked);
    const described = () => sfn.send(new DescribeExecutionCommand({ executionArn }));
    while ((await described()).status === 'RUNNING') await new Promise((resolve) => setTimeout(resolve, 20));

    const events = await readHistory(sfn, executionArn!);

    expect(events.length).toBe(2602);
    expect(events.map(({ id }) => id)).toEqual(events.map((_, at) => at + 1));
    expect(await readOn(sfn, executionArn!, events.slice(0, -250))).toEqual(events);
    expect(await readOn(sfn, executionArn!, events)).toBe(events);
  });
});

describe('what has ended', () => {
  it('is not asked for again', async () => {
    const { arn } = await runStandard('files-batch', { items: [{ n: 1 }] });
    const calls: string[] = [];
    const list = () => inspection.listExecutions({ pipeline: 'files' });
    const [first] = [await list(), await inspection.readExecution(arn)];
    sfn.middlewareStack.add(
      (next, { commandName }) => {
        calls.push(commandName!);
        return next;
      },
      { name: 'count', step: 'initialize' },
    );

    const again = await list();
    const listing = calls.splice(0);
    const view = await inspection.readExecution(arn);
    sfn.middlewareStack.remove('count');

    expect(again).toEqual(first);
    expect(listing.filter((name) => name === 'DescribeExecutionCommand')).toEqual([]);
    expect([view?.arn, calls]).toEqual([arn, ['DescribeExecutionCommand']]);
  });
});

async function unread(): Promise<never> {
  throw new Error('nothing is claimed here');
}
