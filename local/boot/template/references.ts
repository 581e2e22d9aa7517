// What a value of the template refers to, found without resolving it: the ground for checking names before anything
// is created, and for the order of creation.
import { intrinsicName } from './evaluate.ts';
import { readGetAtt } from './intrinsics.ts';
import { isObject } from './model.ts';
import { readSubstitution, splitAttribute } from './substitute.ts';

export interface Reference {
  readonly name: string;
  /** Set for `Fn::GetAtt` and `${Name.Attribute}`: only a resource has attributes. */
  readonly attribute?: string;
  /** Where the reference stands. */
  readonly path: string;
}

/** Tells which branch of an `Fn::If` is taken. Without it both are walked. */
export type ConditionAnswer = (name: string, path: string) => boolean;

export function* references(value: unknown, path: string, holds?: ConditionAnswer): Generator<Reference> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* references(item, `${path}[${index}]`, holds);
    return;
  }
  if (!isObject(value)) return;
  const name = intrinsicName(value);
  if (name === undefined) {
    for (const [key, member] of Object.entries(value)) yield* references(member, `${path}.${key}`, holds);
    return;
  }
  yield* ofIntrinsic(name, value[name], { path: `${path}.${name}`, holds });
}

interface Walk {
  readonly path: string;
  readonly holds: ConditionAnswer | undefined;
}

function* ofIntrinsic(name: string, argument: unknown, { path, holds }: Walk): Generator<Reference> {
  if (name === 'Ref') {
    if (typeof argument === 'string' && argument !== 'AWS::NoValue') yield { name: argument, path };
  } else if (name === 'Fn::GetAtt') {
    const { logicalId, attribute } = readGetAtt(argument, path);
    yield { name: logicalId, attribute: typeof attribute === 'string' ? attribute : 'Ref', path };
  } else if (name === 'Fn::Sub') {
    yield* ofSubstitution(argument, { path, holds });
  } else if (name === 'Fn::If' && Array.isArray(argument) && holds !== undefined) {
    const taken = holds(String(argument[0]), path) ? 1 : 2;
    yield* references(argument[taken], `${path}[${taken}]`, holds);
  } else {
    yield* references(argument, path, holds);
  }
}

function* ofSubstitution(argument: unknown, { path, holds }: Walk): Generator<Reference> {
  const { parts, variables } = readSubstitution(argument, path);
  yield* references(variables, `${path}[1]`, holds);
  for (const part of parts) {
    if ('text' in part || Object.hasOwn(variables, part.name)) continue;
    const { logicalId, attribute } = splitAttribute(part.name);
    yield attribute === undefined ? { name: logicalId, path } : { name: logicalId, attribute, path };
  }
}
