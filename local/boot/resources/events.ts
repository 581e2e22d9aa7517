// Rules of EventBridge and topics of SNS: named, so that a template with them boots, and noted, because nothing is
// delivered here. What a run came to stands in its manifest.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Events.html
import { arn } from '../../service.ts';
import { generatedName, type ResourceType } from './resource-type.ts';

export const rule: ResourceType = ({ logicalId, properties }, world) => {
  const name = properties.text('Name') ?? generatedName(world, logicalId);
  world.built.notes.push(`${properties.path}: events are not delivered here`);
  return { ref: name, attributes: { Arn: arn(world.place, 'events', `rule/${name}`) } };
};

export const topic: ResourceType = ({ logicalId, properties }, world) => {
  const name = properties.text('TopicName') ?? generatedName(world, logicalId);
  const topicArn = arn(world.place, 'sns', name);
  world.built.notes.push(`${properties.path}: messages are not delivered here`);
  return { ref: topicArn, attributes: { TopicArn: topicArn, TopicName: name } };
};
