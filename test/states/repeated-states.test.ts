// Two states of one name in one `States` object, which parsed JSON cannot show.
import { describe, expect, it } from 'vitest';
import { checkDefinition } from '../../local/states/definition/check.ts';

const PASS = { Type: 'Pass', End: true };

describe('states of one name in one object', () => {
  const twice = (inside: string): string => `{"StartAt":"A","States":{${inside}}}`;
  const pass = JSON.stringify(PASS);

  it.each([
    ['of the machine', twice(`"A":${pass},"A":${pass}`), '/States/A'],
    [
      'of a branch',
      twice(
        `"A":{"Type":"Parallel","End":true,"Branches":[{"StartAt":"B","States":{"B":${pass},"B":${pass}}}]}`,
      ),
      '/States/A/Branches[0]/States/B',
    ],
    ['that are spelt differently', twice(`"A":${pass},"\\u0041":${pass}`), '/States/A'],
  ])('are told, although the parsed definition has only one: %s', (_what, definition, location) => {
    expect(checkDefinition(definition, 'STANDARD')).toContainEqual({
      severity: 'ERROR',
      code: 'DUPLICATE_STATE_NAME',
      message: expect.stringMatching(/^Duplicate State name: [AB]$/),
      location,
    });
  });

  it('are only those of States objects', () => {
    const payload = '{"Type":"Pass","Result":{"States":{"x":1,"x":2}},"End":true}';

    expect(checkDefinition(twice(`"A":${payload}`), 'STANDARD')).toEqual([]);
  });
});
