// Limits on payloads, and what exceeding them says.
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
import { exceedsBytes, type Json, textOf } from '../json/text.ts';
import { FieldFailure, StateFailure } from './failure.ts';

/** 256 KiB of UTF-8. */
export const MAX_PAYLOAD_BYTES = 262_144;

/** A variable, and what one Assign assigns. https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html */
export const MAX_ASSIGN_BYTES = 262_144;

/** All variables of an execution. */
export const MAX_VARIABLES_BYTES = 10 * 1024 * 1024;

/** @param name of the state, of the integration, or the ARN of a function called directly */
export function dataLimitExceeded(name: string): StateFailure {
  const cause = `The state/task '${name}' returned a result with a size exceeding the maximum number of bytes service limit.`;
  return new StateFailure('States.DataLimitExceeded', cause);
}

/** @throws StateFailure when what a state hands on is too large; in a state with a Catch it is caught like any other. */
export function checkOutput(output: Json, stateName: string): void {
  if (typeof output !== 'object' && typeof output !== 'string') return;
  if (exceedsBytes(textOf(output), MAX_PAYLOAD_BYTES)) throw dataLimitExceeded(stateName);
}

/** Of a value's JSON text. Texts of objects are remembered; scalars are not worth measuring. */
export function bytesOf(value: Json): number {
  const isLong = typeof value === 'object' || typeof value === 'string';
  return isLong && value !== null ? Buffer.byteLength(textOf(value)) : 8;
}

export function variablesTooLarge(what: string, most: number): FieldFailure {
  const detail = `The size of the variables exceeds the maximum number of bytes service limit of ${most} (${what}).`;
  return new FieldFailure('States.DataLimitExceeded', detail);
}
