// From an HTTP request whose body is a payload, such as a picture, to an execution's input: the bytes are written as a
// claim, so that they pass no state.
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import {
  type BinaryInput,
  checkBytes,
  contentTypeOf,
  InvalidPayload,
  type PipelineEntry,
  UnsupportedContentType,
  writeClaim,
} from '../../layers/seriatim/index.ts';
import { type ExecutionRequest, executionInput } from './request.ts';

/** Lambda takes events of 6 MB, in which the body stands as base64. */
const BODY_BYTES_LIMIT = 4 * 1024 * 1024;

export interface BinaryOptions {
  readonly pipeline: PipelineEntry & { readonly binary: BinaryInput };
  readonly include: readonly string[];
  readonly claimBucket: string;
}

/** @throws UnsupportedContentType, PayloadTooLarge, InvalidPayload */
export async function readBinaryRequest(
  event: APIGatewayProxyEventV2,
  { pipeline, include, claimBucket }: BinaryOptions,
): Promise<ExecutionRequest> {
  const { name, binary } = pipeline;
  const contentType = declaredType(event.headers['content-type'], binary.contentTypes);
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (body.length === 0) throw new InvalidPayload('The request has no body.');
  checkBytes('The request body', body.length, BODY_BYTES_LIMIT);
  if (contentTypeOf(body) !== contentType)
    throw new InvalidPayload(`The request body is not ${contentType}, as its content type says.`);
  const claim = await writeClaim({ body, contentType }, { bucket: claimBucket, prefix: `${name}/` });
  return { input: executionInput([{ [binary.field]: { claim } }], include), isList: false };
}

function declaredType(header: string | undefined, expected: readonly string[]): string {
  const type = (header ?? '').split(';', 1)[0]!.trim().toLowerCase();
  if (!expected.includes(type)) throw new UnsupportedContentType(header, expected);
  return type;
}
