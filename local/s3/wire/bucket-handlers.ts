// Operations on buckets and their configurations. Those without an effect here (encryption, policy, versioning and
// their kin) are kept and given back as they came, so that a template's settings can be read again.
import { AwsError } from '../../wire/errors.ts';
import type { SettingName } from '../buckets.ts';
import type { Ground } from '../ground.ts';
import { readNotifications, writeNotifications } from '../notification-rules.ts';
import { deliversNothing } from '../notifier.ts';
import { headObject } from '../objects.ts';
import { checkTags, readTags } from '../tags.ts';
import { childText, readXml, writeXml } from '../xml.ts';
import { readDocument } from './body.ts';
import { type Handler, type Handlers, notImplemented } from './handler.ts';
import { sendDocument, sendEmpty, sendXml } from './reply.ts';
import type { S3Request } from './request.ts';

const XML = { 'content-type': 'application/xml' };

export const bucketHandlers: Handlers = {
  async CreateBucket(ground, request) {
    const document = await readDocument(request);
    if (document !== '') checkLocation(ground, document);
    if (request.header('x-amz-bucket-object-lock-enabled') === 'true') throw notImplemented('Object lock');
    ground.buckets.create(request.bucket);
    sendEmpty(request, 200, { location: `/${request.bucket}` });
  },
  HeadBucket(ground, request) {
    ground.buckets.get(request.bucket);
    sendEmpty(request, 200, {
      'x-amz-bucket-region': ground.place.region,
      'content-type': 'application/xml',
    });
  },
  DeleteBucket(ground, request) {
    ground.bodies.remove(ground.buckets.delete(request.bucket));
    sendEmpty(request, 204);
  },
  ListBuckets(ground, request) {
    sendXml(request, 'ListAllMyBucketsResult', listBuckets(ground, request));
  },
  GetBucketLocation(ground, request) {
    ground.buckets.get(request.bucket);
    // us-east-1 is told by an empty element.
    const { region } = ground.place;
    const text = region === 'us-east-1' ? '' : region;
    const document = writeXml('LocationConstraint', {}).replace('></', `>${text}</`);
    sendDocument(request, document, XML);
  },
  GetBucketAcl: sendOwnersAcl,
  GetObjectAcl: sendOwnersAcl,
  GetBucketPolicy(ground, request) {
    sendDocument(request, setting(ground, request, 'policy'), { 'content-type': 'application/json' });
  },
  async PutBucketPolicy(ground, request) {
    const document = await readDocument(request);
    checkPolicy(document);
    ground.buckets.configure(request.bucket, 'policy', document);
    sendEmpty(request, 204);
  },
  DeleteBucketPolicy: remove('policy'),
  GetBucketNotificationConfiguration: give('notification'),
  PutBucketNotificationConfiguration: keep('notification', (document, ground) => {
    const rules = readNotifications(document);
    if (rules.length > 0 && !ground.notifier.delivers) throw deliversNothing();
    return writeNotifications(rules);
  }),
  GetBucketTagging: give('tagging'),
  PutBucketTagging: keep('tagging', (document) => {
    checkTags(readTags(document));
    return document;
  }),
  DeleteBucketTagging: remove('tagging'),
  GetBucketLifecycleConfiguration: give('lifecycle'),
  PutBucketLifecycleConfiguration: keep('lifecycle', (document) => document),
  DeleteBucketLifecycle: remove('lifecycle'),
  GetBucketVersioning: give('versioning'),
  PutBucketVersioning: keep('versioning', rooted('VersioningConfiguration')),
  GetBucketEncryption: give('encryption'),
  PutBucketEncryption: keep('encryption', rooted('ServerSideEncryptionConfiguration')),
  DeleteBucketEncryption: remove('encryption'),
  GetBucketOwnershipControls: give('ownershipControls'),
  PutBucketOwnershipControls: keep('ownershipControls', rooted('OwnershipControls')),
  DeleteBucketOwnershipControls: remove('ownershipControls'),
  GetPublicAccessBlock: give('publicAccessBlock'),
  PutPublicAccessBlock: keep('publicAccessBlock', rooted('PublicAccessBlockConfiguration')),
  DeletePublicAccessBlock: remove('publicAccessBlock'),
};

function give(name: SettingName): Handler {
  return (ground, request) => sendDocument(request, setting(ground, request, name), XML);
}

function keep(name: SettingName, check: (document: string, ground: Ground) => string): Handler {
  return async (ground, request) => {
    ground.buckets.get(request.bucket);
    const document = check(await readDocument(request), ground);
    ground.buckets.configure(request.bucket, name, document);
    sendEmpty(request, 200);
  };
}

function remove(name: SettingName): Handler {
  return (ground, request) => {
    ground.buckets.configure(request.bucket, name, undefined);
    sendEmpty(request, 204);
  };
}

function rooted(root: string): (document: string) => string {
  return (document) => {
    readXml(document, root);
    return document;
  };
}

/** What a bucket has before anything was configured, where S3 has a default. */
const DEFAULTS: Partial<Record<SettingName, string>> = {
  notification: writeXml('NotificationConfiguration', {}),
  versioning: writeXml('VersioningConfiguration', {}),
  encryption: writeXml('ServerSideEncryptionConfiguration', {
    Rule: { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false },
  }),
  ownershipControls: writeXml('OwnershipControls', { Rule: { ObjectOwnership: 'BucketOwnerEnforced' } }),
  publicAccessBlock: writeXml('PublicAccessBlockConfiguration', {
    BlockPublicAcls: true,
    IgnorePublicAcls: true,
    BlockPublicPolicy: true,
    RestrictPublicBuckets: true,
  }),
};

const MISSING: Partial<Record<SettingName, readonly [code: string, message: string]>> = {
  tagging: ['NoSuchTagSet', 'The TagSet does not exist'],
  lifecycle: ['NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist'],
  policy: ['NoSuchBucketPolicy', 'The bucket policy does not exist'],
};

function setting(ground: Ground, { bucket }: S3Request, name: SettingName): string {
  const document = ground.buckets.get(bucket).settings[name] ?? DEFAULTS[name];
  if (document !== undefined) return document;
  const [code, message] = MISSING[name]!;
  throw new AwsError(code, message, { statusCode: 404, members: { BucketName: bucket } });
}

/** @throws AwsError IllegalLocationConstraintException (400) */
function checkLocation({ place }: Ground, document: string): void {
  const asked = childText(readXml(document, 'CreateBucketConfiguration'), 'LocationConstraint');
  if (asked === undefined || asked === '' || asked === place.region) return;
  const message = `The ${asked} location constraint is incompatible for the region specific endpoint this request was sent to.`;
  throw new AwsError('IllegalLocationConstraintException', message);
}

/** @throws AwsError MalformedPolicy (400) */
function checkPolicy(document: string): void {
  try {
    const policy: unknown = JSON.parse(document);
    if (typeof policy === 'object' && policy !== null && 'Statement' in policy) return;
  } catch {
    // Falls through to the one error for everything that is no policy.
  }
  throw new AwsError('MalformedPolicy', 'Policies must be valid JSON with a Statement');
}

function listBuckets({ buckets, place }: Ground, { query }: S3Request) {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? '';
  const most = Number(query.get('max-buckets') ?? 10_000);
  const all = buckets.all().filter(({ name }) => name.startsWith(prefix) && name > after);
  const page = all.slice(0, most);
  return {
    Owner: { ID: place.accountId },
    Buckets: {
      Bucket: page.map(({ name, createdMs }) => ({
        Name: name,
        CreationDate: new Date(createdMs).toISOString(),
        BucketRegion: place.region,
      })),
    },
    ContinuationToken: all.length > page.length ? page.at(-1)?.name : undefined,
    Prefix: prefix === '' ? undefined : prefix,
  };
}

function sendOwnersAcl(ground: Ground, request: S3Request): void {
  ground.buckets.get(request.bucket);
  if (request.key !== '') headObject(ground, request);
  const id = ground.place.accountId;
  const grantee = `<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>${id}</ID></Grantee>`;
  const document = writeXml('AccessControlPolicy', {
    Owner: { ID: id },
    AccessControlList: { Grant: { Grantee: '', Permission: 'FULL_CONTROL' } },
  }).replace('<Grantee></Grantee>', grantee);
  sendDocument(request, document, XML);
}
