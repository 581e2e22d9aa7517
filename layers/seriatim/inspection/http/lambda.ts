// The inspection routes as a Lambda handler behind the HTTP API, and what every function behind it reads from its
// environment: STATE_MACHINES (`machines.ts`), REDACT (`payloads/redact.ts`), COST_SETTINGS (`cost/prices.ts`).
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { SFNClient } from '@aws-sdk/client-sfn';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { readCostSettings } from '../cost/prices.ts';
import { createInspection, type Inspection } from '../inspection.ts';
import { readStateMachines } from '../machines.ts';
import { type Redactor, readRedactor } from '../payloads/redact.ts';
import { answerRoute, type Routes } from './answers.ts';

export type Handler = (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;

export function lambdaHandler(routes: Routes): Handler {
  return (event) =>
    answerRoute(routes, event.routeKey, {
      parameters: event.pathParameters ?? {},
      query: event.queryStringParameters ?? {},
      body: bodyOf(event),
      ifNoneMatch: event.headers?.['if-none-match'],
    });
}

function bodyOf({ body, isBase64Encoded }: APIGatewayProxyEventV2): string | undefined {
  if (body === undefined || !isBase64Encoded) return body;
  return Buffer.from(body, 'base64').toString('utf8');
}

export interface Surroundings {
  readonly inspection: Inspection;
  readonly sfn: SFNClient;
  readonly logs: CloudWatchLogsClient;
  readonly redactor: Redactor;
  /** Names of all pipelines there are. */
  readonly pipelines: readonly string[];
}

/** @throws TypeError for a variable that is not as described: the function then does not start */
export function surroundings(env: NodeJS.ProcessEnv = process.env): Surroundings {
  const machines = readStateMachines(env.STATE_MACHINES);
  const [sfn, logs] = [new SFNClient({}), new CloudWatchLogsClient({})];
  const isOnAws = env.AWS_ENDPOINT_URL === undefined;
  const cost = readCostSettings(env.COST_SETTINGS);
  return {
    inspection: createInspection({ sfn, logs, machines, now: Date.now, cost, isOnAws }),
    sfn,
    logs,
    redactor: readRedactor(env.REDACT),
    pipelines: [...new Set(machines.map((machine) => machine.pipeline))],
  };
}
