// Parameters with their defaults and what overrides them, and the pseudo parameters.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
import type { AwsPlace } from '../../service.ts';
import { shown, TemplateError } from './errors.ts';
import type { ParameterDeclaration } from './model.ts';

export interface StackIdentity {
  readonly place: AwsPlace;
  readonly stackName: string;
}

/**
 * Every parameter's value by name: text, or a list of texts for the list types.
 * @throws TemplateError for a parameter without a value, a value that is not allowed, or an override of no parameter
 */
export function parameterValues(
  declared: Readonly<Record<string, ParameterDeclaration>>,
  overrides: Readonly<Record<string, string>> = {},
): ReadonlyMap<string, unknown> {
  for (const name of Object.keys(overrides)) {
    if (!Object.hasOwn(declared, name))
      throw new TemplateError('Parameters', `there is no parameter ${name}`);
  }
  return new Map(
    Object.entries(declared).map(([name, parameter]) => [
      name,
      parameterValue(`Parameters.${name}`, parameter, overrides[name]),
    ]),
  );
}

/** `AWS::Region` and its like. `AWS::NoValue` is not a value and stands with `Ref`. */
export function pseudoParameters({ place, stackName }: StackIdentity): ReadonlyMap<string, unknown> {
  const stack = `${place.region}:${place.accountId}:stack/${stackName}`;
  return new Map<string, unknown>([
    ['AWS::AccountId', place.accountId],
    ['AWS::Region', place.region],
    ['AWS::Partition', place.partition],
    ['AWS::URLSuffix', 'amazonaws.com'],
    ['AWS::StackName', stackName],
    ['AWS::StackId', `arn:${place.partition}:cloudformation:${stack}/00000000-0000-0000-0000-000000000000`],
    ['AWS::NotificationARNs', []],
  ]);
}

function parameterValue(path: string, declared: ParameterDeclaration, override: string | undefined): unknown {
  const type = String(declared.Type ?? 'String');
  if (override === undefined && type.startsWith('AWS::SSM::'))
    throw new TemplateError(path, 'is read from Parameter Store, which is not served here; give it a value');
  const given = override ?? declared.Default;
  if (given === undefined) throw new TemplateError(path, 'has no default and no value was given');
  const text = String(given);
  const isList = type === 'CommaDelimitedList' || type.startsWith('List<');
  const values = isList ? text.split(',').map((item) => item.trim()) : [text];
  for (const value of values) checkValue(path, declared, value);
  return isList ? values : text;
}

function checkValue(path: string, declared: ParameterDeclaration, value: string): void {
  const { AllowedValues: allowed, AllowedPattern: pattern, ConstraintDescription: meant } = declared;
  if (allowed && !allowed.map(String).includes(value))
    throw new TemplateError(path, `${shown(value)} is not allowed: ${meant ?? allowed.join(', ')}`);
  if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`, 'u').test(value))
    throw new TemplateError(path, `${shown(value)} does not fit ${meant ?? pattern}`);
  const isNumeric = declared.Type === 'Number' || declared.Type === 'List<Number>';
  if (isNumeric && (value.trim() === '' || Number.isNaN(Number(value))))
    throw new TemplateError(path, `${shown(value)} is not a number`);
}
