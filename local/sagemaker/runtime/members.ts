// The runtime's constraints on an invocation's members, in AWS's words.
import { validationError } from './errors.ts';
import type { Invocation } from './invocation.ts';

const LIMITS: readonly (readonly [keyof CheckedMembers, number])[] = [
  ['contentType', 1024],
  ['accept', 1024],
  ['customAttributes', 1024],
  ['inferenceId', 64],
  ['sessionId', 256],
];

/** What a header can carry on to the container. */
const PRINTABLE = /^[\x20-\x7e]*$/;

type CheckedMembers = Pick<Invocation, 'contentType' | 'accept' | 'customAttributes' | 'inferenceId'> &
  Partial<Pick<Invocation, 'sessionId'>>;

/** @throws AwsError ValidationError */
export function checkMembers(invocation: CheckedMembers): void {
  const { inferenceId, customAttributes } = invocation;
  if (inferenceId === '')
    throw validationError(
      "1 validation error detected: Value '' at 'inferenceId' failed to satisfy constraint: Member must have length greater than or equal to 1",
    );
  if (customAttributes !== undefined && !PRINTABLE.test(customAttributes))
    throw validationError(
      `1 validation error detected: Value ${JSON.stringify(customAttributes)} at 'customAttributes' failed to satisfy constraint: Member must consist of visible US-ASCII characters`,
    );
  for (const [member, max] of LIMITS) {
    const value = invocation[member];
    if (value === undefined || (value as string).length <= max) continue;
    throw validationError(
      `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must have length less than or equal to ${max}`,
    );
  }
}
