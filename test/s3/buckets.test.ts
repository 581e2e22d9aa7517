// Buckets, their configurations and listings through the official client, and every operation that is not served.
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteBucketTaggingCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketCorsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectAclCommand,
  paginateListObjectsV2,
  RestoreObjectCommand,
  SelectObjectContentCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure, type RunningS3, startS3 } from './running-s3.ts';

let running: RunningS3;
const send: RunningS3['client']['send'] = ((command: never) => running.client.send(command)) as never;

beforeAll(async () => {
  running = await startS3();
});
afterAll(() => running.stop());

describe('a bucket', () => {
  it('is made, found, listed and deleted', async () => {
    await send(new CreateBucketCommand({ Bucket: 'made' }));
    await send(new CreateBucketCommand({ Bucket: 'made' }));

    expect((await send(new HeadBucketCommand({ Bucket: 'made' }))).BucketRegion).toBe('us-east-1');
    expect((await send(new GetBucketLocationCommand({ Bucket: 'made' }))).LocationConstraint).toBeUndefined();
    const { Buckets } = await send(new ListBucketsCommand({ Prefix: 'mad' }));
    expect(Buckets?.map(({ Name }) => Name)).toEqual(['made']);
    await send(new DeleteBucketCommand({ Bucket: 'made' }));
    expect(await failure(send(new HeadBucketCommand({ Bucket: 'made' })))).toMatchObject({ status: 404 });
    expect(await failure(send(new DeleteBucketCommand({ Bucket: 'made' })))).toEqual({
      code: 'NoSuchBucket',
      status: 404,
    });
  });

  it('is not deleted while it has objects', async () => {
    await running.s3.createBucket('full');
    await running.s3.putObject({ bucket: 'full', key: 'k' }, 'x');

    const deletion = send(new DeleteBucketCommand({ Bucket: 'full' }));

    expect(await failure(deletion)).toEqual({ code: 'BucketNotEmpty', status: 409 });
  });

  it.each([
    'ab',
    'Upper',
    'under_score',
    '-dash',
    'dash-',
    'two..dots',
    '192.168.0.1',
    'xn--a',
    'a'.repeat(64),
  ])('may not be called %s', async (Bucket) => {
    expect((await failure(running.s3.createBucket(Bucket))).code).toBe('InvalidBucketName');
  });

  it('belongs to the region of this place', async () => {
    const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' } as const;

    const creation = send(new CreateBucketCommand({ Bucket: 'elsewhere', CreateBucketConfiguration }));

    expect((await failure(creation)).code).toBe('IllegalLocationConstraintException');
  });
});

describe('a configuration', () => {
  const Bucket = 'configured';
  beforeAll(() => running.s3.createBucket(Bucket));

  it('of tags is kept and removed', async () => {
    const TagSet = [{ Key: 'project', Value: 'a & b' }];
    await send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));

    expect((await send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual(TagSet);
    await send(new DeleteBucketTaggingCommand({ Bucket }));
    expect((await failure(send(new GetBucketTaggingCommand({ Bucket })))).code).toBe('NoSuchTagSet');
  });

  it('of lifecycle, encryption and versioning comes back as it was given', async () => {
    const Rules = [
      { ID: 'claims', Status: 'Enabled', Filter: { Prefix: 'claims/' }, Expiration: { Days: 1 } } as const,
    ];
    const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } } as const;

    await send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [...Rules] } }),
    );
    await send(
      new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules: [rule] } }),
    );
    await send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } }));

    expect((await send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules).toEqual(Rules);
    const encryption = await send(new GetBucketEncryptionCommand({ Bucket }));
    expect(encryption.ServerSideEncryptionConfiguration?.Rules).toEqual([rule]);
    expect((await send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Suspended');
  });

  it('of a policy is JSON', async () => {
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [] });
    await send(new PutBucketPolicyCommand({ Bucket, Policy }));

    expect((await send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe(Policy);
    expect((await failure(send(new PutBucketPolicyCommand({ Bucket, Policy: '{' })))).code).toBe(
      'MalformedPolicy',
    );
    await send(new DeleteBucketPolicyCommand({ Bucket }));
    expect((await failure(send(new GetBucketPolicyCommand({ Bucket })))).code).toBe('NoSuchBucketPolicy');
  });

  it('has the defaults of a new bucket on AWS', async () => {
    await running.s3.createBucket('plain');

    expect((await send(new GetBucketVersioningCommand({ Bucket: 'plain' }))).Status).toBeUndefined();
    const { ServerSideEncryptionConfiguration } = await send(
      new GetBucketEncryptionCommand({ Bucket: 'plain' }),
    );
    expect(ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault).toEqual({
      SSEAlgorithm: 'AES256',
    });
    const access = await send(new GetPublicAccessBlockCommand({ Bucket: 'plain' }));
    expect(access.PublicAccessBlockConfiguration?.BlockPublicPolicy).toBe(true);
  });
});

describe('a listing', () => {
  const Bucket = 'listed';
  const keys = ['a/1', 'a/2', 'b/1', 'c d+e', 'z\u{ffff}', 'z\u{1f600}'];
  beforeAll(async () => {
    await running.s3.createBucket(Bucket);
    for (const key of keys) await running.s3.putObject({ bucket: Bucket, key }, key);
  });

  it('is in the order of the bytes of the keys, through pages', async () => {
    const shown: (string | undefined)[] = [];
    for await (const page of paginateListObjectsV2({ client: running.client, pageSize: 2 }, { Bucket })) {
      shown.push(...(page.Contents ?? []).map(({ Key }) => Key));
    }

    expect(shown).toEqual(keys);
  });

  it('groups by a delimiter', async () => {
    const page = await send(new ListObjectsV2Command({ Bucket, Delimiter: '/', MaxKeys: 3 }));
    const rest = await send(
      new ListObjectsV2Command({ Bucket, Delimiter: '/', ContinuationToken: page.NextContinuationToken }),
    );

    expect(page.CommonPrefixes).toEqual([{ Prefix: 'a/' }, { Prefix: 'b/' }]);
    expect(page).toMatchObject({ KeyCount: 3, IsTruncated: true });
    expect(rest.Contents?.map(({ Key }) => Key)).toEqual(['z\u{ffff}', 'z\u{1f600}']);
    expect(rest.CommonPrefixes).toBeUndefined();
  });

  it('starts after a key, within a prefix', async () => {
    const page = await send(new ListObjectsV2Command({ Bucket, Prefix: 'a/', StartAfter: 'a/1' }));

    expect(page.Contents).toEqual([
      expect.objectContaining({
        Key: 'a/2',
        Size: 3,
        StorageClass: 'STANDARD',
        LastModified: expect.any(Date),
      }),
    ]);
  });

  it('encodes keys when asked to', async () => {
    const page = await send(new ListObjectsV2Command({ Bucket, Prefix: 'c d', EncodingType: 'url' }));

    expect(page.Contents?.[0]?.Key).toBe('c%20d%2Be');
  });

  it('of the first version goes on from a marker', async () => {
    const page = await send(new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 1 }));
    const rest = await send(
      new ListObjectsCommand({ Bucket, Delimiter: '/', Marker: page.NextMarker, MaxKeys: 2 }),
    );

    expect(page.NextMarker).toBe('a/');
    expect(rest.CommonPrefixes).toEqual([{ Prefix: 'b/' }]);
    expect(rest.Contents?.map(({ Key }) => Key)).toEqual(['c d+e']);
  });

  it('of versions shows the one there is', async () => {
    const { Versions } = await send(new ListObjectVersionsCommand({ Bucket, Prefix: 'a/', MaxKeys: 1 }));

    expect(Versions).toEqual([expect.objectContaining({ Key: 'a/1', VersionId: 'null', IsLatest: true })]);
  });

  it('refuses a token that is not its own', async () => {
    const page = send(new ListObjectsV2Command({ Bucket, ContinuationToken: 'guess' }));

    expect(await failure(page)).toEqual({ code: 'InvalidArgument', status: 400 });
  });
});

describe('an operation that is not served', () => {
  const at = { Bucket: 'unserved', Key: 'k' };
  const CORSConfiguration = { CORSRules: [{ AllowedMethods: ['GET'], AllowedOrigins: ['*'] }] };

  it.each([
    ['PutBucketCors', () => send(new PutBucketCorsCommand({ ...at, CORSConfiguration }))],
    ['PutObjectAcl', () => send(new PutObjectAclCommand({ ...at, ACL: 'private' }))],
    ['RestoreObject', () => send(new RestoreObjectCommand(at))],
    [
      'SelectObjectContent',
      () =>
        send(
          new SelectObjectContentCommand({
            ...at,
            Expression: 'SELECT 1',
            ExpressionType: 'SQL',
            InputSerialization: {},
            OutputSerialization: {},
          }),
        ),
    ],
  ])('such as %s is refused by its name', async (operation, call) => {
    await expect(call()).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining(operation),
      $metadata: { httpStatusCode: 501 },
    });
  });
});
