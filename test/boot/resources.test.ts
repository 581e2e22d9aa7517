// Resources created in the real services of `local/`, from small templates: what each leaves behind, and what `Ref`
// and `Fn::GetAtt` yield for it.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of CloudFormation, not of JavaScript
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClosers } from '../../local/boot/closers.ts';
import { nothingBuilt, type World } from '../../local/boot/resources/resource-type.ts';
import { createServices } from '../../local/boot/services.ts';
import { createStack, planStack, type Stack } from '../../local/boot/stack.ts';
import { openStateFolder } from '../../local/boot/state-folder.ts';
import { parseTemplate } from '../../local/boot/template/model.ts';
import { DEFAULT_PLACE } from '../../local/service.ts';

let folder: string;
let world: World;
let closers: ReturnType<typeof createClosers>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seriatim-boot-'));
  closers = createClosers();
  const state = openStateFolder(join(folder, 'state'));
  closers.add('state', () => state.release());
  const options = {
    place: DEFAULT_PLACE,
    projectFolder: folder,
    state,
    awsEndpoint: 'http://127.0.0.1:9',
    closers,
  };
  world = {
    place: DEFAULT_PLACE,
    stackName: 'shop-dev',
    projectFolder: folder,
    inlineCodeFolder: state.inlineCodeFolder,
    services: await createServices(options),
    httpApiUrl: 'http://127.0.0.1:3000',
    built: nothingBuilt(),
  };
});

afterEach(async () => {
  await closers.close();
  await rm(folder, { recursive: true, force: true });
});

function boot(resources: object, outputs: Record<string, unknown> = {}): Promise<Stack> {
  const values = Object.entries(outputs).map(([id, Value]) => [id, { Value }]);
  const template = parseTemplate(
    JSON.stringify({ Resources: resources, Outputs: Object.fromEntries(values) }),
  );
  return createStack(planStack(template, world), world);
}

const getAtt = (name: string): object => ({ 'Fn::GetAtt': name });
const ROLE = { Type: 'AWS::IAM::Role', Properties: {} };
const inlineFunction = (code: string, more: object = {}): object => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Role: getAtt('Role.Arn'),
    Code: { ZipFile: code },
    ...more,
  },
});

describe('functions', () => {
  it('run code that stands in the template, with their environment', async () => {
    const { outputs } = await boot(
      {
        Role: ROLE,
        Greet: inlineFunction('exports.handler = async () => process.env.GREETING + process.env.COUNT', {
          FunctionName: 'greet',
          Environment: { Variables: { GREETING: 'hello', COUNT: 2 } },
        }),
      },
      { Arn: getAtt('Greet.Arn'), Name: { Ref: 'Greet' } },
    );

    const answer = await world.services.lambda.invoke({ functionName: 'greet', payload: '{}' });

    expect(answer).toMatchObject({ statusCode: 200, payload: '"hello2"' });
    expect(outputs).toEqual({ Arn: 'arn:aws:lambda:us-east-1:000000000000:function:greet', Name: 'greet' });
  });

  it('run packaged code from the project folder, with the layer under /opt', async () => {
    await mkdir(join(folder, '.build/functions/f'), { recursive: true });
    await mkdir(join(folder, '.build/layers/shared/nodejs'), { recursive: true });
    await writeFile(join(folder, '.build/layers/shared/nodejs/shared.mjs'), 'export const answer = 42;');
    await writeFile(
      join(folder, '.build/functions/f/index.mjs'),
      "import { answer } from '/opt/nodejs/shared.mjs'; export const handler = async () => answer;",
    );
    const code = { S3Bucket: 'any', S3Key: 'serverless/shop/dev/1/f.zip' };
    await boot({
      Role: ROLE,
      Layer: {
        Type: 'AWS::Lambda::LayerVersion',
        Properties: { Content: { S3Bucket: 'any', S3Key: 'serverless/shop/dev/1/shared.zip' } },
      },
      F: inlineFunction('', {
        FunctionName: 'f',
        Handler: '.build/functions/f/index.handler',
        Code: code,
        Layers: [{ Ref: 'Layer' }],
      }),
    });

    const answer = await world.services.lambda.invoke({ functionName: 'f', payload: '{}' });

    expect(answer.payload).toBe('42');
  });

  it('without their bundle are refused by path', async () => {
    const booting = boot({
      Role: ROLE,
      F: inlineFunction('', {
        Handler: '.build/functions/gone/index.handler',
        Code: { S3Bucket: 'b', S3Key: 'k' },
      }),
    });

    await expect(booting).rejects.toMatchObject({
      path: 'Resources.F.Properties.Handler',
      message: expect.stringContaining('.build/functions/gone/index.mjs'),
    });
  });

  it('of another runtime are noted, and the rest goes on', async () => {
    await boot({ Role: ROLE, F: inlineFunction('', { Runtime: 'python3.13' }), G: inlineFunction('') });

    expect(world.built.notes).toEqual([expect.stringContaining('python3.13')]);
    expect([...world.built.functions.keys()]).toEqual(['G']);
  });

  it('have versions and aliases by ARN', async () => {
    const { outputs } = await boot(
      {
        Role: ROLE,
        F: inlineFunction('', { FunctionName: 'f' }),
        V: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'F' } } },
        A: {
          Type: 'AWS::Lambda::Alias',
          Properties: { FunctionName: { Ref: 'F' }, Name: 'live', FunctionVersion: getAtt('V.Version') },
        },
      },
      { V: { Ref: 'V' }, A: { Ref: 'A' } },
    );

    const arn = 'arn:aws:lambda:us-east-1:000000000000:function:f';
    expect(outputs).toEqual({ V: `${arn}:1`, A: `${arn}:live` });
  });
});

describe('buckets', () => {
  it('tell functions of new objects under a prefix', async () => {
    const sees = 'exports.handler = async (event) => console.log("saw " + event.Records[0].s3.object.key)';
    await boot({
      Role: ROLE,
      See: inlineFunction(sees, { FunctionName: 'see' }),
      Bucket: {
        Type: 'AWS::S3::Bucket',
        Properties: {
          BucketName: 'inbox',
          NotificationConfiguration: {
            LambdaConfigurations: [
              {
                Event: 's3:ObjectCreated:*',
                Function: getAtt('See.Arn'),
                Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: 'in/' }] } },
              },
            ],
          },
        },
      },
    });

    await world.services.s3.putObject({ bucket: 'inbox', key: 'out/a' }, 'a');
    await world.services.s3.putObject({ bucket: 'inbox', key: 'in/b' }, 'b');

    expect(await firstLine('/aws/lambda/see', 'saw')).toContain('saw in/b');
  });

  it('have the names and ARNs that CloudFormation gives', async () => {
    const { outputs } = await boot(
      { Data: { Type: 'AWS::S3::Bucket', Properties: {} } },
      { Name: { Ref: 'Data' }, Arn: getAtt('Data.Arn'), Domain: getAtt('Data.RegionalDomainName') },
    );

    const name = String(outputs.Name);
    expect(name).toMatch(/^shop-dev-data-[0-9a-f]{12}$/);
    expect(outputs).toMatchObject({
      Arn: `arn:aws:s3:::${name}`,
      Domain: `${name}.s3.us-east-1.amazonaws.com`,
    });
  });

  async function firstLine(group: string, containing: string): Promise<string> {
    for (;;) {
      for await (const { message } of world.services.logs.find({ group, containing })) return message;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
});

describe('state machines', () => {
  const machine = (properties: object): object => ({
    Role: ROLE,
    M: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: { StateMachineName: 'm', RoleArn: getAtt('Role.Arn'), ...properties },
    },
  });
  const pass = (result: string): object => ({
    StartAt: 'P',
    States: { P: { Type: 'Pass', Result: result, End: true } },
  });
  const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:m';
  const describeMachine = () => world.services.states.operations.describeStateMachine!({ stateMachineArn });

  it('are made of a definition with values put in', async () => {
    const { outputs } = await boot(
      machine({
        Definition: pass('${Who} and ${Other}'),
        DefinitionSubstitutions: { Who: 'a "quoted" name' },
        StateMachineType: 'EXPRESS',
      }),
      { Ref: { Ref: 'M' }, Name: getAtt('M.Name') },
    );

    const { definition, type } = await describeMachine();

    expect(JSON.parse(String(definition))).toEqual(pass('a "quoted" name and ${Other}'));
    expect(type).toBe('EXPRESS');
    expect(outputs).toEqual({ Ref: stateMachineArn, Name: 'm' });
  });

  it('are brought up to date when they are there already', async () => {
    await boot(machine({ DefinitionString: JSON.stringify(pass('old')) }));

    await boot(machine({ DefinitionString: JSON.stringify(pass('new')) }));

    expect(String((await describeMachine()).definition)).toContain('new');
  });

  it('are made anew when their type changes', async () => {
    await boot(machine({ Definition: pass('x') }));

    await boot(machine({ Definition: pass('x'), StateMachineType: 'EXPRESS' }));

    expect((await describeMachine()).type).toBe('EXPRESS');
  });

  it('have versions, and aliases that follow the newest one', async () => {
    const withAlias = (result: string): object => ({
      ...machine({ Definition: pass(result) }),
      V: {
        Type: 'AWS::StepFunctions::StateMachineVersion',
        Properties: { StateMachineArn: { Ref: 'M' } },
      },
      A: {
        Type: 'AWS::StepFunctions::StateMachineAlias',
        Properties: {
          Name: 'live',
          RoutingConfiguration: [{ StateMachineVersionArn: { Ref: 'V' }, Weight: '100' }],
        },
      },
    });
    await boot(withAlias('one'));

    const { outputs } = await boot(withAlias('two'), { A: { Ref: 'A' }, V: { Ref: 'V' } });

    const { describeStateMachineAlias } = world.services.states.operations;
    expect(outputs).toEqual({ A: `${stateMachineArn}:live`, V: `${stateMachineArn}:2` });
    expect(await describeStateMachineAlias!({ stateMachineAliasArn: outputs.A })).toMatchObject({
      routingConfiguration: [{ stateMachineVersionArn: `${stateMachineArn}:2`, weight: 100 }],
    });
  });

  it('with a fault name the resource', async () => {
    const booting = boot(machine({ Definition: { StartAt: 'Nowhere', States: {} } }));

    await expect(booting).rejects.toMatchObject({ name: 'TemplateError', path: 'Resources.M' });
  });

  it('refuse a definition kept in S3', async () => {
    const booting = boot(machine({ DefinitionS3Location: { Bucket: 'b', Key: 'k' } }));

    await expect(booting).rejects.toMatchObject({ path: 'Resources.M.Properties.DefinitionS3Location' });
  });
});

describe('hosting', () => {
  it('takes numbers that came as text, and names by GetAtt', async () => {
    const { outputs } = await boot(
      {
        Role: ROLE,
        Model: {
          Type: 'AWS::SageMaker::Model',
          Properties: {
            ModelName: 'm',
            ExecutionRoleArn: getAtt('Role.Arn'),
            PrimaryContainer: {
              Image: '000000000000.dkr.ecr.us-east-1.amazonaws.com/seriatim-container:1',
              Environment: { THREADS: 1 },
            },
          },
        },
        Config: {
          Type: 'AWS::SageMaker::EndpointConfig',
          Properties: {
            EndpointConfigName: 'c',
            ProductionVariants: [
              {
                VariantName: 'v',
                ModelName: getAtt('Model.ModelName'),
                InstanceType: 'ml.m5.large',
                InitialInstanceCount: '2',
                InitialVariantWeight: '1',
              },
            ],
          },
        },
      },
      { Ref: { Ref: 'Config' } },
    );

    const { describeEndpointConfig, describeModel } = world.services.sagemaker.operations;

    expect(await describeEndpointConfig!({ EndpointConfigName: 'c' })).toMatchObject({
      ProductionVariants: [{ ModelName: 'm', InitialInstanceCount: 2 }],
    });
    expect(await describeModel!({ ModelName: 'm' })).toMatchObject({
      PrimaryContainer: { Environment: { THREADS: '1' } },
    });
    expect(outputs).toEqual({ Ref: 'arn:aws:sagemaker:us-east-1:000000000000:endpoint-config/c' });
  });
});

describe('HTTP APIs', () => {
  const api = { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'shop', ProtocolType: 'HTTP' } };
  const integration = (properties: object): object => ({
    Type: 'AWS::ApiGatewayV2::Integration',
    Properties: { ApiId: { Ref: 'Api' }, IntegrationType: 'AWS_PROXY', ...properties },
  });
  const route = (RouteKey: string): object => ({
    Type: 'AWS::ApiGatewayV2::Route',
    Properties: { ApiId: { Ref: 'Api' }, RouteKey, Target: { 'Fn::Sub': 'integrations/${Call}' } },
  });

  it('are put together from their pieces', async () => {
    const { outputs } = await boot(
      {
        Role: ROLE,
        F: inlineFunction('', { FunctionName: 'f' }),
        Api: api,
        Call: integration({
          IntegrationUri: getAtt('F.Arn'),
          PayloadFormatVersion: '2.0',
          TimeoutInMillis: '5000',
        }),
        Get: route('GET /things/{id}'),
        Stage: {
          Type: 'AWS::ApiGatewayV2::Stage',
          Properties: { ApiId: { Ref: 'Api' }, StageName: '$default' },
        },
      },
      { Url: getAtt('Api.ApiEndpoint') },
    );

    const [draft] = world.built.httpApis.values();

    expect(draft).toMatchObject({
      name: 'shop',
      stageNames: ['$default'],
      routes: [{ routeKey: 'GET /things/{id}' }],
    });
    expect([...draft!.integrations.values()]).toEqual([
      {
        functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
        payloadFormatVersion: '2.0',
        timeoutMs: 5000,
      },
    ]);
    expect(outputs).toEqual({ Url: 'http://127.0.0.1:3000' });
  });

  it('note an integration that is not with a function', async () => {
    await boot({
      Api: api,
      Call: integration({ IntegrationSubtype: 'SQS-SendMessage' }),
      Get: route('GET /x'),
    });

    expect(world.built.notes).toEqual([expect.stringContaining('SQS-SendMessage')]);
  });
});

describe('alarms', () => {
  it('take numbers that came as text', async () => {
    const { outputs } = await boot(
      {
        Errors: {
          Type: 'AWS::CloudWatch::Alarm',
          Properties: {
            AlarmName: 'errors',
            Namespace: 'AWS/Lambda',
            MetricName: 'Errors',
            Statistic: 'Sum',
            Period: '60',
            EvaluationPeriods: '1',
            Threshold: '5',
            ComparisonOperator: 'GreaterThanThreshold',
          },
        },
      },
      { Arn: getAtt('Errors.Arn') },
    );

    const { MetricAlarms } = await world.services.monitoring.operations.describeAlarms!({});

    expect(MetricAlarms).toEqual([
      expect.objectContaining({ AlarmName: 'errors', Period: 60, Threshold: 5 }),
    ]);
    expect(outputs.Arn).toBe('arn:aws:cloudwatch:us-east-1:000000000000:alarm:errors');
  });
});

describe('everything else', () => {
  it('has an ARN in IAM', async () => {
    const { outputs } = await boot(
      {
        Role: { Type: 'AWS::IAM::Role', Properties: { RoleName: 'r', Path: '/service/' } },
        Policy: { Type: 'AWS::IAM::ManagedPolicy', Properties: { ManagedPolicyName: 'p' } },
      },
      { Role: getAtt('Role.Arn'), Policy: { Ref: 'Policy' } },
    );

    expect(outputs).toEqual({
      Role: 'arn:aws:iam::000000000000:role/service/r',
      Policy: 'arn:aws:iam::000000000000:policy/p',
    });
  });

  it('that is not served has a name and an ARN, and no other attribute', async () => {
    const queue = { Queue: { Type: 'AWS::SQS::Queue' } };

    const { outputs } = await boot(queue, { Arn: getAtt('Queue.Arn') });

    expect(outputs.Arn).toMatch(/^arn:aws:sqs:us-east-1:000000000000:shop-dev-Queue-/);
    await expect(boot(queue, { Name: getAtt('Queue.QueueName') })).rejects.toMatchObject({
      path: 'Outputs.Name.Value.Fn::GetAtt',
      message: expect.stringContaining('AWS::SQS::Queue'),
    });
  });

  it('that has no such attribute says so', async () => {
    const booting = boot({ Role: ROLE }, { X: getAtt('Role.Colour') });

    await expect(booting).rejects.toThrow('Role (AWS::IAM::Role) has no attribute Colour');
  });
});
