// One request from its check to its answer, with the start of executions handed in.
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import {
  executionError,
  findPipeline,
  log,
  type PipelineEntry,
  SeriatimError,
  type StartSync,
  type SyncExecution,
} from '../../layers/seriatim/index.ts';
import { checkAccept } from './accept.ts';
import { errorAnswer, type PipelineOutput, successAnswer } from './answer.ts';
import { readBinaryRequest } from './binary.ts';
import { readInclude } from './include.ts';
import { type ExecutionRequest, type ReadOptions, readRequest } from './request.ts';

export interface Starter {
  readonly startSync: StartSync;
  /** Where payloads of requests go. */
  readonly claimBucket: string;
  /** `arn:aws:states:<region>:<account>:stateMachine:seriatim-<stage>-`; a pipeline's name completes it. */
  readonly machinePrefix: string;
  /** The stages of each pipeline whose outputs a request may ask for. */
  readonly stages: Readonly<Record<string, readonly string[]>>;
}

/** Never rejects: what goes wrong is an answer with the registry's status. */
export async function runPipeline(
  event: APIGatewayProxyEventV2,
  starter: Starter,
): Promise<APIGatewayProxyStructuredResultV2> {
  const place: { pipeline?: string; executionArn?: string } = {};
  try {
    place.pipeline = event.pathParameters?.pipeline ?? '';
    const pipeline = findPipeline(place.pipeline);
    checkAccept(event.headers.accept);
    const include = readInclude(event, pipeline.name, starter.stages[pipeline.name]);
    const request = await readInput(event, { pipeline, include, claimBucket: starter.claimBucket });
    const result = await start(starter, pipeline, request.input);
    place.executionArn = result.executionArn!;
    return successAnswer({
      executionArn: result.executionArn!,
      stoppedAtMs: result.stopDate?.getTime() ?? Date.now(),
      output: outputOf(result, pipeline),
      isList: request.isList,
      pipeline,
      include,
    });
  } catch (thrown) {
    if (!(thrown instanceof SeriatimError)) log('error', 'start-execution failed', { ...place, thrown });
    return errorAnswer(thrown, place);
  }
}

async function readInput(
  event: APIGatewayProxyEventV2,
  { pipeline, include, claimBucket }: ReadOptions & { readonly claimBucket: string },
): Promise<ExecutionRequest> {
  const { binary } = pipeline;
  if (binary === undefined) return readRequest(event, { pipeline, include });
  return readBinaryRequest(event, { pipeline: { ...pipeline, binary }, include, claimBucket });
}

async function start(starter: Starter, { name }: PipelineEntry, input: string): Promise<SyncExecution> {
  try {
    return await starter.startSync(starter.machinePrefix + name, input);
  } catch (cause) {
    log('error', 'StartSyncExecution failed', { pipeline: name, cause });
    const message = `The pipeline could not be started: ${(cause as Error).name}.`;
    throw new SeriatimError('EndpointUnavailable', message, { pipeline: name, cause });
  }
}

/** @throws SeriatimError when the execution failed or timed out */
function outputOf(result: SyncExecution, { name }: PipelineEntry): PipelineOutput {
  const { status, error, cause, output } = result;
  if (status !== 'SUCCEEDED') throw executionError({ status, error, cause, pipeline: name });
  return JSON.parse(output!) as PipelineOutput;
}
