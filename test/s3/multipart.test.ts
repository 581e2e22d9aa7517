// Multipart uploads through the official client.
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure, type RunningS3, startS3 } from './running-s3.ts';

const Bucket = 'uploads';
const MIN_PART_BYTES = 5 * 1024 * 1024;
const first = Buffer.alloc(MIN_PART_BYTES, 'first');
const last = Buffer.from('last');
let running: RunningS3;

beforeAll(async () => {
  running = await startS3();
  await running.client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => running.stop());

async function begin(Key: string, more: object = {}) {
  const answer = await running.client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }));
  return { Bucket, Key, UploadId: answer.UploadId };
}
type Upload = Awaited<ReturnType<typeof begin>>;

async function putPart(upload: Upload, PartNumber: number, Body: Uint8Array) {
  const answer = await running.client.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
  return { PartNumber, ETag: answer.ETag, ChecksumCRC32: answer.ChecksumCRC32 };
}

const complete = (upload: Upload, Parts: object[], more: object = {}) =>
  running.client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...more }));

describe('a multipart upload', () => {
  it('becomes one object of its parts in order, with the ETag that S3 gives it', async () => {
    const upload = await begin('whole', { Metadata: { a: '1' }, ContentType: 'text/plain' });
    const two = await putPart(upload, 7, last);
    const one = await putPart(upload, 2, first);

    expect(await failure(running.client.send(new HeadObjectCommand({ Bucket, Key: 'whole' })))).toMatchObject(
      {
        status: 404,
      },
    );
    const { ETag } = await complete(upload, [one, two]);

    const digests = [first, last].map((part) => createHash('md5').update(part).digest());
    expect(ETag).toBe(`"${createHash('md5').update(Buffer.concat(digests)).digest('hex')}-2"`);
    const answer = await running.client.send(new GetObjectCommand({ Bucket, Key: 'whole' }));
    expect(Buffer.from(await answer.Body!.transformToByteArray())).toEqual(Buffer.concat([first, last]));
    expect(answer).toMatchObject({ ETag, Metadata: { a: '1' }, ContentType: 'text/plain' });
  });

  it('can be read by range across its parts, and by part', async () => {
    const upload = await begin('ranges');
    await complete(upload, [await putPart(upload, 1, first), await putPart(upload, 2, last)]);
    const read = async (more: object) => {
      const answer = await running.client.send(new GetObjectCommand({ Bucket, Key: 'ranges', ...more }));
      return { text: await answer.Body!.transformToString(), parts: answer.PartsCount };
    };

    const end = first.subarray(-3).toString();
    expect(await read({ Range: `bytes=${MIN_PART_BYTES - 3}-${MIN_PART_BYTES + 1}` })).toMatchObject({
      text: `${end}la`,
    });
    expect(await read({ PartNumber: 2 })).toEqual({ text: 'last', parts: 2 });
    expect(await failure(read({ PartNumber: 3 }))).toMatchObject({ status: 416 });
  });

  it.each(['COMPOSITE', 'FULL_OBJECT'] as const)('has a %s checksum of its parts', async (ChecksumType) => {
    const upload = await begin('checked', { ChecksumAlgorithm: 'CRC32', ChecksumType });
    const parts = [await putPart(upload, 1, first), await putPart(upload, 2, last)];

    const { ChecksumCRC32 } = await complete(upload, parts);

    const toBase64 = (crc: number): string => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(crc);
      return bytes.toString('base64');
    };
    const digests = Buffer.concat(parts.map((part) => Buffer.from(part.ChecksumCRC32!, 'base64')));
    const expected =
      ChecksumType === 'FULL_OBJECT'
        ? toBase64(crc32(Buffer.concat([first, last])))
        : `${toBase64(crc32(digests))}-2`;
    expect(ChecksumCRC32).toBe(expected);
    const attributes = await running.client.send(
      new GetObjectAttributesCommand({
        Bucket,
        Key: 'checked',
        ObjectAttributes: ['Checksum', 'ObjectParts'],
      }),
    );
    expect(attributes).toMatchObject({
      Checksum: { ChecksumCRC32: expected, ChecksumType },
      ObjectParts: { TotalPartsCount: 2 },
    });
  });

  it('takes a part from a range of another object', async () => {
    await running.client.send(new PutObjectCommand({ Bucket, Key: 'source', Body: 'abcdefgh' }));
    const upload = await begin('copied');

    const { CopyPartResult } = await running.client.send(
      new UploadPartCopyCommand({
        ...upload,
        PartNumber: 1,
        CopySource: `${Bucket}/source`,
        CopySourceRange: 'bytes=2-4',
      }),
    );
    await complete(upload, [{ PartNumber: 1, ETag: CopyPartResult?.ETag }]);

    const answer = await running.client.send(new GetObjectCommand({ Bucket, Key: 'copied' }));
    expect(await answer.Body!.transformToString()).toBe('cde');
  });

  it('may have one part of no bytes', async () => {
    const upload = await begin('nothing');
    await complete(upload, [await putPart(upload, 1, new Uint8Array())]);

    const answer = await running.client.send(new GetObjectCommand({ Bucket, Key: 'nothing' }));

    expect(await answer.Body!.transformToString()).toBe('');
  });

  it('is completed twice with one outcome, because an answer may be lost', async () => {
    const upload = await begin('again');
    const parts = [await putPart(upload, 1, last)];

    const [once, twice] = [await complete(upload, parts), await complete(upload, parts)];

    expect(twice.ETag).toBe(once.ETag);
  });

  it('refuses parts that are missing, changed, out of order or too small', async () => {
    const upload = await begin('refused');
    const one = await putPart(upload, 1, last);
    const two = await putPart(upload, 2, last);
    const refusal = async (parts: object[]) => (await failure(complete(upload, parts))).code;

    expect(await refusal([{ ...one, PartNumber: 3 }])).toBe('InvalidPart');
    expect(await refusal([{ ...one, ETag: '"other"' }])).toBe('InvalidPart');
    expect(await refusal([two, one])).toBe('InvalidPartOrder');
    expect(await refusal([one, two])).toBe('EntityTooSmall');
    expect(await refusal([])).toBe('MalformedXML');
    expect((await failure(complete(upload, [one], { MpuObjectSize: 5 }))).code).toBe('InvalidRequest');
  });

  it('ends when it is aborted', async () => {
    const upload = await begin('aborted');
    const part = await putPart(upload, 1, last);

    await running.client.send(new AbortMultipartUploadCommand(upload));

    expect(await failure(complete(upload, [part]))).toEqual({ code: 'NoSuchUpload', status: 404 });
    expect((await failure(putPart(upload, 2, last))).code).toBe('NoSuchUpload');
    expect((await failure(running.client.send(new AbortMultipartUploadCommand(upload)))).code).toBe(
      'NoSuchUpload',
    );
  });

  it('does not replace an object when it may not', async () => {
    await running.client.send(new PutObjectCommand({ Bucket, Key: 'there', Body: 'there' }));
    const upload = await begin('there');
    const part = await putPart(upload, 1, last);

    expect(await failure(complete(upload, [part], { IfNoneMatch: '*' }))).toMatchObject({ status: 412 });
    await complete(upload, [part]);
    const answer = await running.client.send(new GetObjectCommand({ Bucket, Key: 'there' }));
    expect(await answer.Body!.transformToString()).toBe('last');
  });

  it('refuses a part number that is none', async () => {
    const upload = await begin('numbers');

    expect((await failure(putPart(upload, 0, last))).code).toBe('InvalidArgument');
    expect((await failure(putPart(upload, 10_001, last))).code).toBe('InvalidArgument');
  });
});

describe('listing', () => {
  it('shows the parts of an upload, a page at a time', async () => {
    const upload = await begin('listed parts');
    for (const number of [3, 1, 2]) await putPart(upload, number, last);

    const page = await running.client.send(new ListPartsCommand({ ...upload, MaxParts: 2 }));
    const rest = await running.client.send(
      new ListPartsCommand({ ...upload, PartNumberMarker: page.NextPartNumberMarker }),
    );

    expect(page.Parts?.map((part) => part.PartNumber)).toEqual([1, 2]);
    expect(page.IsTruncated).toBe(true);
    expect(rest.Parts).toEqual([expect.objectContaining({ PartNumber: 3, Size: 4 })]);
    expect(rest.IsTruncated).toBe(false);
  });

  it('shows the uploads under way by key, a page at a time', async () => {
    const Prefix = 'listing/';
    for (const name of ['b', 'a', 'deep/c', 'deep/d']) await begin(Prefix + name);
    const ask = (more: object) =>
      running.client.send(new ListMultipartUploadsCommand({ Bucket, Prefix, ...more }));

    const grouped = await ask({ Delimiter: '/' });
    const page = await ask({ MaxUploads: 3 });
    const rest = await ask({ KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker });

    expect(grouped.Uploads?.map(({ Key }) => Key)).toEqual(['listing/a', 'listing/b']);
    expect(grouped.CommonPrefixes).toEqual([{ Prefix: 'listing/deep/' }]);
    expect(page.Uploads?.map(({ Key }) => Key)).toEqual(['listing/a', 'listing/b', 'listing/deep/c']);
    expect(rest.Uploads?.map(({ Key }) => Key)).toEqual(['listing/deep/d']);
  });
});
