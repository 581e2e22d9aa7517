// A model's signature as a record's contract: what each input and output is in JSON, as valibot code, and a value of it.
// Follows how the container reads and writes records: `[N]` and `[N, 1]` are bare values, other shapes nested lists.
import { readFile } from 'node:fs/promises';
import { type OnnxValue, readOnnxFile } from '../../container/onnx/model-file.ts';
import { STATE_BYTES_LIMIT } from '../../layers/seriatim/payload.ts';
import { CommandError } from '../http-api.ts';

export interface ModelSignature {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

/** A record of more elements is a picture or the like, which travels as bytes. */
const ELEMENTS_LIMIT = 10_000;

/** @throws CommandError for what is no model, none that takes records, or one whose answers fit no state */
export async function readSignature(file: string): Promise<ModelSignature> {
  const content = await readFile(file).catch((thrown: Error) => {
    throw new CommandError(`${file} cannot be read: ${thrown.message}`);
  });
  const signature = parse(file, content);
  const { inputs, outputs } = signature;
  for (const one of [...inputs, ...outputs]) checkValue(file, one);
  for (const one of inputs) checkSize(file, one);
  checkAnswer(file, outputs);
  return { inputs, outputs };
}

function parse(file: string, content: Buffer): ModelSignature {
  try {
    return readOnnxFile(content);
  } catch (thrown) {
    throw new CommandError(`${file} is no ONNX model: ${(thrown as Error).message}`);
  }
}

function checkValue(file: string, one: OnnxValue): void {
  const shape = `[${one.shape.join(', ')}]`;
  if (schemaOf(one.dtype) === undefined)
    throw new CommandError(`${file}: "${one.name}" is of the type ${one.dtype}, which no record can hold`);
  if (typeof one.shape[0] === 'string') return;
  const expected = 'a first dimension that may vary, for the number of records';
  throw new CommandError(
    `${file}: "${one.name}" has the shape ${shape}; expected ${expected}. Export the model with a dynamic batch axis.`,
  );
}

/** What a number takes in JSON at the least that is reckoned with: `0.12345679,`. */
const NUMBER_BYTES = 11;

/** An answer goes through a state, which is bounded. */
export function checkAnswer(file: string, outputs: readonly OnnxValue[]): void {
  const bytes = NUMBER_BYTES * outputs.reduce((all, one) => all + elementsOf(one), 0);
  if (bytes <= STATE_BYTES_LIMIT) return;
  const names = outputs.map(({ name }) => `"${name}"`).join(', ');
  throw new CommandError(
    `${file}: one record's answer (${names}) is about ${bytes} bytes of JSON; a state takes at most ${STATE_BYTES_LIMIT}. Such answers travel as payloads: see docs/pipelines-photo-themes.md.`,
  );
}

function elementsOf({ shape }: OnnxValue): number {
  return shape.slice(1).reduce<number>((all, size) => all * (typeof size === 'number' ? size : 1), 1);
}

function checkSize(file: string, one: OnnxValue): void {
  const { name } = one;
  const elements = elementsOf(one);
  if (elements <= ELEMENTS_LIMIT) return;
  throw new CommandError(
    `${file}: "${name}" takes ${elements} elements a record, too many for JSON. Pictures travel as bytes: see docs/pipelines-photo-themes.md.`,
  );
}

const NUMBER = 'numeric(-1e12, 1e12)';
const WHOLE = 'numeric(-1e12, 1e12, true)';

function schemaOf(dtype: string): string | undefined {
  if (dtype.startsWith('float')) return NUMBER;
  if (/^u?int/.test(dtype)) return WHOLE;
  if (dtype === 'bool') return 'v.boolean()';
  return dtype === 'string' ? 'v.string()' : undefined;
}

function isBare({ shape }: OnnxValue): boolean {
  return shape.length === 1 || (shape.length === 2 && shape[1] === 1);
}

/** Of an input: as a caller gives it, or a cell of a CSV file holds it. */
export function inputSchema(value: OnnxValue): string {
  return nested(value, schemaOf(value.dtype)!);
}

/** Of an output. NaN is answered as null. */
export function outputSchema(value: OnnxValue): string {
  const { dtype } = value;
  const element =
    dtype === 'bool' ? 'v.boolean()' : dtype === 'string' ? 'v.string()' : 'v.nullable(v.number())';
  return nested(value, element);
}

function nested(value: OnnxValue, element: string): string {
  if (isBare(value)) return element;
  const sizes = value.shape.slice(1).reverse();
  return sizes.reduce<string>(
    (inner, size) => (typeof size === 'number' ? `listOf(${inner}, ${size})` : `listOf(${inner})`),
    element,
  );
}

/** A value to try: halves, ones, words. */
export function sampleOf(value: OnnxValue): unknown {
  const element = value.dtype.startsWith('float')
    ? 0.5
    : value.dtype === 'bool'
      ? true
      : value.dtype === 'string'
        ? 'a'
        : 1;
  if (isBare(value)) return element;
  const sizes = value.shape.slice(1).reverse();
  return sizes.reduce<unknown>(
    (inner, size) => Array(typeof size === 'number' ? size : 1).fill(inner),
    element,
  );
}

/** `features float32 [N, 4]` */
export function describe({ name, dtype, shape }: OnnxValue): string {
  return `\`${name}\` ${dtype} [${shape.join(', ')}]`;
}

/** As a member of an object: quoted where it is no identifier. */
export function member(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** @throws CommandError naming the field of a sample record that the model would not take */
export function checkSample(
  sample: Readonly<Record<string, unknown>> | undefined,
  inputs: readonly OnnxValue[],
): void {
  for (const input of sample === undefined ? [] : inputs) {
    const value = sample![input.name];
    const sizes = isBare(input) ? [] : input.shape.slice(1);
    if (value !== undefined && fits(value, sizes, kindOf(input.dtype))) continue;
    const found = value === undefined ? 'none' : JSON.stringify(value).slice(0, 80);
    throw new CommandError(`--sample: the model takes ${describe(input)} in each record, found ${found}`);
  }
}

function kindOf(dtype: string): string {
  return dtype === 'bool' ? 'boolean' : dtype === 'string' ? 'string' : 'number';
}

function fits(value: unknown, [size, ...rest]: readonly (number | string)[], kind: string): boolean {
  if (size === undefined) return typeof value === kind;
  if (!Array.isArray(value) || (typeof size === 'number' && value.length !== size)) return false;
  return value.every((one) => fits(one, rest, kind));
}
