// Limits on payloads, and what exceeding them says.
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
import { StateFailure } from './failure.ts';

/** 256 KiB of UTF-8. */
export const MAX_PAYLOAD_BYTES = 262_144;

/** @param name of the state, of the integration, or the ARN of a function called directly */
export function dataLimitExceeded(name: string): StateFailure {
  const cause = `The state/task '${name}' returned a result with a size exceeding the maximum number of bytes service limit.`;
  return new StateFailure('States.DataLimitExceeded', cause);
}
