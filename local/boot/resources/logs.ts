// Log groups. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html
import { arn } from '../../service.ts';
import { generatedName, type ResourceType } from './resource-type.ts';

export const logGroup: ResourceType = ({ logicalId, properties }, world) => {
  const name = properties.text('LogGroupName') ?? generatedName(world, logicalId);
  const retentionInDays = properties.number('RetentionInDays');
  world.services.logs.createLogGroup(name, retentionInDays === undefined ? {} : { retentionInDays });
  return { ref: name, attributes: { Arn: arn(world.place, 'logs', `log-group:${name}:*`) } };
};
