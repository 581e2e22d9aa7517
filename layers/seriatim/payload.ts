// Checks of payloads: JSON, schema and size. Every refusal names the field by its path and says what was expected and
// what came.
import { type GenericSchema, getDotPath, type InferOutput, safeParse } from 'valibot';
import { checkQuickly } from './compiled-check.ts';
import { InvalidPayload, PayloadTooLarge } from './errors.ts';

/**
 * The most bytes of a state's input or output, an execution's input and a task's result:
 * https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 */
export const STATE_BYTES_LIMIT = 262_144;

/** @throws InvalidPayload naming the first field that does not fit, after `path` */
export function checkValue<Schema extends GenericSchema>(
  schema: Schema,
  value: unknown,
  options: { readonly path: string | (() => string) },
): InferOutput<Schema> {
  const quick = checkQuickly(schema, value);
  if (quick !== undefined) return quick.output;
  const root = typeof options.path === 'string' ? options.path : options.path();
  // An object's schema takes a list too, and misses its fields one by one.
  if (schema.type === 'object' && Array.isArray(value))
    throw new InvalidPayload(`${root === '' ? '' : `${root}: `}expected an object, got a list`);
  const result = safeParse(schema, value, { abortPipeEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const field = getDotPath(issue);
  const path = [root, field].filter((part) => part !== '' && part !== null).join('.');
  throw new InvalidPayload(path === '' ? issue.message : `${path}: ${issue.message}`);
}

/** @throws InvalidPayload when the text is not JSON */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidPayload(`${what} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** @throws PayloadTooLarge naming both sizes */
export function checkBytes(what: string, bytes: number, limitBytes = STATE_BYTES_LIMIT): void {
  if (bytes > limitBytes) throw new PayloadTooLarge(what, { bytes, limitBytes });
}
