// The body of an HTTP task as a form, with arrays in the format that the task asks for.
// https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html#url-encode-request-body
import { isObject, type Json, textOf } from '../json/text.ts';
import { FieldFailure } from '../run/failure.ts';

type ArrayFormat = 'INDICES' | 'BRACKETS' | 'COMMAS' | 'REPEAT';

const FORMATS: readonly ArrayFormat[] = ['INDICES', 'BRACKETS', 'COMMAS', 'REPEAT'];

/** `Transform.RequestEncodingOptions.ArrayFormat`. @throws FieldFailure for one that there is not */
export function arrayFormat({ Transform }: Readonly<Record<string, Json>>): ArrayFormat {
  const options = isObject(Transform) ? Transform.RequestEncodingOptions : undefined;
  const given = isObject(options) ? options.ArrayFormat : undefined;
  const format = given === undefined ? 'INDICES' : FORMATS.find((name) => name === given);
  if (format !== undefined) return format;
  const detail = `The field 'ArrayFormat' should have one of these values: [${FORMATS.join(', ')}]`;
  throw new FieldFailure('States.Runtime', detail);
}

/** `a=1&b[0]=x&b[1]=y`, the brackets and commas of arrays as they are. */
export function formText(body: Readonly<Record<string, Json>>, format: ArrayFormat): string {
  return Object.entries(body)
    .flatMap(([name, value]) => member(encoded(name), value, format))
    .join('&');
}

function member(name: string, value: Json, format: ArrayFormat): string[] {
  if (!Array.isArray(value)) return [`${name}=${encoded(value)}`];
  const items = value.map(encoded);
  switch (format) {
    case 'INDICES':
      return items.map((item, index) => `${name}[${index}]=${item}`);
    case 'BRACKETS':
      return items.map((item) => `${name}[]=${item}`);
    case 'COMMAS':
      return [`${name}=${items.join(',')}`];
    case 'REPEAT':
      return items.map((item) => `${name}=${item}`);
  }
}

/** As forms encode: a space is a plus. */
function encoded(value: Json): string {
  const text = typeof value === 'string' ? value : textOf(value);
  return new URLSearchParams([['', text]]).toString().slice(1);
}
