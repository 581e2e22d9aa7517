// Buckets, with the notifications that start functions. What guards a bucket on AWS (encryption, policies, blocked
// public access) has nothing to guard on a loopback port.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
import type { ExpirationRule, NotificationRule } from '../../s3/api.ts';
import type { Properties } from './properties.ts';
import { generatedName, type ResourceType, type World } from './resource-type.ts';

export const bucket: ResourceType = async ({ logicalId, properties }, world) => {
  const name = properties.text('BucketName') ?? generatedName(world, logicalId).toLowerCase().slice(0, 63);
  await world.services.s3.createBucket(name, {
    notifications: notificationRules(properties, world),
    expiration: expirationRules(properties),
  });
  world.built.buckets.push(name);
  const domain = `${name}.s3`;
  const { region, partition } = world.place;
  return {
    ref: name,
    attributes: {
      Arn: `arn:${partition}:s3:::${name}`,
      DomainName: `${domain}.amazonaws.com`,
      RegionalDomainName: `${domain}.${region}.amazonaws.com`,
      DualStackDomainName: `${domain}.dualstack.${region}.amazonaws.com`,
      WebsiteURL: `http://${name}.s3-website-${region}.amazonaws.com`,
    },
  };
};

export const bucketPolicy: ResourceType = ({ properties }) => ({
  ref: properties.requiredText('Bucket'),
  attributes: {},
});

function notificationRules(properties: Properties, world: World): NotificationRule[] {
  const configuration = properties.object('NotificationConfiguration');
  if (configuration === undefined) return [];
  for (const other of ['QueueConfigurations', 'TopicConfigurations', 'EventBridgeConfiguration']) {
    if (configuration.values[other] !== undefined)
      world.built.notes.push(`${configuration.path}.${other}: only functions are notified here`);
  }
  return configuration.objects('LambdaConfigurations').map(notificationRule);
}

function notificationRule(one: Properties): NotificationRule {
  const rules = one.object('Filter')?.object('S3Key')?.objects('Rules') ?? [];
  const filter = (name: string): string | undefined =>
    rules.find((rule) => rule.requiredText('Name').toLowerCase() === name)?.text('Value');
  const prefix = filter('prefix');
  const suffix = filter('suffix');
  return {
    functionArn: one.requiredText('Function'),
    events: [one.requiredText('Event')],
    ...(prefix === undefined ? {} : { prefix }),
    ...(suffix === undefined ? {} : { suffix }),
  };
}

/** What lets objects expire; transitions between storage classes change nothing here. */
function expirationRules(properties: Properties): ExpirationRule[] {
  const rules = properties.object('LifecycleConfiguration')?.objects('Rules') ?? [];
  return rules.flatMap((rule) => {
    const days = rule.number('ExpirationInDays');
    if (days === undefined || rule.text('Status') !== 'Enabled') return [];
    const id = rule.text('Id');
    const prefix = rule.text('Prefix') ?? rule.object('Filter')?.text('Prefix');
    return [{ days, ...(id === undefined ? {} : { id }), ...(prefix === undefined ? {} : { prefix }) }];
  });
}
