// The intrinsic functions, one small function each. Arguments are resolved first, save where CloudFormation takes
// only one branch (`Fn::If`) or wants names as they stand (`Ref`, `Fn::GetAtt`).
import { shown, TemplateError } from './errors.ts';
import { evaluate, NO_VALUE, type Scope } from './evaluate.ts';
import { isObject } from './model.ts';
import { readSubstitution, splitAttribute } from './substitute.ts';

type Intrinsic = (argument: unknown, scope: Scope, path: string) => unknown;

export const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  Ref: (argument, scope, path) => {
    if (argument === 'AWS::NoValue') return NO_VALUE;
    if (typeof argument !== 'string')
      throw new TemplateError(path, `expects a name, found ${shown(argument)}`);
    return scope.ref(argument, path);
  },
  'Fn::GetAtt': (argument, scope, path) => {
    const { logicalId, attribute } = readGetAtt(argument, path);
    const name = typeof attribute === 'string' ? attribute : text(evaluate(attribute, scope, path), path);
    return scope.attribute(logicalId, name, path);
  },
  'Fn::Sub': substitute,
  'Fn::Join': join,
  'Fn::Select': select,
  'Fn::Split': (argument, scope, path) => {
    const [delimiter, whole] = list(evaluate(argument, scope, path), 2, path);
    if (text(delimiter, path) === '') throw new TemplateError(path, 'the delimiter is empty');
    return text(whole, path).split(text(delimiter, path));
  },
  'Fn::If': (argument, scope, path) => {
    const [condition, whenTrue, whenFalse] = list(argument, 3, path);
    const holds = scope.condition(text(condition, path), path);
    return evaluate(holds ? whenTrue : whenFalse, scope, `${path}[${holds ? 1 : 2}]`);
  },
  'Fn::FindInMap': findInMap,
  'Fn::Base64': (argument, scope, path) =>
    Buffer.from(text(evaluate(argument, scope, path), path)).toString('base64'),
  'Fn::GetAZs': (argument, scope, path) => {
    const region = text(evaluate(argument, scope, path), path) || scope.ref('AWS::Region', path);
    return ['a', 'b', 'c'].map((zone) => `${region}${zone}`);
  },
  'Fn::ImportValue': (argument, _scope, path) => {
    const problem = `${shown(argument)} is exported by another stack, and only this template is booted here`;
    throw new TemplateError(path, `${problem}; make it a parameter with a default`);
  },
  ...Object.fromEntries(['Equals', 'And', 'Or', 'Not'].map((name) => [`Fn::${name}`, onlyInConditions])),
};

/** Both forms: `"Logical.Attribute"` and `["Logical", "Attribute"]`. */
export function readGetAtt(argument: unknown, path: string): { logicalId: string; attribute: unknown } {
  if (typeof argument === 'string') {
    const { logicalId, attribute } = splitAttribute(argument);
    if (attribute !== undefined) return { logicalId, attribute };
  }
  if (Array.isArray(argument) && argument.length === 2 && typeof argument[0] === 'string')
    return { logicalId: argument[0], attribute: argument[1] };
  throw new TemplateError(
    path,
    `expects "Resource.Attribute" or a list of the two, found ${shown(argument)}`,
  );
}

function substitute(argument: unknown, scope: Scope, path: string): string {
  const { parts, variables } = readSubstitution(argument, path);
  return parts
    .map((part) => {
      if ('text' in part) return part.text;
      if (Object.hasOwn(variables, part.name))
        return text(evaluate(variables[part.name], scope, `${path}[1].${part.name}`), path);
      const { logicalId, attribute } = splitAttribute(part.name);
      const value =
        attribute === undefined ? scope.ref(logicalId, path) : scope.attribute(logicalId, attribute, path);
      return text(value, path);
    })
    .join('');
}

function join(argument: unknown, scope: Scope, path: string): string {
  const [delimiter, items] = list(evaluate(argument, scope, path), 2, path);
  if (!Array.isArray(items)) throw new TemplateError(path, `expects a list to join, found ${shown(items)}`);
  return items.map((item) => text(item, path)).join(text(delimiter, path));
}

function select(argument: unknown, scope: Scope, path: string): unknown {
  const [index, items] = list(evaluate(argument, scope, path), 2, path);
  if (!Array.isArray(items))
    throw new TemplateError(path, `expects a list to select from, found ${shown(items)}`);
  const at = Number(text(index, path));
  if (!Number.isInteger(at) || at < 0 || at >= items.length)
    throw new TemplateError(path, `index ${shown(index)} is outside a list of ${items.length}`);
  return items[at];
}

function findInMap(argument: unknown, scope: Scope, path: string): unknown {
  const keys = list(evaluate(argument, scope, path), 3, path).map((key) => text(key, path));
  let found: unknown = scope.mappings;
  for (const key of keys) {
    if (!isObject(found) || !Object.hasOwn(found, key))
      throw new TemplateError(path, `the mapping ${keys.join('.')} does not exist: there is no ${key}`);
    found = found[key];
  }
  return found;
}

function onlyInConditions(_argument: unknown, _scope: Scope, path: string): never {
  throw new TemplateError(path, 'stands in the Conditions section only');
}

function list(value: unknown, length: number, path: string): unknown[] {
  if (Array.isArray(value) && value.length === length) return value;
  throw new TemplateError(path, `expects a list of ${length}, found ${shown(value)}`);
}

/** Text, or a number or boolean as text: what CloudFormation lets stand where a string is asked for. */
function text(value: unknown, path: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const found = value === NO_VALUE ? 'AWS::NoValue' : shown(value);
  throw new TemplateError(path, `expects text, found ${found}`);
}
