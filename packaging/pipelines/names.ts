// The names that a pipeline's resources have in the template and on AWS, from those in its definition.
import type { StateMachine } from '../../statemachines/compile/asl.ts';
import { kebab, pascal } from '../../statemachines/names.ts';

export { endpointOf, kebab, pascal } from '../../statemachines/names.ts';

/** Every name starts with it; the Serverless Framework fills in the stage. */
export const PREFIX = `seriatim-\${sls:stage}-`;

/** `PreprocessHouseFunction` → the framework's id of the function `preprocess-house`. */
export function functionId(placeholder: string): string {
  const [first, ...rest] = kebab(placeholder.replace(/Function$/, '')).split('-');
  return `${pascal(first!)}${rest.map((word) => `Dash${word}`).join('')}LambdaFunction`;
}

export interface Placeholders {
  readonly functions: readonly string[];
  readonly endpoints: readonly string[];
  /** Real-time machines of nested pipelines, by their logical ids. */
  readonly machines: readonly string[];
  /** By their logical ids. */
  readonly buckets: readonly string[];
}

/** The placeholders of a compiled state machine, each once. */
export function placeholdersOf(machine: StateMachine): Placeholders {
  const names = new Set([...JSON.stringify(machine).matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name!));
  const ending = (end: string): string[] => [...names].filter((name) => name.endsWith(end));
  return {
    functions: ending('Function'),
    endpoints: ending('Endpoint'),
    machines: ending('StateMachine'),
    buckets: ending('Bucket'),
  };
}

/** An ARN in this account and region, the stage's prefix before the resource's name. */
export function arnOf(service: string, resource: string): { 'Fn::Sub': string } {
  return { 'Fn::Sub': `arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${resource}` };
}

/** Objects of the batch bucket, by a pattern over their keys. */
export function batchObjects(pattern: string): { 'Fn::Sub': string } {
  return { 'Fn::Sub': `arn:\${AWS::Partition}:s3:::${PREFIX}batch-\${AWS::AccountId}/${pattern}` };
}

/** Objects of the claim bucket, by a pattern over their keys. */
export function claimObjects(pattern: string): { 'Fn::Sub': string } {
  return { 'Fn::Sub': `arn:\${AWS::Partition}:s3:::${PREFIX}claims-\${AWS::AccountId}/${pattern}` };
}
