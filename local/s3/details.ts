// The properties of an object that a client sets and gets back: which headers they are, and what SDKs call them.

/** Header by SDK member. */
export const STORED_HEADERS: Readonly<Record<string, string>> = {
  CacheControl: 'cache-control',
  ContentDisposition: 'content-disposition',
  ContentEncoding: 'content-encoding',
  ContentLanguage: 'content-language',
  ContentType: 'content-type',
  Expires: 'expires',
  WebsiteRedirectLocation: 'x-amz-website-redirect-location',
  StorageClass: 'x-amz-storage-class',
  ServerSideEncryption: 'x-amz-server-side-encryption',
  SSEKMSKeyId: 'x-amz-server-side-encryption-aws-kms-key-id',
  BucketKeyEnabled: 'x-amz-server-side-encryption-bucket-key-enabled',
};

export const STORED_HEADER_NAMES: readonly string[] = Object.values(STORED_HEADERS);

export const METADATA_PREFIX = 'x-amz-meta-';

export const DEFAULT_STORAGE_CLASS = 'STANDARD';

/** `aws-chunked` is how a body travelled, not what it is. */
export function withoutTransferCoding(contentEncoding: string): string | undefined {
  const kept = contentEncoding
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding.toLowerCase() !== 'aws-chunked');
  return kept.length === 0 ? undefined : kept.join(', ');
}
