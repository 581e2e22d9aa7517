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
  inputPlaceOf,
  listObjects,
  optionsKeyOf,
  planListing,
  planRun,
  presignedUrl,
  readTextIfThere,
  SeriatimError,
  startRun,
  writeText,
} from '../../layers/seriatim/index.ts';

export interface BatchPlace {
  readonly bucket: string;
  readonly machinePrefix: string;
}

export interface BatchAnswer {
  readonly statusCode: number;
  readonly body: unknown;
}

const Name = v.pipe(v.string(), v.regex(/^[^/\p{Cc}]{1,200}$/u, 'expected a file name without a folder'));

const RequestSchema = v.strictObject({
  input: v.optional(v.union([v.strictObject({ key: v.string() }), v.strictObject({ prefix: v.string() })])),
  upload: v.optional(v.strictObject({ name: Name })),
  options: v.optional(v.unknown()),
});

export async function createRun(pipeline: string, body: unknown, place: BatchPlace): Promise<BatchAnswer> {
  const { input, upload, options } = checkValue(RequestSchema, body, { path: '' });
  if ((input === undefined) === (upload === undefined))
    throw new InvalidPayload('Either "input" or "upload" is expected.');
  const checked = options === undefined ? undefined : checkOptions(options, 'options');
  if (upload !== undefined)
    return prepareUpload(pipeline, { name: upload.name, options: checked ?? {} }, place);
  const run =
    'key' in input!
      ? await planObject(pipeline, { key: input.key, options: checked }, place)
      : await planPrefix(pipeline, { prefix: input!.prefix, options: checked ?? {} }, place);
  const { status, executionArn, run: started } = await startRun(run, { ...place, again: true });
  const answer = {
    id: run.id,
    pipeline,
    status,
    attempt: started.attempt,
    executionArn,
    links: { self: `/batches/${run.id}` },
  };
  return { statusCode: status === 'STARTED' ? 202 : 200, body: answer };
}

/** A folder of its own for each upload: its options are beside it before the data is. */
async function prepareUpload(
  pipeline: string,
  { name, options }: { readonly name: string; readonly options: BatchOptions },
  { bucket }: BatchPlace,
): Promise<BatchAnswer> {
  const folder = `${new Date().toISOString().slice(0, 10)}/${randomUUID().slice(0, 8)}`;
  const key = `${pipeline}/in/${folder}/${name}`;
  // What cannot be run is refused before anything is uploaded.
  planRun({ pipeline, name, bucket, key, etag: '', sizeBytes: 0 }, options);
  if (Object.keys(options).length > 0) {
    const optionsKey = optionsKeyOf({ pipeline, name: `${folder}/${name}` });
    await writeText({ bucket, key: optionsKey }, JSON.stringify(options), 'application/json');
  }
  const url = await presignedUrl('PUT', { bucket, key });
  return { statusCode: 201, body: { upload: { url, method: 'PUT' }, input: { key } } };
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
    throw new SeriatimError('ClaimNotFound', `There is no object s3://${bucket}/${key}.`);
  return planRun({ bucket, key, ...place, ...head }, options ?? (await optionsBeside(place, bucket)));
}

async function optionsBeside(
  place: Parameters<typeof optionsKeyOf>[0],
  bucket: string,
): Promise<BatchOptions> {
  const key = optionsKeyOf(place);
  const text = await readTextIfThere({ bucket, key });
  return text === undefined ? {} : checkOptions(JSON.parse(text) as unknown, key);
}

async function planPrefix(
  pipeline: string,
  { prefix, options }: { readonly prefix: string; readonly options: BatchOptions },
  { bucket }: BatchPlace,
): Promise<BatchRun> {
  const hash = createHash('sha256');
  for await (const { key, sizeBytes } of listObjects(bucket, prefix)) hash.update(`${key}\n${sizeBytes}\n`);
  return planListing({ pipeline, bucket, prefix, listing: hash.digest('hex') }, options);
}
