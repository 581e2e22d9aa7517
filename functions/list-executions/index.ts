// `GET /executions?pipeline=&status=&limit=&since=&token=`: the executions of all pipelines, newest first.
// Environment: STATE_MACHINES (`layers/seriatim/inspection/machines.ts`). Its role may call states:ListExecutions on
// the batch machines and logs:FilterLogEvents on the state machines' log groups.
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { SFNClient } from '@aws-sdk/client-sfn';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { createInspection } from '../../layers/seriatim/inspection/inspection.ts';
import { readStateMachines } from '../../layers/seriatim/inspection/machines.ts';
import { listExecutions } from './list.ts';

const machines = readStateMachines(process.env.STATE_MACHINES);
const inspection = createInspection({
  sfn: new SFNClient({}),
  logs: new CloudWatchLogsClient({}),
  machines,
  now: Date.now,
});

export function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const pipelines = [...new Set(machines.map((machine) => machine.pipeline))];
  return listExecutions({ inspection, pipelines, nowMs: Date.now() }, event.queryStringParameters ?? {});
}
