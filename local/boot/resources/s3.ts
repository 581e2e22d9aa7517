// Buckets, with the notifications that start functions. What guards a bucket on AWS (encryption, policies, blocked
// public access) has nothing to guard on a loopback port.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
import type { NotificationRule } from '../../s3/api.ts';
import type { Properties } from './properties.ts';
import { generatedName, type ResourceType, type World } from './resource-type.ts';

export const bucket: ResourceType = async ({ logicalId, properties }, world) => {
  const name = properties.text('BucketName') ?? generatedName(world, logicalId).toLowerCase().slice(0, 63);
  await world.services.s3.createBucket(name, { notifications: notificationRules(properties, world) });
  await putLifecycle(name, properties, world);
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

/** Handed over where this S3 keeps lifecycle rules, so that they can be read back; the API spells two names otherwise. */
async function putLifecycle(name: string, properties: Properties, world: World): Promise<void> {
  const rules = properties.object('LifecycleConfiguration')?.objects('Rules') ?? [];
  const put = world.services.s3.operations.putBucketLifecycleConfiguration;
  if (rules.length === 0 || put === undefined) return;
  await put({ Bucket: name, LifecycleConfiguration: { Rules: rules.map(lifecycleRule) } });
}

function lifecycleRule(rule: Properties): Record<string, unknown> {
  const days = rule.number('ExpirationInDays');
  const abort = rule.object('AbortIncompleteMultipartUpload')?.number('DaysAfterInitiation');
  return {
    ...(rule.text('Id') === undefined ? {} : { ID: rule.text('Id') }),
    Status: rule.requiredText('Status'),
    Filter: { Prefix: rule.text('Prefix') ?? '' },
    ...(days === undefined ? {} : { Expiration: { Days: days } }),
    ...(abort === undefined ? {} : { AbortIncompleteMultipartUpload: { DaysAfterInitiation: abort } }),
  };
}
