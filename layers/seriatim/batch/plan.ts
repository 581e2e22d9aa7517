// From an input and its options to the run that they name. The id is a digest of what the output depends on: bucket,
// key, the object's entity tag, the options. So the same event twice, two starts at once and a start after a crash are
// one run. Pure.
import { createHash } from 'node:crypto';
import { InvalidPayload, SeriatimError } from '../errors.ts';
import { findPipeline, type PipelineEntry } from '../pipelines.ts';
import { type BatchOptions, identityOf } from './options.ts';
import { type BatchRun, type InputFormat, workPrefixOf } from './run.ts';

/** Beside the data: options for every input of the same folder. */
export const OPTIONS_NAME = '_run.json';

export interface InputPlace {
  readonly pipeline: string;
  /** The key after `<pipeline>/in/`. */
  readonly name: string;
}

export interface InputObject extends InputPlace {
  readonly bucket: string;
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
  readonly contentType?: string | undefined;
}

/** Undefined for what is no input: another prefix, a folder's marker, options. */
export function inputPlaceOf(key: string): InputPlace | undefined {
  const [, pipeline, name] = /^([^/]+)\/in\/(.+)$/s.exec(key) ?? [];
  if (pipeline === undefined || name === undefined || name.endsWith('/')) return undefined;
  return name === OPTIONS_NAME || name.endsWith(`/${OPTIONS_NAME}`) ? undefined : { pipeline, name };
}

/** Of the options beside an input. */
export function optionsKeyOf({ pipeline, name }: InputPlace): string {
  const folder = name.includes('/') ? name.slice(0, name.lastIndexOf('/') + 1) : '';
  return `${pipeline}/in/${folder}${OPTIONS_NAME}`;
}

/** @throws PipelineNotFound, UnsupportedContentType, InvalidPayload for options that do not go together */
export function planRun(input: InputObject, options: BatchOptions): BatchRun {
  findPipeline(input.pipeline);
  const { bucket, key, etag, sizeBytes, name, pipeline } = input;
  const format = options.format ?? formatOf(input);
  checkTogether(format, options);
  checkColumns(format, options, findPipeline(input.pipeline));
  const id = runId(name, [bucket, key, etag, identityOf(options)]);
  const workPrefix = workPrefixOf(pipeline, id);
  return { id, pipeline, bucket, key, etag, sizeBytes, format, name, options, workPrefix, attempt: 1 };
}

/** Of an input that no run can be made of: a run that fails with the reason. */
export function planRefusal(
  { bucket, key, name, pipeline, etag, sizeBytes }: InputObject,
  { code, message }: SeriatimError,
): BatchRun {
  findPipeline(pipeline);
  const id = runId(name, [bucket, key, etag, code, message]);
  const workPrefix = workPrefixOf(pipeline, id);
  const run = { id, pipeline, bucket, key, etag, sizeBytes, format: 'jsonl', name, options: {} } as const;
  return { ...run, workPrefix, attempt: 1, refusal: { code, message } };
}

/** The same once more, after another run has replaced its results: as often as it is asked for, the same run. */
export function planAfter(run: BatchRun, other: string): BatchRun {
  const id = runId(run.name, [run.id, other]);
  const options = { ...run.options, rerun: `after ${other}` };
  return { ...run, id, options, workPrefix: workPrefixOf(run.pipeline, id), attempt: 1 };
}

/** Each object under the prefix is a record. @param listing what is there now: another listing is another run */
export function planListing(
  {
    pipeline,
    bucket,
    prefix,
    listing,
  }: { pipeline: string; bucket: string; prefix: string; listing: string },
  options: BatchOptions,
): BatchRun {
  const { binary } = findPipeline(pipeline);
  if (binary === undefined)
    throw new InvalidPayload(`The pipeline ${pipeline} takes records, not objects.`, { pipeline });
  if (!prefix.startsWith(`${pipeline}/`) || prefix.startsWith(`${pipeline}/work/`))
    throw new InvalidPayload(`The prefix "${prefix}" must lie under ${pipeline}/.`, { pipeline });
  checkColumns('objects', options, findPipeline(pipeline));
  const name = `${prefix.slice(pipeline.length + 1).replace(/\/+$/, '') || 'all'}.objects`;
  const id = runId(name, [bucket, prefix, listing, identityOf(options)]);
  const workPrefix = workPrefixOf(pipeline, id);
  return {
    id,
    pipeline,
    bucket,
    key: prefix,
    etag: '',
    sizeBytes: 0,
    format: 'objects',
    name,
    options,
    workPrefix,
    attempt: 1,
  };
}

/** The execution of one start of the run: names have at most 80 characters. */
export function executionName({ id, attempt }: Pick<BatchRun, 'id' | 'attempt'>): string {
  return attempt === 1 ? id : `${id}-r${attempt}`;
}

/** `…-r2` → the run's own id. */
export function runIdOf(name: string): string {
  return name.replace(/-r\d+$/, '');
}

const BY_SUFFIX: readonly (readonly [RegExp, InputFormat])[] = [
  [/\.(csv|tsv)(\.gz)?$/i, 'csv'],
  [/\.(jsonl|ndjson)(\.gz)?$/i, 'jsonl'],
  [/\.json(\.gz)?$/i, 'json'],
  [/\.parquet$/i, 'parquet'],
];

const BY_CONTENT_TYPE: readonly (readonly [RegExp, InputFormat])[] = [
  [/^text\/(csv|tab-separated-values)\b/, 'csv'],
  [/^application\/(x-ndjson|jsonlines|jsonl|x-jsonlines)\b/, 'jsonl'],
  [/^application\/json\b/, 'json'],
  [/^application\/(vnd\.apache\.parquet|x-parquet)\b/, 'parquet'],
];

/** By the name's suffix, else by the content type. */
function formatOf({ name, contentType = '', pipeline }: InputObject): InputFormat {
  const found =
    BY_SUFFIX.find(([suffix]) => suffix.test(name)) ??
    BY_CONTENT_TYPE.find(([type]) => type.test(contentType));
  if (found !== undefined) return found[1];
  const expected = '.csv, .tsv, .jsonl, .ndjson, .json or .parquet (all but the last also .gz)';
  throw new SeriatimError(
    'UnsupportedContentType',
    `The name must end in ${expected}, or the object have the content type of one of these.`,
    { pipeline },
  );
}

function checkTogether(format: InputFormat, { output, join, columns }: BatchOptions): void {
  const hasColumns = format === 'csv' || format === 'parquet' || columns !== undefined;
  if (join !== true || hasColumns || output === undefined || output === 'jsonl') return;
  throw new InvalidPayload(`options: join of ${format} input with ${output} output needs "columns".`);
}

/**
 * Of the output's own fields; with `join` those of a file's header too, which are known once it is read.
 * @throws InvalidPayload naming those that the output cannot have
 */
function checkColumns(
  format: InputFormat,
  { columns = [], join }: BatchOptions,
  { name, outputFields }: PipelineEntry,
): void {
  if (join === true && format !== 'objects') return;
  const unknown = columns.filter((column) => !outputFields.includes(column));
  if (unknown.length === 0) return;
  throw new InvalidPayload(
    `options: columns: ${quoted(unknown)} ${unknown.length === 1 ? 'is no field' : 'are no fields'} of the results of ${name}, which are ${quoted(outputFields)}; "join" adds those of the input.`,
    { pipeline: name },
  );
}

function quoted(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ');
}

/** The folder of an upload that is called by its content says nothing to a reader. */
const BY_CONTENT = /^by-content\/[0-9a-f]+\//;

/** Readable, begins with a letter or digit, so that no command takes it for an option, and 128 bits of a digest. */
function runId(name: string, identity: readonly unknown[]): string {
  const readable = name
    .replace(BY_CONTENT, '')
    .replace(/[^A-Za-z0-9-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 40);
  const digest = createHash('sha256').update(JSON.stringify(identity)).digest('hex');
  return `${readable || 'run'}-${digest.slice(0, 32)}`;
}
