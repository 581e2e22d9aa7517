// `GET /executions/{id}`: one execution as an `ExecutionView`. The id is an execution's name, or its ARN with its
// colons and slashes percent-encoded.
// Environment: STATE_MACHINES (`layers/seriatim/inspection/machines.ts`). Its role may call states:DescribeExecution,
// states:GetExecutionHistory and states:DescribeMapRun on the batch machines' executions and Map Runs, and
// logs:FilterLogEvents on the state machines' log groups. A long history takes several calls: 30 seconds of timeout.
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { SFNClient } from '@aws-sdk/client-sfn';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { createInspection } from '../../layers/seriatim/inspection/inspection.ts';
import { readStateMachines } from '../../layers/seriatim/inspection/machines.ts';
import { getExecution } from './get.ts';

const inspection = createInspection({
  sfn: new SFNClient({}),
  logs: new CloudWatchLogsClient({}),
  machines: readStateMachines(process.env.STATE_MACHINES),
  now: Date.now,
});

export function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  return getExecution(inspection, event.pathParameters?.id ?? '');
}
