// Hosting, scaling, HTTP APIs, alarms and all that has no effect here, created in the real services of `local/`.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of CloudFormation, not of JavaScript
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClosers } from '../../local/boot/closers.ts';
import { openRim } from '../../local/boot/rim.ts';
import { getAtt, inlineFunction, ROLE, type SmallSystem, startSmallSystem } from './small-system.ts';

let system: SmallSystem;

beforeEach(async () => {
  system = await startSmallSystem({ dead: { url: 'http://127.0.0.1:9' } });
});

afterEach(() => system.close());

describe('readiness', () => {
  it('does not wait for an endpoint that a caller of the API created', async () => {
    const { world, folder } = system;
    const { operations } = world.services.sagemaker;
    const closers = createClosers();
    const rim = await openRim(
      { projectFolder: folder, stateFolder: join(folder, 'rim'), httpPort: 0, awsPort: 0 },
      { closers, pending: new Set() },
    );
    rim.show({ world });
    const deadUrl = { Image: 'dead' };
    await operations.createModel!({ ModelName: 'dead', PrimaryContainer: deadUrl });
    const ProductionVariants = [{ VariantName: 'v', ModelName: 'dead', InitialInstanceCount: 1 }];
    await operations.createEndpointConfig!({ EndpointConfigName: 'dead', ProductionVariants });
    await operations.createEndpoint!({ EndpointName: 'dead', EndpointConfigName: 'dead' });

    const response = await fetch(`${rim.aws.url}/_seriatim/health`);

    expect(await response.json()).toMatchObject({
      status: 'ready',
      endpoints: [{ endpointName: 'dead', status: 'Creating' }],
    });
    world.built.endpointNames.push('dead');
    expect((await fetch(`${rim.aws.url}/_seriatim/health`)).status).toBe(503);
    await closers.close();
  });
});

describe('hosting', () => {
  it('takes numbers that came as text, and names by GetAtt', async () => {
    const { outputs } = await system.boot(
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

    const { describeEndpointConfig, describeModel } = system.world.services.sagemaker.operations;

    expect(await describeEndpointConfig!({ EndpointConfigName: 'c' })).toMatchObject({
      ProductionVariants: [{ ModelName: 'm', InitialInstanceCount: 2 }],
    });
    expect(await describeModel!({ ModelName: 'm' })).toMatchObject({
      PrimaryContainer: { Environment: { THREADS: '1' } },
    });
    expect(outputs).toEqual({ Ref: 'arn:aws:sagemaker:us-east-1:000000000000:endpoint-config/c' });
  });
});

describe('scaling', () => {
  const target = (ServiceNamespace: string, ScalableDimension: string): object => ({
    Type: 'AWS::ApplicationAutoScaling::ScalableTarget',
    Properties: {
      ResourceId: 'endpoint/e/variant/v',
      ServiceNamespace,
      ScalableDimension,
      MinCapacity: '1',
      MaxCapacity: '3',
    },
  });

  it('of an endpoint’s variant takes its target and policy', async () => {
    const variant = {
      VariantName: 'v',
      ModelName: 'm',
      InstanceType: 'ml.m5.large',
      InitialInstanceCount: 1,
    };
    await system.boot({
      Model: {
        Type: 'AWS::SageMaker::Model',
        Properties: { ModelName: 'm', PrimaryContainer: { Image: 'nothing-of-this-machine' } },
      },
      Config: {
        Type: 'AWS::SageMaker::EndpointConfig',
        DependsOn: 'Model',
        Properties: { EndpointConfigName: 'c', ProductionVariants: [variant] },
      },
      Endpoint: {
        Type: 'AWS::SageMaker::Endpoint',
        DependsOn: 'Config',
        Properties: { EndpointName: 'e', EndpointConfigName: 'c' },
      },
      Target: {
        ...target('sagemaker', 'sagemaker:variant:DesiredInstanceCount'),
        DependsOn: 'Endpoint',
      },
      Policy: {
        Type: 'AWS::ApplicationAutoScaling::ScalingPolicy',
        Properties: {
          PolicyName: 'p',
          PolicyType: 'TargetTrackingScaling',
          ScalingTargetId: { Ref: 'Target' },
          TargetTrackingScalingPolicyConfiguration: {
            TargetValue: '70',
            PredefinedMetricSpecification: {
              PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance',
            },
          },
        },
      },
    });

    const { describeScalableTargets, describeScalingPolicies } =
      system.world.services.sagemaker.autoScaling.operations;

    expect(await describeScalableTargets!({})).toMatchObject({
      ScalableTargets: [{ ResourceId: 'endpoint/e/variant/v', MinCapacity: 1, MaxCapacity: 3 }],
    });
    expect(await describeScalingPolicies!({})).toMatchObject({
      ScalingPolicies: [{ PolicyName: 'p', TargetTrackingScalingPolicyConfiguration: { TargetValue: 70 } }],
    });
  });

  it('of anything else is noted', async () => {
    await system.boot({ Target: target('ecs', 'ecs:service:DesiredCount') });

    expect(system.world.built.notes).toEqual([expect.stringContaining('not ecs')]);
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
    const { outputs } = await system.boot(
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

    const [draft] = system.world.built.httpApis.values();

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
    await system.boot({
      Api: api,
      Call: integration({ IntegrationSubtype: 'SQS-SendMessage' }),
      Get: route('GET /x'),
    });

    expect(system.world.built.notes).toEqual([expect.stringContaining('SQS-SendMessage')]);
  });
});

describe('alarms', () => {
  it('take numbers that came as text', async () => {
    const { outputs } = await system.boot(
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

    const { MetricAlarms } = await system.world.services.monitoring.operations.describeAlarms!({});

    expect(MetricAlarms).toEqual([
      expect.objectContaining({ AlarmName: 'errors', Period: 60, Threshold: 5 }),
    ]);
    expect(outputs.Arn).toBe('arn:aws:cloudwatch:us-east-1:000000000000:alarm:errors');
  });
});

describe('everything else', () => {
  it('has an ARN in IAM', async () => {
    const { outputs } = await system.boot(
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

    const { outputs } = await system.boot(queue, { Arn: getAtt('Queue.Arn') });

    expect(outputs.Arn).toMatch(/^arn:aws:sqs:us-east-1:000000000000:shop-dev-Queue-/);
    await expect(system.boot(queue, { Name: getAtt('Queue.QueueName') })).rejects.toMatchObject({
      path: 'Outputs.Name.Value.Fn::GetAtt',
      message: expect.stringContaining('AWS::SQS::Queue'),
    });
  });

  it('that has no such attribute says so', async () => {
    const booting = system.boot({ Role: ROLE }, { X: getAtt('Role.Colour') });

    await expect(booting).rejects.toThrow('Role (AWS::IAM::Role) has no attribute Colour');
  });
});
