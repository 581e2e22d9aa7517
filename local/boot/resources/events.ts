// Rules of EventBridge: named, so that a template with them boots, and noted, because nothing is delivered here; what a
// run came to stands in its manifest. Topics of SNS and their http(s) subscriptions, for notices of asynchronous inference.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Events.html
import { arn } from '../../service.ts';
import type { Properties } from './properties.ts';
import { generatedName, type ResourceType, type World } from './resource-type.ts';

export const rule: ResourceType = ({ logicalId, properties }, world) => {
  const name = properties.text('Name') ?? generatedName(world, logicalId);
  world.built.notes.push(`${properties.path}: events are not delivered here`);
  return { ref: name, attributes: { Arn: arn(world.place, 'events', `rule/${name}`) } };
};

export const topic: ResourceType = ({ logicalId, properties }, world) => {
  const name = properties.text('TopicName') ?? generatedName(world, logicalId);
  const topicArn = arn(world.place, 'sns', name);
  world.built.subscriptions.set(topicArn, []);
  for (const subscription of properties.objects('Subscription')) subscribe(subscription, topicArn, world);
  return { ref: topicArn, attributes: { TopicArn: topicArn, TopicName: name } };
};

export const subscription: ResourceType = ({ logicalId, properties }, world) => {
  const topicArn = properties.requiredText('TopicArn');
  subscribe(properties, topicArn, world);
  return { ref: `${topicArn}:${generatedName(world, logicalId)}`, attributes: {} };
};

function subscribe(properties: Properties, topicArn: string, { built }: World): void {
  const protocol = properties.requiredText('Protocol');
  const endpoint = properties.text('Endpoint') ?? '';
  if (protocol !== 'http' && protocol !== 'https') {
    built.notes.push(
      `${properties.path}: nothing is delivered here to subscriptions of protocol ${protocol}`,
    );
    return;
  }
  built.subscriptions.set(topicArn, [...(built.subscriptions.get(topicArn) ?? []), endpoint]);
}
