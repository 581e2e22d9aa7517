// Automatic scaling of endpoint variants: a target and its policies, in the order in which the template names them.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApplicationAutoScaling.html
import { arn } from '../../service.ts';
import type { Properties } from './properties.ts';
import type { CreatedResource, ResourceType, World } from './resource-type.ts';

const SERVED = 'sagemaker';

export const scalableTarget: ResourceType = async ({ properties }, world) => {
  const identity = targetIdentity(properties);
  const id = [identity.ResourceId, identity.ScalableDimension, identity.ServiceNamespace].join('|');
  const created: CreatedResource = { ref: id, attributes: { Id: id } };
  if (!isServed(identity.ServiceNamespace, properties, world)) return created;
  const input = {
    ...identity,
    MinCapacity: properties.number('MinCapacity'),
    MaxCapacity: properties.number('MaxCapacity'),
  };
  await world.services.sagemaker.autoScaling.operations.registerScalableTarget!(input);
  return created;
};

export const scalingPolicy: ResourceType = async ({ properties }, world) => {
  const policyName = properties.requiredText('PolicyName');
  const targetId = properties.text('ScalingTargetId');
  const identity = targetId === undefined ? targetIdentity(properties) : splitIdentity(targetId);
  const place = `scalingPolicy:resource/${identity.ServiceNamespace}/${identity.ResourceId}`;
  const policyArn = arn(world.place, 'autoscaling', `${place}:policyName/${policyName}`);
  const created: CreatedResource = { ref: policyArn, attributes: { Arn: policyArn } };
  if (!isServed(identity.ServiceNamespace, properties, world)) return created;
  const tracking = properties.object('TargetTrackingScalingPolicyConfiguration');
  const numbers = ['TargetValue', 'ScaleInCooldown', 'ScaleOutCooldown'].map((name) => [
    name,
    tracking?.number(name),
  ]);
  await world.services.sagemaker.autoScaling.operations.putScalingPolicy!({
    ...identity,
    PolicyName: policyName,
    PolicyType: properties.text('PolicyType') ?? 'StepScaling',
    ...(tracking === undefined
      ? {}
      : {
          TargetTrackingScalingPolicyConfiguration: {
            ...tracking.values,
            ...Object.fromEntries(numbers.filter(hasValue)),
          },
        }),
  });
  return created;
};

interface TargetIdentity {
  /** `endpoint/<name>/variant/<name>` */
  readonly ResourceId: string;
  readonly ScalableDimension: string;
  readonly ServiceNamespace: string;
}

function targetIdentity(properties: Properties): TargetIdentity {
  return {
    ResourceId: properties.requiredText('ResourceId'),
    ScalableDimension: properties.requiredText('ScalableDimension'),
    ServiceNamespace: properties.requiredText('ServiceNamespace'),
  };
}

/** What `Ref` of a target yields. */
function splitIdentity(id: string): TargetIdentity {
  const [ResourceId = '', ScalableDimension = '', ServiceNamespace = ''] = id.split('|');
  return { ResourceId, ScalableDimension, ServiceNamespace };
}

function isServed(namespace: string, { path }: Properties, world: World): boolean {
  if (namespace === SERVED) return true;
  world.built.notes.push(`${path}: only endpoint variants are scaled here, not ${namespace}`);
  return false;
}

function hasValue([, value]: readonly unknown[]): boolean {
  return value !== undefined;
}
