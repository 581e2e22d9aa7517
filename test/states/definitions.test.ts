// Definition checks: what AWS refuses, in its words and places; and that no definition, however odd, crashes them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { turnedClock } from '../../local/clock.ts';
import { checkDefinition } from '../../local/states/definition/check.ts';
import { createStates } from '../../local/states/index.ts';

const Parameters = { FunctionName: 'f' };
const TASK = { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Parameters, End: true };
const PASS = { Type: 'Pass', End: true };

describe('a definition check', () => {
  it.each([
    [{ States: { A: PASS } }, 'These fields are required: [StartAt]', '/'],
    [machine({ A: { Type: 'Pass', Next: 'B' }, C: PASS }), "Missing 'Next' target: B", '/States/A/Next'],
    [machine({ A: PASS, B: PASS }), 'State "B" is not reachable.', '/States/B'],
    [machine({ A: { Type: 'Pass', Next: 'A' } }), 'Workflow has no terminal state', undefined],
    [machine({ A: { ...PASS, Catch: [] } }), "Field 'Catch' is not supported", '/States/A'],
    [
      machine({ A: { ...PASS, Output: {} } }),
      "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage",
      '/States/A',
    ],
    [
      { ...machine({ A: { ...PASS, QueryLanguage: 'JSONPath' } }), QueryLanguage: 'JSONata' },
      "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
      '/States/A',
    ],
    [
      { ...machine({ A: { ...PASS, Output: { v: '{% phone %}' } } }), QueryLanguage: 'JSONata' },
      "Reference to 'phone' at the top level is not supported.",
      '/States/A/Output/v',
    ],
    [
      { ...machine({ A: { ...PASS, Output: '{% 1 + %}' } }), QueryLanguage: 'JSONata' },
      'Unexpected end of expression',
      '/States/A/Output',
    ],
    [
      machine({ A: { ...PASS, Parameters: { 'x.$': 'States.Nope()' } } }),
      "The value for the field 'x.$' must be a valid JSONPath or a valid intrinsic function call",
      '/States/A/Parameters',
    ],
    [
      machine({ A: { Type: 'Wait', Timestamp: '2016-13-05T21:29:29Z', End: true } }),
      'String does not match RFC3339 timestamp',
      '/States/A/Timestamp',
    ],
    [
      machine({ A: { Type: 'Parallel', Branches: [machine({ A: PASS })], End: true } }),
      'Duplicate State name: A',
      '/States/A/Branches[0]/States/A',
    ],
    [
      choice({ Variable: '$.n', NumericEquals: '1' }),
      'Expected value of type Number',
      '/States/A/Choices[0]/NumericEquals',
    ],
    [
      choice({ Variable: '$.n', StringLessThan: 1 }),
      'Expected value of type String',
      '/States/A/Choices[0]/StringLessThan',
    ],
    [
      choice({ Variable: '$.n', IsNull: 'yes' }),
      'Expected value of type Boolean',
      '/States/A/Choices[0]/IsNull',
    ],
    [
      choice({ Not: { Variable: '$.n', TimestampEquals: '2016-13-05' } }),
      'String does not match RFC3339 timestamp',
      '/States/A/Choices[0]/Not/TimestampEquals',
    ],
    [
      choice({ And: [{ Variable: '$.n', StringEqualsPath: 'n' }] }),
      'Value is not a Reference Path',
      '/States/A/Choices[0]/And[0]/StringEqualsPath',
    ],
    [choice({ NumericEquals: 1 }), 'These fields are required: [Variable]', '/States/A/Choices[0]'],
    [
      choice({ Variable: '$.n', NumericEquals: 1, StringEquals: 'a' }),
      "Only one of 'NumericEquals' and 'StringEquals' can be set",
      '/States/A/Choices[0]',
    ],
    [choice({ Or: [] }), 'Or must be a non-empty array', '/States/A/Choices[0]/Or'],
    [choice({ Variable: '$.n', Nope: 1 }), "Field 'Nope' is not supported", '/States/A/Choices[0]'],
    [
      machine({ A: { Type: 'Task', Resource: 'arn:aws:states:::http:invoke', Parameters: {}, End: true } }),
      'These fields are required: [ApiEndpoint, Method, Authentication]',
      '/States/A/Parameters',
    ],
    [
      machine({ A: { Type: 'Nope' } }),
      "The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]",
      '/States/A/Type',
    ],
    [
      machine({ A: { Type: 'Wait', End: true } }),
      'One of these fields is required: [Seconds, SecondsPath, Timestamp, TimestampPath]',
      '/States/A',
    ],
    [
      machine({ A: { Type: 'Wait', Seconds: 1, SecondsPath: '$.s', End: true } }),
      "Only one of 'Seconds' and 'SecondsPath' can be set",
      '/States/A',
    ],
    [
      machine({ A: { Type: 'Wait', Seconds: -1, End: true } }),
      'Value must be greater than or equal to 0',
      '/States/A/Seconds',
    ],
    [
      machine({ A: { Type: 'Choice', Choices: [] } }),
      'Choices must be a non-empty array',
      '/States/A/Choices',
    ],
    [
      machine({ A: { Type: 'Parallel', Branches: [], End: true } }),
      'Branches must be a non-empty array',
      '/States/A/Branches',
    ],
    [
      machine({ A: { ...TASK, TimeoutSeconds: 5, HeartbeatSeconds: 5 } }),
      "'HeartbeatSeconds' must be smaller than 'TimeoutSeconds'",
      '/States/A/HeartbeatSeconds',
    ],
    [machine({ A: { ...PASS, End: 'yes' } }), 'Expected value of type Boolean', '/States/A/End'],
    [
      { StartAt: 'A'.repeat(81), States: { ['A'.repeat(81)]: PASS } },
      'State name cannot exceed 80 characters',
      `/States/${'A'.repeat(81)}`,
    ],
    [
      machine({ A: { Type: 'Task', Resource: 'nope', End: true } }),
      'Value is not a valid resource ARN',
      '/States/A/Resource',
    ],
    [jsonataPass({ Output: '{% $states.result %}' }), unseen('result'), '/States/A/Output'],
    [
      machine({
        A: {
          ...TASK,
          Parameters: undefined,
          QueryLanguage: 'JSONata',
          Arguments: { FunctionName: '{% $states.result.n %}' },
        },
      }),
      unseen('result'),
      '/States/A/Arguments/FunctionName',
    ],
    [
      jsonataPass({ Assign: { x: '{% $states.errorOutput.Cause %}' } }),
      unseen('errorOutput'),
      '/States/A/Assign/x',
    ],
    ...['$$.x', '$v.x', '$.a[*]', '$..a', '$.a.length()'].map((ResultPath): [object, string, string] => [
      machine({ A: { ...PASS, ResultPath } }),
      'Value is not a Reference Path',
      '/States/A/ResultPath',
    ]),
    [
      machine({ A: { ...TASK, Parameters: { Payload: {} } } }),
      'These fields are required: [FunctionName]',
      '/States/A/Parameters',
    ],
    [
      machine({ A: { Type: 'Task', Resource: 'arn:aws:states:::states:startExecution', End: true } }),
      'These fields are required: [StateMachineArn]',
      '/States/A',
    ],
    ...['S3:getObject', 's3:GetObject', 's3:getObject.sync'].map((name): [object, string, string] => [
      machine({ A: { Type: 'Task', Resource: `arn:aws:states:::aws-sdk:${name}`, End: true } }),
      `The resource provided arn:aws:states:::aws-sdk:${name} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.`,
      '/States/A/Resource',
    ]),
    [
      csvMap({ CSVHeaderLocation: 'GIVEN' }),
      'These fields are required: [CSVHeaders]',
      '/States/A/ItemReader/ReaderConfig',
    ],
    [
      csvMap({ CSVHeaderLocation: 'FIRST_ROW', CSVHeaders: ['a'] }),
      "'CSVHeaders' can only be set when 'CSVHeaderLocation' is 'GIVEN'",
      '/States/A/ItemReader/ReaderConfig',
    ],
    [
      csvMap({ CSVHeaderLocation: 'FIRST_ROW', CSVDelimiter: ';' }),
      "The field 'CSVDelimiter' should have one of these values: [COMMA, PIPE, SEMICOLON, SPACE, TAB]",
      '/States/A/ItemReader/ReaderConfig/CSVDelimiter',
    ],
    [
      csvMap({ InputType: 'XML' }),
      "The field 'InputType' should have one of these values: [CSV, JSON, JSONL, PARQUET, MANIFEST]",
      '/States/A/ItemReader/ReaderConfig/InputType',
    ],
    [
      csvMap({ CSVHeaderLocation: 'FIRST_ROW' }, 'INLINE'),
      "Field 'ItemReader' is only supported in the mode 'DISTRIBUTED'",
      '/States/A',
    ],
    [
      csvMap({ CSVHeaderLocation: 'FIRST_ROW' }, 'DISTRIBUTED', { ToleratedFailurePercentage: 101 }),
      'Value must be less than or equal to 100',
      '/States/A/ToleratedFailurePercentage',
    ],
    [
      machine({ A: { ...TASK, Retry: [{ ErrorEquals: ['E'], MaxAttempts: 100_000_000 }] } }),
      'Value must be less than or equal to 99999999',
      '/States/A/Retry[0]/MaxAttempts',
    ],
    [
      machine({ A: { ...TASK, Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 1.5 }] } }),
      'Expected value of type Integer',
      '/States/A/Retry[0]/IntervalSeconds',
    ],
    [
      machine({ A: { Type: 'Wait', Seconds: 1.5, End: true } }),
      'Expected value of type Integer',
      '/States/A/Seconds',
    ],
    [machine({ A: { ...PASS, Comment: 1 } }), 'Expected value of type String', '/States/A/Comment'],
  ])('%#: says what and where', (definition, message, location) => {
    const found = checkDefinition(JSON.stringify(definition), 'STANDARD');

    expect(found).toContainEqual(expect.objectContaining({ severity: 'ERROR', message, location }));
  });

  it('takes $states.result and $states.errorOutput where they are', () => {
    const task = {
      ...TASK,
      Parameters: undefined,
      QueryLanguage: 'JSONata',
      Arguments: { FunctionName: 'f' },
      Output: '{% $states.result %}',
      Assign: { x: '{% $states.result.Payload %}' },
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'A', Output: '{% $states.errorOutput %}' }],
    };

    expect(checkDefinition(JSON.stringify(machine({ A: task })), 'STANDARD')).toEqual([]);
  });

  it.each(['.waitForTaskToken', '.sync'])('refuses %s in an Express state machine', (suffix) => {
    const task = { Type: 'Task', Resource: `arn:aws:states:::lambda:invoke${suffix}`, End: true };

    const found = checkDefinition(JSON.stringify(machine({ A: task })), 'EXPRESS');

    expect(found[0]?.message).toBe(`Express state machine does not support '${suffix}' service integration `);
  });

  it('holds the Express children of a distributed Map to what Express can do', () => {
    const ItemProcessor = {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' },
      StartAt: 'B',
      States: {
        B: {
          Type: 'Task',
          Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
          Parameters,
          End: true,
        },
      },
    };
    const definition = machine({ A: { Type: 'Map', ItemProcessor, End: true } });

    const found = checkDefinition(JSON.stringify(definition), 'STANDARD');

    expect(found.map(({ location }) => location)).toEqual(['/States/A/ItemProcessor/States/B/Resource']);
  });

  it('never throws, whatever the JSON', () => {
    fc.assert(
      fc.property(oddMachine(), (definition) => {
        expect(Array.isArray(checkDefinition(JSON.stringify(definition), 'STANDARD'))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a definition that passes the checks', () => {
  it('runs to an end, or is still waiting or looping when it is stopped', async () => {
    const clock = turnedClock(0);
    const states = await createStates({ clock });
    let count = 0;
    await fc.assert(
      fc.asyncProperty(oddMachine(), fc.json({ maxDepth: 2 }), async (definition, input) => {
        const text = JSON.stringify(definition);
        if (checkDefinition(text, 'STANDARD').some(({ severity }) => severity === 'ERROR')) return;
        count += 1;
        const { stateMachineArn } = await states.operations.createStateMachine!({
          name: `odd-${count}`,
          roleArn: 'arn:aws:iam::000000000000:role/r',
          definition: text,
        });
        const { executionArn } = await states.operations.startExecution!({ stateMachineArn, input });
        await clock.turn(60_000);
        await states.operations.stopExecution!({ executionArn });
        await clock.turn(0);

        const { status, cause } = await states.operations.describeExecution!({ executionArn });
        expect(status).not.toBe('RUNNING');
        // A stack trace in a cause is a defect of ours.
        expect(String(cause)).not.toMatch(/\n\s+at /);
      }),
      { numRuns: 400 },
    );
    expect(count).toBeGreaterThan(50);
    await states.close();
  });
});

function machine(states: object): object {
  return { StartAt: 'A', States: states };
}

/** A machine that begins with a choice by one rule. */
function choice(rule: object): object {
  const A = { Type: 'Choice', Choices: [{ ...rule, Next: 'B' }], Default: 'B' };
  return machine({ A, B: PASS });
}

/** Machines of three states whose fields are right often enough to run, and wrong often enough to be of use. */
function oddMachine(): fc.Arbitrary<object> {
  const path = fc.constantFrom('$', '$.a', '$.a.b', '$[0]', '$.a[*]', '$$.State.Name', '$..x', null);
  const template = fc.oneof(
    fc.jsonValue({ maxDepth: 1 }).map((value) => ({ value })),
    path.map((source) => ({ 'p.$': source ?? '$v', q: 1 })),
    fc.constantFrom({ 'f.$': 'States.MathAdd($.a, 1)' }, { 'f.$': "States.Format('{}', $)" }),
  );
  const some = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    fc.option(value, { nil: undefined, freq: 1 });
  const data = fc.record({ InputPath: some(path), OutputPath: some(path), Assign: some(template) });
  const result = fc.record({
    ResultPath: some(fc.constantFrom('$', '$.a', '$.a.b', null)),
    Parameters: some(template),
  });
  const rules = fc.constantFrom({}, { Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 1 }] });
  const way = fc.constantFrom({ End: true }, { Next: 'B' }, { Next: 'C' });
  const build = (way: object): fc.Arbitrary<object> =>
    fc.letrec<{ state: object }>((tie) => {
      const graph = tie('state').map((state) => machine({ A: { ...state, ...END } }));
      const with_ = (Type: string, ...parts: fc.Arbitrary<object>[]): fc.Arbitrary<object> =>
        fc.tuple(...parts).map((fields) => Object.assign({ Type, ...way }, ...fields));
      return {
        state: fc.oneof(
          { depthSize: 'small' },
          with_('Pass', data, result),
          with_('Wait', data, fc.constantFrom({ Seconds: 1 }, { SecondsPath: '$.a' })),
          with_(
            'Parallel',
            data,
            result,
            rules,
            fc.array(graph, { minLength: 1, maxLength: 2 }).map((Branches) => ({ Branches })),
          ),
          with_(
            'Map',
            rules,
            fc.tuple(some(path), graph).map(([ItemsPath, ItemProcessor]) => ({ ItemsPath, ItemProcessor })),
          ),
        ),
      };
    }).state;
  const last = fc.constantFrom(
    { Type: 'Succeed' },
    { Type: 'Fail', Error: 'E' },
    { Type: 'Fail', CausePath: '$.a' },
  );
  const choice = fc.tuple(path, fc.constantFrom('A', 'B', 'C')).map(([Variable, Next]) => ({
    Type: 'Choice',
    Choices: [{ Variable, IsPresent: true, Next }],
    Default: 'C',
  }));
  return fc
    .tuple(fc.oneof(build({ Next: 'B' }), way.chain(build)), fc.oneof(build({ Next: 'C' }), choice), last)
    .map(([A, B, C]) => machine(JSON.parse(JSON.stringify({ A, B, C }))));
}

const END = { Next: undefined, End: true };

function unseen(member: string): string {
  return `Reference to '$states.${member}' is not supported in this field.`;
}

function jsonataPass(fields: object): object {
  return machine({ A: { ...PASS, QueryLanguage: 'JSONata', ...fields } });
}

function csvMap(config: object, Mode = 'DISTRIBUTED', fields: object = {}): object {
  const ReaderConfig = { InputType: 'CSV', ...config };
  const ItemReader = {
    Resource: 'arn:aws:states:::s3:getObject',
    ReaderConfig,
    Parameters: { Bucket: 'b', Key: 'k' },
  };
  const ProcessorConfig = Mode === 'INLINE' ? { Mode } : { Mode, ExecutionType: 'STANDARD' };
  const ItemProcessor = { ProcessorConfig, ...machine({ B: PASS }) };
  return machine({ A: { Type: 'Map', ItemReader, ItemProcessor, End: true, ...fields } });
}
