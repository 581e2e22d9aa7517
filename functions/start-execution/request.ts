// From an HTTP request to an execution's input: content type, size, JSON, schema, in that order; each refusal is an
// error of the registry with the field's path. Pure.
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import {
  checkBytes,
  checkValue,
  InvalidPayload,
  type PipelineEntry,
  parseJson,
  UnsupportedContentType,
} from '../../layers/seriatim/index.ts';

/** The most records of one real-time request; more is work for a batch. */
export const INSTANCES_LIMIT = 500;

export interface ExecutionRequest {
  /** The execution's input as JSON text. */
  readonly input: string;
  /** True for `{"instances":[…]}`, which is answered by `{"predictions":[…]}`. */
  readonly isList: boolean;
}

export interface ReadOptions {
  readonly pipeline: PipelineEntry;
  /** The stages whose outputs the request asks for. */
  readonly include: readonly string[];
}

/** @throws UnsupportedContentType, PayloadTooLarge, InvalidPayload */
export function readRequest(
  event: APIGatewayProxyEventV2,
  { pipeline, include }: ReadOptions,
): ExecutionRequest {
  checkContentType(event.headers['content-type']);
  const text = bodyText(event);
  checkBytes('The request body', Buffer.byteLength(text));
  const body = parseJson(text, 'The request body');
  const instances = instancesOf(body);
  const records = instances ?? [body];
  const path = (position: number): string => (instances === undefined ? '' : `instances[${position}]`);
  const checked = records.map((value, position) =>
    checkValue(pipeline.input, value, { path: path(position) }),
  );
  const values = pipeline.startsWithInference === true ? checked : records;
  const input = executionInput(values, include);
  checkBytes("The execution's input", Buffer.byteLength(input));
  return { input, isList: instances !== undefined };
}

/** What every pipeline's real-time machine is started with. */
export function executionInput(values: readonly unknown[], include: readonly string[]): string {
  const records = values.map((value, position) => ({ position, value }));
  return JSON.stringify(include.length === 0 ? { records } : { records, include });
}

function checkContentType(contentType: string | undefined): void {
  const type = (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase();
  if (type !== 'application/json') throw new UnsupportedContentType(contentType, ['application/json']);
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType!)?.[1]?.toLowerCase();
  // RFC 8259, 8.1: JSON is UTF-8. ASCII is a part of it.
  if (charset === undefined || ['utf-8', 'utf8', 'us-ascii'].includes(charset)) return;
  throw new UnsupportedContentType(contentType, ['application/json; charset=utf-8']);
}

function bodyText({ body, isBase64Encoded }: APIGatewayProxyEventV2): string {
  if (body === undefined || body === '') throw new InvalidPayload('The request has no body.');
  return isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body;
}

/** The list of `{"instances":[…]}`, undefined for a single record. */
function instancesOf(body: unknown): readonly unknown[] | undefined {
  if (Array.isArray(body))
    throw new InvalidPayload('The request body is a list: expected one record, or {"instances":[…]}');
  if (body === null || typeof body !== 'object' || !Object.hasOwn(body, 'instances')) return undefined;
  const { instances } = body as { instances: unknown };
  if (!Array.isArray(instances)) throw new InvalidPayload('instances: expected an array of records');
  if (instances.length === 0) throw new InvalidPayload('instances: expected at least one record');
  if (instances.length > INSTANCES_LIMIT) {
    throw new InvalidPayload(
      `instances: expected at most ${INSTANCES_LIMIT} records, got ${instances.length}; send more as a batch`,
    );
  }
  return instances;
}
