// The runtime's constraints on an invocation's members, in AWS's words.
import { validationError } from './errors.ts';
import type { Invocation } from './invocation.ts';

const LIMITS: readonly (readonly [keyof Invocation, number])[] = [
  ['contentType', 1024],
  ['accept', 1024],
  ['customAttributes', 1024],
  ['inferenceId', 64],
  ['sessionId', 256],
];

/** @throws AwsError ValidationError */
export function checkMembers(invocation: Invocation): void {
  for (const [member, max] of LIMITS) {
    const value = invocation[member];
    if (value === undefined || (value as string).length <= max) continue;
    throw validationError(
      `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must have length less than or equal to ${max}`,
    );
  }
}
