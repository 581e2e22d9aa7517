// Records as JSON has them, stacked into tensors, and rows of tensors back to records. A record is an object by input
// name, or the bare value where the model has one input. Rows of one shape become one part; a request whose rows have
// several shapes is cut into as many.
import { InferenceError } from '../errors.ts';
import {
  allocate,
  countElements,
  type Dtype,
  describeSpec,
  type Signature,
  type Tensor,
  type TensorData,
  type TensorSpec,
  type Tensors,
} from '../tensors.ts';
import type { Part } from './codec.ts';
import {
  describeValue,
  ElementMisfit,
  elementFromJson,
  elementToJson,
  elementToJsonText,
} from './elements.ts';

export interface StackOptions {
  /** Whether members that are no input of the model are passed over: what an earlier model answered may hold more. */
  readonly ignoresUnknown: boolean;
}

/** @throws InferenceError InvalidPayload, naming record and input, what was expected and what came */
export function stackRecords(
  records: readonly unknown[],
  signature: Signature,
  options: StackOptions,
): readonly Part[] {
  if (records.length === 0) throw new InferenceError('InvalidPayload', 'The request holds no records.');
  if (!signature.isBatched) {
    return records.map((record, position) => wholePart(record, position, { signature, options }));
  }
  if (hasFixedRows(signature))
    return [{ tensors: stackFixed(records, signature, options), rows: records.length }];
  return stackByShape(records, signature, options);
}

function hasFixedRows({ inputs }: Signature): boolean {
  return inputs.every(({ shape }) =>
    shape.every((dimension, axis) => axis === 0 || typeof dimension === 'number'),
  );
}

function stackFixed(records: readonly unknown[], signature: Signature, options: StackOptions): Tensors {
  const tensors: Record<string, Tensor> = {};
  for (const spec of signature.inputs) {
    tensors[spec.name] = emptyTensor(spec.dtype, [records.length, ...(spec.shape.slice(1) as number[])]);
  }
  for (let position = 0; position < records.length; position++) {
    const record = readRecord(records[position], position, { signature, options });
    for (const spec of signature.inputs) {
      const { data, shape } = tensors[spec.name]!;
      const rowElements = data.length / records.length;
      const filler = { spec, position, data, offset: position * rowElements, shape };
      fillRow(filler, memberOf(record, spec, signature, position));
    }
  }
  return tensors;
}

function emptyTensor(dtype: Dtype, shape: readonly number[]): Tensor {
  return { dtype, shape, data: allocate(dtype, countElements(shape)) };
}

interface RecordContext {
  readonly signature: Signature;
  readonly options: StackOptions;
}

type RecordValue = { readonly members: Readonly<Record<string, unknown>> } | { readonly bare: unknown };

/** An object of members by input name, or the one input's bare value. */
function readRecord(record: unknown, position: number, { signature, options }: RecordContext): RecordValue {
  if (typeof record === 'object' && record !== null && !Array.isArray(record)) {
    const members = record as Record<string, unknown>;
    if (!options.ignoresUnknown) refuseUnknown(members, position, signature);
    return { members };
  }
  if (signature.inputs.length === 1) return { bare: record };
  const message = `Record ${position}: expected an object with ${listNames(signature)}, got ${describeValue(record)}.`;
  throw new InferenceError('InvalidPayload', message);
}

function refuseUnknown(members: object, position: number, signature: Signature): void {
  for (const name of Object.keys(members)) {
    if (signature.inputs.some((spec) => spec.name === name)) continue;
    const message = `Record ${position}: the model has no input "${name}"; its inputs are ${listNames(signature)}.`;
    throw new InferenceError('InvalidPayload', message);
  }
}

function listNames({ inputs }: Signature): string {
  return inputs.map((spec) => `"${spec.name}" ${describeSpec(spec)}`).join(', ');
}

function memberOf(record: RecordValue, spec: TensorSpec, signature: Signature, position: number): unknown {
  if ('bare' in record) return record.bare;
  const value = record.members[spec.name];
  if (value !== undefined && Object.hasOwn(record.members, spec.name)) return value;
  const message = `Record ${position}: input "${spec.name}" is missing; expected ${listNames(signature)}.`;
  throw new InferenceError('InvalidPayload', message);
}

/** Where one row of one input goes. */
interface RowFiller {
  readonly spec: TensorSpec;
  readonly position: number;
  readonly data: TensorData;
  offset: number;
  /** The tensor's shape; the row is `shape[1…]`. */
  readonly shape: readonly number[];
}

function fillRow(filler: RowFiller, value: unknown): void {
  const { shape } = filler;
  // A single element may stand bare: [N, 1] takes a plain number.
  const isBareElement = !Array.isArray(value) && shape.length === 2 && shape[1] === 1;
  try {
    fillAxis(filler, isBareElement ? [value] : value, 1);
  } catch (thrown) {
    if (thrown instanceof ElementMisfit) throw misfit(filler, thrown.message);
    throw thrown;
  }
}

function fillAxis(filler: RowFiller, value: unknown, axis: number): void {
  const { shape, data, spec } = filler;
  const convert = elementFromJson(spec.dtype);
  if (axis === shape.length) {
    data[filler.offset++] = convert(value) as never;
    return;
  }
  const length = shape[axis]!;
  if (!Array.isArray(value)) throw new ElementMisfit(`got ${describeValue(value)}`);
  if (value.length !== length) throw new ElementMisfit(`got ${describeShape(value)}`);
  if (axis < shape.length - 1) {
    for (const inner of value) fillAxis(filler, inner, axis + 1);
    return;
  }
  for (let i = 0; i < length; i++) data[filler.offset + i] = convert(value[i]) as never;
  filler.offset += length;
}

function misfit({ spec, position }: RowFiller, found: string): InferenceError {
  const message = `Record ${position}: input "${spec.name}" is ${describeSpec(spec)}; ${found}.`;
  return new InferenceError('InvalidPayload', message);
}

function describeShape(value: unknown): string {
  return `a row of shape [${inferShape(value).join(', ')}]`;
}

/** More axes than any model has; lists may be nested without end. */
const MOST_AXES = 16;

/** The shape of nested arrays, by each first member. */
function inferShape(value: unknown): number[] {
  const shape: number[] = [];
  for (let inner = value; Array.isArray(inner) && shape.length < MOST_AXES; inner = inner[0])
    shape.push(inner.length);
  return shape;
}

function stackByShape(records: readonly unknown[], signature: Signature, options: StackOptions): Part[] {
  const groups = new Map<string, number[]>();
  for (let position = 0; position < records.length; position++) {
    const record = readRecord(records[position], position, { signature, options });
    const shapes = signature.inputs.map((spec) =>
      rowShape(memberOf(record, spec, signature, position), spec),
    );
    const key = shapes.join(';');
    const positions = groups.get(key);
    if (positions === undefined) groups.set(key, [position]);
    else positions.push(position);
  }
  return [...groups.values()].map((positions) => shapedPart(positions, records, { signature, options }));
}

function rowShape(value: unknown, spec: TensorSpec): number[] {
  return Array.isArray(value) ? inferShape(value) : spec.shape.slice(1).map(() => 1);
}

function shapedPart(positions: readonly number[], records: readonly unknown[], context: RecordContext): Part {
  const { signature } = context;
  const first = readRecord(records[positions[0]!], positions[0]!, context);
  const tensors: Record<string, Tensor> = {};
  for (const spec of signature.inputs) {
    const inner = rowShape(memberOf(first, spec, signature, positions[0]!), spec);
    tensors[spec.name] = fillShaped(spec, fittedShape(spec, inner, positions), {
      ...context,
      records,
      positions,
    });
  }
  return { tensors, rows: positions.length, positions };
}

function fittedShape(spec: TensorSpec, inner: readonly number[], positions: readonly number[]): number[] {
  const wanted = spec.shape.slice(1);
  const fits =
    wanted.length === inner.length &&
    wanted.every((dimension, axis) => typeof dimension === 'string' || dimension === inner[axis]);
  if (fits) return [positions.length, ...inner];
  const message = `Record ${positions[0]}: input "${spec.name}" is ${describeSpec(spec)}; got a row of shape [${inner.join(', ')}].`;
  throw new InferenceError('InvalidPayload', message);
}

interface ShapedRecords extends RecordContext {
  readonly records: readonly unknown[];
  readonly positions: readonly number[];
}

function fillShaped(spec: TensorSpec, shape: readonly number[], context: ShapedRecords): Tensor {
  const tensor = emptyTensor(spec.dtype, shape);
  const rowElements = tensor.data.length / shape[0]!;
  context.positions.forEach((position, row) => {
    const record = readRecord(context.records[position], position, context);
    const filler = { spec, position, data: tensor.data, offset: row * rowElements, shape };
    fillRow(filler, memberOf(record, spec, context.signature, position));
  });
  return tensor;
}

/** For a model without a batch axis a record holds whole tensors; a leading axis of 1 may be left out. */
function wholePart(record: unknown, position: number, context: RecordContext): Part {
  const read = readRecord(record, position, context);
  const tensors: Record<string, Tensor> = {};
  for (const spec of context.signature.inputs) {
    const value = memberOf(read, spec, context.signature, position);
    const shape = wholeShape(spec, inferShape(value), position);
    const tensor = emptyTensor(spec.dtype, shape);
    const isNested = Array.isArray(value) && inferShape(value).length === shape.length;
    fillRow(
      { spec, position, data: tensor.data, offset: 0, shape: [1, ...shape] },
      isNested || shape.length === 0 ? value : [value],
    );
    tensors[spec.name] = tensor;
  }
  return { tensors, rows: 1, positions: [position] };
}

function wholeShape(spec: TensorSpec, got: readonly number[], position: number): number[] {
  const candidates = spec.shape[0] === 1 ? [got, [1, ...got]] : [got];
  for (const shape of candidates) {
    const fits =
      shape.length === spec.shape.length &&
      spec.shape.every((dimension, axis) => typeof dimension === 'string' || dimension === shape[axis]);
    if (fits) return [...shape];
  }
  const message = `Record ${position}: input "${spec.name}" is ${describeSpec(spec)}; got shape [${got.join(', ')}].`;
  throw new InferenceError('InvalidPayload', message);
}

export interface UnstackOptions {
  readonly signature: Signature;
  /** Whether only `JSON.stringify` will read the records. */
  readonly isText?: boolean;
}

/**
 * Rows back to records by output name, each at its place in the request. An output that the model declares to have one
 * element per row ([N] or [N, 1]) becomes the bare value, any other nested arrays.
 */
export function unstackRecords(
  parts: readonly Part[],
  rows: number,
  { signature, isText = false }: UnstackOptions,
): unknown[] {
  const toElement = isText ? elementToJsonText : elementToJson;
  const records = new Array<unknown>(rows);
  for (const part of parts) {
    const outputs = Object.entries(part.tensors).map(([name, tensor]) =>
      rowReader({ name, tensor, rows: part.rows }, signature, toElement),
    );
    for (let row = 0; row < part.rows; row++) {
      const record: Record<string, unknown> = {};
      for (const { name, read } of outputs) record[name] = read(row);
      records[part.positions?.[row] ?? row] = record;
    }
  }
  return records;
}

interface RowReader {
  readonly name: string;
  read(row: number): unknown;
}

interface PartOutput {
  readonly name: string;
  readonly tensor: Tensor;
  readonly rows: number;
}

type ToElement = typeof elementToJson;

function rowReader(
  { name, tensor, rows }: PartOutput,
  { isBatched, outputs }: Signature,
  toElement: ToElement,
): RowReader {
  const { data, dtype, shape } = tensor;
  const nesting = { tensor, toElement };
  if (!isBatched || shape[0] !== rows)
    return { name, read: () => nest(nesting, 0, { offset: 0, elements: data.length }) };
  const declared = outputs.find((spec) => spec.name === name)?.shape ?? shape;
  const elements = data.length / rows;
  const isBare = elements === 1 && (declared.length === 1 || (declared.length === 2 && declared[1] === 1));
  if (isBare) return { name, read: (row) => toElement(dtype, data[row]) };
  return { name, read: (row) => nest(nesting, 1, { offset: row * elements, elements }) };
}

/** A whole tensor as nested lists, for `JSON.stringify`. */
export function nestTensor(tensor: Tensor): unknown {
  return nest({ tensor, toElement: elementToJsonText }, 0, { offset: 0, elements: tensor.data.length });
}

interface Nesting {
  readonly tensor: Tensor;
  readonly toElement: ToElement;
}

interface Range {
  readonly offset: number;
  readonly elements: number;
}

function nest(nesting: Nesting, axis: number, { offset, elements }: Range): unknown {
  const { tensor, toElement } = nesting;
  const { shape, data, dtype } = tensor;
  if (axis === shape.length) return toElement(dtype, data[offset]);
  const length = shape[axis]!;
  const values = new Array<unknown>(length);
  if (axis === shape.length - 1) {
    for (let i = 0; i < length; i++) values[i] = toElement(dtype, data[offset + i]);
    return values;
  }
  const stride = length === 0 ? 0 : elements / length;
  for (let i = 0; i < length; i++)
    values[i] = nest(nesting, axis + 1, { offset: offset + i * stride, elements: stride });
  return values;
}
