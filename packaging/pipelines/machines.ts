// A pipeline's two state machines as CloudFormation resources: with a log group each, and a role each that may call
// the functions and endpoints that its definition names and nothing else.
import type { StateMachine } from '../../statemachines/compile/asl.ts';
import { compilePipeline } from '../../statemachines/compile/compile.ts';
import { allStages } from '../../statemachines/composition.ts';
import type { Pipeline } from '../../statemachines/pipeline.ts';
import { placePipeline } from '../../statemachines/placement/place.ts';
import { endpointsOf } from './hosting.ts';
import {
  arnOf,
  batchObjects,
  claimObjects,
  endpointOf,
  functionId,
  kebab,
  PREFIX,
  pascal,
  placeholdersOf,
} from './names.ts';

export type Resources = Record<string, { readonly Type: string; readonly [member: string]: unknown }>;

interface Statement {
  readonly Effect: 'Allow';
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

export function machineResources(pipeline: Pipeline): Resources {
  const machines = Object.entries(compilePipeline(pipeline));
  return Object.assign({}, ...machines.map(([name, machine]) => resourcesOf(pipeline, name, machine)));
}

function resourcesOf(pipeline: Pipeline, name: string, machine: StateMachine): Resources {
  const isBatch = name !== pipeline.name;
  const statements = [
    ...callStatements(pipeline, machine),
    ...(isBatch ? batchStatements(pipeline.name) : []),
  ];
  return {
    [`${pascal(name)}StateMachine`]: stateMachine(name, machine, isBatch ? 'STANDARD' : 'EXPRESS'),
    [`${pascal(name)}LogGroup`]: logGroup(name),
    [`${pascal(name)}Role`]: role(statements),
  };
}

function stateMachine(name: string, machine: StateMachine, type: 'EXPRESS' | 'STANDARD') {
  return {
    Type: 'AWS::StepFunctions::StateMachine',
    Properties: {
      StateMachineName: PREFIX + name,
      StateMachineType: type,
      RoleArn: { 'Fn::GetAtt': [`${pascal(name)}Role`, 'Arn'] },
      Definition: machine,
      DefinitionSubstitutions: substitutions(machine),
      LoggingConfiguration: {
        Level: 'ALL',
        IncludeExecutionData: true,
        Destinations: [
          { CloudWatchLogsLogGroup: { LogGroupArn: { 'Fn::GetAtt': [`${pascal(name)}LogGroup`, 'Arn'] } } },
        ],
      },
      TracingConfiguration: { Enabled: true },
    },
  };
}

function substitutions(machine: StateMachine): Record<string, unknown> {
  const { functions, endpoints, machines, buckets } = placeholdersOf(machine);
  return Object.fromEntries([
    ...functions.map((name) => [name, { 'Fn::GetAtt': [functionId(name), 'Arn'] }]),
    ...endpoints.map((name) => [name, PREFIX + endpointOf(name)]),
    ...[...machines, ...buckets].map((name) => [name, { Ref: name }]),
  ]);
}

function logGroup(name: string) {
  return {
    Type: 'AWS::Logs::LogGroup',
    DeletionPolicy: 'Delete',
    UpdateReplacePolicy: 'Delete',
    Properties: {
      LogGroupName: `/aws/vendedlogs/states/${PREFIX}${name}`,
      RetentionInDays: `\${param:logRetentionDays}`,
    },
  };
}

function role(statements: readonly Statement[]) {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'states.amazonaws.com' },
            Action: 'sts:AssumeRole',
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          },
        ],
      },
      Policies: [policy('stages', statements), policy('observation', [OBSERVES])],
    },
  };
}

function policy(name: string, statements: readonly Statement[]) {
  return { PolicyName: name, PolicyDocument: { Version: '2012-10-17', Statement: statements } };
}

/** An endpoint that is called through a function is that function's to call. */
function callStatements(pipeline: Pipeline, machine: StateMachine): Statement[] {
  const { functions, endpoints: named, machines, buckets } = placeholdersOf(machine);
  const direct = allStages(placePipeline(pipeline).stages).flatMap((stage) =>
    stage.kind === 'inference' ? endpointsOf(stage).map(({ placeholder }) => placeholder) : [],
  );
  const callsItself = JSON.stringify(machine).includes(':sagemakerruntime:invokeEndpoint');
  const endpoints = named.filter((name) => callsItself && direct.includes(name));
  const calls: [string, unknown[]][] = [
    ['lambda:InvokeFunction', functions.map((name) => ({ 'Fn::GetAtt': [functionId(name), 'Arn'] }))],
    [
      'sagemaker:InvokeEndpoint',
      endpoints.map((name) => arnOf('sagemaker', `endpoint/${PREFIX}${endpointOf(name)}`)),
    ],
    [
      'states:StartSyncExecution',
      machines.map((name) => arnOf('states', `stateMachine:${machineName(name)}`)),
    ],
    ['s3:GetObject', buckets.map(() => breakerObjects(pipeline.name))],
    ['s3:DeleteObject', buckets.map(() => breakerObjects(pipeline.name))],
  ];
  return calls
    .filter(([, resources]) => resources.length > 0)
    .map(([action, Resource]) => ({ Effect: 'Allow', Action: action, Resource }));
}

/** `HousePricesStateMachine` → `seriatim-<stage>-house-prices` */
function machineName(placeholder: string): string {
  return PREFIX + kebab(placeholder.replace(/StateMachine$/, ''));
}

/** The circuit breakers of a pipeline's stages. */
function breakerObjects(pipeline: string): { 'Fn::Sub': string } {
  return claimObjects(`breakers/${pipeline}/*`);
}

/** Reads its list of chunks, writes its results (in parts), and starts its own children. */
function batchStatements(pipeline: string): Statement[] {
  const name = `${PREFIX}${pipeline}-batch`;
  return [
    {
      Effect: 'Allow',
      Action: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:ListMultipartUploadParts', 's3:PutObject'],
      Resource: batchObjects(`${pipeline}/work/*`),
    },
    // The second of each is what a rerun derives: it runs by the same role.
    {
      Effect: 'Allow',
      Action: 'states:StartExecution',
      Resource: [`stateMachine:${name}`, `stateMachine:${name}-rerun-*`].map((id) => arnOf('states', id)),
    },
    {
      Effect: 'Allow',
      Action: ['states:DescribeExecution', 'states:RedriveExecution', 'states:StopExecution'],
      Resource: [`execution:${name}/*`, `execution:${name}-rerun-*`].map((id) => arnOf('states', id)),
    },
  ];
}

/** Log delivery and tracing know no narrower resources. */
const OBSERVES: Statement = {
  Effect: 'Allow',
  Action: [
    'logs:CreateLogDelivery',
    'logs:DeleteLogDelivery',
    'logs:DescribeLogGroups',
    'logs:DescribeResourcePolicies',
    'logs:GetLogDelivery',
    'logs:ListLogDeliveries',
    'logs:PutResourcePolicy',
    'logs:UpdateLogDelivery',
    'xray:GetSamplingRules',
    'xray:GetSamplingTargets',
    'xray:PutTelemetryRecords',
    'xray:PutTraceSegments',
  ],
  Resource: '*',
};
