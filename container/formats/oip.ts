// Open Inference Protocol v2 (https://github.com/kserve/open-inference-protocol) as JSON and, as Triton on SageMaker
// has it, JSON followed by binary tensors: `application/vnd.sagemaker-triton.binary+json;json-header-size=N`. Binary
// tensors are little-endian and row-major; a string is its length as u32 and its bytes.
import { InferenceError } from '../errors.ts';
import {
  allocate,
  bytesOf,
  checkInputs,
  countElements,
  type Dtype,
  elementBytes,
  type NumericData,
  type Signature,
  type Tensor,
  type Tensors,
  viewBytes,
} from '../tensors.ts';
import type { DecodeContext, DecodedBody, EncodeContext, EncodedBody, OipReply, Part } from './codec.ts';
import { describeValue, ElementMisfit, elementFromJson, elementToJsonText } from './elements.ts';

export const BINARY_OIP = 'application/vnd.sagemaker-triton.binary+json';

export const OIP_DATATYPES: Readonly<Record<Dtype, string>> = {
  float32: 'FP32',
  float64: 'FP64',
  float16: 'FP16',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  bool: 'BOOL',
  string: 'BYTES',
};

const DTYPE_OF = new Map(
  Object.entries(OIP_DATATYPES).map(([dtype, datatype]) => [datatype, dtype as Dtype]),
);

interface OipInput {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data?: unknown;
  readonly parameters?: Readonly<Record<string, unknown>>;
}

interface OipRequest {
  readonly id?: unknown;
  readonly inputs: readonly OipInput[];
  readonly outputs?: unknown;
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/** `inputs` is a list of tensors; a model may have an input called "inputs", whose record is not. */
export function isOipRequest(document: object): document is OipRequest {
  const { inputs } = document as { inputs?: unknown };
  return (
    Array.isArray(inputs) &&
    inputs.every((input) => typeof input === 'object' && input !== null && 'datatype' in input)
  );
}

/** @throws InferenceError InvalidPayload */
export function decodeOipJson(request: OipRequest, signature: Signature, binary?: Buffer): DecodedBody {
  const tensors: Record<string, Tensor> = {};
  let offset = 0;
  for (const input of request.inputs) {
    if (Object.hasOwn(tensors, input.name)) throw invalid(`Input "${input.name}" is given twice.`);
    const { dtype, shape } = checkedInput(input, signature);
    const size = input.parameters?.binary_data_size;
    if (size === undefined) {
      tensors[input.name] = { dtype, shape, data: elements(input, dtype, shape) };
      continue;
    }
    const bytes = binaryOf(binary, offset, { size, name: input.name });
    offset += bytes.length;
    tensors[input.name] = { dtype, shape, data: fromBinary(dtype, bytes, { shape, name: input.name }) };
  }
  if (binary !== undefined && offset !== binary.length) {
    throw invalid(`The body holds ${binary.length} bytes of binary tensors, the header tells of ${offset}.`);
  }
  checkInputs(tensors, signature.inputs);
  const rows = batchRows(tensors, signature);
  return { parts: [{ tensors, rows }], rows, reply: readReply(request) };
}

/** One batch size for all inputs. @throws InferenceError InvalidPayload */
export function batchRows(tensors: Tensors, { isBatched, inputs }: Signature): number {
  if (!isBatched) return 1;
  const rows = tensors[inputs[0]!.name]!.shape[0]!;
  // A shape can tell of any number of records that hold nothing, in a few bytes.
  if (rows > 1 && inputs.every(({ name }) => tensors[name]!.data.length === 0))
    throw invalid('The records hold no elements.');
  const other = inputs.find(({ name }) => tensors[name]!.shape[0] !== rows);
  if (rows === 0) throw invalid('The request holds no records.');
  if (other === undefined) return rows;
  const got = tensors[other.name]!.shape[0];
  throw invalid(`Input "${inputs[0]!.name}" has ${rows} rows, "${other.name}" has ${got}.`);
}

function checkedInput(input: OipInput, signature: Signature): { dtype: Dtype; shape: readonly number[] } {
  const spec = signature.inputs.find(({ name }) => name === input.name);
  if (spec === undefined) {
    const names = signature.inputs.map(({ name }) => `"${name}"`).join(', ');
    throw invalid(`The model has no input ${describeValue(input.name)}; its inputs are ${names}.`);
  }
  const dtype = DTYPE_OF.get(input.datatype);
  if (dtype === undefined)
    throw invalid(`Input "${input.name}": unknown datatype ${describeValue(input.datatype)}.`);
  const isShape =
    Array.isArray(input.shape) && input.shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!isShape) throw invalid(`Input "${input.name}": its shape is ${describeValue(input.shape)}.`);
  return { dtype, shape: input.shape };
}

function elements(input: OipInput, dtype: Dtype, shape: readonly number[]): Tensor['data'] {
  if (!Array.isArray(input.data))
    throw invalid(`Input "${input.name}" has neither data nor binary_data_size.`);
  const isNested = shape.length > 1 && input.data.some(Array.isArray);
  if (isNested && !hasShape(input.data, shape))
    throw invalid(`Input "${input.name}": its nested data is not of shape [${shape.join(', ')}].`);
  const flat = (isNested ? input.data.flat(shape.length - 1) : input.data) as unknown[];
  const expected = countElements(shape);
  if (flat.length !== expected) {
    throw invalid(
      `Input "${input.name}": shape [${shape.join(', ')}] needs ${expected} elements, got ${flat.length}.`,
    );
  }
  const data = allocate(dtype, expected);
  const convert = elementFromJson(dtype);
  try {
    for (let i = 0; i < expected; i++) data[i] = convert(flat[i]) as never;
  } catch (thrown) {
    if (thrown instanceof ElementMisfit) throw invalid(`Input "${input.name}": ${thrown.message}.`);
    throw thrown;
  }
  return data;
}

/** Whether lists nested in lists have the shape, down to the elements. */
function hasShape(value: unknown, [length, ...inner]: readonly number[]): boolean {
  if (length === undefined) return true;
  return Array.isArray(value) && value.length === length && value.every((item) => hasShape(item, inner));
}

interface BinarySize {
  readonly size: unknown;
  readonly name: string;
}

function binaryOf(binary: Buffer | undefined, offset: number, { size, name }: BinarySize): Buffer {
  const left = (binary?.length ?? 0) - offset;
  if (Number.isSafeInteger(size) && (size as number) >= 0 && (size as number) <= left) {
    return binary!.subarray(offset, offset + (size as number));
  }
  throw invalid(`Input "${name}": binary_data_size is ${describeValue(size)}, and ${left} bytes are left.`);
}

interface BinaryTensor {
  readonly shape: readonly number[];
  readonly name: string;
}

/** @throws InferenceError InvalidPayload where bytes and shape disagree */
export function fromBinary(dtype: Dtype, bytes: Buffer, { shape, name }: BinaryTensor): Tensor['data'] {
  const expected = countElements(shape);
  if (dtype === 'string') return stringsFromBinary(bytes, expected, name);
  const expectedBytes = expected * elementBytes(dtype);
  if (bytes.length !== expectedBytes) {
    throw invalid(
      `Input "${name}": shape [${shape.join(', ')}] needs ${expectedBytes} bytes, got ${bytes.length}.`,
    );
  }
  return viewBytes(dtype, bytes);
}

function stringsFromBinary(bytes: Buffer, expected: number, name: string): string[] {
  const strings: string[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const end =
      offset + 4 <= bytes.length ? offset + 4 + bytes.readUInt32LE(offset) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) throw invalid(`Input "${name}": a string runs past its bytes.`);
    strings.push(bytes.toString('utf8', offset + 4, end));
    offset = end;
  }
  if (strings.length !== expected)
    throw invalid(`Input "${name}": needs ${expected} strings, got ${strings.length}.`);
  return strings;
}

function readReply(request: OipRequest): OipReply {
  const isBinaryDefault = request.parameters?.binary_data_output === true;
  const id = typeof request.id === 'string' ? { id: request.id } : {};
  if (!Array.isArray(request.outputs) || request.outputs.length === 0) return { ...id, isBinaryDefault };
  const outputs = request.outputs.map(
    (output: { name?: unknown; parameters?: { binary_data?: unknown } } | null) => {
      if (typeof output?.name !== 'string') throw invalid('An output asked for has no name.');
      return { name: output.name, isBinary: (output.parameters?.binary_data ?? isBinaryDefault) === true };
    },
  );
  return { ...id, outputs, isBinaryDefault };
}

/** @throws InferenceError InvalidPayload, UnsupportedContentType */
export function decodeOipBinary(body: Buffer, { contentType, signature }: DecodeContext): DecodedBody {
  const text = contentType.parameters['json-header-size'];
  const headerBytes = Number(text);
  if (text === undefined || !/^\d+$/.test(text) || headerBytes > body.length) {
    throw invalid(`json-header-size is ${describeValue(text)}, the body has ${body.length} bytes.`);
  }
  if (headerBytes === 0) return rawInput(body, signature);
  const request = parseHeader(body.toString('utf8', 0, headerBytes));
  return decodeOipJson(request, signature, body.subarray(headerBytes));
}

function parseHeader(text: string): OipRequest {
  try {
    const request = JSON.parse(text) as OipRequest | null;
    if (typeof request === 'object' && request !== null && isOipRequest(request)) return request;
  } catch (thrown) {
    throw invalid(`The JSON header does not parse: ${(thrown as Error).message}`);
  }
  throw invalid('The JSON header has no list of inputs.');
}

/** Without a header the whole body is the one input: one record, all outputs binary. */
function rawInput(body: Buffer, signature: Signature): DecodedBody {
  const [spec, ...others] = signature.inputs;
  if (spec === undefined || others.length > 0)
    throw invalid('A body without a header needs a model with one input.');
  const shape = spec.shape.map((dimension, axis) =>
    axis === 0 && typeof dimension === 'string' ? 1 : dimension,
  );
  const elementsLeft = spec.dtype === 'string' ? 1 : body.length / elementBytes(spec.dtype);
  const resolved = resolveShape(shape, elementsLeft, spec.name);
  const data = fromBinary(spec.dtype, body, { shape: resolved, name: spec.name });
  const tensors = { [spec.name]: { dtype: spec.dtype, shape: resolved, data } };
  return { parts: [{ tensors, rows: 1 }], rows: 1, reply: { isBinaryDefault: true } };
}

/** One varying dimension can be told from the number of elements. */
function resolveShape(shape: readonly (number | string)[], count: number, name: string): number[] {
  const varying = shape.filter((dimension) => typeof dimension === 'string').length;
  if (varying > 1)
    throw invalid(`Input "${name}" has ${varying} varying dimensions: a header must tell them.`);
  const known = shape.reduce<number>((product, size) => product * (typeof size === 'number' ? size : 1), 1);
  return shape.map((size) => (typeof size === 'number' ? size : Math.floor(count / known)));
}

/** JSON, or JSON and binary tensors where the request asked for any. */
export function encodeOip(parts: readonly Part[], context: EncodeContext): EncodedBody {
  const { reply } = context;
  const [part] = parts;
  if (part === undefined || parts.length > 1) {
    throw new InferenceError('NotAcceptable', 'Records of several shapes do not fit one tensor.');
  }
  const isBinaryDefault = reply?.isBinaryDefault ?? context.accept.type === BINARY_OIP;
  const wanted =
    reply?.outputs ?? Object.keys(part.tensors).map((name) => ({ name, isBinary: isBinaryDefault }));
  const binary: Buffer[] = [];
  const outputs = wanted.map(({ name, isBinary }) =>
    describeOutput(name, part.tensors[name], isBinary ? binary : undefined),
  );
  const header = JSON.stringify({
    ...(reply?.id !== undefined && { id: reply.id }),
    model_name: context.modelName,
    model_version: context.modelVersion ?? '1',
    outputs,
  });
  if (binary.length === 0) return { body: header, contentType: 'application/json' };
  const bytes = Buffer.from(header);
  return {
    body: Buffer.concat([bytes, ...binary]),
    contentType: `${BINARY_OIP};json-header-size=${bytes.length}`,
  };
}

function describeOutput(name: string, tensor: Tensor | undefined, binary: Buffer[] | undefined): object {
  if (tensor === undefined) throw invalid(`The model has no output "${name}".`);
  const described = { name, datatype: OIP_DATATYPES[tensor.dtype], shape: tensor.shape };
  if (binary === undefined) {
    return {
      ...described,
      data: Array.from(tensor.data as ArrayLike<unknown>, (element) =>
        elementToJsonText(tensor.dtype, element),
      ),
    };
  }
  const bytes = toBinary(tensor);
  binary.push(bytes);
  return { ...described, parameters: { binary_data_size: bytes.length } };
}

export function toBinary({ data }: Tensor): Buffer {
  if (!Array.isArray(data)) return bytesOf(data as NumericData);
  return Buffer.concat(
    data.flatMap((text) => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}

function invalid(message: string): InferenceError {
  return new InferenceError('InvalidPayload', message);
}
