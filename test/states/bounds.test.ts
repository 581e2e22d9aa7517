// What must not hold up the engine: endless patterns, recursion, texts. Only the execution that has them fails.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { States } from '../../local/states/api.ts';
import { matchesWildcards } from '../../local/states/definition/wildcard.ts';
import { createStates } from '../../local/states/index.ts';

const roleArn = 'arn:aws:iam::000000000000:role/r';
const SLOW = 'a'.repeat(40);
let states: States;
let count = 0;

beforeAll(async () => {
  states = await createStates();
});

afterAll(() => states.close());

async function run(state: object, input: unknown, language = 'JSONPath'): Promise<Record<string, unknown>> {
  const definition = JSON.stringify({ QueryLanguage: language, StartAt: 'A', States: { A: state } });
  count += 1;
  const { stateMachineArn } = await states.operations.createStateMachine!({
    name: `m${count}`,
    roleArn,
    type: 'EXPRESS',
    definition,
  });
  return states.operations.startSyncExecution!({ stateMachineArn, input: JSON.stringify(input) });
}

const jsonata = (expression: string): object => ({
  Type: 'Pass',
  QueryLanguage: 'JSONata',
  Output: `{% ${expression} %}`,
  End: true,
});

describe('StringMatches', () => {
  it('with many stars is decided at once', () => {
    expect(matchesWildcards('a'.repeat(20_000), `${'*a'.repeat(20)}*b`)).toBe(false);
    expect(matchesWildcards(`${'a'.repeat(20_000)}b`, `${'*a'.repeat(20)}*b`)).toBe(true);
  });

  it('with a long text between two stars is decided at once', () => {
    const text = 'a'.repeat(131_072);

    expect(matchesWildcards(text, `*b${text.slice(1)}*`)).toBe(false);
    expect(matchesWildcards(`${text}b${text}`, `*b${text}*`)).toBe(true);
  });

  it.each([
    ['log-*.txt', 'log-1.txt', true],
    ['log-*.txt', 'log-1.txt ', false],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['a\\\\*', 'a\\bc', true],
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['a\\b', 'a\\b', true],
  ])('%s against %s', (pattern, text, expected) => {
    expect(matchesWildcards(text, pattern)).toBe(expected);
  });

  it('agrees with a regular expression', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 });
    fc.assert(
      fc.property(text, pattern, (value, stars) => {
        expect(matchesWildcards(value, stars)).toBe(
          new RegExp(`^${stars.replaceAll('*', '[^]*')}$`).test(value),
        );
      }),
    );
  });
});

describe('a regular expression that backtracks without end', () => {
  it.each([
    ['in JSONata is decided in linear time', '/^(a+)+$/', false],
    ['that needs no more than a look', '/^(?=a)a+!$/', true],
  ])('%s', async (_name, pattern, expected) => {
    const answer = await run(jsonata(`$contains($states.input, ${pattern})`), `${SLOW}!`);

    expect(answer).toMatchObject({ status: 'SUCCEEDED', output: String(expected) });
  });

  it.each(['/^(?=a)(a+)+$/', '/^(a+)+$/i'])('%s fails its execution', async (pattern) => {
    const answer = await run(jsonata(`$contains($states.input, ${pattern})`), `${SLOW}!`);

    expect(answer).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
    expect(answer.cause).toContain('D1012: Evaluation timeout after 250 milliseconds');
  });

  it('in a JSONPath filter is decided too', async () => {
    const state = { Type: 'Pass', InputPath: '$[?(@.s =~ /(a+)+/)]', End: true };

    expect(await run(state, [{ s: `${SLOW}!` }, { s: 'aa' }])).toMatchObject({ output: '[{"s":"aa"}]' });
  });
});

describe('variables', () => {
  const big = (count: number): string => `{% $pad("", ${count}, "x") %}`;

  it('of more than 256 KiB in one Assign fail the state', async () => {
    const state = { Type: 'Pass', QueryLanguage: 'JSONata', End: true };

    expect(await run({ ...state, Assign: { a: big(262_142) }, Output: 1 }, {})).toMatchObject({
      output: '1',
    });
    expect(
      await run({ ...state, Assign: { a: big(131_072), b: big(131_072) }, Output: 1 }, {}),
    ).toMatchObject({
      status: 'FAILED',
      error: 'States.DataLimitExceeded',
    });
  });

  it.each([
    [40, 'SUCCEEDED'],
    [42, 'FAILED'],
  ])('of 10 MiB are the most: %i of 250 KiB', async (count, status) => {
    const states = Object.fromEntries(
      Array.from({ length: count }, (_, n) => [
        `S${n}`,
        {
          Type: 'Pass',
          Assign: { [`v${n}`]: big(256_000) },
          ...(n === count - 1 ? { End: true } : { Next: `S${n + 1}` }),
        },
      ]),
    );
    const branch = { StartAt: 'S0', States: states };

    const state = { Type: 'Parallel', QueryLanguage: 'JSONata', Branches: [branch], End: true };
    expect(await run(state, {}, 'JSONata')).toMatchObject({ status });
  });

  it('that are assigned again do not count twice', async () => {
    const Loop = {
      Type: 'Pass',
      Assign: { n: '{% $n + 1 %}', v: big(256_000) },
      Next: 'Again',
    };
    const Again = { Type: 'Choice', Choices: [{ Condition: '{% $n < 60 %}', Next: 'Loop' }], Default: 'End' };
    const Start = { Type: 'Pass', Assign: { n: 0 }, Next: 'Loop' };
    const branch = { StartAt: 'Start', States: { Start, Loop, Again, End: { Type: 'Succeed' } } };

    const state = { Type: 'Parallel', Branches: [branch], End: true };
    expect(await run(state, {}, 'JSONata')).toMatchObject({ status: 'SUCCEEDED' });
  });
});

describe('data nested too deeply', () => {
  it('fails in a sentence, without the words of the machine that runs it', async () => {
    const input = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const definition = JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Pass', End: true } } });
    for (const type of ['STANDARD', 'EXPRESS']) {
      const name = `deep-${type}`;
      const { stateMachineArn } = await states.operations.createStateMachine!({
        name,
        roleArn,
        type,
        definition,
      });
      const answer =
        type === 'EXPRESS'
          ? await states.operations.startSyncExecution!({ stateMachineArn, input })
          : await states.operations.describeExecution!(
              await states.operations.startExecution!({ stateMachineArn, input }),
            );

      expect(answer).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
      expect(answer.cause).toMatch(/nested too deeply$/);
    }
  });
});

describe('an expression without end', () => {
  it('lets the others go on', async () => {
    const begunMs = performance.now();
    const endless = run(jsonata('($f := function($n) { $f($n + 1) }; $f(0))'), {});
    await run(jsonata('$uppercase("a")'), {});
    const besideMs = performance.now() - begunMs;

    expect(await endless).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
    expect(besideMs).toBeLessThan((performance.now() - begunMs) / 2);
  }, 20_000);

  it.each(['$pad("a", 500000000)', '$reduce([1..40], function($a, $b) { $a & $a }, "a")'])(
    '%s makes no text too long',
    async (expression) => {
      expect(await run(jsonata(expression), {})).toMatchObject({
        status: 'FAILED',
        error: 'States.QueryEvaluationError',
      });
    },
  );

  it('pads as the library does', async () => {
    expect(await run(jsonata('[$pad("é", 4, "-=") , $pad("x", -3), $pad("abc", 2)]'), {})).toMatchObject({
      output: '["é-=-","  x","abc"]',
    });
  });
});
