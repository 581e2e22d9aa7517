// What the template says of the pipelines, derived from their definitions, as the framework's variable
// `${pipelines:<address>}`: a pipeline that is listed in `statemachines/index.ts` is deployed without another word.
import { allStages, includableStages } from '../../statemachines/composition.ts';
import type { Pipeline } from '../../statemachines/pipeline.ts';
import { placePipeline } from '../../statemachines/placement/place.ts';
import { stageFunctions, stageRoles } from './functions.ts';
import { endpointTargets, hostingResources } from './hosting.ts';
import { machineResources } from './machines.ts';
import { PREFIX, pascal } from './names.ts';

const ADDRESSES: Readonly<Record<string, (pipelines: readonly Pipeline[]) => unknown>> = {
  /** The functions of the stages; their roles are among the resources. */
  functions: stageFunctions,
  /** The variable PIPELINES of the function that answers requests. */
  names: (pipelines) => pipelines.map(({ name }) => name).join(','),
  /** State machines, their roles and log groups, and the endpoints they call. */
  resources: (pipelines) => ({
    Resources: Object.assign(
      {},
      stageRoles(pipelines),
      ...endpointTargets(pipelines).map(hostingResources),
      ...pipelines.map(machineResources),
    ),
  }),
  /** S3 notifications: what is put under a pipeline's `in/` starts a batch. */
  notifications: (pipelines) =>
    pipelines.map(({ name }) => ({
      Event: 's3:ObjectCreated:*',
      Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: `${name}/in/` }] } },
      Function: { 'Fn::GetAtt': ['StartDashbatchLambdaFunction', 'Arn'] },
    })),
  /** The batch bucket's lifecycle. */
  expirations: (pipelines) => [
    { Id: 'AbortUploads', Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } },
    // As long as a run may be started again: so long Step Functions redrives too.
    ...pipelines.map(({ name }) => expiration(name, { prefix: 'work', days: 14 })),
    ...pipelines
      .filter(({ stages }) => allStages(stages).some(({ kind }) => kind === 'shadow'))
      .map(({ name }) => expiration(name, { prefix: 'shadow', days: 90 })),
  ],
  /** The variable PIPELINE_STAGES of start-execution: what `?include=` may name. */
  stages: (pipelines) =>
    JSON.stringify(
      Object.fromEntries(pipelines.map((one) => [one.name, includableStages(placePipeline(one).stages)])),
    ),
  /** The variable STATE_MACHINES of the inspection functions. */
  machines: (pipelines) => ({
    'Fn::Sub': JSON.stringify(Object.fromEntries(pipelines.map(({ name }) => [name, inspected(name)]))),
  }),
};

function expiration(
  pipeline: string,
  { prefix, days }: { readonly prefix: string; readonly days: number },
): unknown {
  return {
    Id: `Expire${pascal(pipeline)}${pascal(prefix)}`,
    Status: 'Enabled',
    Prefix: `${pipeline}/${prefix}/`,
    ExpirationInDays: days,
  };
}

/** @throws Error for an address that is none */
export function pipelinesVariable(address: string, pipelines: readonly Pipeline[]): unknown {
  const derive = Object.hasOwn(ADDRESSES, address) ? ADDRESSES[address] : undefined;
  if (derive !== undefined) return derive(pipelines);
  const known = Object.keys(ADDRESSES).join(', ');
  throw new Error(`\${pipelines:${address}}: there is no such address; known are ${known}.`);
}

function inspected(name: string): Record<string, string> {
  const arn = `arn:\${AWS::Partition}:states:\${AWS::Region}:\${AWS::AccountId}:stateMachine:${PREFIX}`;
  const group = `/aws/vendedlogs/states/${PREFIX}`;
  return {
    realTimeArn: arn + name,
    batchArn: `${arn}${name}-batch`,
    logGroup: group + name,
    batchLogGroup: `${group}${name}-batch`,
  };
}
