// Names go from a definition to the template and back.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endpointOf, kebab, pascal } from '../../statemachines/names.ts';

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/);
const name = fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join('-'));

describe('a name', () => {
  it('comes back from an identifier as it was, words of one letter included', () => {
    fc.assert(
      fc.property(name, (given) => {
        expect(kebab(pascal(given))).toBe(given);
        expect(endpointOf(`${pascal(given)}Endpoint`)).toBe(given);
      }),
    );
  });
});
