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
      `1 validation error detected: Value '${shown(customAttributes)}' at 'customAttributes' failed to satisfy constraint: Member must consist of visible US-ASCII characters`,
    );
  for (const [member, max] of LIMITS) {
    const value = invocation[member];
    if (value === undefined || (value as string).length <= max) continue;
    throw validationError(
      `1 validation error detected: Value '${shown(String(value))}' at '${member}' failed to satisfy constraint: Member must have length less than or equal to ${max}`,
    );
  }
}

const NAME = /^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/;
const NAME_MAX = 63;

/** A name that was not found may be one that there cannot be. @throws AwsError ValidationError */
export function checkName(member: 'endpointName' | 'targetVariant', name: string): void {
  const broken = [
    ...(name.length > NAME_MAX ? [`Member must have length less than or equal to ${NAME_MAX}`] : []),
    ...(NAME.test(name)
      ? []
      : ['Member must satisfy regular expression pattern: ^[a-zA-Z0-9](-*[a-zA-Z0-9])*']),
  ];
  if (broken.length === 0) return;
  const found = broken.map(
    (constraint) => `Value '${shown(name)}' at '${member}' failed to satisfy constraint: ${constraint}`,
  );
  const errors = found.length === 1 ? 'error' : 'errors';
  throw validationError(`${found.length} validation ${errors} detected: ${found.join('; ')}`);
}

/** A header comes as bytes that Node reads as Latin-1; what the caller wrote was UTF-8 where it makes sense as such. */
function shown(value: string): string {
  if (!/[\x80-\xff]/.test(value) || /[^\0-\xff]/.test(value)) return value;
  const text = Buffer.from(value, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? value : text;
}
