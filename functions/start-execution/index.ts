// The rim of the real-time use: `POST /pipelines/{pipeline}/invocations` checks the request, runs the pipeline's
// Express state machine and answers; `GET /pipelines` lists what can be called.
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import {
  executionError,
  findPipeline,
  log,
  PIPELINES,
  type PipelineEntry,
  prepareStartSync,
  SeriatimError,
  type SyncExecution,
} from '../../layers/seriatim/index.ts';
import { errorAnswer, type PipelineOutput, successAnswer } from './answer.ts';
import { readRequest } from './request.ts';

/** `arn:aws:states:<region>:<account>:stateMachine:seriatim-<stage>-`; a pipeline's name completes it. */
const machinePrefix = process.env.STATE_MACHINE_PREFIX ?? '';

const startSync = await prepareStartSync();

export async function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  if (event.routeKey === 'GET /pipelines') return listPipelines();
  const place: { pipeline?: string; executionArn?: string } = {};
  try {
    place.pipeline = event.pathParameters?.pipeline ?? '';
    const pipeline = findPipeline(place.pipeline);
    const request = readRequest(event, pipeline);
    const result = await startExecution(pipeline, request.input);
    place.executionArn = result.executionArn!;
    return successAnswer({
      executionArn: result.executionArn!,
      stoppedAtMs: result.stopDate?.getTime() ?? Date.now(),
      output: outputOf(result, pipeline),
      isList: request.isList,
    });
  } catch (thrown) {
    if (!(thrown instanceof SeriatimError)) log('error', 'start-execution failed', { ...place, thrown });
    return errorAnswer(thrown, place);
  }
}

async function startExecution(pipeline: PipelineEntry, input: string): Promise<SyncExecution> {
  try {
    return await startSync(machinePrefix + pipeline.name, input);
  } catch (cause) {
    log('error', 'StartSyncExecution failed', { pipeline: pipeline.name, cause });
    const message = `The pipeline could not be started: ${(cause as Error).name}.`;
    throw new SeriatimError('EndpointUnavailable', message, { pipeline: pipeline.name, cause });
  }
}

/** @throws SeriatimError when the execution failed or timed out */
function outputOf(result: SyncExecution, { name }: PipelineEntry): PipelineOutput {
  const { status, error, cause, output } = result;
  if (status !== 'SUCCEEDED') throw executionError({ status, error, cause, pipeline: name });
  return JSON.parse(output!) as PipelineOutput;
}

function listPipelines(): APIGatewayProxyStructuredResultV2 {
  const pipelines = Object.values(PIPELINES).map(({ name, description, example }) => ({
    name,
    description,
    invocations: `/pipelines/${name}/invocations`,
    example,
  }));
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ pipelines }),
  };
}
