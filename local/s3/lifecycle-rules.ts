// A bucket's lifecycle configuration: which objects expire when, and when unfinished uploads are given up.
// Transitions between storage classes are kept with the document and change nothing: there is one class here.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
import { AwsError } from '../wire/errors.ts';
import type { ExpirationRule } from './api.ts';
import type { StoredObject, Tag } from './records.ts';
import { child, children, childText, malformedXml, readXml, writeXml, type XmlNode } from './xml.ts';

const ROOT = 'LifecycleConfiguration';
const DAY_MS = 24 * 3600 * 1000;

export interface LifecycleRule {
  readonly id: string | undefined;
  readonly prefix: string;
  readonly tags: readonly Tag[];
  readonly overBytes: number;
  readonly underBytes: number;
  readonly expireDays: number | undefined;
  readonly expireDateMs: number | undefined;
  readonly abortUploadDays: number | undefined;
}

/** The enabled rules. @throws AwsError MalformedXML, InvalidArgument (400) */
export function readLifecycle(document: string): LifecycleRule[] {
  const nodes = children(readXml(document, ROOT), 'Rule');
  if (nodes.length === 0) throw malformedXml();
  const rules = nodes.map((node) => ({ rule: readRule(node), status: childText(node, 'Status') }));
  if (rules.some(({ status }) => status !== 'Enabled' && status !== 'Disabled')) throw malformedXml();
  return rules.filter(({ status }) => status === 'Enabled').map(({ rule }) => rule);
}

function readRule(node: XmlNode): LifecycleRule {
  const filter = child(node, 'Filter');
  const where = child(filter, 'And') ?? filter;
  const expiration = child(node, 'Expiration');
  const date = childText(expiration, 'Date');
  return {
    id: childText(node, 'ID'),
    prefix: childText(where, 'Prefix') ?? childText(node, 'Prefix') ?? '',
    tags: children(where, 'Tag').map((tag) => ({
      Key: childText(tag, 'Key') ?? '',
      Value: childText(tag, 'Value') ?? '',
    })),
    overBytes: Number(childText(where, 'ObjectSizeGreaterThan') ?? -1),
    underBytes: Number(childText(where, 'ObjectSizeLessThan') ?? Number.POSITIVE_INFINITY),
    expireDays: readDays(childText(expiration, 'Days')),
    expireDateMs: date === undefined ? undefined : readDate(date),
    abortUploadDays: readDays(
      childText(child(node, 'AbortIncompleteMultipartUpload'), 'DaysAfterInitiation'),
    ),
  };
}

function readDays(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text.trim())) return Number(text);
  throw new AwsError('InvalidArgument', "'Days' for Expiration action must be a positive integer");
}

function readDate(text: string): number {
  const dateMs = Date.parse(text);
  if (!Number.isNaN(dateMs) && dateMs % DAY_MS === 0) return dateMs;
  throw new AwsError('InvalidArgument', "'Date' must be at midnight GMT");
}

/** The document of rules given in the same process. */
export function writeLifecycle(rules: readonly ExpirationRule[]): string {
  return writeXml(ROOT, {
    Rule: rules.map(({ id, prefix, days }) => ({
      ID: id,
      Filter: { Prefix: prefix ?? '' },
      Status: 'Enabled',
      Expiration: { Days: days },
    })),
  });
}

/** When an object expires and by which rule: the earliest, at midnight UTC after its days; `undefined` if never. */
export function expiryOf(
  rules: readonly LifecycleRule[],
  object: StoredObject,
): { atMs: number; rule: LifecycleRule } | undefined {
  let earliest: { atMs: number; rule: LifecycleRule } | undefined;
  for (const rule of rules) {
    if (!concerns(rule, object)) continue;
    const atMs = rule.expireDateMs ?? midnightAfter(object.lastModifiedMs, rule.expireDays);
    if (atMs !== undefined && (earliest === undefined || atMs < earliest.atMs)) earliest = { atMs, rule };
  }
  return earliest;
}

/** Whether an upload begun then has been unfinished for too long. */
export function isUploadOverdue(
  rules: readonly LifecycleRule[],
  upload: { readonly key: string; readonly startedMs: number },
  nowMs: number,
): boolean {
  return rules.some((rule) => {
    const atMs = midnightAfter(upload.startedMs, rule.abortUploadDays);
    return atMs !== undefined && atMs <= nowMs && upload.key.startsWith(rule.prefix);
  });
}

function concerns(rule: LifecycleRule, { key, sizeBytes, details }: StoredObject): boolean {
  if (!key.startsWith(rule.prefix) || sizeBytes <= rule.overBytes || sizeBytes >= rule.underBytes)
    return false;
  return rule.tags.every((wanted) =>
    details.tags?.some((tag) => tag.Key === wanted.Key && tag.Value === wanted.Value),
  );
}

function midnightAfter(fromMs: number, days: number | undefined): number | undefined {
  return days === undefined ? undefined : Math.ceil((fromMs + days * DAY_MS) / DAY_MS) * DAY_MS;
}
