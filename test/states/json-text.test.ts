// JSON text goes through the engine without a change, number literals included.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jacksonError } from '../../local/states/json/jackson.ts';
import {
  jsonEquals,
  numberOf,
  parseJson,
  plainNumbers,
  spacedText,
  textOf,
} from '../../local/states/json/text.ts';

const literal = fc.oneof(
  fc.constantFrom('0.0', '-0', '1.50', '1e5', '12345678901234567890', '0.1000000000000000055511151231257827'),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
);
const text = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    literal,
    fc.string().map((value) => JSON.stringify(value)),
    fc.constantFrom('true', 'false', 'null'),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
    fc
      .dictionary(
        fc.string({ minLength: 1, maxLength: 3 }).filter((key) => !/^\d+$|^__proto__$/.test(key)),
        tie('value'),
        { maxKeys: 3 },
      )
      .map(
        (members) =>
          `{${Object.entries(members)
            .map(([key, value]) => `${JSON.stringify(key)}:${value}`)
            .join(',')}}`,
      ),
  ),
})).value;

describe('JSON text', () => {
  it('comes out as it went in', () => {
    fc.assert(
      fc.property(text, (source) => {
        expect(textOf(parseJson(source))).toBe(source);
      }),
    );
  });

  it('has the same plain numbers as JSON.parse gives', () => {
    fc.assert(
      fc.property(text, (source) => {
        expect(plainNumbers(parseJson(source))).toEqual(JSON.parse(source));
      }),
    );
  });

  it('compares numbers by value', () => {
    expect(numberOf(parseJson('1.50'))).toBe(1.5);
    expect(jsonEquals(parseJson('[1.0, {"a": 2.0}]'), [1, { a: 2 }])).toBe(true);
  });

  it('is shown with spaces by TestState', () => {
    expect(spacedText({ a: [1, 'b'] })).toBe('{"a": [1, "b"]}');
  });
});

describe("Jackson's sentences", () => {
  it.each([
    [
      'not some json',
      "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
    ],
    [
      "{'not': 'json'",
      "Unexpected character (''' (code 39)): was expecting double-quote to start field name",
    ],
    ['', 'Invalid execution input.'],
    [
      '{"a" 1}',
      "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value",
    ],
    ['[1 2]', "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries"],
  ])('say what is wrong with %j', (source, sentence) => {
    expect(jacksonError(source)).toBe(sentence);
  });

  it('are given for exactly the texts that are no JSON', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          fc.string(),
          fc.string().map((s) => `{"a":${s}}`),
        ),
        (source) => {
          let isJson = true;
          try {
            JSON.parse(source);
          } catch {
            isJson = false;
          }
          expect(jacksonError(source) === undefined).toBe(isJson);
        },
      ),
    );
  });
});
