// Roles and policies have names and ARNs here and nothing more: nobody on a loopback port is refused for lack of a
// permission. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
import {
  type DeclaredResource,
  generatedName,
  hash,
  type ResourceType,
  type World,
} from './resource-type.ts';

export const role: ResourceType = (declared, world) => {
  const { name, arn } = identity(declared, world, { kind: 'role', nameProperty: 'RoleName' });
  return { ref: name, attributes: { Arn: arn, RoleId: `AROA${hash(arn, 17)}` } };
};

export const user: ResourceType = (declared, world) => {
  const { name, arn } = identity(declared, world, { kind: 'user', nameProperty: 'UserName' });
  return { ref: name, attributes: { Arn: arn } };
};

export const managedPolicy: ResourceType = (declared, world) => {
  const { arn } = identity(declared, world, { kind: 'policy', nameProperty: 'ManagedPolicyName' });
  return { ref: arn, attributes: { PolicyArn: arn, PolicyId: `ANPA${hash(arn, 17)}` } };
};

/** `AWS::IAM::Policy` and `AWS::IAM::RolePolicy`, which stand inside a role. */
export const policy: ResourceType = ({ logicalId, properties }, world) => {
  const name = properties.text('PolicyName') ?? generatedName(world, logicalId);
  return { ref: name, attributes: { Id: name } };
};

/** IAM is global: its ARNs name no region. */
function identity(
  { logicalId, properties }: DeclaredResource,
  world: World,
  { kind, nameProperty }: { kind: string; nameProperty: string },
): { name: string; arn: string } {
  const name = properties.text(nameProperty) ?? generatedName(world, logicalId).slice(0, 64);
  const path = properties.text('Path') ?? '/';
  const { partition, accountId } = world.place;
  return { name, arn: `arn:${partition}:iam::${accountId}:${kind}${path}${name}` };
}
