// TagResource, UntagResource, ListTagsForResource.
import type { SdkOperations, SdkValues } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';
import { resourceNotFound, validation } from './api-errors.ts';
import { boundedText, requiredArn } from './input.ts';
import type { World } from './world.ts';

export function tagOperations(world: World): SdkOperations {
  return {
    tagResource: async (input) => change(world, input, (tags) => ({ ...tags, ...tagsOf(input.tags) })),
    untagResource: async (input) => change(world, input, (tags) => without(tags, input.tagKeys as string[])),
    listTagsForResource: async (input) => ({
      tags: tagList(find(world, requiredArn(input, 'resourceArn')).tags),
    }),
  };
}

type Tags = Readonly<Record<string, string>>;

/** From the API's list. */
export function tagsOf(list: unknown): Tags {
  const tags = (list ?? []) as { key?: string; value?: string }[];
  for (const tag of tags) checkTag(tag);
  const byKey = Object.fromEntries(tags.map((tag) => [tag.key ?? '', tag.value ?? '']));
  // The same tag twice is taken, one key with two values is not.
  if (tags.every((tag) => byKey[tag.key ?? ''] === (tag.value ?? ''))) return byKey;
  throw validation('Tag keys must be unique within a request');
}

/** https://docs.aws.amazon.com/step-functions/latest/apireference/API_Tag.html */
const MAX_TAGS = 50;
const MAX_KEY = 128;
const MAX_VALUE = 256;

function checkTag(tag: { key?: string; value?: string }): void {
  boundedText(tag, 'key', MAX_KEY);
  boundedText(tag, 'value', MAX_VALUE);
  if (tag.key?.toLowerCase().startsWith('aws:')) {
    throw validation("Tag keys must not start with the reserved prefix 'aws:'");
  }
}

function bounded(arn: string, tags: Tags): Tags {
  if (Object.keys(tags).length <= MAX_TAGS) return tags;
  throw new AwsError('TooManyTags', `'${arn}' cannot have more than ${MAX_TAGS} tags`);
}

function tagList(tags: Tags): { key: string; value: string }[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

function without(tags: Tags, keys: readonly string[]): Tags {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key)));
}

function find(world: World, arn: string): { tags: Tags } {
  const found = world.shelves.machines.get(arn) ?? world.shelves.activities.get(arn);
  if (found === undefined) throw resourceNotFound(arn);
  return found;
}

function change(world: World, input: SdkValues, edit: (tags: Tags) => Tags): SdkValues {
  const arn = requiredArn(input, 'resourceArn');
  const machine = world.shelves.machines.get(arn);
  const activity = world.shelves.activities.get(arn);
  if (machine !== undefined)
    world.shelves.machines.put(arn, { ...machine, tags: bounded(arn, edit(machine.tags)) });
  else if (activity !== undefined)
    world.shelves.activities.put(arn, { ...activity, tags: bounded(arn, edit(activity.tags)) });
  else throw resourceNotFound(arn);
  return {};
}
