// JSONPath and intrinsic functions, with Jayway's rules and sentences.
import { describe, expect, it } from 'vitest';
import { evaluatePath } from '../../local/states/paths/evaluate.ts';
import { evaluateExpression, parsePathExpression } from '../../local/states/paths/expression.ts';
import { parsePath } from '../../local/states/paths/parse.ts';
import { compilePathTemplate } from '../../local/states/paths/template.ts';
import type { Scope } from '../../local/states/run/scope.ts';

const DOCUMENT = {
  store: {
    books: [
      { title: 'A', price: 5, tags: ['x'] },
      { title: 'B', price: 12 },
      { title: 'C', price: 20, tags: ['x', 'y'] },
    ],
    'odd name': 1,
  },
  empty: [],
};

describe('a path', () => {
  it.each([
    ['$', DOCUMENT],
    ['$.store.books[0].title', 'A'],
    ["$['store']['odd name']", 1],
    ['$.store.books[-1].title', 'C'],
    ['$.store.books[*].title', ['A', 'B', 'C']],
    ['$.store.books[0:2].price', [5, 12]],
    ['$.store.books[0,2].title', ['A', 'C']],
    ['$..price', [5, 12, 20]],
    ['$.store.books[?(@.price > 10)].title', ['B', 'C']],
    ["$.store.books[?(@.title == 'A' || @.price >= 20)].title", ['A', 'C']],
    ['$.store.books[?(@.tags)].title', ['A', 'C']],
    ['$.store.books[?(@.title =~ /[ab]/i)].title', ['A', 'B']],
    ['$.store.books.length()', 3],
    ['$.missing[*]', []],
    ['$.empty[*].x', []],
  ])('%s', (path, expected) => {
    expect(evaluatePath(DOCUMENT, parsePath(path))).toEqual(expected);
  });

  it.each([
    ['$.no', "No results for path: $['no']"],
    ['$.no.such', "Missing property in path $['no']"],
    ['$.store.books[7]', "No results for path: $['store']['books'][7]"],
  ])('%s leads nowhere', (path, sentence) => {
    expect(() => evaluatePath(DOCUMENT, parsePath(path))).toThrow(sentence);
  });

  it.each(['store', '$.', '$[', "$['a", '$.a[?(@.b ==)]'])('%s is no path', (path) => {
    expect(() => parsePath(path)).toThrow();
  });
});

describe('an intrinsic function', () => {
  it.each([
    ["States.Format('{} and \\{\\}', $.a)", 'x and {}'],
    ["States.Format('{}', $.object)", '{k=1, l=[]}'],
    ["States.StringSplit('a.b+c', '.+')", ['a', 'b', 'c']],
    ['States.MathAdd(1.5, 1.51)', 4],
    ['States.MathAdd(-1.5, 0)', -1],
    ['States.ArrayRange(1, 9, 4)', [1, 5, 9]],
    ["States.ArrayGetItem(States.Array('p', 'q'), 1)", 'q'],
    ["States.StringToJson('')", null],
    ['States.JsonMerge($.object, $.object, false)', { k: 1, l: [] }],
  ])('%s', (source, expected) => {
    expect(evaluateExpression(parsePathExpression(source), 'v.$', scope())).toEqual(expected);
  });

  it('fails with its own text in the sentence', () => {
    expect(() =>
      evaluateExpression(parsePathExpression('States.ArrayGetItem($.list, 5)'), 'v.$', scope()),
    ).toThrow("The function 'States.ArrayGetItem($.list, 5)' had the following error");
  });

  it.each(['States.Nope()', "States.Format('a", 'States.UUID(1)', "States.Format('\\x')"])(
    '%s is none',
    (source) => {
      expect(() => parsePathExpression(source)).toThrow();
    },
  );
});

describe('a payload template', () => {
  it('fills in what ends in .$ and leaves the rest', () => {
    const template = compilePathTemplate({
      plain: '$.a',
      'in.$': '$.a',
      deep: [{ 'v.$': '$x' }],
      'id.$': '$$.Execution',
    });

    expect(template(scope())).toEqual({ plain: '$.a', in: 'x', deep: [{ v: 7 }], id: 'e' });
  });

  it('names the field that leads nowhere', () => {
    expect(() => compilePathTemplate({ 'in.$': '$.nope' })(scope())).toThrow(
      "The JSONPath '$.nope' specified for the field 'in.$' could not be found in the input",
    );
  });
});

function scope(): Scope {
  return {
    input: { a: 'x', list: [1], object: { k: 1, l: [] } },
    variables: { x: 7 },
    context: () => ({ Execution: 'e' }),
  };
}
