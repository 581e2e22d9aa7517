// Every operation that the official client knows is told by its name, and answered or refused: none goes unnoticed.
import * as sdk from '@aws-sdk/client-s3';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningS3, startS3 } from './running-s3.ts';

let running: RunningS3;
beforeAll(async () => {
  running = await startS3();
  await running.s3.createBucket('known');
});
afterAll(() => running.stop());

/** Name, method and path of each operation, from the client's own schemas. */
const operations = Object.entries(sdk)
  .filter(([name, schema]) => name.endsWith('$') && Array.isArray(schema) && schema[0] === 9)
  .map(([, schema]) => {
    const [, , name, traits] = schema as unknown as [number, string, string, { http: [string, string] }];
    return { name, method: traits.http[0], path: traits.http[1] };
  })
  // Goes to a host of its own.
  .filter(({ name }) => name !== 'WriteGetObjectResponse');

const SERVED = new Set([
  'AbortMultipartUpload',
  'CompleteMultipartUpload',
  'CopyObject',
  'CreateBucket',
  'CreateMultipartUpload',
  'DeleteBucket',
  'DeleteBucketEncryption',
  'DeleteBucketLifecycle',
  'DeleteBucketOwnershipControls',
  'DeleteBucketPolicy',
  'DeleteBucketTagging',
  'DeleteObject',
  'DeleteObjects',
  'DeleteObjectTagging',
  'DeletePublicAccessBlock',
  'GetBucketAcl',
  'GetBucketEncryption',
  'GetBucketLifecycleConfiguration',
  'GetBucketLocation',
  'GetBucketNotificationConfiguration',
  'GetBucketOwnershipControls',
  'GetBucketPolicy',
  'GetBucketTagging',
  'GetBucketVersioning',
  'GetObject',
  'GetObjectAcl',
  'GetObjectAttributes',
  'GetObjectTagging',
  'GetPublicAccessBlock',
  'HeadBucket',
  'HeadObject',
  'ListBuckets',
  'ListMultipartUploads',
  'ListObjects',
  'ListObjectsV2',
  'ListObjectVersions',
  'ListParts',
  'PutBucketEncryption',
  'PutBucketLifecycleConfiguration',
  'PutBucketNotificationConfiguration',
  'PutBucketOwnershipControls',
  'PutBucketPolicy',
  'PutBucketTagging',
  'PutBucketVersioning',
  'PutObject',
  'PutObjectTagging',
  'PutPublicAccessBlock',
  'UploadPart',
  'UploadPartCopy',
]);

/** Query parameters and headers that the client adds from required members, where they tell operations apart. */
const BOUND: Readonly<Record<string, { query?: string; headers?: Record<string, string> }>> = {
  AbortMultipartUpload: { query: 'uploadId=u' },
  CompleteMultipartUpload: { query: 'uploadId=u' },
  CopyObject: { headers: { 'x-amz-copy-source': 'known/none' } },
  GetBucketAnalyticsConfiguration: { query: 'id=i' },
  GetBucketIntelligentTieringConfiguration: { query: 'id=i' },
  GetBucketInventoryConfiguration: { query: 'id=i' },
  GetBucketMetricsConfiguration: { query: 'id=i' },
  GetObjectAnnotation: { query: 'annotationName=a' },
  ListParts: { query: 'uploadId=u' },
  UploadPart: { query: 'uploadId=u&partNumber=1' },
  UploadPartCopy: { query: 'uploadId=u&partNumber=1', headers: { 'x-amz-copy-source': 'known/none' } },
};

/** Making a bucket needs none, and is seen in every other test. */
const isServed = ({ name }: { name: string }): boolean => SERVED.has(name) && name !== 'CreateBucket';

const isRoot = (name: string): boolean => name === 'ListBuckets' || name === 'ListDirectoryBuckets';

async function call({ name, method, path }: (typeof operations)[number]) {
  const { query = '', headers = {} } = BOUND[name] ?? {};
  // A bucket that is not there, so that nothing is changed.
  const target = isRoot(name) ? path : `/unknown-bucket${path.replace('{Key+}', 'key')}`;
  const url = `${running.url}${target}${target.includes('?') ? '&' : '?'}${query}`;
  const { statusCode, body } = await request(url, { method: method as 'GET', headers });
  return { statusCode, text: await body.text() };
}

describe('the operations of S3', () => {
  it('are known to the client', () => expect(operations.length).toBeGreaterThan(100));

  it.each(operations.filter(({ name }) => !SERVED.has(name)))(
    '$name is refused by its name',
    async (operation) => {
      const { statusCode, text } = await call(operation);

      expect(statusCode).toBe(501);
      expect(text).toContain('<Code>NotImplemented</Code>');
      expect(text).toContain(`The operation ${operation.name} is`);
    },
  );

  it.each(operations.filter(isServed))('$name is answered', async (operation) => {
    const { statusCode, text } = await call(operation);

    expect(statusCode).not.toBe(501);
    expect(text).not.toContain('MethodNotAllowed');
    if (operation.method !== 'HEAD' && !isRoot(operation.name)) {
      expect(text).toMatch(/NoSuchBucket|NoSuchUpload|MalformedXML|MalformedPolicy/);
    }
  });

  it('a form upload is refused by its name', async () => {
    const { statusCode, body } = await request(`${running.url}/known`, { method: 'POST', body: 'x' });

    expect(statusCode).toBe(501);
    expect(await body.text()).toContain('PostObject');
  });

  it('a method that S3 does not have is not allowed', async () => {
    const { statusCode, body } = await request(`${running.url}/known/k`, { method: 'PATCH' });

    expect(statusCode).toBe(405);
    expect(await body.text()).toContain('<Code>MethodNotAllowed</Code>');
  });
});
