// Corners of the language that no recording holds, from its specification: each a state, or a few, and how it ends.
// https://states-language.net/spec.html
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TurnedClock, turnedClock } from '../../local/clock.ts';
import type { States } from '../../local/states/api.ts';
import { createStates } from '../../local/states/index.ts';

let clock: TurnedClock;
let states: States;
let count = 0;

beforeAll(async () => {
  clock = turnedClock(Date.UTC(2026, 0, 1));
  const Fails = (): never => {
    throw Object.assign(new Error('{"a":1}'), { name: 'Bad' });
  };
  states = await createStates({ clock, mocks: { Fails, Hangs: () => new Promise(() => {}) } });
});

afterAll(() => states.close());

const TASK = { Type: 'Task', Resource: 'arn:aws:lambda:us-east-1:000000000000:function:f', End: true };
const pass = (fields: object): object => ({ Type: 'Pass', ...fields, End: true });
const inside = (StartAt: string, state: object): object => ({ StartAt, States: { [StartAt]: state } });

describe('JSONPath', () => {
  it.each([
    ['a result goes where nothing was', pass({ Result: 1, ResultPath: '$.x.y' }), { x: { y: 1 } }],
    [
      'an index that is not there',
      pass({ Result: 1, ResultPath: '$.list[9]' }),
      'States.ResultPathMatchFailure',
    ],
    ['a member of a number', pass({ Result: 1, ResultPath: '$.n.y' }), 'States.ResultPathMatchFailure'],
    ['a Base64 text that is none', intrinsic("States.Base64Decode('***')"), 'States.IntrinsicFailure'],
    ['a Base64 text', intrinsic("States.Base64Decode('aGk=')"), { x: 'hi' }],
    ['more braces than values', intrinsic("States.Format('{} {}', 1)"), 'States.IntrinsicFailure'],
    ['escaped braces', intrinsic("States.Format('\\{\\} {}', $.n)"), { x: '{} 1' }],
    ['a range of a step of 0', intrinsic('States.ArrayRange(1, 9, 0)'), 'States.IntrinsicFailure'],
    ['a deep merge', intrinsic('States.JsonMerge($, $, true)'), 'States.IntrinsicFailure'],
    ['a variable that was never assigned', intrinsic('$nope'), 'States.Runtime'],
    ['the item where there is no Map', intrinsic('$$.Map.Item.Value'), 'States.Runtime'],
  ])('%s', async (_what, state, expected) => {
    expect(await endOf({ StartAt: 'A', States: { A: state } })).toEqual(expected);
  });
});

describe('JSONata', () => {
  it.each([
    ['a number out of range', '{% 1/0 %}', 'States.QueryEvaluationError'],
    ['nothing inside of an object', { a: '{% $states.input.nope %}' }, 'States.QueryEvaluationError'],
    ['a function', '{% function($x){$x} %}', 'States.QueryEvaluationError'],
    ['an item alone', '{% $states.input.list[$ > 2] %}', 3],
    ['an item kept in an array', '{% $states.input.list[$ > 2][] %}', [3]],
    ['a range of one number', '{% $range(1, 9, 9) %}', 1],
    ['a range backwards', '{% $range(5, 1, -2) %}', [5, 3, 1]],
    ['partitions of 0', '{% $partition([1, 2], 0) %}', 'States.QueryEvaluationError'],
    ['$eval', "{% $eval('1') %}", 'States.QueryEvaluationError'],
    ['time as the clock shows it', "{% $fromMillis($millis(), '[Y]') & $now('[Y]') %}", '20262026'],
  ])('%s', async (_what, Output, expected) => {
    expect(await endOf({ QueryLanguage: 'JSONata', StartAt: 'A', States: { A: pass({ Output }) } })).toEqual(
      expected,
    );
  });

  it('takes whole seconds only for a timeout', async () => {
    const Fast = { ...TASK, TimeoutSeconds: '{% 1.5 %}' };

    expect(await endOf({ QueryLanguage: 'JSONata', StartAt: 'Fast', States: { Fast } })).toBe(
      'States.QueryEvaluationError',
    );
  });
});

describe('variables', () => {
  const outer = { Type: 'Pass', Assign: { x: 1 }, Next: 'Both' };
  const both = (state: object, more: object): object => ({
    StartAt: 'Outer',
    States: { Outer: outer, Both: { Type: 'Parallel', Branches: [inside('In', state)], ...more } },
  });

  it('of an outer scope are read inside', async () => {
    const definition = both(pass({ Parameters: { 'x.$': '$x' } }), { End: true });

    expect(await endOf(definition)).toEqual([{ x: 1 }]);
  });

  it('of an outer scope are not assigned inside', async () => {
    expect(await endOf(both(pass({ Assign: { x: 2 } }), { End: true }))).toBe('States.Runtime');
  });

  it('are all evaluated before any is assigned', async () => {
    const definition = {
      StartAt: 'A',
      States: {
        A: { Type: 'Pass', Assign: { x: 1, y: 2 }, Next: 'B' },
        B: { Type: 'Pass', Assign: { 'x.$': '$y', 'y.$': '$x' }, Next: 'C' },
        C: pass({ Parameters: { 'x.$': '$x', 'y.$': '$y' } }),
      },
    };

    expect(await endOf(definition)).toEqual({ x: 2, y: 1 });
  });

  it('are assigned by a Catch from the error', async () => {
    const Catch = [
      { ErrorEquals: ['Bad'], Assign: { 'e.$': '$.Error' }, ResultPath: '$.caught', Next: 'Shown' },
    ];
    const Shown = pass({ Parameters: { 'e.$': '$e', 'cause.$': 'States.StringToJson($.caught.Cause)' } });

    expect(await endOf({ StartAt: 'Fails', States: { Fails: { ...TASK, Catch }, Shown } })).toEqual({
      e: 'Bad',
      cause: { a: 1 },
    });
  });
});

describe('a timeout in a branch', () => {
  it.each([
    ['States.Timeout', { Error: 'States.Timeout', Cause: '' }],
    ['States.TaskFailed', 'States.Timeout'],
  ])('meets a Catch of %s of the Parallel, or not', async (name, expected) => {
    const Both = {
      Type: 'Parallel',
      Branches: [
        inside('Hangs', { ...TASK, TimeoutSeconds: 5 }),
        inside('W', { Type: 'Wait', Seconds: 9, End: true }),
      ],
      Catch: [{ ErrorEquals: [name], Next: 'Caught' }],
      End: true,
    };

    expect(await endOf({ StartAt: 'Both', States: { Both, Caught: pass({}) } })).toEqual(expected);
  });
});

function intrinsic(call: string): object {
  return pass({ Parameters: { 'x.$': call } });
}

/** The output, or the error's name. */
async function endOf(definition: object): Promise<unknown> {
  count += 1;
  const { stateMachineArn } = await states.operations.createStateMachine!({
    name: `machine-${count}`,
    roleArn: 'arn:aws:iam::000000000000:role/r',
    definition: JSON.stringify(definition),
  });
  const input = '{"n":1,"list":[1,2,3]}';
  const { executionArn } = await states.operations.startExecution!({ stateMachineArn, input });
  await clock.turn(60_000);
  const { status, output, error } = await states.operations.describeExecution!({ executionArn });
  return withoutInput(status === 'SUCCEEDED' ? JSON.parse(String(output)) : error);
}

/** What a result was put into is of no interest. */
function withoutInput(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { n: _n, list: _list, ...rest } = value as Record<string, unknown>;
  return rest;
}
