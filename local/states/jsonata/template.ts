// JSONata in a JSON value (`Arguments`, `Output`, `Assign` …): every string `{% … %}` inside it is an expression.
// A failure names the place of the string: `Output/a/b[0]`.
import { isObject, type Json } from '../json/text.ts';
import { andThen, type MaybePromise, type Scope } from '../run/scope.ts';
import { compileJsonata, isJsonata } from './expression.ts';

export type JsonataTemplate = (scope: Scope) => MaybePromise<Json>;

/** @param field the place of the value in the state, such as `Output` @throws JsonataSyntaxError */
export function compileJsonataTemplate(template: Json, field: string): JsonataTemplate {
  if (isJsonata(template)) {
    const expression = compileJsonata(template);
    return (scope) => expression.evaluate(scope, field);
  }
  if (!isDynamic(template)) return () => template;
  if (Array.isArray(template)) return compileArray(template, field);
  return compileObject(template as Record<string, Json>, field);
}

function compileArray(template: readonly Json[], field: string): JsonataTemplate {
  const items = template.map((item, index) => compileJsonataTemplate(item, `${field}[${index}]`));
  return (scope) => fill(items, [] as Json[], (result, value) => result.push(value), scope);
}

function compileObject(template: Record<string, Json>, field: string): JsonataTemplate {
  const names = Object.keys(template);
  const members = names.map((name) => compileJsonataTemplate(template[name], `${field}/${name}`));
  const put = (result: Record<string, Json>, value: Json, index: number): void => {
    result[names[index]!] = value;
  };
  return (scope) => fill(members, {}, put, scope);
}

/** Evaluates one part after the other; goes asynchronous only at the first part that needs it. */
function fill<T>(
  parts: readonly JsonataTemplate[],
  result: T,
  put: (result: T, value: Json, index: number) => void,
  scope: Scope,
  from = 0,
): MaybePromise<T> {
  for (let index = from; index < parts.length; index += 1) {
    const value = parts[index]!(scope);
    if (value instanceof Promise) {
      return value.then((settled) => {
        put(result, settled, index);
        return fill(parts, result, put, scope, index + 1);
      });
    }
    put(result, value, index);
  }
  return result;
}

function isDynamic(template: Json): boolean {
  if (Array.isArray(template)) return template.some(isDynamic);
  return isObject(template) ? Object.values(template).some(isDynamic) : isJsonata(template);
}

/** A field that may be an expression and must be of one type, such as `TimeoutSeconds`. */
export function compileJsonataField<T>(
  value: Json,
  field: string,
  check: (value: Json) => T,
): (scope: Scope) => MaybePromise<T> {
  const template = compileJsonataTemplate(value, field);
  return (scope) => andThen(template(scope), check);
}
