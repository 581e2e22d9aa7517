// The Lambda functions of the pipelines' stages, and a role for each: a folder in `functions/` that a definition names is
// deployed without another word. They may write their log and traces, and carry a batch's records; what is called with more rights
// stands in `serverless.yml` by itself.
import { compilePipeline } from '../../statemachines/compile/compile.ts';
import type { Pipeline } from '../../statemachines/pipeline.ts';
import type { Resources } from './machines.ts';
import { batchObjects, kebab, PREFIX, pascal, placeholdersOf } from './names.ts';

/** Those that stages share, which have rights of their own. */
const OWN = new Set([
  'assemble-batch',
  'check-records',
  'claim-objects',
  'compare-shadow',
  'count-failure',
  'invoke-endpoint',
  'invoke-records',
  'split-batch',
  'write-part',
]);

/** By folder, in the framework's words. */
export function stageFunctions(pipelines: readonly Pipeline[]): Record<string, unknown> {
  return Object.fromEntries(
    [...stageFolders(pipelines)].map(([folder, pipeline]) => [
      folder,
      {
        description: `A stage of ${pipeline}`,
        handler: `.build/functions/${folder}/index.handler`,
        role: { 'Fn::GetAtt': [`${pascal(folder)}Role`, 'Arn'] },
        package: { patterns: [`.build/functions/${folder}/**`] },
      },
    ]),
  );
}

export function stageRoles(pipelines: readonly Pipeline[]): Resources {
  const folders = [...stageFolders(pipelines).keys()];
  return Object.fromEntries(folders.map((folder) => [`${pascal(folder)}Role`, role(folder)]));
}

/** The folders that the pipelines' state machines call, each with the first pipeline that does. */
function stageFolders(pipelines: readonly Pipeline[]): Map<string, string> {
  const folders = new Map<string, string>();
  for (const pipeline of pipelines) {
    for (const machine of Object.values(compilePipeline(pipeline))) {
      for (const placeholder of placeholdersOf(machine).functions) {
        const folder = kebab(placeholder.replace(/Function$/, ''));
        if (!OWN.has(folder) && !folders.has(folder)) folders.set(folder, pipeline.name);
      }
    }
  }
  return folders;
}

function role(folder: string) {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      },
      Policies: [
        { PolicyName: folder, PolicyDocument: { Version: '2012-10-17', Statement: statements(folder) } },
      ],
    },
  };
}

function statements(folder: string) {
  const group = `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/${PREFIX}${folder}:*`;
  return [
    {
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: { 'Fn::Sub': group },
    },
    { Effect: 'Allow', Action: ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], Resource: '*' },
    // A batch's records travel in its bucket; the first stage reads them from the file.
    { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource: batchObjects('*/work/*') },
    { Effect: 'Allow', Action: 's3:GetObject', Resource: batchObjects('*/in/*') },
  ];
}
