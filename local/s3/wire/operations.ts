// Which operation of S3 a request is, all of them: those that are not served are refused by their name.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
import type { S3Request } from './request.ts';

/** Query parameters of bucket operations, and what follows the verb in the name for GET, PUT and DELETE. */
const BUCKET_NAMES: Readonly<Record<string, string>> = {
  abac: 'BucketAbac',
  accelerate: 'BucketAccelerateConfiguration',
  acl: 'BucketAcl',
  analytics: 'BucketAnalyticsConfiguration',
  cors: 'BucketCors',
  encryption: 'BucketEncryption',
  'intelligent-tiering': 'BucketIntelligentTieringConfiguration',
  inventory: 'BucketInventoryConfiguration',
  lifecycle: 'BucketLifecycleConfiguration',
  location: 'BucketLocation',
  logging: 'BucketLogging',
  metadataAnnotationTable: 'BucketMetadataAnnotationTableConfiguration',
  metadataConfiguration: 'BucketMetadataConfiguration',
  metadataInventoryTable: 'BucketMetadataInventoryTableConfiguration',
  metadataJournalTable: 'BucketMetadataJournalTableConfiguration',
  metadataTable: 'BucketMetadataTableConfiguration',
  metrics: 'BucketMetricsConfiguration',
  notification: 'BucketNotificationConfiguration',
  'object-lock': 'ObjectLockConfiguration',
  ownershipControls: 'BucketOwnershipControls',
  policy: 'BucketPolicy',
  policyStatus: 'BucketPolicyStatus',
  publicAccessBlock: 'PublicAccessBlock',
  replication: 'BucketReplication',
  requestPayment: 'BucketRequestPayment',
  tagging: 'BucketTagging',
  versioning: 'BucketVersioning',
  website: 'BucketWebsite',
};

const OBJECT_NAMES: Readonly<Record<string, string>> = {
  acl: 'ObjectAcl',
  annotation: 'ObjectAnnotation',
  attributes: 'ObjectAttributes',
  encryption: 'ObjectEncryption',
  'legal-hold': 'ObjectLegalHold',
  retention: 'ObjectRetention',
  tagging: 'ObjectTagging',
  torrent: 'ObjectTorrent',
};

const VERBS: Readonly<Record<string, string>> = { GET: 'Get', PUT: 'Put', DELETE: 'Delete', POST: 'Create' };

/** Operations that the tables above do not name, by method and query parameter; `-` for none of them. */
const BUCKET_OTHERS: Readonly<Record<string, string>> = {
  'DELETE lifecycle': 'DeleteBucketLifecycle',
  'GET -': 'ListObjects',
  'GET list-type': 'ListObjectsV2',
  'GET session': 'CreateSession',
  'GET uploads': 'ListMultipartUploads',
  'GET versions': 'ListObjectVersions',
  'HEAD -': 'HeadBucket',
  'PUT -': 'CreateBucket',
  'PUT metadataAnnotationTable': 'UpdateBucketMetadataAnnotationTableConfiguration',
  'PUT metadataInventoryTable': 'UpdateBucketMetadataInventoryTableConfiguration',
  'PUT metadataJournalTable': 'UpdateBucketMetadataJournalTableConfiguration',
  'POST -': 'PostObject',
  'POST delete': 'DeleteObjects',
  'DELETE -': 'DeleteBucket',
};

const OBJECT_OTHERS: Readonly<Record<string, string>> = {
  'DELETE -': 'DeleteObject',
  'DELETE uploadId': 'AbortMultipartUpload',
  'GET -': 'GetObject',
  'GET uploadId': 'ListParts',
  'HEAD -': 'HeadObject',
  'POST restore': 'RestoreObject',
  'POST select': 'SelectObjectContent',
  'POST uploadId': 'CompleteMultipartUpload',
  'POST uploads': 'CreateMultipartUpload',
  'PUT -': 'PutObject',
  'PUT encryption': 'UpdateObjectEncryption',
  'PUT renameObject': 'RenameObject',
  'PUT uploadId': 'UploadPart',
};

/** The name of the operation; `undefined` for what is none of S3's. */
export function identifyOperation(request: S3Request): string | undefined {
  const { method, bucket, key, query } = request;
  if (bucket === '') return identifyRootOperation(request);
  const [names, others] = key === '' ? [BUCKET_NAMES, BUCKET_OTHERS] : [OBJECT_NAMES, OBJECT_OTHERS];
  for (const parameter of query.keys()) {
    const other = parameter === '-' ? undefined : others[`${method} ${parameter}`];
    const plain = names[parameter] && VERBS[method] && `${VERBS[method]}${names[parameter]}`;
    const found = other ?? plain;
    if (found !== undefined) return refine(request, found);
  }
  const bare = others[`${method} -`];
  return bare === undefined ? undefined : refine(request, bare);
}

function identifyRootOperation({ method, query }: S3Request): string | undefined {
  if (method !== 'GET') return undefined;
  return query.get('x-id') === 'ListDirectoryBuckets' ? 'ListDirectoryBuckets' : 'ListBuckets';
}

/** Operations that only a header or a second parameter tells apart. */
function refine({ header, query }: S3Request, operation: string): string {
  const isCopy = header('x-amz-copy-source') !== undefined;
  if (operation === 'PutObject' && isCopy) return 'CopyObject';
  if (operation === 'UploadPart' && isCopy) return 'UploadPartCopy';
  if (operation === 'GetObjectAnnotation' && !query.has('annotationName')) return 'ListObjectAnnotations';
  const listed = /^GetBucket(Analytics|IntelligentTiering|Inventory|Metrics)Configuration$/.exec(operation);
  return listed !== null && !query.has('id') ? `ListBucket${listed[1]}Configurations` : operation;
}
