// S3's operations by name, as Step Functions' SDK integrations call them: inputs and outputs spelt as AWS spells them.
// A member that is not served here is refused by name, never passed over.
import { buffer } from 'node:stream/consumers';
import type { SdkOperations, SdkValues } from '../service.ts';
import { AwsError } from '../wire/errors.ts';
import { parseCopySource } from './addresses.ts';
import type { ObjectAddress } from './api.ts';
import { type Conditions, checkRead } from './conditions.ts';
import { DEFAULT_STORAGE_CLASS, STORED_HEADERS } from './details.ts';
import type { Ground } from './ground.ts';
import { decodeToken, encodeToken } from './listing.ts';
import { invalidToken, listObjects } from './object-listing.ts';
import * as objects from './objects.ts';
import { parseRange, resolveRange } from './ranges.ts';
import type { StoredObject } from './records.ts';
import { checkObjectTags, parseTagHeader } from './tags.ts';

const DETAILS = [...Object.keys(STORED_HEADERS), 'Metadata', 'Tagging'];
const READ_CONDITIONS = ['IfMatch', 'IfNoneMatch', 'IfModifiedSince', 'IfUnmodifiedSince'];

export function createOperations(ground: Ground): SdkOperations {
  return {
    async putObject(input) {
      only(input, ['Bucket', 'Key', 'Body', 'IfMatch', 'IfNoneMatch', ...DETAILS]);
      const put = {
        incoming: { source: [bodyOf(input)] },
        details: detailsOf(input),
        conditions: writeConditions(input),
      };
      const object = await objects.putObject(ground, addressOf(input), put);
      return { ETag: object.etag, ServerSideEncryption: 'AES256' };
    },
    async getObject(input) {
      only(input, ['Bucket', 'Key', 'Range', ...READ_CONDITIONS]);
      const { object, body } = objects.openObject(ground, addressOf(input));
      checkConditions(input, object);
      const range = resolveRange(parseRange(optional(input, 'Range')), object.sizeBytes);
      const span = range ?? { first: 0, last: object.sizeBytes - 1 };
      const bytes = objects.readBody(ground, body, span);
      const Body = bytes instanceof Uint8Array ? bytes : await buffer(bytes);
      return {
        ...describe(object),
        Body,
        ContentLength: Body.length,
        ...(range && { ContentRange: `bytes ${range.first}-${range.last}/${object.sizeBytes}` }),
      };
    },
    async headObject(input) {
      only(input, ['Bucket', 'Key', ...READ_CONDITIONS]);
      const object = objects.headObject(ground, addressOf(input));
      checkConditions(input, object);
      return { ...describe(object), ContentLength: object.sizeBytes };
    },
    async listObjectsV2(input) {
      return listV2(ground, input);
    },
    async deleteObject(input) {
      only(input, ['Bucket', 'Key', 'IfMatch']);
      const ifMatch = optional(input, 'IfMatch');
      objects.deleteObject(ground, addressOf(input), ifMatch === undefined ? {} : { ifMatch });
      return {};
    },
    async copyObject(input) {
      return copy(ground, input);
    },
    async createBucket(input) {
      only(input, ['Bucket']);
      const { name } = ground.buckets.create(required(input, 'Bucket'));
      return { Location: `/${name}` };
    },
    async listBuckets(input) {
      only(input, []);
      const Buckets = ground.buckets
        .all()
        .map(({ name, createdMs }) => ({ Name: name, CreationDate: new Date(createdMs) }));
      return { Buckets, Owner: { ID: ground.place.accountId } };
    },
  };
}

async function copy(ground: Ground, input: SdkValues): Promise<SdkValues> {
  const own = ['MetadataDirective', 'TaggingDirective', 'CopySource', 'IfMatch', 'IfNoneMatch'];
  only(input, ['Bucket', 'Key', ...own, ...DETAILS]);
  const { headers, metadata, tags } = detailsOf(input);
  const object = await objects.copyObject(ground, addressOf(input), {
    source: parseCopySource(required(input, 'CopySource')),
    sourceConditions: {},
    conditions: writeConditions(input),
    ...(input.MetadataDirective === 'REPLACE' ? { details: { headers, metadata } } : {}),
    ...(input.TaggingDirective === 'REPLACE' ? { tags: tags ?? [] } : {}),
  });
  return { CopyObjectResult: { ETag: object.etag, LastModified: new Date(object.lastModifiedMs) } };
}

function listV2(ground: Ground, input: SdkValues): SdkValues {
  only(input, ['Bucket', 'Prefix', 'Delimiter', 'StartAfter', 'ContinuationToken', 'MaxKeys']);
  const token = optional(input, 'ContinuationToken');
  const after = token === undefined ? (optional(input, 'StartAfter') ?? '') : decodeToken(token);
  if (after === undefined) throw invalidToken();
  const Name = required(input, 'Bucket');
  const [prefix, delimiter] = [optional(input, 'Prefix') ?? '', optional(input, 'Delimiter') ?? ''];
  const MaxKeys = input.MaxKeys === undefined ? 1000 : Number(input.MaxKeys);
  const page = listObjects(ground, Name, { prefix, delimiter, after, maxKeys: MaxKeys });
  return {
    Name,
    Prefix: prefix,
    MaxKeys,
    KeyCount: page.objects.length + page.commonPrefixes.length,
    IsTruncated: page.next !== undefined,
    ...(page.next === undefined ? {} : { NextContinuationToken: encodeToken(page.next) }),
    ...(delimiter === '' ? {} : { Delimiter: delimiter }),
    ...(page.objects.length === 0 ? {} : { Contents: page.objects.map(listed) }),
    ...(page.commonPrefixes.length === 0
      ? {}
      : { CommonPrefixes: page.commonPrefixes.map((Prefix) => ({ Prefix })) }),
  };
}

function listed(object: StoredObject): SdkValues {
  return {
    Key: object.key,
    LastModified: new Date(object.lastModifiedMs),
    ETag: object.etag,
    Size: object.sizeBytes,
    StorageClass: object.details.headers['x-amz-storage-class'] ?? DEFAULT_STORAGE_CLASS,
  };
}

function describe({ etag, lastModifiedMs, details }: StoredObject): SdkValues {
  const headers: SdkValues = {};
  for (const [member, header] of Object.entries(STORED_HEADERS)) {
    if (details.headers[header] !== undefined) headers[member] = details.headers[header];
  }
  return {
    AcceptRanges: 'bytes',
    LastModified: new Date(lastModifiedMs),
    ETag: etag,
    ContentType: objects.DEFAULT_CONTENT_TYPE,
    ServerSideEncryption: 'AES256',
    Metadata: details.metadata,
    ...headers,
  };
}

function detailsOf(input: SdkValues): objects.DetailsGiven {
  const headers: Record<string, string> = {};
  for (const [member, header] of Object.entries(STORED_HEADERS)) {
    const value = input[member];
    if (value !== undefined) headers[header] = value instanceof Date ? value.toUTCString() : String(value);
  }
  const tagging = optional(input, 'Tagging');
  const metadata = Object.entries(input.Metadata ?? {}).map(([name, value]) => [
    name.toLowerCase(),
    String(value),
  ]);
  return {
    headers,
    metadata: Object.fromEntries(metadata),
    ...(tagging === undefined ? {} : { tags: checkObjectTags(parseTagHeader(tagging)) }),
  };
}

function bodyOf({ Body = '' }: SdkValues): Uint8Array {
  if (typeof Body === 'string') return Buffer.from(Body);
  if (Body instanceof Uint8Array) return Body;
  throw new AwsError('ValidationException', 'Body must be a string or bytes.');
}

function addressOf(input: SdkValues): ObjectAddress {
  return { bucket: required(input, 'Bucket'), key: required(input, 'Key') };
}

function writeConditions(input: SdkValues): Pick<Conditions, 'ifMatch' | 'ifNoneMatch'> {
  const [ifMatch, ifNoneMatch] = [optional(input, 'IfMatch'), optional(input, 'IfNoneMatch')];
  return {
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
  };
}

function checkConditions(input: SdkValues, object: StoredObject): void {
  const conditions: Record<string, string> = {};
  for (const member of READ_CONDITIONS) {
    const value = input[member];
    const name = `i${member.slice(1)}`;
    if (value !== undefined) conditions[name] = value instanceof Date ? value.toUTCString() : String(value);
  }
  if (checkRead(conditions, object) === 'send') return;
  throw new AwsError('NotModified', 'Not Modified', { statusCode: 304 });
}

function required(input: SdkValues, member: string): string {
  const value = optional(input, member);
  if (value !== undefined) return value;
  throw new AwsError('ValidationException', `${member} is required.`);
}

function optional(input: SdkValues, member: string): string | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw new AwsError('ValidationException', `${member} must be a string.`);
}

function only(input: SdkValues, members: readonly string[]): void {
  const other = Object.keys(input).find((member) => !members.includes(member));
  if (other === undefined) return;
  throw new AwsError('NotImplemented', `The member ${other} is not served here.`, { statusCode: 501 });
}
