// `GET /pipelines`: what can be called, each with a record to try. Pure.
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { SERVED_PIPELINES } from '../../layers/seriatim/index.ts';

export function listPipelines(): APIGatewayProxyStructuredResultV2 {
  const pipelines = [...SERVED_PIPELINES.values()].map(({ name, description, example, binary }) => ({
    name,
    description,
    invocations: `/pipelines/${name}/invocations`,
    contentTypes: binary?.contentTypes ?? ['application/json'],
    ...(example === undefined ? {} : { example }),
  }));
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ pipelines }),
  };
}
