// The inspection routes over AWS itself, with the credentials of whoever types: by a profile, or at AWS_ENDPOINT_URL.
// State machines are those whose names begin with the prefix, with the log groups that they are told to log to.
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { DescribeStateMachineCommand, ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { pipelineOf } from '../../layers/seriatim/inspection/arn.ts';
import { readCostSettings } from '../../layers/seriatim/inspection/cost/prices.ts';
import { readEndpoints } from '../../layers/seriatim/inspection/hosting/endpoints.ts';
import type { Routes } from '../../layers/seriatim/inspection/http/answers.ts';
import { hostingRoutes } from '../../layers/seriatim/inspection/http/hosting-routes.ts';
import { listRoutes } from '../../layers/seriatim/inspection/http/list-routes.ts';
import { objectReaders } from '../../layers/seriatim/inspection/http/objects.ts';
import { operateRoutes } from '../../layers/seriatim/inspection/http/operate-routes.ts';
import { payloadRoutes } from '../../layers/seriatim/inspection/http/payload-routes.ts';
import { viewRoutes } from '../../layers/seriatim/inspection/http/view-routes.ts';
import { createInspection } from '../../layers/seriatim/inspection/inspection.ts';
import type { StateMachine, StateMachines } from '../../layers/seriatim/inspection/machines.ts';
import { createOperator } from '../../layers/seriatim/inspection/operate/operate.ts';
import { readRedactor } from '../../layers/seriatim/inspection/payloads/redact.ts';
import { CommandError } from '../http-api.ts';
import { decodeImage } from './decode-image.ts';
import type { SourceFlags } from './source.ts';

const DEFAULT_PREFIX = 'seriatim-';
const DEFAULT_REGION = 'us-east-1';

/** @throws CommandError when AWS refuses, or has no such state machines */
export async function awsRoutes(flags: SourceFlags): Promise<Routes> {
  // The layer's own S3 client reads the same variables.
  if (flags.profile !== undefined) process.env.AWS_PROFILE = flags.profile;
  const region = flags.region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  if (region !== undefined) process.env.AWS_REGION = region;
  else if (flags.profile === undefined) process.env.AWS_REGION = DEFAULT_REGION;
  const isOnAws = !process.env.AWS_ENDPOINT_URL;
  const sfn = new SFNClient({ disableHostPrefix: !isOnAws });
  const logs = new CloudWatchLogsClient({});
  const prefix = flags.prefix ?? DEFAULT_PREFIX;
  const machines = await told(() => findMachines(sfn, prefix));
  const cost = readCostSettings(process.env.COST_SETTINGS);
  const inspection = createInspection({ sfn, logs, machines, now: Date.now, cost, isOnAws });
  const redactor = readRedactor(process.env.SERIATIM_REDACT);
  const pipelines = [...new Set(machines.map(({ pipeline }) => pipeline))];
  const sagemaker = new SageMakerClient({});
  return {
    ...listRoutes({ inspection, pipelines, now: Date.now }),
    ...viewRoutes({ inspection, redactor }),
    ...payloadRoutes({ inspection, redactor, ...objectReaders(), decodeImage }),
    ...operateRoutes({ inspection, operator: createOperator(sfn, Date.now) }),
    ...hostingRoutes({
      redactor,
      inspection,
      pipelines,
      now: Date.now,
      readEndpoints: () => readEndpoints({ sagemaker, logs, prefix, nowMs: Date.now() }),
    }),
  };
}

async function findMachines(sfn: SFNClient, prefix: string): Promise<StateMachines> {
  const found: { readonly arn: string; readonly name: string }[] = [];
  let nextToken: string | undefined;
  do {
    const page = await sfn.send(new ListStateMachinesCommand({ maxResults: 1000, nextToken }));
    for (const { stateMachineArn: arn = '', name = '' } of page.stateMachines ?? []) {
      if (name.startsWith(prefix) && !/-rerun-[0-9a-f]{8}$/.test(name)) found.push({ arn, name });
    }
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  if (found.length === 0) {
    throw new CommandError(`There is no state machine whose name begins with ${prefix}: give --prefix.`);
  }
  return Promise.all(found.map((machine) => describe(sfn, machine)));
}

async function describe(
  sfn: SFNClient,
  { arn, name }: { readonly arn: string; readonly name: string },
): Promise<StateMachine> {
  const described = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn: arn }));
  const groups = described.loggingConfiguration?.destinations ?? [];
  const groupArn = groups[0]?.cloudWatchLogsLogGroup?.logGroupArn ?? '';
  const logGroup = /:log-group:([^:]+)/.exec(groupArn)?.[1] ?? '';
  return { pipeline: pipelineOf(name), arn, type: described.type ?? 'STANDARD', logGroup };
}

async function told<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof CommandError) throw thrown;
    const { name, message } = thrown as Error;
    const isRefusal = /AccessDenied|NotAuthorized|Credential|ExpiredToken|UnrecognizedClient/.test(name);
    throw new CommandError(`AWS: ${name}: ${message}`, isRefusal ? 4 : 1);
  }
}
