// Filter patterns, each with lines it takes and lines it leaves.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFilterPattern } from '../../local/logs/filter-pattern.ts';

const LINE =
  '{"level":"ERROR","ms":21.5,"user":{"name":"ann","tags":["x","y"]},"ok":true,"gone":null,"a-b":"c"}';

describe('terms', () => {
  it.each([
    ['', 'anything', true],
    ['ERROR', 'an ERROR here', true],
    ['ERROR', 'an error here', false],
    ['ERROR timeout', 'timeout ERROR', true],
    ['ERROR timeout', 'ERROR only', false],
    ['"two words"', 'with two words in it', true],
    ['"two words"', 'words two', false],
    ['"say \\"hi\\""', 'they say "hi"', true],
    ['?ERROR ?WARN', 'a WARN', true],
    ['?ERROR ?WARN', 'an INFO', false],
    ['ERROR -ignored', 'ERROR ignored', false],
    ['ERROR -"not this"', 'ERROR that', true],
    ['%\\d{3} ms%', 'took 123 ms', true],
    ['%\\d{3} ms%', 'took 12 ms', false],
    ['[INFO]x', 'x', undefined],
    ['%(%', 'x', undefined],
    ['"open', 'x', undefined],
  ])('%s on %s: %s', (pattern, line, expected) => {
    if (expected === undefined)
      expect(() => parseFilterPattern(pattern)).toThrow(
        expect.objectContaining({ name: 'InvalidParameterException' }),
      );
    else expect(parseFilterPattern(pattern).matches(line)).toBe(expected);
  });
});

describe('JSON selectors', () => {
  it.each([
    ['{ $.level = "ERROR" }', true],
    ['{$.level="ERROR"}', true],
    ['{ $.level = ERR* }', true],
    ['{ $.level = "WARN" }', false],
    ['{ $.level != "WARN" }', true],
    ['{ $.absent != "WARN" }', false],
    ['{ $.ms > 20 }', true],
    ['{ $.ms >= 21.5 && $.ms <= 21.5 }', true],
    ['{ $.ms < 20 || $.user.name = "ann" }', true],
    ['{ $.ms = 21.5 }', true],
    ['{ $.user.tags[1] = "y" }', true],
    ['{ $.user["name"] = ann }', true],
    ['{ $.a-b = "c" }', true],
    ['{ $.ok IS TRUE }', true],
    ['{ $.ok IS FALSE }', false],
    ['{ $.gone IS NULL }', true],
    ['{ $.absent IS NULL }', false],
    ['{ $.absent NOT EXISTS }', true],
    ['{ $.level = %^ERR% }', true],
    ['{ ($.level = "WARN" || $.ms > 1) && $.ok IS TRUE }', true],
    ['{ $.level = "WARN" || $.ms > 1 && $.ok IS FALSE }', false],
  ])('%s: %s', (pattern, expected) => {
    expect(parseFilterPattern(pattern).matches(LINE)).toBe(expected);
  });

  it('never takes a line that is not JSON', () => {
    expect(parseFilterPattern('{ $.a NOT EXISTS }').matches('plain {')).toBe(false);
  });

  it.each([
    '{',
    '{ $.a }',
    '{ $.a = }',
    '{ $.a > "x" }',
    '{ $.a = 1',
    '{ ($.a = 1 }',
    '{ $.a = 1 } x',
    '{ a = 1 }',
    '{ $.a = %(% }',
  ])('refuses %s', (pattern) => {
    expect(() => parseFilterPattern(pattern)).toThrow(
      expect.objectContaining({ name: 'InvalidParameterException' }),
    );
  });

  it('finds any text that is quoted as a term, and any value by its selector', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (text, around) => {
        const quoted = `"${text.replace(/["\\]/g, '\\$&')}"`;
        expect(parseFilterPattern(quoted).matches(around + text)).toBe(true);
        expect(parseFilterPattern(`{ $.v = ${quoted} }`).matches(JSON.stringify({ v: text }))).toBe(true);
      }),
    );
  });

  it('either parses a pattern or refuses it', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[{}()$.a\d"%=!<>&| ?-]*$/), (pattern) => {
        try {
          expect(typeof parseFilterPattern(pattern).matches(LINE)).toBe('boolean');
        } catch (thrown) {
          expect(thrown).toMatchObject({ name: 'InvalidParameterException' });
        }
      }),
    );
  });
});
