// How callers name a function: its name, `account:function:name`, or its ARN, each with or without a qualifier.
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestParameters
import { AwsError } from '../wire/errors.ts';

export interface FunctionAddress {
  readonly functionName: string;
  readonly qualifier: string | undefined;
}

const ARN = /^arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:([\w-]+)(?::([\w$-]+))?$/;
const PARTIAL_ARN = /^\d{12}:function:([\w-]+)(?::([\w$-]+))?$/;
const NAME = /^(?:function:)?([\w-]{1,140})(?::([\w$-]+))?$/;

/** @throws AwsError ValidationException */
export function parseFunctionName(text: string, qualifier?: string): FunctionAddress {
  const match = NAME.exec(text) ?? ARN.exec(text) ?? PARTIAL_ARN.exec(text);
  if (match === null) {
    throw new AwsError(
      'ValidationException',
      `1 validation error detected: Value '${text}' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?`,
    );
  }
  return { functionName: match[1]!, qualifier: qualifier ?? match[2] };
}
