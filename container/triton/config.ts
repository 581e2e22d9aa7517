// A model's `config.pbtxt`, checked: the fields that this container honours, those that only tune speed and are passed
// over, and every other one refused by name, because an artefact that is served here must answer as on Triton
// (https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto).
import type { Dtype } from '../tensors.ts';
import { parseTextFormat, type TextMessage, type TextScalar, type TextValue } from './text-format.ts';

export interface TritonConfig {
  readonly name?: string;
  /** `onnxruntime`, or `ensemble`. */
  readonly backend: 'onnxruntime' | 'ensemble';
  /** 0: the model has no batch axis, `dims` are the whole shape. */
  readonly maxBatchSize: number;
  readonly inputs: readonly TritonTensor[];
  readonly outputs: readonly TritonTensor[];
  readonly instances: number;
  readonly dynamicBatching?: { readonly preferred: readonly number[]; readonly delayMs: number };
  readonly versions: VersionPolicy;
  readonly modelFile: string;
  /** Whether its answers may come from the response cache, where there is one. */
  readonly isCached: boolean;
  readonly steps: readonly EnsembleStep[];
}

export interface TritonTensor {
  readonly name: string;
  readonly dtype: Dtype;
  /** -1: varies. Without the batch axis where there is one. */
  readonly dims: readonly number[];
}

export type VersionPolicy =
  | { readonly kind: 'all' }
  | { readonly kind: 'latest'; readonly count: number }
  | { readonly kind: 'specific'; readonly versions: readonly number[] };

export interface EnsembleStep {
  readonly modelName: string;
  /** Absent: the latest that the model's policy allows. */
  readonly version?: number;
  /** The step's model's input → the ensemble's tensor. */
  readonly inputMap: ReadonlyMap<string, string>;
  /** The step's model's output → the ensemble's tensor. */
  readonly outputMap: ReadonlyMap<string, string>;
}

const DTYPES: Readonly<Record<string, Dtype>> = {
  TYPE_BOOL: 'bool',
  TYPE_UINT8: 'uint8',
  TYPE_UINT16: 'uint16',
  TYPE_UINT32: 'uint32',
  TYPE_UINT64: 'uint64',
  TYPE_INT8: 'int8',
  TYPE_INT16: 'int16',
  TYPE_INT32: 'int32',
  TYPE_INT64: 'int64',
  TYPE_FP16: 'float16',
  TYPE_FP32: 'float32',
  TYPE_FP64: 'float64',
  TYPE_STRING: 'string',
};

/** Speed, GPU memory and tooling only: the answers are the same without them. */
const PASSED_OVER = new Set([
  'optimization',
  'model_warmup',
  'metric_tags',
  'parameters',
  'cc_model_filenames',
  'runtime',
]);

/** @throws SyntaxError for text that does not parse, TypeError naming a field that is not supported or is mistyped */
export function readConfig(text: string): TritonConfig {
  const config = new Fields(parseTextFormat(text), '');
  for (const name of PASSED_OVER) config.skip(name);
  const read = {
    ...readPlatform(config),
    maxBatchSize: readMaxBatchSize(config),
    inputs: config.messages('input').map((input) => readTensor(input)),
    outputs: config.messages('output').map((output) => readTensor(output)),
    instances: readInstances(config),
    ...readDynamicBatching(config),
    versions: readVersionPolicy(config),
    modelFile: config.string('default_model_filename') ?? 'model.onnx',
    isCached: readResponseCache(config),
    steps: readSteps(config),
  };
  readTransactionPolicy(config);
  config.finish();
  return read;
}

function readMaxBatchSize(config: Fields): number {
  const size = config.int32('max_batch_size') ?? 0;
  if (size < 0) throw new TypeError(`max_batch_size must be 0, for no batch axis, or more, not ${size}`);
  return size;
}

function readPlatform(config: Fields): Pick<TritonConfig, 'name' | 'backend'> {
  const name = config.string('name');
  const platform = config.string('platform') ?? '';
  const backend = config.string('backend') ?? '';
  const kind = backend || platform;
  const named = name === undefined ? {} : { name };
  if (kind === 'ensemble') return { ...named, backend: 'ensemble' };
  if (kind === '' || kind === 'onnxruntime' || kind === 'onnxruntime_onnx')
    return { ...named, backend: 'onnxruntime' };
  throw new TypeError(`the backend "${kind}" is not served here: onnxruntime and ensemble are`);
}

function readTensor(tensor: Fields): TritonTensor {
  const dataType = tensor.scalar('data_type') ?? 'TYPE_INVALID';
  const dtype = DTYPES[dataType];
  if (dtype === undefined) throw new TypeError(`${tensor.path}data_type ${dataType} is not supported`);
  // How a tensor's last axis is laid out and what its labels are called change nothing in the numbers.
  for (const name of ['format', 'label_filename']) tensor.skip(name);
  const read = { name: tensor.required('name'), dtype, dims: tensor.integers('dims') };
  tensor.finish();
  return read;
}

/** Kind and devices are those of the machine that the artefact was written for; the count is kept. */
function readInstances(config: Fields): number {
  const groups = config.messages('instance_group').map((group) => {
    for (const name of ['name', 'kind', 'gpus', 'rate_limiter', 'profile', 'passive', 'host_policy'])
      group.skip(name);
    const count = group.int32('count') ?? 1;
    group.finish();
    return count;
  });
  return groups.length === 0 ? 1 : groups.reduce((sum, count) => sum + count, 0);
}

function readDynamicBatching(config: Fields): Pick<TritonConfig, 'dynamicBatching'> {
  const batching = config.message('dynamic_batching');
  if (batching === undefined) return {};
  const preferred = batching.int32s('preferred_batch_size');
  const delayMs = (batching.integer('max_queue_delay_microseconds') ?? 0) / 1000;
  batching.skip('preserve_ordering');
  batching.finish();
  return { dynamicBatching: { preferred, delayMs } };
}

function readVersionPolicy(config: Fields): VersionPolicy {
  const policy = config.message('version_policy');
  if (policy === undefined) return { kind: 'latest', count: 1 };
  const specific = policy.message('specific');
  const latest = policy.message('latest');
  const all = policy.message('all');
  const count = latest?.integer('num_versions') ?? 1;
  for (const part of [latest, all]) part?.finish();
  const versions = specific?.integers('versions') ?? [];
  specific?.finish();
  policy.finish();
  if (specific !== undefined) return { kind: 'specific', versions };
  return all === undefined ? { kind: 'latest', count } : { kind: 'all' };
}

function readResponseCache(config: Fields): boolean {
  const cache = config.message('response_cache');
  const isEnabled = cache?.boolean('enable') ?? false;
  cache?.finish();
  return isEnabled;
}

function readSteps(config: Fields): EnsembleStep[] {
  const scheduling = config.message('ensemble_scheduling');
  if (scheduling === undefined) return [];
  const steps = scheduling.messages('step').map((step) => {
    const version = step.integer('model_version') ?? -1;
    const read = {
      modelName: step.required('model_name'),
      ...(version !== -1 && { version }),
      inputMap: readMap(step, 'input_map'),
      outputMap: readMap(step, 'output_map'),
    };
    step.finish();
    return read;
  });
  scheduling.finish();
  return steps;
}

function readMap(step: Fields, name: string): ReadonlyMap<string, string> {
  return new Map(
    step.messages(name).map((entry) => {
      const pair = [entry.required('key'), entry.required('value')] as const;
      entry.finish();
      return pair;
    }),
  );
}

/** A decoupled model answers many times to one request. */
function readTransactionPolicy(config: Fields): void {
  const policy = config.message('model_transaction_policy');
  if (policy?.boolean('decoupled'))
    throw new TypeError('model_transaction_policy.decoupled is not supported');
  policy?.finish();
}

const TRUE = new Set(['true', 'True', 't', '1']);
const FALSE = new Set(['false', 'False', 'f', '0']);

/** The fields of a message; each is taken once, and `finish` names what nobody took. */
class Fields {
  readonly path: string;
  readonly #message: TextMessage;
  readonly #taken = new Set<string>();

  constructor(message: TextMessage, path: string) {
    this.#message = message;
    this.path = path;
  }

  messages(name: string): Fields[] {
    const values = this.#take(name);
    return values.map((value, index) => {
      if (!('fields' in value)) throw new TypeError(`${this.path}${name} is no message`);
      return new Fields(value, `${this.path}${name}${values.length > 1 ? `[${index}]` : ''}.`);
    });
  }

  /** @throws TypeError for one given twice, as Triton's own reader has it */
  message(name: string): Fields | undefined {
    return this.#only(name, this.messages(name));
  }

  scalar(name: string): string | undefined {
    return this.#only(name, this.#scalars(name))?.text;
  }

  string(name: string): string | undefined {
    const value = this.#only(name, this.#scalars(name));
    if (value !== undefined && !value.isString) throw new TypeError(`${this.path}${name} is no string`);
    return value?.text;
  }

  /** @throws TypeError when it is absent */
  required(name: string): string {
    const text = this.string(name);
    if (text === undefined) throw new TypeError(`${this.path}${name} is missing`);
    return text;
  }

  boolean(name: string): boolean | undefined {
    const text = this.scalar(name);
    if (text === undefined) return undefined;
    if (TRUE.has(text)) return true;
    if (FALSE.has(text)) return false;
    throw new TypeError(`${this.path}${name} is neither true nor false: ${text}`);
  }

  integer(name: string): number | undefined {
    return this.#only(name, this.integers(name));
  }

  int32(name: string): number | undefined {
    return this.#only(name, this.int32s(name));
  }

  int32s(name: string): number[] {
    const values = this.integers(name);
    const large = values.find((value) => value !== (value | 0));
    if (large === undefined) return values;
    throw new TypeError(`${this.path}${name} does not fit 32 bits: ${large}`);
  }

  integers(name: string): number[] {
    return this.#scalars(name).map(({ text, isString }) => {
      const value = Number(text);
      if (isString || !Number.isSafeInteger(value))
        throw new TypeError(`${this.path}${name} is no whole number: ${text}`);
      return value;
    });
  }

  skip(name: string): void {
    this.#taken.add(name);
  }

  /** @throws TypeError naming a field that is not supported */
  finish(): void {
    for (const name of this.#message.fields.keys()) {
      if (!this.#taken.has(name)) throw new TypeError(`the field ${this.path}${name} is not supported`);
    }
  }

  #only<Value>(name: string, values: readonly Value[]): Value | undefined {
    if (values.length > 1)
      throw new TypeError(`the field ${this.path}${name} is given ${values.length} times`);
    return values[0];
  }

  #scalars(name: string): TextScalar[] {
    return this.#take(name).map((value) => {
      if ('fields' in value) throw new TypeError(`${this.path}${name} is a message`);
      return value;
    });
  }

  #take(name: string): readonly TextValue[] {
    this.#taken.add(name);
    return this.#message.fields.get(name) ?? [];
  }
}
