// Checks of the expressions in a state: every path and intrinsic function call, every JSONata expression parses.
import { isObject, type Json } from '../json/text.ts';
import {
  compileJsonata,
  isJsonata as isJsonataText,
  JsonataSyntaxError,
  UnsupportedReferenceError,
} from '../jsonata/expression.ts';
import { parsePathExpression } from '../paths/expression.ts';
import { type Path, parsePath } from '../paths/parse.ts';
import type { StateContext } from './check-state.ts';
import { list } from './check-state.ts';
import { compileState } from './compile.ts';
import type { Fields } from './fields.ts';

/** Fields that hold states of their own, checked where they stand. */
const NESTED = new Set(['ItemProcessor', 'Iterator', 'Branches']);

export function checkExpressions(state: Fields, context: StateContext): void {
  const before = context.findings.all.length;
  if (context.isJsonata) {
    for (const [field, value] of Object.entries(state)) {
      const seen = SEE_RESULT.has(field) && HAVE_RESULT.has(String(state.Type)) ? ['result'] : [];
      if (field === 'Catch') checkCatchers(list(value), context);
      else if (!NESTED.has(field)) checkJsonata(value, `${context.at}/${field}`, { ...context, seen });
    }
  } else checkPaths(state, context);
  if (context.findings.all.length === before) checkRest(state, context);
}

/** What the checks above do not know is told by the compiler's own words. */
function checkRest(state: Fields, { findings, at, isJsonata }: StateContext): void {
  if (findings.all.length > 0) return;
  try {
    compileState('state', state, isJsonata);
  } catch (thrown) {
    findings.schema(thrown instanceof Error ? thrown.message : String(thrown), at);
  }
}

/** `$states.result` and `$states.errorOutput` are only there where there is one. */
const SEE_RESULT = new Set(['Output', 'Assign']);
const HAVE_RESULT = new Set(['Task', 'Parallel', 'Map']);
const SOMETIMES_THERE = ['result', 'errorOutput'];

interface JsonataContext extends StateContext {
  /** Which of them the field sees. */
  readonly seen: readonly string[];
}

function checkCatchers(catchers: readonly Fields[], context: StateContext): void {
  for (const [index, catcher] of catchers.entries()) {
    for (const [field, value] of Object.entries(catcher)) {
      const seen = SEE_RESULT.has(field) ? ['errorOutput'] : [];
      checkJsonata(value, `${context.at}/Catch[${index}]/${field}`, { ...context, seen });
    }
  }
}

function checkJsonata(value: Json, at: string, context: JsonataContext): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkJsonata(item, `${at}[${index}]`, context);
  } else if (isObject(value)) {
    for (const [name, member] of Object.entries(value)) checkJsonata(member, `${at}/${name}`, context);
  } else if (isJsonataText(value)) checkOne(value, at, context);
}

function checkOne(text: string, at: string, { findings, seen }: JsonataContext): void {
  try {
    const { statesMembers } = compileJsonata(text);
    for (const member of SOMETIMES_THERE) {
      if (!statesMembers.has(member) || seen.includes(member)) continue;
      const message = `Reference to '$states.${member}' is not supported in this field.`;
      findings.error('UNSUPPORTED_JSONATA_EXPRESSION', message, at);
    }
  } catch (thrown) {
    if (thrown instanceof UnsupportedReferenceError) {
      findings.error('UNSUPPORTED_JSONATA_EXPRESSION', thrown.message, at);
    } else if (thrown instanceof JsonataSyntaxError) {
      findings.error('INVALID_JSONATA_EXPRESSION', thrown.message, at);
    } else throw thrown;
  }
}

const PATH_FIELDS = [
  'InputPath',
  'OutputPath',
  'ItemsPath',
  'SecondsPath',
  'TimestampPath',
  'TimeoutSecondsPath',
  'HeartbeatSecondsPath',
  'MaxConcurrencyPath',
  'ToleratedFailureCountPath',
  'ToleratedFailurePercentagePath',
];

const TEMPLATES = ['Parameters', 'ResultSelector', 'ItemSelector', 'Assign', 'Credentials'];

function checkPaths(state: Fields, context: StateContext): void {
  const { at } = context;
  for (const field of PATH_FIELDS) checkPath(state[field], `${at}/${field}`, context);
  checkResultPath(state.ResultPath, `${at}/ResultPath`, context);
  for (const field of ['ErrorPath', 'CausePath']) checkExpression(state[field], field, { ...context, at });
  for (const field of TEMPLATES) checkTemplate(state[field], `${at}/${field}`, context);
  for (const [index, rule] of list(state.Catch).entries()) {
    checkResultPath(rule.ResultPath, `${at}/Catch[${index}]/ResultPath`, context);
    checkTemplate(rule.Assign, `${at}/Catch[${index}]/Assign`, context);
  }
  for (const [index, rule] of list(state.Choices).entries())
    checkRule(rule, `${at}/Choices[${index}]`, context);
  for (const field of ['ItemReader', 'ResultWriter', 'ItemBatcher']) {
    const inner = state[field];
    if (!isObject(inner)) continue;
    checkTemplate(inner.Parameters, `${at}/${field}/Parameters`, context);
    checkTemplate(inner.BatchInput, `${at}/${field}/BatchInput`, context);
  }
}

function checkRule(rule: Fields, at: string, context: StateContext): void {
  checkPath(rule.Variable, `${at}/Variable`, context);
  checkTemplate(rule.Assign, `${at}/Assign`, context);
  for (const field of ['And', 'Or']) {
    for (const [index, inner] of list(rule[field]).entries())
      checkRule(inner, `${at}/${field}[${index}]`, context);
  }
  if (isObject(rule.Not)) checkRule(rule.Not, `${at}/Not`, context);
}

function checkPath(value: Json, at: string, { findings }: StateContext): void {
  if (value === undefined || value === null) return;
  if (typeof value === 'string' && parses(() => parsePath(value))) return;
  findings.schema('Value is not a Reference Path', at);
}

/** A place in the input, one that can be written to. https://states-language.net/spec.html#path */
function checkResultPath(value: Json, at: string, { findings }: StateContext): void {
  if (value === undefined || value === null) return;
  if (typeof value === 'string' && parses(() => parsePath(value)) && isReference(parsePath(value))) return;
  findings.schema('Value is not a Reference Path', at);
}

function isReference({ root, isDefinite, steps }: Path): boolean {
  return root === 'input' && isDefinite && steps.every((step) => step.kind !== 'length');
}

function checkExpression(value: Json, field: string, { findings, at }: StateContext): void {
  if (value === undefined) return;
  if (typeof value === 'string' && parses(() => parsePathExpression(value))) return;
  findings.schema(invalidExpression(field), at);
}

function invalidExpression(field: string): string {
  return `The value for the field '${field}' must be a valid JSONPath or a valid intrinsic function call`;
}

/** The location is the object that the field stands in. */
function checkTemplate(value: Json, at: string, context: StateContext): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkTemplate(item, `${at}[${index}]`, context);
  }
  if (!isObject(value)) return;
  for (const [name, member] of Object.entries(value)) {
    if (!name.endsWith('.$')) checkTemplate(member, `${at}/${name}`, context);
    else checkExpression(member ?? null, name, { ...context, at });
  }
}

function parses(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
