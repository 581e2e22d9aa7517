// The fast evaluator must never differ from the jsonata library: random expressions over random data.
import fc from 'fast-check';
import jsonata from 'jsonata';
import { describe, expect, it } from 'vitest';
import {
  compileJsonata,
  JsonataSyntaxError,
  UnsupportedReferenceError,
} from '../../local/states/jsonata/expression.ts';
import { BAIL, compileFast } from '../../local/states/jsonata/fast.ts';
import type { Scope } from '../../local/states/run/scope.ts';

const names = fc.constantFrom('a', 'b', 'c', 'toString', 'length');
const leaf = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ maxLength: 4 }),
  fc.boolean(),
  fc.constant(null),
);
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(names, tie('value'), { maxKeys: 3 }),
  ),
})).value;

const path = fc
  .tuple(
    fc.constantFrom('$states.input', '$x', '$states.result', '$missing'),
    fc.array(names, { maxLength: 3 }),
  )
  .map(([start, steps]) => [start, ...steps].join('.'));
const literal = fc.oneof(
  fc.integer({ min: 0, max: 9 }).map(String),
  fc.constantFrom('"s"', 'true', 'null', '-1'),
);
const expression = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small' },
    path,
    literal,
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('=', '!=', '<', '>=', '+', '*', '&', 'and', 'or'),
        tie('expression'),
      )
      .map(([left, operator, right]) => `(${left}) ${operator} (${right})`),
    fc
      .tuple(tie('expression'), tie('expression'), tie('expression'))
      .map(([a, b, c]) => `(${a}) ? (${b}) : (${c})`),
    fc.array(tie('expression'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `{"p": ${a}, "q": ${b}}`),
    fc
      .tuple(fc.constantFrom('$count', '$exists', '$not', '$length'), path)
      .map(([name, argument]) => `${name}(${argument})`),
  ),
})).expression;

describe('the fast evaluator', () => {
  it('gives what the library gives, or leaves it to the library', async () => {
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(expression, json, json, async (source, input, x) => {
        const parsed = jsonata(source);
        const fast = compileFast(parsed.ast());
        const value = fast?.(scope(input, x)) ?? BAIL;
        if (fast === undefined || value === BAIL) return;
        answered += 1;

        const expected = await parsed.evaluate(undefined, { x, states: { input, result: { a: input } } });

        expect(JSON.stringify(value)).toBe(JSON.stringify(expected));
      }),
      { numRuns: 3000 },
    );
    expect(answered).toBeGreaterThan(500);
  });

  it('answers the expressions that pipelines are made of', () => {
    const sources = [
      '$states.input.records',
      '$states.result.a',
      '{"a": $x.b, "n": 1}',
      '$x.a > 3 and $x.b = "s"',
    ];
    for (const source of sources) expect(compileFast(jsonata(source).ast())).toBeDefined();
  });
});

describe('an expression of a definition', () => {
  it('fails with the sentence that names it and its field', async () => {
    const compiled = compileJsonata('{% $states.input.missing %}');
    expect(() => compiled.evaluate(scope({}, 1), 'Output/v')).toThrow(
      "The JSONata expression '$states.input.missing' specified for the field 'Output/v' returned nothing (undefined).",
    );
  });

  it.each([
    ['$partition([1,2,3], 2)', [[1, 2], [3]]],
    ['$range(0, 10, 5)', [0, 5, 10]],
    ['$range(1, 9, 9)', 1],
    [
      '$hash("Hash this string", "SHA-256")',
      '1cac63f39fd68d8c531f27b807610fb3d50f0fc3f186995767fb6316e7200a3e',
    ],
    ['$parse("{\\"a\\":1}")', { a: 1 }],
  ])('has the functions that AWS adds: %s', async (source, expected) => {
    expect(await compileJsonata(`{% ${source} %}`).evaluate(scope({}, 1), 'Output')).toEqual(expected);
  });

  it('has no $eval', async () => {
    await expect(compileJsonata('{% $eval("1") %}').evaluate(scope({}, 1), 'Output')).rejects.toThrow(
      'T1006',
    );
  });

  it.each(['{% phone %}', '{% $ %}', '{% $$ %}', '{% a.b + 1 %}'])(
    'refers to nothing at the top level: %s',
    (source) => {
      expect(() => compileJsonata(source)).toThrow(UnsupportedReferenceError);
    },
  );

  it('is refused when it does not parse', () => {
    expect(() => compileJsonata('{% 1 + %}')).toThrow(JsonataSyntaxError);
  });
});

function scope(input: unknown, x: unknown): Scope {
  return { input, result: { a: input }, variables: { x }, context: () => ({}) };
}
