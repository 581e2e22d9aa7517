// `POST /pipelines/{pipeline}/batches`. `{"input":{"key":"…"}}` or `{"input":{"prefix":"…"}}` starts a run;
// `{"upload":{"name":"…"}}` answers a URL to put the file to, after which either S3's event or a second request with
// its key starts the run, whichever comes first. Options stand beside either.
import { createHash, randomUUID } from 'node:crypto';
import * as v from 'valibot';
import {
  type BatchOptions,
  type BatchRun,
  checkOptions,
  checkValue,
  headObject,
  InvalidPayload,
  identityOf,
  inputPlaceOf,
  listObjects,
  optionsKeyOf,
  parseJson,
  planListing,
  planRun,
  presignedUrl,
  readTextIfThere,
  runKeys,
  SeriatimError,
  startCurrent,
  toleratedCount,
  writeText,
} from '../../layers/seriatim/index.ts';

export interface BatchPlace {
  readonly bucket: string;
  readonly machinePrefix: string;
}

export interface BatchAnswer {
  readonly statusCode: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const Name = v.pipe(v.string(), v.regex(/^[^/\p{Cc}]{1,200}$/u, 'expected a file name without a folder'));

const Text = v.pipe(v.string(), v.minLength(1));

const InputSchema = v.strictObject({ key: v.optional(Text), prefix: v.optional(Text) });

/** Hexadecimal, of the bytes that are going to be put. */
const Sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in lower-case hexadecimal'));

const RequestSchema = v.strictObject({
  input: v.optional(InputSchema),
  upload: v.optional(v.strictObject({ name: Name, sha256: v.optional(Sha256) })),
  options: v.optional(v.unknown()),
});

export async function createRun(pipeline: string, body: unknown, place: BatchPlace): Promise<BatchAnswer> {
  const { input, upload, options } = checkValue(RequestSchema, body, { path: '' });
  if ((input === undefined) === (upload === undefined))
    throw new InvalidPayload('Either "input" or "upload" is expected.');
  if (input !== undefined && (input.key === undefined) === (input.prefix === undefined))
    throw new InvalidPayload('input: either "key" or "prefix" is expected.');
  const checked = options === undefined ? undefined : checkOptions(options, 'options');
  if (upload !== undefined) return prepareUpload(pipeline, { ...upload, options: checked ?? {} }, place);
  const { key, prefix = '' } = input!;
  const run =
    key === undefined
      ? await planPrefix(pipeline, { prefix, options: checked ?? {} }, place)
      : await planObject(pipeline, { key, options: checked }, place);
  const { status, executionArn, run: started } = await startCurrent(run, { ...place, again: true });
  const answer = {
    id: started.id,
    pipeline,
    status,
    attempt: started.attempt,
    executionArn,
    ...(await exceededBy(run, started, status)),
    links: { self: `/batches/${started.id}` },
  };
  return { statusCode: status === 'STARTED' ? 202 : 200, body: answer };
}

/** A run that went through bearing more than is asked for now is said to have done so. */
async function exceededBy(
  asked: BatchRun,
  found: BatchRun,
  status: string,
): Promise<{ exceedsTolerance?: Exceeded }> {
  if (status !== 'SUCCEEDED' || asked.options.toleratedFailures === undefined) return {};
  const text = await readTextIfThere({ bucket: found.bucket, key: runKeys(found).runManifest });
  if (text === undefined) return {};
  const { records, failed } = (JSON.parse(text) as { counts: { records: number; failed: number } }).counts;
  if (failed <= toleratedCount(asked.options, records)) return {};
  return { exceedsTolerance: { failed, records, tolerated: asked.options.toleratedFailures } };
}

interface Exceeded {
  readonly failed: number;
  readonly records: number;
  readonly tolerated: number | string;
}

interface AskedUpload {
  readonly name: string;
  readonly sha256?: string | undefined;
  readonly options: BatchOptions;
}

/** A folder of its own for each upload: its options are beside it before the data is. */
async function prepareUpload(
  pipeline: string,
  { name, sha256, options }: AskedUpload,
  { bucket }: BatchPlace,
): Promise<BatchAnswer> {
  const folder = uploadFolder({ name, sha256, options });
  const key = `${pipeline}/in/${folder}/${name}`;
  // What cannot be run is refused before anything is uploaded.
  planRun({ pipeline, name, bucket, key, etag: '', sizeBytes: 0 }, options);
  if (sha256 !== undefined || Object.keys(options).length > 0) {
    const optionsKey = optionsKeyOf({ pipeline, name: `${folder}/${name}` });
    await writeText({ bucket, key: optionsKey }, JSON.stringify(options), 'application/json');
  }
  if (sha256 !== undefined && (await headObject({ bucket, key })) !== undefined)
    return { statusCode: 200, body: { input: { key } } };
  const url = await presignedUrl('PUT', { bucket, key });
  return { statusCode: 201, body: { upload: { url, method: 'PUT' }, input: { key } } };
}

/** Of the content and of what is to be done with it, where they are told: the same once more is the same run. */
function uploadFolder({ name, sha256, options }: AskedUpload): string {
  if (sha256 === undefined) return `${new Date().toISOString().slice(0, 10)}/${randomUUID().slice(0, 8)}`;
  const identity = JSON.stringify([name, sha256, identityOf(options)]);
  return `by-content/${createHash('sha256').update(identity).digest('hex').slice(0, 32)}`;
}

/** Options of the request stand before those beside the data. */
async function planObject(
  pipeline: string,
  { key, options }: { readonly key: string; readonly options: BatchOptions | undefined },
  { bucket }: BatchPlace,
): Promise<BatchRun> {
  const place = inputPlaceOf(key);
  if (place?.pipeline !== pipeline)
    throw new InvalidPayload(`input.key: expected a key under ${pipeline}/in/, got "${key}".`);
  const head = await headObject({ bucket, key });
  if (head === undefined)
    throw new SeriatimError('InputNotFound', `There is no object s3://${bucket}/${key}.`);
  return planRun({ bucket, key, ...place, ...head }, options ?? (await optionsBeside(place, bucket)));
}

async function optionsBeside(
  place: Parameters<typeof optionsKeyOf>[0],
  bucket: string,
): Promise<BatchOptions> {
  const key = optionsKeyOf(place);
  const text = await readTextIfThere({ bucket, key });
  return text === undefined ? {} : checkOptions(parseJson(text, key), key);
}

async function planPrefix(
  pipeline: string,
  { prefix, options }: { readonly prefix: string; readonly options: BatchOptions },
  { bucket }: BatchPlace,
): Promise<BatchRun> {
  const hash = createHash('sha256');
  let count = 0;
  for await (const { key, sizeBytes } of listObjects(bucket, prefix)) {
    hash.update(`${key}\n${sizeBytes}\n`);
    if (!key.endsWith('/')) count++;
  }
  const run = planListing({ pipeline, bucket, prefix, listing: hash.digest('hex') }, options);
  if (count > 0) return run;
  throw new SeriatimError('EmptyInput', `There are no objects under s3://${bucket}/${prefix}.`, { pipeline });
}
