// Errors that go over the AWS wire, and how each protocol writes them. A service throws an `AwsError`; only this
// file knows the shapes. Protocols: https://smithy.io/2.0/aws/protocols/
import type { ServerResponse } from 'node:http';

export type WireProtocol = 'rest-json' | 'json-1.0' | 'json-1.1' | 'rest-xml' | 'query';

/** An error that an AWS client is meant to see. `name` is the AWS error code. */
export class AwsError extends Error {
  readonly statusCode: number;
  /** Further members of the modelled exception, such as `OriginalStatusCode`. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: AwsErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = code;
    this.statusCode = options.statusCode ?? 400;
    this.members = options.members ?? {};
  }
}

export interface AwsErrorOptions {
  /** HTTP status, 400 unless told. */
  readonly statusCode?: number;
  readonly members?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Any thrown value as an `AwsError`; what was not one is a defect of ours and becomes an InternalFailure 500. */
export function toAwsError(thrown: unknown): AwsError {
  if (thrown instanceof AwsError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AwsError('InternalFailure', message, { statusCode: 500, cause: thrown });
}

/**
 * Writes the error as the protocol has it: `x-amzn-errortype` with `Message` for REST-JSON (SageMaker Runtime spells
 * it so; clients read both), `__type` for the JSON protocols, an `<Error>` document for S3, one
 * within `<ErrorResponse>` for the Query protocol.
 */
export function sendAwsError(
  response: ServerResponse,
  thrown: unknown,
  protocol: WireProtocol,
  requestId: string,
): void {
  const error = toAwsError(thrown);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = errorBody(error, protocol, requestId);
  response.writeHead(error.statusCode, {
    'content-type': CONTENT_TYPES[protocol],
    'content-length': Buffer.byteLength(body),
    [protocol === 'rest-xml' ? 'x-amz-request-id' : 'x-amzn-requestid']: requestId,
    ...(protocol === 'rest-json' ? { 'x-amzn-errortype': error.name } : {}),
  });
  response.end(body);
}

const CONTENT_TYPES: Readonly<Record<WireProtocol, string>> = {
  'rest-json': 'application/json',
  'json-1.0': 'application/x-amz-json-1.0',
  'json-1.1': 'application/x-amz-json-1.1',
  'rest-xml': 'application/xml',
  query: 'text/xml',
};

function errorBody(error: AwsError, protocol: WireProtocol, requestId: string): string {
  if (protocol === 'rest-xml') return xmlError(error, requestId);
  return protocol === 'query' ? queryError(error, requestId) : jsonError(error, protocol);
}

function jsonError(error: AwsError, protocol: WireProtocol): string {
  if (protocol === 'rest-json') return JSON.stringify({ Message: error.message, ...error.members });
  return JSON.stringify({ __type: error.name, message: error.message, ...error.members });
}

function xmlError(error: AwsError, requestId: string): string {
  const members = Object.entries(error.members).map(
    ([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${error.name}</Code><Message>${escapeXml(error.message)}</Message>${members.join('')}<RequestId>${requestId}</RequestId></Error>`;
}

/** https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#operation-error-serialization */
function queryError({ name, message, statusCode }: AwsError, requestId: string): string {
  const type = statusCode < 500 ? 'Sender' : 'Receiver';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ErrorResponse><Error><Type>${type}</Type><Code>${name}</Code><Message>${escapeXml(message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
}

export function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
