// The execution that a request's path names, or the refusal that says why there is none.
import { parseExecutionArn } from '../arn.ts';
import type { Inspection } from '../inspection.ts';
import type { ExecutionRecord } from '../record.ts';
import { ApiError, type ApiRequest } from './answers.ts';

/** What an execution's name may be: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
const NAME = /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]{1,80}$/u;

/** @throws ApiError 400 for what cannot be an id, 404 for an execution that does not exist */
export async function findExecution(
  inspection: Pick<Inspection, 'readRecord'>,
  { parameters }: Pick<ApiRequest, 'parameters'>,
): Promise<ExecutionRecord> {
  return readById(inspection, parameters.id ?? '');
}

export async function readById(
  inspection: Pick<Inspection, 'readRecord'>,
  asked: string,
): Promise<ExecutionRecord> {
  const id = decode(asked);
  if (id === undefined || (!NAME.test(id) && parseExecutionArn(id) === undefined)) {
    throw new ApiError(
      400,
      'InvalidQuery',
      "The id must be an execution's name or its ARN, percent-encoded.",
    );
  }
  const record = await inspection.readRecord(id);
  if (record !== undefined) return record;
  throw new ApiError(404, 'ExecutionNotFound', `There is no execution "${id}" in the last 14 days.`);
}

/** API Gateway decodes path parameters once; an ARN may come encoded twice. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** A query parameter that is a whole number. @throws RangeError naming it */
export function numberIn(
  { query }: Pick<ApiRequest, 'query'>,
  name: string,
  { fallback, most }: { readonly fallback: number; readonly most: number },
): number {
  const text = query[name];
  if (text === undefined) return fallback;
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= most) return number;
  throw new RangeError(`${name} must be a whole number from 1 to ${most}`);
}
