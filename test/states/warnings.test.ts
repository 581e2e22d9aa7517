// Warnings of definition checks: paths where no path is read. They never fail a definition.
import { describe, expect, it } from 'vitest';
import { turnedClock } from '../../local/clock.ts';
import { createStates } from '../../local/states/index.ts';

const pass = (fields: object): object => ({
  StartAt: 'A',
  States: { A: { Type: 'Pass', End: true, ...fields } },
});
const fail = (fields: object): object => ({ StartAt: 'A', States: { A: { Type: 'Fail', ...fields } } });
const choice = (rule: object): object => ({
  StartAt: 'A',
  States: { A: { Type: 'Choice', Choices: [{ Next: 'B', ...rule }], Default: 'B' }, B: { Type: 'Succeed' } },
});

describe('a definition whose paths are not read', () => {
  it.each([
    ['NO_DOLLAR', pass({ Parameters: { a: { b: '$.c' } } }), '/States/A/Parameters/a/b'],
    ['NO_DOLLAR', pass({ Parameters: { a: 'States.UUID()' } }), '/States/A/Parameters/a'],
    ['NO_DOLLAR', pass({ Assign: { a: '$$.Execution.Id' } }), '/States/A/Assign/a'],
    ['NO_PATH', fail({ Cause: '$.cause' }), '/States/A/Cause'],
    ['NO_PATH', choice({ Variable: '$.a', StringEquals: '$.b' }), '/States/A/Choices[0]/StringEquals'],
    [
      'NO_PATH',
      choice({ Not: { Variable: '$.a', StringEquals: '$.b' } }),
      '/States/A/Choices[0]/Not/StringEquals',
    ],
    ['PASS_RESULT_IS_STATIC', pass({ Result: { 'a.$': '$.b' } }), '/States/A/Result'],
  ])('is warned of with %s: %j', async (code, definition, location) => {
    const answer = await validated(definition, 'WARNING');

    expect(answer).toMatchObject({ result: 'OK', diagnostics: [{ severity: 'WARNING', code, location }] });
  });

  it('is passed over unless warnings are asked for', async () => {
    expect(await validated(pass({ Result: '$.a' }), undefined)).toMatchObject({
      result: 'OK',
      diagnostics: [],
    });
  });

  it.each([
    pass({ Parameters: { 'a.$': '$.b', price: '$5', name: 'States' } }),
    pass({ QueryLanguage: 'JSONata', Output: '$.a' }),
    choice({ Variable: '$.a', StringEqualsPath: '$.b' }),
    pass({ Result: 'costs $' }),
  ])('is not seen in %j', async (definition) => {
    expect(await validated(definition, 'WARNING')).toMatchObject({ result: 'OK', diagnostics: [] });
  });
});

async function validated(definition: object, severity: string | undefined): Promise<object> {
  const states = await createStates({ clock: turnedClock(0) });
  const input = { definition: JSON.stringify(definition), ...(severity === undefined ? {} : { severity }) };
  const answer = await states.operations.validateStateMachineDefinition!(input);
  await states.close();
  return answer;
}
