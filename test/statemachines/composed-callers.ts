// What the tests of composition ask of a running system, with the official clients: requests as `start-execution` makes
// them, batches, and which states an execution went through.
import { randomUUID } from 'node:crypto';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
  StartSyncExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type PipelineOutput, successAnswer } from '../../functions/start-execution/answer.ts';
import { executionInput } from '../../functions/start-execution/request.ts';
import type { BatchRun } from '../../layers/seriatim/batch/run.ts';
import { executionError, type SeriatimError } from '../../layers/seriatim/index.ts';
import { createInspection } from '../../layers/seriatim/inspection/inspection.ts';
import type { ExecutionView } from '../../layers/seriatim/inspection/view.ts';
import { DEFAULT_PLACE } from '../../local/service.ts';

export interface Asked {
  /** The output records, each with what was asked to be included. */
  readonly predictions: readonly Record<string, unknown>[];
  readonly error: SeriatimError | undefined;
  readonly serverTiming: string;
  readonly executionArn: string;
  /** The states that were entered and exited, as `+Name` and `-Name`, as the execution's log tells. */
  events(): Promise<string[]>;
  /** The execution as inspection shows it. */
  view(): Promise<ExecutionView>;
  /** The states that were entered, as the execution's log tells. */
  states(): Promise<string[]>;
}

export type Clients = ReturnType<typeof openClients>;

export function openClients(endpoint: string) {
  const settings = {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  return {
    sfn: new SFNClient({ ...settings, disableHostPrefix: true }),
    s3: new S3Client(settings),
    logs: new CloudWatchLogsClient(settings),
  };
}

const MACHINES = `arn:aws:states:us-east-1:${DEFAULT_PLACE.accountId}:stateMachine:seriatim-dev-`;

interface Question {
  readonly pipeline: string;
  readonly records: readonly unknown[];
  readonly include: readonly string[];
}

export async function ask(clients: Clients, question: Question): Promise<Asked> {
  const { pipeline, records, include } = question;
  const stateMachineArn = `${MACHINES}${pipeline}`;
  const input = executionInput(records, include);
  const result = await clients.sfn.send(new StartSyncExecutionCommand({ stateMachineArn, input }));
  const { status, error, cause, output, stopDate } = result;
  const executionArn = result.executionArn!;
  const answer =
    status === 'SUCCEEDED'
      ? successAnswer({
          executionArn,
          stoppedAtMs: stopDate!.getTime(),
          output: JSON.parse(output!) as PipelineOutput,
          isList: true,
          pipeline: {},
          include,
        })
      : undefined;
  const events = (): Promise<string[]> => stateEvents(clients.logs, pipeline, executionArn);
  return {
    predictions: predictionsOf(answer),
    error: answer === undefined ? executionError({ status, error, cause, pipeline }) : undefined,
    serverTiming: String(answer?.headers?.['server-timing'] ?? ''),
    executionArn,
    events,
    view: () => viewOf(clients, pipeline, executionArn),
    states: async () => (await events()).filter((name) => name[0] === '+').map((name) => name.slice(1)),
  };
}

export async function runBatch(
  { sfn, s3 }: Clients,
  pipeline: string,
  records: readonly unknown[],
): Promise<Record<string, unknown>[]> {
  const Bucket = `seriatim-dev-batch-${DEFAULT_PLACE.accountId}`;
  const text = records.map((record) => JSON.stringify(record)).join('\n');
  const key = `${pipeline}/in/some.jsonl`;
  const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: key, Body: text }));
  const id = randomUUID();
  const input: BatchRun = {
    id,
    pipeline,
    bucket: Bucket,
    key,
    etag: ETag!.replaceAll('"', ''),
    sizeBytes: text.length,
    format: 'jsonl',
    name: 'some.jsonl',
    options: {},
    workPrefix: `${pipeline}/work/${id}/`,
    attempt: 1,
  };
  const started = { stateMachineArn: `${MACHINES}${pipeline}-batch`, input: JSON.stringify(input) };
  const { executionArn } = await sfn.send(new StartExecutionCommand(started));
  const described = () => sfn.send(new DescribeExecutionCommand({ executionArn }));
  let ended = await described();
  for (; ended.status === 'RUNNING'; ended = await described())
    await new Promise((resolve) => setTimeout(resolve, 20));
  if (ended.status !== 'SUCCEEDED') throw new Error(`${ended.error}: ${ended.cause}`);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: `${pipeline}/out/some.jsonl.out` }));
  const lines = (await Body!.transformToString()).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

function predictionsOf(answer: APIGatewayProxyStructuredResultV2 | undefined): Asked['predictions'] {
  if (answer === undefined) return [];
  return (JSON.parse(answer.body!) as { predictions: Asked['predictions'] }).predictions;
}

async function viewOf({ sfn, logs }: Clients, pipeline: string, arn: string): Promise<ExecutionView> {
  const machine = {
    pipeline,
    arn: MACHINES + pipeline,
    type: 'EXPRESS' as const,
    logGroup: `/aws/vendedlogs/states/seriatim-dev-${pipeline}`,
  };
  const inspection = createInspection({ sfn, logs, machines: [machine], now: () => Date.now() });
  return (await inspection.readExecution(arn))!;
}

/** Names of the states that were entered and exited, as `+Name` and `-Name`, as the execution's log tells. */
async function stateEvents(
  logs: CloudWatchLogsClient,
  pipeline: string,
  executionArn: string,
): Promise<string[]> {
  const logGroupName = `/aws/vendedlogs/states/seriatim-dev-${pipeline}`;
  const filterPattern = `{ $.execution_arn = "${executionArn}" }`;
  const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName, filterPattern }));
  return events
    .map(({ message }) => JSON.parse(message!) as { id: string; type: string; details?: { name?: string } })
    .filter(({ type }) => /State(Entered|Exited)$/.test(type))
    .sort((a, b) => Number(a.id) - Number(b.id))
    .map(({ type, details }) => `${type.endsWith('Entered') ? '+' : '-'}${details!.name!}`);
}
