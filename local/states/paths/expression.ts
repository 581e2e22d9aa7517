// One JSONPath expression of a definition, compiled: a path, or an intrinsic function call. Its failures carry the
// sentences that AWS gives for the field it stands in.
import { IntrinsicFailure } from '../intrinsics/functions.ts';
import { type IntrinsicArgument, type IntrinsicCall, parseIntrinsic } from '../intrinsics/parse.ts';
import { type Json, textOf } from '../json/text.ts';
import { FieldFailure } from '../run/failure.ts';
import type { Scope } from '../run/scope.ts';
import { evaluatePath, PathNotFoundError } from './evaluate.ts';
import { type Path, parsePath } from './parse.ts';

export type PathExpression =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'call'; readonly call: IntrinsicCall };

/** A path or an intrinsic function call. @throws TextSyntaxError, PathSyntaxError */
export function parsePathExpression(text: string): PathExpression {
  return text.trim().startsWith('$')
    ? { kind: 'path', path: parsePath(text) }
    : { kind: 'call', call: parseIntrinsic(text) };
}

/** The document that a path starts from. */
export function rootOf(path: Path, scope: Scope): Json {
  if (path.root === 'context') return scope.context();
  if (path.root === 'input') return scope.input;
  if (path.name in scope.variables) return scope.variables[path.name];
  throw new PathNotFoundError(`The variable $${path.name} is not defined`);
}

/**
 * The value of a template's or a `…Path` field's expression.
 * @throws FieldFailure States.Runtime naming the field, States.IntrinsicFailure
 */
export function evaluateExpression(expression: PathExpression, field: string, scope: Scope): Json {
  if (expression.kind === 'call') return call(expression.call, scope);
  try {
    return evaluatePath(rootOf(expression.path, scope), expression.path);
  } catch (thrown) {
    if (!(thrown instanceof PathNotFoundError)) throw thrown;
    throw new FieldFailure('States.Runtime', missing(expression.path, field, scope));
  }
}

function missing(path: Path, field: string, scope: Scope): string {
  return `The JSONPath '${path.text}' specified for the field '${field}' could not be found in the input '${textOf(path.root === 'context' ? scope.context() : scope.input)}'`;
}

/**
 * `InputPath`, `OutputPath` and their like, whose sentence is Jayway's own.
 * @throws FieldFailure States.Runtime
 */
export function evaluatePlainPath(path: Path, scope: Scope): Json {
  try {
    return evaluatePath(rootOf(path, scope), path);
  } catch (thrown) {
    if (!(thrown instanceof PathNotFoundError)) throw thrown;
    throw new FieldFailure('States.Runtime', `Invalid path '${path.text}' : ${thrown.message}`);
  }
}

function call(intrinsic: IntrinsicCall, scope: Scope): Json {
  const args = intrinsic.args.map((argument) => argumentValue(argument, intrinsic, scope));
  try {
    return intrinsic.run(args);
  } catch (thrown) {
    if (!(thrown instanceof IntrinsicFailure)) throw thrown;
    const detail = `The function '${intrinsic.text}' had the following error: ${thrown.message}`;
    throw new FieldFailure('States.IntrinsicFailure', detail);
  }
}

function argumentValue(argument: IntrinsicArgument, intrinsic: IntrinsicCall, scope: Scope): Json {
  if (argument.kind === 'value') return argument.value;
  if (argument.kind === 'call') return call(argument.call, scope);
  try {
    return evaluatePath(rootOf(argument.path, scope), argument.path);
  } catch (thrown) {
    if (!(thrown instanceof PathNotFoundError)) throw thrown;
    const detail = `The function '${intrinsic.text}' had the following error: The JsonPath argument for the field '${argument.path.text}' could not be found in the input '${textOf(scope.input)}'`;
    throw new FieldFailure('States.Runtime', detail);
  }
}
