// Objects through the official client: what is put comes back, and what is asked for conditionally is answered so.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  ChecksumAlgorithm,
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure, type RunningS3, startS3 } from './running-s3.ts';

const Bucket = 'objects';
let running: RunningS3;

beforeAll(async () => {
  running = await startS3();
  await running.client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => running.stop());

const put = (Key: string, Body: string | Uint8Array, more: object = {}) =>
  running.client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = (Key: string, more: object = {}) =>
  running.client.send(new GetObjectCommand({ Bucket, Key, ...more }));
const textOf = async (Key: string, more: object = {}) => (await get(Key, more)).Body!.transformToString();
/** More than the database takes, so that it is a file. */
const large = Buffer.alloc(300_000, 'abcdefghij');

describe('an object', () => {
  it.each([
    ['empty', ''],
    ['small', 'hello'],
    ['large', large.toString()],
  ])('that is %s comes back as it was put', async (Key, body) => {
    const { ETag } = await put(Key, body);

    const answer = await get(Key);

    expect(await answer.Body!.transformToString()).toBe(body);
    expect(answer).toMatchObject({
      ETag,
      ContentLength: body.length,
      ContentType: 'application/octet-stream',
    });
  });

  it('keeps its headers and metadata', async () => {
    const given = {
      ContentType: 'text/csv',
      CacheControl: 'no-store',
      ContentDisposition: 'attachment; filename="a.csv"',
      ContentEncoding: 'gzip',
      ContentLanguage: 'de',
      Metadata: { 'stage-name': 'Estimate', empty: '' },
    };
    await put('headers', 'x', { ...given, Expires: new Date('2030-01-01T00:00:00Z') });

    const head = await running.client.send(new HeadObjectCommand({ Bucket, Key: 'headers' }));

    expect(head).toMatchObject({
      ...given,
      ContentLength: 1,
      ExpiresString: 'Tue, 01 Jan 2030 00:00:00 GMT',
    });
  });

  it('is replaced whole by a second put', async () => {
    await put('twice', large, { Metadata: { first: '1' } });
    await put('twice', 'second');

    const answer = await get('twice');

    expect(await answer.Body!.transformToString()).toBe('second');
    expect(answer.Metadata).toEqual({});
  });

  it('stays readable to its end though it is deleted meanwhile', async () => {
    const body = Buffer.alloc(3_000_000, 'x');
    await put('going', body);
    const { Body } = await get('going');

    await running.client.send(new DeleteObjectCommand({ Bucket, Key: 'going' }));

    expect((await Body!.transformToByteArray()).length).toBe(body.length);
    expect(await failure(get('going'))).toEqual({ code: 'NoSuchKey', status: 404 });
  });

  it.each([undefined, 'CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
    'streams in with a %s trailer that is checked and given back',
    async (algorithm) => {
      const more = algorithm === undefined ? {} : { ChecksumAlgorithm: algorithm };
      const Body = Readable.from([large.subarray(0, 70_000), large.subarray(70_000)]);

      const answer = await running.client.send(
        new PutObjectCommand({ Bucket, Key: 'streamed', Body, ContentLength: large.length, ...more }),
      );

      const name = `Checksum${algorithm ?? 'CRC32'}` as const;
      const head = await running.client.send(
        new HeadObjectCommand({ Bucket, Key: 'streamed', ChecksumMode: 'ENABLED' }),
      );
      expect(answer[name]).toMatch(/=$/);
      expect(head[name]).toBe(answer[name]);
      expect(head.ChecksumType).toBe('FULL_OBJECT');
      expect(head.ContentEncoding).toBeUndefined();
      expect(await textOf('streamed')).toBe(large.toString());
    },
  );

  it('is refused when a checksum or digest of it is false', async () => {
    const wrong = { ChecksumSHA256: Buffer.alloc(32).toString('base64') };
    expect(await failure(put('wrong', 'x', wrong))).toEqual({ code: 'BadDigest', status: 400 });
    expect(await failure(put('wrong', 'x', { ContentMD5: Buffer.alloc(16).toString('base64') }))).toEqual({
      code: 'BadDigest',
      status: 400,
    });
    expect(await failure(put('wrong', 'x', { ContentMD5: 'eA==' }))).toEqual({
      code: 'InvalidDigest',
      status: 400,
    });
    expect(await failure(get('wrong'))).toMatchObject({ code: 'NoSuchKey' });
  });

  it('is refused with a checksum algorithm that is not served', async () => {
    const algorithm = { ChecksumAlgorithm: ChecksumAlgorithm.SHA512, ChecksumSHA512: 'AAAA' };

    expect(await failure(put('sha512', 'x', algorithm))).toMatchObject({ status: 400 });
  });
});

describe('a key', () => {
  it.each([
    '..',
    '../../etc/passwd',
    'a/../b',
    'a//b',
    '/a',
    './a',
    'a/',
    'a b+c%20d%',
    '?x=1&y',
    '#',
    'ünï/日本/😀',
    '\u0001\r\n\t',
    '<&>"\'',
    'e\u0301',
    'k'.repeat(1024),
    'constructor',
  ])('may be %j', async (Key) => {
    await put(Key, Key);

    expect(await textOf(Key)).toBe(Key);
    const { Contents } = await running.client.send(new ListObjectsV2Command({ Bucket, Prefix: Key }));
    expect(Contents?.map((one) => one.Key)).toEqual([Key]);
    const removal = { Objects: [{ Key }] };
    const removed = await running.client.send(new DeleteObjectsCommand({ Bucket, Delete: removal }));
    expect(removed.Deleted).toEqual([{ Key }]);
    expect(await failure(get(Key))).toMatchObject({ code: 'NoSuchKey' });
  });

  it('may be any text', async () => {
    const anyKey = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(anyKey, async (Key) => {
        await put(Key, Key);
        expect(await textOf(Key)).toBe(Key);
      }),
      { numRuns: 100 },
    );
  });

  it('of more than 1,024 bytes is refused', async () => {
    expect(await failure(put('é'.repeat(513), 'x'))).toEqual({ code: 'KeyTooLongError', status: 400 });
  });
});

describe('a range', () => {
  it.each([
    ['bytes=0-9', 0, 10],
    ['bytes=5-5', 5, 6],
    ['bytes=299990-', 299_990, 300_000],
    ['bytes=-10', 299_990, 300_000],
    ['bytes=100000-900000', 100_000, 300_000],
  ])('%s is answered with its bytes', async (Range, start, end) => {
    await put('ranged', large);

    const answer = await get('ranged', { Range });

    expect(await answer.Body!.transformToString()).toBe(large.subarray(start, end).toString());
    expect(answer.ContentRange).toBe(`bytes ${start}-${end - 1}/300000`);
    expect(answer.$metadata.httpStatusCode).toBe(206);
  });

  it.each(['bytes=9-1', 'bytes=0-1,3-4', 'lines=1-2'])('%s asks for the whole', async (Range) => {
    await put('unranged', 'hello');

    expect(await textOf('unranged', { Range })).toBe('hello');
  });

  it.each(['bytes=5-', 'bytes=-0', 'bytes=10-20'])('%s of five bytes cannot be satisfied', async (Range) => {
    await put('short', 'hello');

    expect(await failure(get('short', { Range }))).toEqual({ code: 'InvalidRange', status: 416 });
  });
});

describe('a condition', () => {
  const past = new Date('2020-01-01T00:00:00Z');
  const future = new Date('2040-01-01T00:00:00Z');

  it('on reading is met, or answered 304 or 412', async () => {
    const { ETag } = await put('read', 'x');

    expect(await textOf('read', { IfMatch: ETag, IfUnmodifiedSince: past })).toBe('x');
    expect(await textOf('read', { IfNoneMatch: '"other"', IfModifiedSince: future })).toBe('x');
    expect(await failure(get('read', { IfNoneMatch: ETag }))).toMatchObject({ status: 304 });
    expect(await failure(get('read', { IfModifiedSince: future }))).toMatchObject({ status: 304 });
    expect(await failure(get('read', { IfMatch: '"other"' }))).toEqual({
      code: 'PreconditionFailed',
      status: 412,
    });
    expect(await failure(get('read', { IfUnmodifiedSince: past }))).toMatchObject({ status: 412 });
  });

  it('on writing holds at the moment of the write', async () => {
    const attempts = Array.from({ length: 8 }, (_, index) =>
      put('once', `${index}`, { IfNoneMatch: '*' }).then(
        () => 'written',
        (error: Error) => error.name,
      ),
    );

    const outcomes = (await Promise.all(attempts)).sort();

    expect(outcomes).toEqual([...Array(7).fill('PreconditionFailed'), 'written']);
  });

  it('on replacing compares the ETag', async () => {
    const { ETag } = await put('replaced', 'x');

    expect(await failure(put('absent', 'y', { IfMatch: ETag }))).toEqual({ code: 'NoSuchKey', status: 404 });
    expect(await failure(put('replaced', 'y', { IfMatch: '"other"' }))).toMatchObject({ status: 412 });
    await put('replaced', 'y', { IfMatch: ETag });
    expect(await textOf('replaced')).toBe('y');
  });
});

describe('a copy', () => {
  const copy = (Key: string, CopySource: string, more: object = {}) =>
    running.client.send(new CopyObjectCommand({ Bucket, Key, CopySource, ...more }));

  it.each([
    ['small', 'body'],
    ['large', large.toString()],
  ])('of a %s object has its bytes, metadata and tags', async (size, body) => {
    await put(`from ${size}+`, body, { Metadata: { a: '1' }, Tagging: 't=1', ContentType: 'text/plain' });

    await copy(`to ${size}`, `${Bucket}/${encodeURIComponent(`from ${size}+`)}`);
    await put(`from ${size}+`, 'changed');

    const answer = await get(`to ${size}`);
    expect(await answer.Body!.transformToString()).toBe(body);
    expect(answer).toMatchObject({ Metadata: { a: '1' }, ContentType: 'text/plain', TagCount: 1 });
  });

  it('takes new metadata and a new checksum when told', async () => {
    await put('plain', 'body', { Metadata: { a: '1' } });

    const { CopyObjectResult } = await copy('described', `/${Bucket}/plain`, {
      MetadataDirective: 'REPLACE',
      Metadata: { b: '2' },
      ChecksumAlgorithm: 'SHA256',
    });

    expect((await get('described')).Metadata).toEqual({ b: '2' });
    expect(CopyObjectResult?.ChecksumSHA256).toBe(createHash('sha256').update('body').digest('base64'));
  });

  it('is refused to itself unchanged, from nothing, and on a condition that fails', async () => {
    const { ETag } = await put('self', 'body');

    expect(await failure(copy('self', `${Bucket}/self`))).toEqual({ code: 'InvalidRequest', status: 400 });
    expect(await failure(copy('to', `${Bucket}/nothing`))).toEqual({ code: 'NoSuchKey', status: 404 });
    expect(await failure(copy('to', 'no-such-bucket/key'))).toEqual({ code: 'NoSuchBucket', status: 404 });
    expect(await failure(copy('to', `${Bucket}/self`, { CopySourceIfNoneMatch: ETag }))).toMatchObject({
      status: 412,
    });
    await copy('self', `${Bucket}/self`, { MetadataDirective: 'REPLACE', Metadata: { now: 'changed' } });
    expect(await textOf('self')).toBe('body');
  });
});

describe('tags and attributes', () => {
  it('are set, replaced and removed', async () => {
    const at = { Bucket, Key: 'tagged' };
    await put(at.Key, 'x', { Tagging: 'a=1&b=%26' });
    const tags = async () => (await running.client.send(new GetObjectTaggingCommand(at))).TagSet;

    expect(await tags()).toEqual([
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '&' },
    ]);
    const Tagging = { TagSet: [{ Key: 'c', Value: '' }] };
    await running.client.send(new PutObjectTaggingCommand({ ...at, Tagging }));
    expect(await tags()).toEqual([{ Key: 'c', Value: '' }]);
    await running.client.send(new DeleteObjectTaggingCommand(at));
    expect(await tags()).toEqual([]);
  });

  it('are told by GetObjectAttributes as far as they are asked for', async () => {
    const { ETag, ChecksumCRC32 } = await put('attributes', 'x');

    const answer = await running.client.send(
      new GetObjectAttributesCommand({
        Bucket,
        Key: 'attributes',
        ObjectAttributes: ['ETag', 'Checksum', 'ObjectSize', 'StorageClass'],
      }),
    );

    expect(answer).toMatchObject({
      ETag: ETag?.replaceAll('"', ''),
      Checksum: { ChecksumCRC32, ChecksumType: 'FULL_OBJECT' },
      ObjectSize: 1,
      StorageClass: 'STANDARD',
    });
  });
});

describe('deleting', () => {
  it('what is not there succeeds', async () => {
    const { $metadata } = await running.client.send(new DeleteObjectCommand({ Bucket, Key: 'nothing' }));

    expect($metadata.httpStatusCode).toBe(204);
  });

  it('several tells each one apart', async () => {
    await put('one', '1');
    const Objects = [{ Key: 'one' }, { Key: 'two' }, { Key: 'x'.repeat(1025) }];

    const answer = await running.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));

    expect(answer.Deleted).toEqual([{ Key: 'one' }, { Key: 'two' }]);
    expect(answer.Errors).toEqual([expect.objectContaining({ Code: 'KeyTooLongError' })]);
  });
});
