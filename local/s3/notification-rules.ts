// A bucket's notification configuration: its document, its rules, and which rule an event meets.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
import { randomUUID } from 'node:crypto';
import { AwsError } from '../wire/errors.ts';
import type { NotificationRule } from './api.ts';
import {
  child,
  children,
  childText,
  malformedXml,
  nodeText,
  readXml,
  writeXml,
  type XmlNode,
} from './xml.ts';

const ROOT = 'NotificationConfiguration';

export interface IdentifiedRule extends NotificationRule {
  readonly id: string;
}

/** Without the `s3:` that configurations put before it. */
export type EventName =
  | 'ObjectCreated:Put'
  | 'ObjectCreated:Copy'
  | 'ObjectCreated:CompleteMultipartUpload'
  | 'ObjectRemoved:Delete'
  | 'ObjectTagging:Put'
  | 'ObjectTagging:Delete'
  | 'LifecycleExpiration:Delete';

const SERVED_EVENTS: readonly string[] = [
  's3:ObjectCreated:*',
  's3:ObjectCreated:Put',
  's3:ObjectCreated:Post',
  's3:ObjectCreated:Copy',
  's3:ObjectCreated:CompleteMultipartUpload',
  's3:ObjectRemoved:*',
  's3:ObjectRemoved:Delete',
  's3:ObjectRemoved:DeleteMarkerCreated',
  's3:ObjectTagging:*',
  's3:ObjectTagging:Put',
  's3:ObjectTagging:Delete',
  's3:LifecycleExpiration:*',
  's3:LifecycleExpiration:Delete',
];

/** @throws AwsError MalformedXML, InvalidArgument (400), NotImplemented (501) for destinations other than Lambda */
export function readNotifications(document: string): IdentifiedRule[] {
  const root = readXml(document, ROOT);
  for (const other of ['QueueConfiguration', 'TopicConfiguration', 'EventBridgeConfiguration']) {
    if (children(root, other).length > 0) {
      const message = `A bucket's notifications go to Lambda functions only; ${other} is not served.`;
      throw new AwsError('NotImplemented', message, { statusCode: 501 });
    }
  }
  return children(root, 'CloudFunctionConfiguration').map(readRule);
}

function readRule(node: XmlNode): IdentifiedRule {
  const functionArn = childText(node, 'CloudFunction') ?? childText(node, 'LambdaFunctionArn');
  const events = children(node, 'Event').map(nodeText);
  if (functionArn === undefined || events.length === 0) throw malformedXml();
  const unknown = events.find((event) => !SERVED_EVENTS.includes(event));
  if (unknown !== undefined) {
    throw new AwsError('InvalidArgument', `The event ${unknown} is not supported for notifications.`);
  }
  const { prefix, suffix } = readFilter(node);
  return {
    id: childText(node, 'Id') ?? randomUUID(),
    functionArn,
    events,
    ...(prefix === undefined ? {} : { prefix }),
    ...(suffix === undefined ? {} : { suffix }),
  };
}

function readFilter(node: XmlNode): { prefix?: string; suffix?: string } {
  const filter: { prefix?: string; suffix?: string } = {};
  for (const rule of children(child(child(node, 'Filter'), 'S3Key'), 'FilterRule')) {
    const name = childText(rule, 'Name')?.toLowerCase();
    if (name !== 'prefix' && name !== 'suffix') {
      throw new AwsError('InvalidArgument', 'filter rule name must be either prefix or suffix');
    }
    filter[name] = childText(rule, 'Value') ?? '';
  }
  return filter;
}

/** The document of these rules, each with an id from now on. */
export function writeNotifications(rules: readonly (NotificationRule & { readonly id?: string })[]): string {
  return writeXml(ROOT, {
    CloudFunctionConfiguration: rules.map(({ id, functionArn, events, prefix, suffix }) => ({
      Id: id ?? randomUUID(),
      Filter:
        prefix === undefined && suffix === undefined
          ? undefined
          : { S3Key: { FilterRule: [...filterRule('Prefix', prefix), ...filterRule('Suffix', suffix)] } },
      CloudFunction: functionArn,
      Event: events,
    })),
  });
}

function filterRule(name: string, value: string | undefined): { Name: string; Value: string }[] {
  return value === undefined ? [] : [{ Name: name, Value: value }];
}

/** Whether a rule asks for this event of this key. */
export function isMet(rule: NotificationRule, event: EventName, key: string): boolean {
  const full = `s3:${event}`;
  const asked = rule.events.some(
    (wanted) => wanted === full || (wanted.endsWith(':*') && full.startsWith(wanted.slice(0, -1))),
  );
  return asked && key.startsWith(rule.prefix ?? '') && key.endsWith(rule.suffix ?? '');
}
