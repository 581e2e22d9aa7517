// A transform job's InputFilter, JoinSource and OutputFilter, over CSV and JSON records.
// https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html
import { compileFilter, type Filter } from './json-path.ts';

export interface DataProcessingConfig {
  readonly InputFilter?: string;
  readonly OutputFilter?: string;
  readonly JoinSource?: 'None' | 'Input';
}

export interface DataProcessing {
  /** What is sent of a record. */
  prepare(record: Buffer): Buffer;
  /** What is stored for records and the answer they got. */
  finish(records: readonly Buffer[], answer: Buffer): Buffer;
}

type Codec = { readonly read: (text: string) => unknown; readonly write: (value: unknown) => string };

/** Columns keep their spelling, quotes included, so that what is not filtered comes out as it came in. */
const CSV: Codec = {
  read: (line) => (line.match(/(?:"(?:[^"]|"")*"|[^,"])+|(?<=^|,)(?=,|$)/g) ?? ['']).map((cell) => cell),
  write: (value) => (Array.isArray(value) ? value.join(',') : String(value ?? '')),
};
const JSON_CODEC: Codec = { read: (text) => JSON.parse(text), write: (value) => JSON.stringify(value) };

/** @throws SyntaxError for a filter that is not served */
export function dataProcessing(
  config: DataProcessingConfig | undefined,
  facts: { readonly contentType: string | undefined; readonly isByLine: boolean },
): DataProcessing {
  const { InputFilter = '$', OutputFilter = '$', JoinSource = 'None' } = config ?? {};
  const codec = facts.contentType?.startsWith('text/csv') ? CSV : JSON_CODEC;
  const processor = {
    codec,
    isByLine: facts.isByLine,
    input: compileFilter(InputFilter),
    output: compileFilter(OutputFilter),
    isJoined: JoinSource === 'Input',
  };
  const isPlain = JoinSource === 'None' && OutputFilter === '$';
  return {
    prepare: InputFilter === '$' ? (record) => record : (record) => filterRecord(record, processor),
    finish: isPlain ? (_records, answer) => answer : (records, answer) => finish(records, answer, processor),
  };
}

interface Processor {
  readonly codec: Codec;
  readonly isByLine: boolean;
  readonly input: Filter;
  readonly output: Filter;
  readonly isJoined: boolean;
}

function filterRecord(record: Buffer, { codec, input }: Processor): Buffer {
  const text = record.toString('utf8');
  const end = /\r?\n$/.exec(text)?.[0] ?? '';
  const body = text.slice(0, text.length - end.length);
  return Buffer.from(codec.write(input(codec.read(body))) + end);
}

function finish(records: readonly Buffer[], answer: Buffer, processor: Processor): Buffer {
  const { codec, output, isJoined, isByLine } = processor;
  const outputs = isByLine ? linesOf(answer.toString('utf8')) : [answer.toString('utf8')];
  const inputs = isByLine
    ? records.flatMap((record) => linesOf(record.toString('utf8')))
    : records.map(String);
  if (isJoined && outputs.length !== inputs.length)
    throw new SyntaxError(
      `The model answered ${outputs.length} records for ${inputs.length}: they cannot be joined.`,
    );
  const lines = outputs.map((text, index) => {
    const value = codec.read(text);
    return codec.write(output(isJoined ? join(codec.read(inputs[index]!), value) : value));
  });
  return Buffer.from(lines.join('\n'));
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line !== '');
}

function join(input: unknown, output: unknown): unknown {
  if (Array.isArray(input) && Array.isArray(output) && input.every((cell) => typeof cell === 'string'))
    return [...input, ...output];
  const isObject = input !== null && typeof input === 'object' && !Array.isArray(input);
  return isObject
    ? { ...input, SageMakerOutput: output }
    : { SageMakerInput: input, SageMakerOutput: output };
}
