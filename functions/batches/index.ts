// Runs over the HTTP API: `POST /pipelines/{pipeline}/batches` starts one or gives a place to upload to,
// `GET /batches` lists, `GET /batches/{id}` tells of one, `POST /batches/{id}/resume` and `/stop` do what they say.
// `GET /batches/{id}/output` and `/errors` lead to its results.
// Environment: STATE_MACHINE_PREFIX, BATCH_BUCKET.
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { findPipeline, InvalidPayload, parseJson, SeriatimError } from '../../layers/seriatim/index.ts';
import { resumeRun, stopRun } from './control.ts';
import { type BatchAnswer, type BatchPlace, createRun } from './create.ts';
import { listRuns } from './list.ts';
import { leadTo, showRun } from './show.ts';

const place: BatchPlace = {
  bucket: process.env.BATCH_BUCKET ?? '',
  machinePrefix: process.env.STATE_MACHINE_PREFIX ?? '',
};

export async function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  try {
    const { statusCode, body, headers } = await route(event);
    return json(statusCode, body, headers);
  } catch (thrown) {
    if (!(thrown instanceof SeriatimError)) throw thrown;
    const { code, message } = thrown;
    return json(thrown.httpStatus, { error: { code, message } });
  }
}

function route(event: APIGatewayProxyEventV2): Promise<BatchAnswer> {
  const { id = '', pipeline = '' } = event.pathParameters ?? {};
  switch (event.routeKey) {
    case 'POST /pipelines/{pipeline}/batches':
      findPipeline(pipeline);
      return createRun(pipeline, readBody(event), place);
    case 'GET /batches':
      return listRuns(event.queryStringParameters ?? {}, place);
    case 'POST /batches/{id}/resume':
      return resumeRun(id, event.body === undefined || event.body === '' ? {} : readBody(event), place);
    case 'POST /batches/{id}/stop':
      return stopRun(id, place);
    case 'GET /batches/{id}/output':
      return leadTo(id, 'output', place);
    case 'GET /batches/{id}/errors':
      return leadTo(id, 'errors', place);
    default:
      return showRun(id, place);
  }
}

function readBody({ body = '', isBase64Encoded }: APIGatewayProxyEventV2): unknown {
  const text = isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body;
  if (text === '')
    throw new InvalidPayload('The request has no body; {"input": …} or {"upload": …} is expected.');
  return parseJson(text, 'The request');
}

function json(
  statusCode: number,
  body: unknown,
  further: Readonly<Record<string, string>> = {},
): APIGatewayProxyStructuredResultV2 {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store', ...further };
  return { statusCode, headers, body: JSON.stringify(body) };
}
