// The Conditions section: each is true or false before anything is created, from parameters and mappings alone.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
import { shown, TemplateError } from './errors.ts';
import { evaluate, type Scope } from './evaluate.ts';
import { isObject } from './model.ts';

/**
 * Every condition by name. They may name each other in any order.
 * @throws TemplateError for an unknown name, a circle, or a function that has no place here
 */
export function evaluateConditions(
  declared: Readonly<Record<string, unknown>>,
  scope: Omit<Scope, 'condition'>,
): ReadonlyMap<string, boolean> {
  const known = new Map<string, boolean>();
  const underWay: string[] = [];
  const condition = (name: string, path: string): boolean => {
    const before = known.get(name);
    if (before !== undefined) return before;
    if (!Object.hasOwn(declared, name)) throw new TemplateError(path, `there is no condition ${name}`);
    if (underWay.includes(name))
      throw new TemplateError(path, `conditions in a circle: ${[...underWay, name].join(' → ')}`);
    underWay.push(name);
    const holds = evaluateCondition(declared[name], { ...scope, condition }, `Conditions.${name}`);
    underWay.pop();
    known.set(name, holds);
    return holds;
  };
  for (const name of Object.keys(declared)) condition(name, 'Conditions');
  return known;
}

function evaluateCondition(value: unknown, scope: Scope, path: string): boolean {
  const [name, ...others] = isObject(value) ? Object.keys(value) : [];
  if (!isObject(value) || name === undefined || others.length > 0)
    throw new TemplateError(path, `expects one condition function, found ${shown(value)}`);
  const argument = value[name];
  const inner = `${path}.${name}`;
  switch (name) {
    case 'Condition':
      return scope.condition(String(argument), inner);
    case 'Fn::Equals':
      return equal(operands(argument, inner, 2), scope, inner);
    case 'Fn::Not':
      return !evaluateCondition(operands(argument, inner, 1)[0], scope, `${inner}[0]`);
    // Every operand is evaluated, so that a fault in a later one is not hidden by an earlier one.
    case 'Fn::And':
      return several(argument, scope, inner).every(Boolean);
    case 'Fn::Or':
      return several(argument, scope, inner).some(Boolean);
    default:
      throw new TemplateError(inner, 'is not a condition function');
  }
}

function several(argument: unknown, scope: Scope, path: string): boolean[] {
  return operands(argument, path).map((one, index) => evaluateCondition(one, scope, `${path}[${index}]`));
}

/** Numbers and booleans equal their text, as a parameter's value is always text. */
function equal(pair: readonly unknown[], scope: Scope, path: string): boolean {
  const [left, right] = pair.map((one, index) => evaluate(one, scope, `${path}[${index}]`));
  const comparable = (value: unknown): string =>
    typeof value === 'object' ? JSON.stringify(value) : String(value);
  return comparable(left) === comparable(right);
}

function operands(argument: unknown, path: string, count?: number): unknown[] {
  const fits =
    Array.isArray(argument) && (count === undefined ? argument.length >= 2 : argument.length === count);
  if (fits) return argument;
  throw new TemplateError(path, `expects a list of ${count ?? '2 to 10'}, found ${shown(argument)}`);
}
