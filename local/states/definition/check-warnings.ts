// What is allowed and hardly meant: paths where no path is read. The codes are AWS's, the sentences ours.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinitionDiagnostic.html
import { isObject, type Json } from '../json/text.ts';
import { list, type StateContext } from './check-state.ts';
import type { Fields } from './fields.ts';

/** A path of the input, of the context object, or a call of an intrinsic function. */
const PATH = /^\$\$?(?:[.[]|$)/;
const INTRINSIC = /^States\.[A-Za-z0-9]+\(.*\)$/s;

/** Payload templates of JSONPath: a member is only evaluated when its name ends in `.$`. */
const TEMPLATES = ['Parameters', 'ResultSelector', 'ItemSelector', 'Assign'];

/** In a JSONata state nothing is read as a path, and a text that looks like one may well be meant. */
export function checkWarnings(state: Fields, context: StateContext): void {
  if (context.isJsonata) return;
  const { findings, at } = context;
  for (const field of TEMPLATES) checkTemplate(state[field], `${at}/${field}`, context);
  if (state.Type === 'Pass' && holdsPath(state.Result)) {
    const message = "The field 'Result' is static: the path in it is not evaluated";
    findings.warning('PASS_RESULT_IS_STATIC', message, `${at}/Result`);
  }
  if (state.Type === 'Fail') checkPaths(state, ['Error', 'Cause'], context);
  for (const [index, rule] of list(state.Choices).entries()) {
    checkRulePaths(rule, { ...context, at: `${at}/Choices[${index}]` });
  }
}

function checkTemplate(value: Json, at: string, context: StateContext): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkTemplate(item, `${at}[${index}]`, context);
  }
  if (!isObject(value)) return;
  for (const [name, member] of Object.entries(value)) {
    if (!name.endsWith('.$') && looksEvaluated(member)) {
      const message = `The value of '${name}' looks like a JSONPath or an intrinsic function, but the name does not end with '.$'`;
      context.findings.warning('NO_DOLLAR', message, `${at}/${name}`);
    }
    checkTemplate(member, `${at}/${name}`, context);
  }
}

function checkRulePaths(rule: Fields, context: StateContext): void {
  const operators = Object.keys(rule).filter((name) => !['Variable', 'Comment', 'Next'].includes(name));
  checkPaths(rule, operators, context);
  for (const name of ['And', 'Or']) {
    for (const [index, inner] of list(rule[name]).entries()) {
      checkRulePaths(inner, { ...context, at: `${context.at}/${name}[${index}]` });
    }
  }
  if (isObject(rule.Not)) checkRulePaths(rule.Not, { ...context, at: `${context.at}/Not` });
}

function checkPaths(fields: Fields, names: readonly string[], { findings, at }: StateContext): void {
  for (const name of names) {
    if (name.endsWith('Path') || !looksEvaluated(fields[name])) continue;
    const message = `The value of '${name}' looks like a path, but the name does not end with 'Path'`;
    findings.warning('NO_PATH', message, `${at}/${name}`);
  }
}

function looksEvaluated(value: Json): boolean {
  return typeof value === 'string' && (PATH.test(value) || INTRINSIC.test(value));
}

function holdsPath(value: Json): boolean {
  if (isObject(value) || Array.isArray(value)) return Object.values(value).some(holdsPath);
  return looksEvaluated(value);
}
