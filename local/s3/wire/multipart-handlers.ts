// Operations of multipart uploads.
import { AwsError } from '../../wire/errors.ts';
import { parseCopySource } from '../addresses.ts';
import {
  type ChecksumType,
  checksumElement,
  checksumHeader,
  defaultType,
  isCrc,
  toAlgorithm,
} from '../checksums.ts';
import { checkSource } from '../conditions.ts';
import type { Ground } from '../ground.ts';
import * as multipart from '../multipart.ts';
import { openObject, readBody } from '../objects.ts';
import { parseRange, resolveRange } from '../ranges.ts';
import type { UploadDetails } from '../records.ts';
import { children, childText, malformedXml, readXml, type XmlNode } from '../xml.ts';
import { incomingBody, readDocument } from './body.ts';
import type { Handlers } from './handler.ts';
import { checksumMembers, findChecksum, partChecksum } from './object-handlers.ts';
import { readDetails } from './object-headers.ts';
import { sendEmpty, sendXml } from './reply.ts';
import { conditionsOf, type S3Request } from './request.ts';

export const multipartHandlers: Handlers = {
  CreateMultipartUpload(ground, request) {
    const checksum = checksumAsked(request);
    const details = { ...readDetails(request), ...(checksum === undefined ? {} : { checksum }) };
    const uploadId = multipart.createUpload(ground, request, details);
    const { bucket, key } = request;
    sendXml(
      request,
      'InitiateMultipartUploadResult',
      { Bucket: bucket, Key: key, UploadId: uploadId },
      {
        'x-amz-server-side-encryption': 'AES256',
        ...(checksum && {
          'x-amz-checksum-algorithm': checksum.algorithm,
          'x-amz-checksum-type': checksum.type,
        }),
      },
    );
  },
  async UploadPart(ground, request) {
    const incoming = await incomingBody(request);
    const part = await multipart.putPart(ground, partAddress(request), incoming);
    const { details } = multipart.findUpload(ground, partAddress(request));
    const algorithm = details.checksum?.algorithm ?? incoming.checksum?.algorithm;
    sendEmpty(request, 200, {
      etag: part.etag,
      'x-amz-server-side-encryption': 'AES256',
      ...(algorithm && part.checksum ? { [checksumHeader(algorithm)]: part.checksum } : {}),
    });
  },
  async UploadPartCopy(ground, request) {
    multipart.findUpload(ground, uploadAddress(request));
    const source = copiedBytes(ground, request);
    const part = await multipart.putPart(ground, partAddress(request), { source });
    const { details } = multipart.findUpload(ground, partAddress(request));
    sendXml(request, 'CopyPartResult', {
      LastModified: new Date(part.lastModifiedMs).toISOString(),
      ETag: part.etag,
      ...partChecksum(details.checksum?.algorithm, part.checksum),
    });
  },
  async CompleteMultipartUpload(ground, request) {
    const completion = await readCompletion(request);
    const object = multipart.completeUpload(ground, uploadAddress(request), completion);
    sendXml(request, 'CompleteMultipartUploadResult', {
      Location: `http://${request.incoming.headers.host ?? 'localhost'}/${request.bucket}/${encodeURI(request.key)}`,
      Bucket: request.bucket,
      Key: request.key,
      ETag: object.etag,
      ...checksumMembers(object),
    });
  },
  AbortMultipartUpload(ground, request) {
    multipart.abortUpload(ground, uploadAddress(request));
    sendEmpty(request, 204);
  },
};

function uploadAddress({ bucket, key, query }: S3Request): { bucket: string; key: string; uploadId: string } {
  return { bucket, key, uploadId: query.get('uploadId') ?? '' };
}

function partAddress(request: S3Request): multipart.PartAddress {
  return { ...uploadAddress(request), number: Number(request.query.get('partNumber') ?? Number.NaN) };
}

function checksumAsked({ header }: S3Request): UploadDetails['checksum'] {
  const asked = header('x-amz-checksum-algorithm');
  if (asked === undefined) return undefined;
  const algorithm = toAlgorithm(asked);
  const type = (header('x-amz-checksum-type') ?? defaultType(algorithm)) as ChecksumType;
  const isPossible =
    type === 'FULL_OBJECT' ? isCrc(algorithm) : type === 'COMPOSITE' && algorithm !== 'CRC64NVME';
  if (isPossible) return { algorithm, type };
  const message = `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`;
  throw new AwsError('InvalidRequest', message);
}

/** The source's bytes, opened when they are first asked for: a part that is refused must leave no stream open. */
function copiedBytes(ground: Ground, request: S3Request): AsyncIterable<Uint8Array> {
  const { object, body } = openObject(ground, parseCopySource(request.header('x-amz-copy-source') ?? ''));
  checkSource(conditionsOf(request, 'x-amz-copy-source-'), object);
  const asked = parseRange(request.header('x-amz-copy-source-range'));
  const range = resolveRange(asked, object.sizeBytes) ?? { first: 0, last: object.sizeBytes - 1 };
  return (async function* () {
    const bytes = readBody(ground, body, range);
    if (bytes instanceof Uint8Array) yield bytes;
    else yield* bytes as AsyncIterable<Uint8Array>;
  })();
}

async function readCompletion(request: S3Request): Promise<multipart.Completion> {
  const root = readXml(await readDocument(request), 'CompleteMultipartUpload');
  const parts = children(root, 'Part').map(readNamedPart);
  if (parts.length === 0) throw malformedXml();
  const checksum = findChecksum((algorithm) => request.header(checksumHeader(algorithm)));
  const size = request.header('x-amz-mp-object-size');
  return {
    parts,
    conditions: conditionsOf(request),
    ...(checksum === undefined ? {} : { checksum }),
    ...(size === undefined ? {} : { sizeBytes: Number(size) }),
  };
}

function readNamedPart(node: XmlNode): multipart.NamedPart {
  const [number, etag] = [childText(node, 'PartNumber'), childText(node, 'ETag')];
  if (number === undefined || etag === undefined) throw malformedXml();
  const checksum = findChecksum((algorithm) => childText(node, checksumElement(algorithm)));
  return { number: Number(number), etag, ...(checksum === undefined ? {} : { checksum }) };
}
