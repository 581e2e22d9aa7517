// Reading the members of CloudWatch Logs' requests, and refusing what is not right in them.
import type { SdkValues } from '../service.ts';
import { AwsError } from '../wire/errors.ts';

const GROUP_NAME = /^[.\-_/#A-Za-z0-9]{1,512}$/;
const STREAM_NAME = /^[^:*\n\r]{1,512}$/;

/** `logGroupName`, or the name in `logGroupIdentifier`, which may be an ARN. */
export function groupName(input: SdkValues): string {
  const named = optionalText(input, 'logGroupName');
  if (named !== undefined) return named;
  const identifier = requiredText(input, 'logGroupIdentifier', 'logGroupName');
  return /^arn:[\w-]+:logs:[^:]*:[^:]*:log-group:([^:]+)/.exec(identifier)?.[1] ?? identifier;
}

export function newGroupName(input: SdkValues): string {
  const name = requiredText(input, 'logGroupName');
  if (GROUP_NAME.test(name)) return name;
  throw invalid(
    `Value '${name}' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+`,
  );
}

export function checkStreamName(name: string): string {
  if (STREAM_NAME.test(name)) return name;
  throw invalid(
    `Value '${name}' at 'logStreamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*]*`,
  );
}

export function requiredText(input: SdkValues, member: string, shownAs = member): string {
  const value = input[member];
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(`Value null at '${shownAs}' failed to satisfy constraint: Member must not be null`);
}

export function optionalText(input: SdkValues, member: string): string | undefined {
  const value = input[member];
  return typeof value === 'string' ? value : undefined;
}

export function optionalNumber(input: SdkValues, member: string): number | undefined {
  const value = input[member];
  return typeof value === 'number' ? value : undefined;
}

export function invalid(problem: string): AwsError {
  return new AwsError('InvalidParameterException', `1 validation error detected: ${problem}`);
}
