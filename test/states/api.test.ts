// The API over its wire protocol, with the official SDK: idempotency, paging, versions, aliases, activities, errors.
import * as sfn from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEngine, type TestEngine } from './engine.ts';

const roleArn = 'arn:aws:iam::000000000000:role/r';
const PASS = machine({ Type: 'Pass', End: true });
const WAIT = machine({ Type: 'Wait', Seconds: 600, End: true });

let engine: TestEngine;
let count = 0;

beforeAll(async () => {
  engine = await startEngine();
});

afterAll(() => engine.close());

describe('creating a state machine', () => {
  it('again with the same definition gives the same one; with another it is refused', async () => {
    const name = unique();
    const first = await create(name, PASS);
    const again = await create(name, PASS);

    expect(again.creationDate).toEqual(first.creationDate);
    await expect(create(name, `${PASS} `)).rejects.toBeInstanceOf(sfn.StateMachineAlreadyExists);
  });

  it('is refused with every problem of the definition in one sentence', async () => {
    const broken = machine({ Type: 'Pass', Next: 'Nowhere', Bad: 1 });

    await expect(create(unique(), broken)).rejects.toThrow(
      "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Field 'Bad' is not supported at /States/A, MISSING_TRANSITION_TARGET: Missing 'Next' target: Nowhere at /States/A/Next",
    );
  });
});

describe('starting an execution', () => {
  it('again under the same name and input gives the running one; with another input it is refused', async () => {
    const { stateMachineArn } = await create(unique(), WAIT);
    const start = (input: string): Promise<sfn.StartExecutionCommandOutput> =>
      engine.client.send(new sfn.StartExecutionCommand({ stateMachineArn, name: 'once', input }));
    const first = await start('{"n":1}');

    expect((await start('{"n":1}')).startDate).toEqual(first.startDate);
    await expect(start('{"n":2}')).rejects.toBeInstanceOf(sfn.ExecutionAlreadyExists);
  });

  it('ends at once when it is stopped, with the error and cause given', async () => {
    const { stateMachineArn } = await create(unique(), WAIT);
    const { executionArn } = await engine.client.send(new sfn.StartExecutionCommand({ stateMachineArn }));

    await engine.client.send(
      new sfn.StopExecutionCommand({ executionArn, error: 'Enough', cause: 'told so' }),
    );

    const described = await engine.client.send(new sfn.DescribeExecutionCommand({ executionArn }));
    expect(described).toMatchObject({ status: 'ABORTED', error: 'Enough', cause: 'told so' });
  });

  it('of an Express machine has no description and no history', async () => {
    const { stateMachineArn } = await create(unique(), PASS, 'EXPRESS');
    const { executionArn } = await engine.client.send(new sfn.StartExecutionCommand({ stateMachineArn }));

    await expect(engine.client.send(new sfn.DescribeExecutionCommand({ executionArn }))).rejects.toThrow(
      "Invalid Arn: 'Resource type not valid in this context: express'",
    );
  });
});

describe('lists', () => {
  it('come in pages, newest first, each execution once', async () => {
    const { stateMachineArn } = await create(unique(), PASS);
    const started: string[] = [];
    for (let n = 0; n < 7; n += 1) {
      const name = `n${n}`;
      await engine.client.send(new sfn.StartExecutionCommand({ stateMachineArn, name }));
      started.unshift(name);
    }

    const listed: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await engine.client.send(
        new sfn.ListExecutionsCommand({ stateMachineArn, maxResults: 3, nextToken }),
      );
      listed.push(...page.executions!.map((execution) => execution.name!));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);

    expect(listed).toEqual(started);
  });

  it('filter by status', async () => {
    const { stateMachineArn } = await create(unique(), WAIT);
    await engine.client.send(new sfn.StartExecutionCommand({ stateMachineArn }));
    const list = (statusFilter: sfn.ExecutionStatus): Promise<sfn.ListExecutionsCommandOutput> =>
      engine.client.send(new sfn.ListExecutionsCommand({ stateMachineArn, statusFilter }));

    expect((await list('RUNNING')).executions).toHaveLength(1);
    expect((await list('FAILED')).executions).toHaveLength(0);
  });
});

describe('an alias', () => {
  it('starts the version that its weights give, and protects it from deletion', async () => {
    const { stateMachineArn } = await create(unique(), PASS);
    const one = await engine.client.send(new sfn.PublishStateMachineVersionCommand({ stateMachineArn }));
    const two = await engine.client.send(
      new sfn.UpdateStateMachineCommand({ stateMachineArn, definition: WAIT, publish: true }),
    );
    const { stateMachineAliasArn } = await engine.client.send(
      new sfn.CreateStateMachineAliasCommand({
        name: 'live',
        routingConfiguration: [
          { stateMachineVersionArn: one.stateMachineVersionArn, weight: 100 },
          { stateMachineVersionArn: two.stateMachineVersionArn, weight: 0 },
        ],
      }),
    );

    const { executionArn } = await engine.client.send(
      new sfn.StartExecutionCommand({ stateMachineArn: stateMachineAliasArn }),
    );

    const described = await engine.client.send(new sfn.DescribeExecutionCommand({ executionArn }));
    expect(described).toMatchObject({
      status: 'SUCCEEDED',
      stateMachineAliasArn,
      stateMachineVersionArn: one.stateMachineVersionArn,
    });
    const { stateMachineVersionArn } = one;
    await expect(
      engine.client.send(new sfn.DeleteStateMachineVersionCommand({ stateMachineVersionArn })),
    ).rejects.toBeInstanceOf(sfn.ConflictException);
  });
});

describe('an activity', () => {
  it('hands its task to a worker, whose answer is the result', async () => {
    const { activityArn } = await engine.client.send(new sfn.CreateActivityCommand({ name: unique() }));
    const { stateMachineArn } = await create(
      unique(),
      machine({ Type: 'Task', Resource: activityArn, End: true }),
    );
    const polled = engine.client.send(new sfn.GetActivityTaskCommand({ activityArn, workerName: 'w' }));
    const { executionArn } = await engine.client.send(
      new sfn.StartExecutionCommand({ stateMachineArn, input: '{"work":1}' }),
    );

    const { taskToken, input } = await polled;
    await engine.client.send(new sfn.SendTaskSuccessCommand({ taskToken, output: '"done"' }));

    const described = await engine.client.send(new sfn.DescribeExecutionCommand({ executionArn }));
    expect({ input, output: described.output }).toEqual({ input: '{"work":1}', output: '"done"' });
    await expect(
      engine.client.send(new sfn.SendTaskSuccessCommand({ taskToken, output: '1' })),
    ).rejects.toBeInstanceOf(sfn.TaskTimedOut);
  });
});

describe('a bound of the API', () => {
  const roleArn = 'arn:aws:iam::000000000000:role/r';
  const definition = machine({ Type: 'Pass', End: true });

  it.each([
    ['CreateStateMachine', { name: 'n', definition, roleArn: 'nope' }, 'InvalidArn'],
    ['CreateStateMachine', { name: 'n', definition, roleArn, type: 'FOO' }, 'ValidationException'],
    ['CreateStateMachine', { name: 'n'.repeat(81), definition, roleArn }, 'ValidationException'],
    [
      'ListExecutions',
      { stateMachineArn: 'arn:aws:states:us-east-1:0:stateMachine:n', statusFilter: 'FOO' },
      'StateMachineDoesNotExist',
    ],
    [
      'StopExecution',
      { executionArn: 'arn:aws:states:us-east-1:0:execution:n:e', error: 'e'.repeat(257) },
      'ValidationException',
    ],
    ['TestState', { definition: '{"Type":"Succeed"}', inspectionLevel: 'FOO' }, 'ValidationException'],
  ])('of %s is kept: %j', async (operation, input, type) => {
    const response = await fetch(engine.url, {
      method: 'POST',
      headers: {
        'x-amz-target': `AWSStepFunctions.${operation}`,
        'content-type': 'application/x-amz-json-1.0',
      },
      body: JSON.stringify(input),
    });

    expect(((await response.json()) as { __type: string }).__type).toBe(type);
  });

  it.each([
    ['1', 'InvalidName'],
    ['v1', 'ValidationException'],
  ])('is a letter in the name of an alias: %s', async (name, type) => {
    const error = engine.client.send(
      new sfn.CreateStateMachineAliasCommand({ name, routingConfiguration: [] }),
    );

    await expect(error).rejects.toMatchObject({ name: type });
  });

  it.each([
    [[{ key: 'AWS:x', value: '1' }]],
    [
      [
        { key: 'a', value: '1' },
        { key: 'a', value: '2' },
      ],
    ],
  ])('is kept by tags: %j', async (tags) => {
    const error = engine.client.send(new sfn.CreateActivityCommand({ name: unique(), tags }));

    await expect(error).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('is the end of a log destination', async () => {
    const logGroupArn = 'arn:aws:logs:us-east-1:000000000000:log-group:g';
    const loggingConfiguration: sfn.LoggingConfiguration = {
      level: 'ALL',
      destinations: [{ cloudWatchLogsLogGroup: { logGroupArn } }],
    };

    await expect(
      engine.client.send(
        new sfn.CreateStateMachineCommand({ name: unique(), definition, roleArn, loggingConfiguration }),
      ),
    ).rejects.toBeInstanceOf(sfn.InvalidLoggingConfiguration);
  });

  it('is one ARN that executions are listed by', async () => {
    const { stateMachineArn } = await create(unique(), definition);
    const mapRunArn = 'arn:aws:states:us-east-1:000000000000:mapRun:m/l:1';

    await expect(
      engine.client.send(new sfn.ListExecutionsCommand({ stateMachineArn, mapRunArn })),
    ).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('is 262,144 bytes of a callback: the token stays open', async () => {
    const { activityArn } = await engine.client.send(new sfn.CreateActivityCommand({ name: unique() }));
    const { stateMachineArn } = await create(
      unique(),
      machine({ Type: 'Task', Resource: activityArn, End: true }),
    );
    const { executionArn } = await engine.client.send(new sfn.StartExecutionCommand({ stateMachineArn }));
    const { taskToken } = await engine.client.send(new sfn.GetActivityTaskCommand({ activityArn }));
    const answer = (output: string): Promise<unknown> =>
      engine.client.send(new sfn.SendTaskSuccessCommand({ taskToken, output }));

    await expect(answer(`"${'x'.repeat(262_143)}"`)).rejects.toMatchObject({ name: 'ValidationException' });
    await answer('1');

    const described = await engine.client.send(new sfn.DescribeExecutionCommand({ executionArn }));
    expect(described).toMatchObject({ status: 'SUCCEEDED', output: '1' });
  });

  it('is 50 tags a resource', async () => {
    const { stateMachineArn: resourceArn } = await create(unique(), definition);
    const tags = Array.from({ length: 51 }, (_, n) => ({ key: `k${n}`, value: 'v' }));

    await expect(
      engine.client.send(new sfn.TagResourceCommand({ resourceArn, tags })),
    ).rejects.toBeInstanceOf(sfn.TooManyTags);
  });
});

describe('METADATA_ONLY', () => {
  const includedData = 'METADATA_ONLY';

  it('leaves definitions, inputs and outputs out', async () => {
    const { stateMachineArn } = await create(unique(), PASS);
    const { executionArn } = await engine.client.send(
      new sfn.StartExecutionCommand({ stateMachineArn, input: '{"a":1}' }),
    );

    const execution = await engine.client.send(
      new sfn.DescribeExecutionCommand({ executionArn, includedData }),
    );
    const described = await engine.client.send(
      new sfn.DescribeStateMachineCommand({ stateMachineArn, includedData }),
    );

    expect(execution).toMatchObject({
      status: 'SUCCEEDED',
      inputDetails: { included: false },
      outputDetails: { included: false },
    });
    expect([execution.input, execution.output]).toEqual([undefined, undefined]);
    expect(described.definition).toBe('{}');
  });
});

describe('TestState at level DEBUG', () => {
  it('shows the variables as they are after the state', async () => {
    const state = { Type: 'Pass', Assign: { a: 1 }, End: true };

    const { inspectionData } = await engine.client.send(
      new sfn.TestStateCommand({
        definition: JSON.stringify(state),
        inspectionLevel: 'DEBUG',
        variables: '{"b":2}',
      }),
    );

    expect(JSON.parse(inspectionData!.variables!)).toEqual({ a: 1, b: 2 });
  });
});

describe('TestState at level TRACE', () => {
  it("shows an HTTP task's request and answer", async () => {
    const ApiEndpoint = `${engine.url}/_nothing`;
    const state = {
      Type: 'Task',
      Resource: 'arn:aws:states:::http:invoke',
      Parameters: { ApiEndpoint, Method: 'GET', Authentication: { ConnectionArn: 'arn:c' } },
      End: true,
    };
    const test = (inspectionLevel: sfn.InspectionLevel): Promise<sfn.TestStateCommandOutput> =>
      engine.client.send(
        new sfn.TestStateCommand({ definition: JSON.stringify(state), roleArn, inspectionLevel }),
      );

    const [trace, debug] = [await test('TRACE'), await test('DEBUG')];

    expect(trace.inspectionData?.request).toMatchObject({
      protocol: 'http',
      method: 'GET',
      url: ApiEndpoint,
    });
    expect(trace.inspectionData?.response?.statusCode).toBe('501');
    expect(debug.inspectionData?.request).toBeUndefined();
  });
});

describe('a request', () => {
  it.each([
    ['AWSStepFunctions.NoSuchThing', '{}', 'UnknownOperationException'],
    ['AWSStepFunctions.ListStateMachines', '{"maxResults"', 'SerializationException'],
    ['AWSStepFunctions.DescribeStateMachine', '{}', 'ValidationException'],
    ['AWSStepFunctions.DescribeStateMachine', '{"stateMachineArn":"nope"}', 'InvalidArn'],
  ])('%s with %s is answered with %s', async (target, body, type) => {
    const response = await fetch(engine.url, {
      method: 'POST',
      headers: { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.0' },
      body,
    });

    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/x-amz-json-1.0');
    expect(((await response.json()) as { __type: string }).__type).toBe(type);
  });
});

function machine(state: object): string {
  return JSON.stringify({ StartAt: 'A', States: { A: state } });
}

function unique(): string {
  count += 1;
  return `name-${count}`;
}

function create(
  name: string,
  definition: string,
  type: sfn.StateMachineType = 'STANDARD',
): Promise<sfn.CreateStateMachineCommandOutput> {
  return engine.client.send(new sfn.CreateStateMachineCommand({ name, definition, roleArn, type }));
}
