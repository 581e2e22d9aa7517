// The resource types that are served, by name, and what stands in for one that is not.
import { arn } from '../../service.ts';
import { alarm } from './alarm.ts';
import * as apiGateway from './api-gateway.ts';
import * as autoScaling from './auto-scaling.ts';
import * as events from './events.ts';
import * as iam from './iam.ts';
import * as lambda from './lambda.ts';
import { logGroup } from './logs.ts';
import { generatedName, type ResourceType } from './resource-type.ts';
import * as s3 from './s3.ts';
import * as sagemaker from './sagemaker.ts';
import * as states from './states.ts';

/** What matters only on AWS and takes nothing away here: a permission, a policy. `Ref` is the name, there is no attribute. */
const withoutEffect: ResourceType = ({ logicalId }, world) => ({
  ref: generatedName(world, logicalId),
  attributes: {},
});

export const RESOURCE_TYPES: Readonly<Record<string, ResourceType>> = {
  'AWS::ApiGatewayV2::Api': apiGateway.api,
  'AWS::ApiGatewayV2::Authorizer': apiGateway.authorizer,
  'AWS::ApiGatewayV2::Deployment': withoutEffect,
  'AWS::ApiGatewayV2::Integration': apiGateway.integration,
  'AWS::ApiGatewayV2::Route': apiGateway.route,
  'AWS::ApiGatewayV2::Stage': apiGateway.stage,
  'AWS::ApplicationAutoScaling::ScalableTarget': autoScaling.scalableTarget,
  'AWS::ApplicationAutoScaling::ScalingPolicy': autoScaling.scalingPolicy,
  'AWS::CloudFormation::WaitConditionHandle': withoutEffect,
  'AWS::CloudWatch::Alarm': alarm,
  'AWS::Events::Rule': events.rule,
  'AWS::IAM::ManagedPolicy': iam.managedPolicy,
  'AWS::IAM::Policy': iam.policy,
  'AWS::IAM::Role': iam.role,
  'AWS::IAM::RolePolicy': iam.policy,
  'AWS::IAM::User': iam.user,
  'AWS::Lambda::Alias': lambda.alias,
  'AWS::Lambda::Function': lambda.lambdaFunction,
  'AWS::Lambda::LayerVersion': lambda.layerVersion,
  'AWS::Lambda::LayerVersionPermission': withoutEffect,
  'AWS::Lambda::Permission': withoutEffect,
  'AWS::Lambda::Version': lambda.version,
  'AWS::Logs::LogGroup': logGroup,
  'AWS::Logs::ResourcePolicy': withoutEffect,
  'AWS::S3::Bucket': s3.bucket,
  'AWS::S3::BucketPolicy': s3.bucketPolicy,
  'AWS::SageMaker::Endpoint': sagemaker.endpoint,
  'AWS::SageMaker::EndpointConfig': sagemaker.endpointConfig,
  'AWS::SageMaker::Model': sagemaker.model,
  'AWS::SNS::Topic': events.topic,
  'AWS::SNS::TopicPolicy': withoutEffect,
  'AWS::StepFunctions::Activity': states.activity,
  'AWS::StepFunctions::StateMachine': states.stateMachine,
  'AWS::StepFunctions::StateMachineAlias': states.stateMachineAlias,
  'AWS::StepFunctions::StateMachineVersion': states.stateMachineVersion,
};

/**
 * Stands in for a type that is not served: a name and an ARN of the usual form, so that what merely mentions it
 * (a dimension, a variable) resolves; a call to it meets "not served here" at the AWS port. It has no other attribute.
 */
export const unserved: ResourceType = ({ logicalId, type }, world) => {
  const name = generatedName(world, logicalId);
  const service = type.split('::')[1]?.toLowerCase() ?? 'unknown';
  return { ref: name, attributes: { Arn: arn(world.place, service, name) } };
};
