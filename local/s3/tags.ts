// Tag sets of objects and buckets, as a document and as the `x-amz-tagging` header.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
import { AwsError } from '../wire/errors.ts';
import type { Tag } from './records.ts';
import { child, children, childText, malformedXml, readXml, writeXml } from './xml.ts';

const MAX_OBJECT_TAGS = 10;
const MAX_KEY_CHARACTERS = 128;
const MAX_VALUE_CHARACTERS = 256;

/** @throws AwsError MalformedXML (400) */
export function readTags(document: string): Tag[] {
  const set = child(readXml(document, 'Tagging'), 'TagSet');
  if (set === undefined) throw malformedXml();
  return children(set, 'Tag').map((tag) => {
    const [Key, Value] = [childText(tag, 'Key'), childText(tag, 'Value')];
    if (Key === undefined || Value === undefined) throw malformedXml();
    return { Key, Value };
  });
}

export function writeTags(tags: readonly Tag[]): string {
  return writeXml('Tagging', { TagSet: { Tag: tags.map(({ Key, Value }) => ({ Key, Value })) } });
}

/** Query-string notation: `a=1&b=2`. */
export function parseTagHeader(header: string): Tag[] {
  return [...new URLSearchParams(header)].map(([Key, Value]) => ({ Key, Value }));
}

/** @throws AwsError BadRequest, InvalidTag (400) */
export function checkObjectTags(tags: readonly Tag[]): readonly Tag[] {
  if (tags.length > MAX_OBJECT_TAGS) {
    throw new AwsError('BadRequest', `Object tags cannot be greater than ${MAX_OBJECT_TAGS}`);
  }
  return checkTags(tags);
}

/** @throws AwsError InvalidTag (400) */
export function checkTags(tags: readonly Tag[]): readonly Tag[] {
  const keys = new Set<string>();
  for (const { Key, Value } of tags) {
    const tooLong = Key.length > MAX_KEY_CHARACTERS || Value.length > MAX_VALUE_CHARACTERS;
    if (Key === '' || tooLong || keys.has(Key)) {
      throw new AwsError('InvalidTag', 'A tag has no key, a key twice, or one that is too long.');
    }
    keys.add(Key);
  }
  return tags;
}
