// The page of ListMultipartUploads.
import { AwsError } from '../../wire/errors.ts';
import { DEFAULT_STORAGE_CLASS } from '../details.ts';
import type { Ground } from '../ground.ts';
import { isBefore } from '../names.ts';
import type { StoredUpload } from '../records.ts';
import type { XmlElement } from '../xml.ts';
import type { S3Request } from './request.ts';

type Encode = (text: string | null) => string | undefined;

/** @throws AwsError NoSuchBucket (404), InvalidArgument (400) */
export function listUploads(ground: Ground, { bucket, query }: S3Request, encode: Encode): XmlElement {
  const { id } = ground.buckets.get(bucket);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const [keyMarker, idMarker] = [query.get('key-marker') ?? '', query.get('upload-id-marker') ?? ''];
  const most = Number(query.get('max-uploads') ?? 1000);
  if (!(Number.isInteger(most) && most >= 0)) {
    throw new AwsError('InvalidArgument', 'max-uploads must be a whole number');
  }
  const page = pageOf([...ground.store.uploads.inBucket(id)].filter(wanted), { prefix, delimiter, most });
  return {
    Bucket: bucket,
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker,
    NextKeyMarker: page.isTruncated ? encode(page.last?.key ?? '') : undefined,
    NextUploadIdMarker: page.isTruncated ? page.last?.uploadId : undefined,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    EncodingType: query.get('encoding-type') ?? undefined,
    MaxUploads: most,
    IsTruncated: page.isTruncated,
    Upload: page.uploads.map((upload) => describe(upload, encode, ground.place.accountId)),
    CommonPrefixes: [...page.groups].map((Prefix) => ({ Prefix: encode(Prefix) })),
  };

  function wanted({ key, uploadId }: StoredUpload): boolean {
    if (!key.startsWith(prefix)) return false;
    if (keyMarker === '') return true;
    return isBefore(keyMarker, key) || (key === keyMarker && idMarker !== '' && uploadId > idMarker);
  }
}

interface PageAsked {
  readonly prefix: string;
  readonly delimiter: string;
  readonly most: number;
}

function pageOf(uploads: readonly StoredUpload[], { prefix, delimiter, most }: PageAsked) {
  const page: StoredUpload[] = [];
  const groups = new Set<string>();
  let last: StoredUpload | undefined;
  for (const upload of uploads) {
    const at = delimiter === '' ? -1 : upload.key.indexOf(delimiter, prefix.length);
    const group = at === -1 ? undefined : upload.key.slice(0, at + delimiter.length);
    const isShown = group !== undefined && groups.has(group);
    if (!isShown && page.length + groups.size === most)
      return { uploads: page, groups, last, isTruncated: true };
    if (group === undefined) page.push(upload);
    else groups.add(group);
    last = upload;
  }
  return { uploads: page, groups, last, isTruncated: false };
}

function describe(
  { uploadId, key, startedMs, details }: StoredUpload,
  encode: Encode,
  owner: string,
): XmlElement {
  return {
    UploadId: uploadId,
    Key: encode(key),
    Initiator: { ID: owner },
    Owner: { ID: owner },
    StorageClass: details.headers['x-amz-storage-class'] ?? DEFAULT_STORAGE_CLASS,
    ChecksumAlgorithm: details.checksum?.algorithm,
    ChecksumType: details.checksum?.type,
    Initiated: new Date(startedMs).toISOString(),
  };
}
