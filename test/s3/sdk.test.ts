// S3's operations by name, as Step Functions' SDK integrations call them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure, type RunningS3, startS3 } from './running-s3.ts';

let running: RunningS3;
beforeAll(async () => {
  running = await startS3();
  await call('createBucket', { Bucket: 'ops' });
});
afterAll(() => running.stop());

const call = (operation: string, input: Record<string, unknown>) => running.s3.operations[operation]!(input);

describe('operations', () => {
  it('put and get bytes and text', async () => {
    const put = await call('putObject', {
      Bucket: 'ops',
      Key: 'k',
      Body: 'hé',
      ContentType: 'text/plain',
      Metadata: { A: '1' },
    });
    await call('putObject', { Bucket: 'ops', Key: 'large', Body: new Uint8Array(50_000) });

    const got = await call('getObject', { Bucket: 'ops', Key: 'k' });
    const large = await call('getObject', { Bucket: 'ops', Key: 'large', Range: 'bytes=10-19' });

    expect(Buffer.from(got.Body as Uint8Array).toString()).toBe('hé');
    expect(got).toMatchObject({
      ContentLength: 3,
      ContentType: 'text/plain',
      ETag: put.ETag,
      Metadata: { a: '1' },
    });
    expect(got.LastModified).toBeInstanceOf(Date);
    expect(large).toMatchObject({ ContentLength: 10, ContentRange: 'bytes 10-19/50000' });
  });

  it('head, copy, list and delete', async () => {
    await call('putObject', { Bucket: 'ops', Key: 'dir/a', Body: 'x' });
    await call('copyObject', { Bucket: 'ops', Key: 'dir/b', CopySource: 'ops/dir/a' });
    const input = { Bucket: 'ops', Prefix: 'dir/', MaxKeys: 1 };
    const page = await call('listObjectsV2', input);
    const rest = await call('listObjectsV2', { ...input, ContinuationToken: page.NextContinuationToken });
    await call('deleteObject', { Bucket: 'ops', Key: 'dir/a' });

    expect(page).toMatchObject({ KeyCount: 1, IsTruncated: true, Contents: [{ Key: 'dir/a', Size: 1 }] });
    expect(rest).toMatchObject({ IsTruncated: false, Contents: [{ Key: 'dir/b' }] });
    expect(await call('headObject', { Bucket: 'ops', Key: 'dir/b' })).toMatchObject({ ContentLength: 1 });
    expect((await failure(call('headObject', { Bucket: 'ops', Key: 'dir/a' }))).code).toBe('NoSuchKey');
    expect(await call('listBuckets', {})).toMatchObject({ Buckets: [{ Name: 'ops' }] });
  });

  it('refuse a member that is not served, by its name', async () => {
    const input = { Bucket: 'ops', Key: 'k', Body: 'x', ObjectLockMode: 'GOVERNANCE' };

    await expect(call('putObject', input)).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('ObjectLockMode'),
    });
  });

  it('refuse an input that lacks a member or has one of a wrong type', async () => {
    expect((await failure(call('getObject', { Bucket: 'ops' }))).code).toBe('ValidationException');
    expect((await failure(call('putObject', { Bucket: 'ops', Key: 'k', Body: 7 }))).code).toBe(
      'ValidationException',
    );
  });

  it('answer conditions', async () => {
    const { ETag } = await call('putObject', { Bucket: 'ops', Key: 'cond', Body: 'x' });

    expect(
      (await failure(call('putObject', { Bucket: 'ops', Key: 'cond', Body: 'y', IfNoneMatch: '*' }))).code,
    ).toBe('PreconditionFailed');
    expect((await failure(call('getObject', { Bucket: 'ops', Key: 'cond', IfNoneMatch: ETag }))).code).toBe(
      'NotModified',
    );
  });
});
