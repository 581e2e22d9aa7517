// Resolves a value of the template: walks it, and replaces each intrinsic function by what it yields. What names
// mean comes from a scope, so that conditions, resources and outputs share this one walk.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
import { TemplateError } from './errors.ts';
import { INTRINSICS } from './intrinsics.ts';
import { isObject } from './model.ts';

/** What the names in a template stand for, at one place of it. */
export interface Scope {
  /** A parameter, a pseudo parameter or a resource. @throws TemplateError for an unknown name */
  ref(name: string, path: string): unknown;
  /** @throws TemplateError for an unknown resource or attribute */
  attribute(logicalId: string, attribute: string, path: string): unknown;
  /** @throws TemplateError for an unknown condition */
  condition(name: string, path: string): boolean;
  readonly mappings: Readonly<Record<string, unknown>>;
}

/** What `AWS::NoValue` yields: the property or list item that holds it is left out. */
export const NO_VALUE: unique symbol = Symbol('AWS::NoValue');

/** @param path the place of `value` in the template, for messages */
export function evaluate(value: unknown, scope: Scope, path: string): unknown {
  if (typeof value === 'string') return plainText(value, path);
  if (Array.isArray(value)) {
    return value
      .map((item, index) => evaluate(item, scope, `${path}[${index}]`))
      .filter((item) => item !== NO_VALUE);
  }
  if (!isObject(value)) return value;
  const name = intrinsicName(value);
  if (name === undefined) return evaluateObject(value, scope, path);
  const intrinsic = INTRINSICS[name];
  if (intrinsic === undefined) throw new TemplateError(path, `the function ${name} is not served here`);
  return intrinsic(value[name], scope, `${path}.${name}`);
}

/** The function that an object stands for: its only key is `Ref` or starts with `Fn::`. */
export function intrinsicName(value: Record<string, unknown>): string | undefined {
  const keys = Object.keys(value);
  const key = keys.length === 1 ? keys[0]! : '';
  return key === 'Ref' || key.startsWith('Fn::') ? key : undefined;
}

function evaluateObject(value: Record<string, unknown>, scope: Scope, path: string): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (key.startsWith('Fn::')) throw new TemplateError(path, `${key} must be the only key of its object`);
    const resolved = evaluate(member, scope, `${path}.${key}`);
    if (resolved !== NO_VALUE) result[key] = resolved;
  }
  return result;
}

function plainText(text: string, path: string): string {
  if (text.includes('{{resolve:'))
    throw new TemplateError(path, `dynamic references are not resolved here: ${text}`);
  return text;
}
