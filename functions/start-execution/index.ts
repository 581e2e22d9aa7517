// The rim of the real-time use: `POST /pipelines/{pipeline}/invocations` checks the request, runs the pipeline's
// Express state machine and answers; `GET /pipelines` lists what can be called.
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { prepareStartSync } from '../../layers/seriatim/index.ts';
import { listPipelines } from './list.ts';
import { runPipeline, type Starter } from './run.ts';

const starter: Starter = {
  startSync: await prepareStartSync(),
  claimBucket: process.env.CLAIM_BUCKET ?? '',
  machinePrefix: process.env.STATE_MACHINE_PREFIX ?? '',
  stages: JSON.parse(process.env.PIPELINE_STAGES ?? '{}') as Starter['stages'],
};

export async function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  return event.routeKey === 'GET /pipelines' ? listPipelines() : runPipeline(event, starter);
}
