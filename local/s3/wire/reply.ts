// Answers of S3: documents, empty answers, headers.
import type { OutgoingHttpHeaders } from 'node:http';
import { writeXml, type XmlElement } from '../xml.ts';
import type { S3Request } from './request.ts';

export function sendXml(
  request: S3Request,
  root: string,
  element: XmlElement,
  headers?: OutgoingHttpHeaders,
): void {
  sendDocument(request, writeXml(root, element), { 'content-type': 'application/xml', ...headers });
}

export function sendDocument(
  { response, requestId }: S3Request,
  text: string,
  headers: OutgoingHttpHeaders,
): void {
  response.writeHead(200, {
    'x-amz-request-id': requestId,
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

export function sendEmpty(
  { response, requestId }: S3Request,
  status: number,
  headers?: OutgoingHttpHeaders,
): void {
  const length = status === 204 || status === 304 ? {} : { 'content-length': 0 };
  response.writeHead(status, { 'x-amz-request-id': requestId, ...length, ...headers });
  response.end();
}
