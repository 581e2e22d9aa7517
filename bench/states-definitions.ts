// The state machines of the Step Functions bench: a chain of five Pass and Choice states in both query languages,
// three functions that return at once, a Map, and a Wait.

const ROLE = 'arn:aws:iam::000000000000:role/bench';

const echo = (next?: string): object => ({
  Type: 'Task',
  Resource: 'arn:aws:lambda:us-east-1:000000000000:function:echo',
  ...(next === undefined ? { End: true } : { Next: next }),
});

const NEVER = { Type: 'Fail', Error: 'Unexpected' };

/** Pass, Choice, Pass, Choice, Pass. */
export const CHAIN = {
  StartAt: 'A',
  States: {
    A: { Type: 'Pass', Parameters: { 'n.$': '$.n', tag: 'a' }, ResultPath: '$.a', Next: 'B' },
    B: {
      Type: 'Choice',
      Choices: [
        { Variable: '$.n', NumericGreaterThan: 1_000_000, Next: 'Never' },
        { Variable: '$.a.tag', StringEquals: 'a', Next: 'C' },
      ],
      Default: 'Never',
    },
    C: { Type: 'Pass', Result: { c: true }, ResultPath: '$.c', Next: 'D' },
    D: {
      Type: 'Choice',
      Choices: [
        {
          And: [
            { Variable: '$.c.c', BooleanEquals: true },
            { Variable: '$.n', NumericLessThan: 1_000_000 },
          ],
          Next: 'E',
        },
      ],
      Default: 'Never',
    },
    E: { Type: 'Pass', Parameters: { 'sum.$': 'States.MathAdd($.n, 1)', 'a.$': '$.a' }, End: true },
    Never: NEVER,
  },
};

const OVER = { Condition: '{% $states.input.n > 1000000 %}', Next: 'Never' };

/** The same in JSONata. */
export const JSONATA_CHAIN = {
  QueryLanguage: 'JSONata',
  StartAt: 'A',
  States: {
    A: { Type: 'Pass', Assign: { a: { n: '{% $states.input.n %}', tag: 'a' } }, Next: 'B' },
    B: {
      Type: 'Choice',
      Choices: [OVER, { Condition: "{% $a.tag = 'a' %}", Next: 'C' }],
      Default: 'Never',
    },
    C: { Type: 'Pass', Output: { n: '{% $states.input.n %}', c: true }, Next: 'D' },
    D: {
      Type: 'Choice',
      Choices: [{ Condition: '{% $states.input.c = true and $states.input.n < 1000000 %}', Next: 'E' }],
      Default: 'Never',
    },
    E: { Type: 'Pass', Output: { sum: '{% $states.input.n + 1 %}', a: '{% $a %}' }, End: true },
    Never: NEVER,
  },
};

export const FUNCTIONS = {
  StartAt: 'A',
  States: { A: echo('B'), B: echo('C'), C: echo() },
};

/** An inline or a distributed Map over an array. */
export function mapOver(mode: 'INLINE' | 'DISTRIBUTED'): object {
  const config = mode === 'INLINE' ? { Mode: mode } : { Mode: mode, ExecutionType: 'STANDARD' };
  const ItemProcessor = {
    ProcessorConfig: config,
    StartAt: 'One',
    States: { One: { Type: 'Pass', End: true } },
  };
  // Items are made inside: an input of 10,000 of them would be near the limit of a payload.
  const Items = '{% [1..10000] %}';
  const Output = '{% $count($states.result) %}';
  const Each = { Type: 'Map', Items, Output, ItemProcessor, End: true };
  return { QueryLanguage: 'JSONata', StartAt: 'Each', States: { Each } };
}

export const WAITING = {
  StartAt: 'Hold',
  States: { Hold: { Type: 'Wait', Seconds: 86_400, End: true } },
};

/** What CreateStateMachine is asked. */
export function machineOf(
  name: string,
  definition: object,
  type: 'EXPRESS' | 'STANDARD' = 'STANDARD',
): { name: string; definition: string; roleArn: string; type: string } {
  return { name, definition: JSON.stringify(definition), roleArn: ROLE, type };
}
