// AddTags, ListTags, DeleteTags: tags by ARN, those of the resource's creation included.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AddTags.html
import type { SdkOperations, SdkValues } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';
import type { ControlContext } from './context.ts';
import { Problems } from './problems.ts';

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** SageMaker's limit for one resource. */
const MAX_TAGS = 50;

export interface TagHooks {
  /** Tags were added or taken away by hand. */
  readonly onChanged: (resourceArn: string, tags: readonly Tag[]) => void;
}

export function tagOperations({ store }: ControlContext, { onChanged }: TagHooks): SdkOperations {
  const find = (input: SdkValues): { arn: string; tags: readonly Tag[] } => {
    new Problems().text('resourceArn', input.ResourceArn, { pattern: /^arn:.*$/, max: 256 }).throwIfAny();
    const arn = input.ResourceArn as string;
    if (!resourceArns(store).has(arn))
      throw new AwsError('ResourceNotFound', `Could not find the resource "${arn}".`);
    return { arn, tags: store.tags.get(arn) ?? [] };
  };
  const keep = (arn: string, tags: readonly Tag[]): void => {
    if (tags.length > MAX_TAGS)
      throw new AwsError('ResourceLimitExceeded', `A resource has at most ${MAX_TAGS} tags.`);
    store.tags.put(arn, tags);
    onChanged(arn, tags);
  };
  return {
    async addTags(input) {
      const { arn, tags } = find(input);
      const added = checkedTags(input.Tags);
      const keys = new Set(added.map(({ Key }) => Key));
      const all = [...tags.filter(({ Key }) => !keys.has(Key)), ...added];
      keep(arn, all);
      return { Tags: all };
    },
    async listTags(input) {
      return { Tags: find(input).tags };
    },
    async deleteTags(input) {
      const { arn, tags } = find(input);
      const keys = new Problems().list('tagKeys', input.TagKeys, { min: 1, max: MAX_TAGS });
      keep(
        arn,
        tags.filter(({ Key }) => !keys.includes(Key)),
      );
      return {};
    },
  };
}

/** Create operations that keep the tags they are given. */
export function keepingTags(operations: SdkOperations, { store }: ControlContext): SdkOperations {
  const wrapped = Object.entries(operations).map(([name, operation]) => {
    if (!name.startsWith('create')) return [name, operation] as const;
    const creating: SdkOperations[string] = async (input) => {
      const created = await operation(input);
      const arn = Object.values(created)[0];
      // What had this ARN before had its own.
      if (typeof arn === 'string') store.tags.put(arn, (input.Tags ?? []) as readonly Tag[]);
      return created;
    };
    return [name, creating] as const;
  });
  return Object.fromEntries(wrapped);
}

function checkedTags(given: unknown): readonly Tag[] {
  const problems = new Problems();
  const tags = problems.list('tags', given, { min: 0, max: MAX_TAGS }) as readonly Tag[];
  tags.forEach(({ Key, Value }, index) => {
    problems
      .text(`tags.${index + 1}.member.key`, Key, { min: 1, max: 128 })
      .text(`tags.${index + 1}.member.value`, Value, { max: 256 });
  });
  problems.throwIfAny();
  return tags;
}

function resourceArns(store: ControlContext['store']): ReadonlySet<string> {
  return new Set([
    ...[...store.models.values()].map(({ ModelArn }) => ModelArn),
    ...[...store.endpointConfigs.values()].map(({ EndpointConfigArn }) => EndpointConfigArn),
    ...[...store.endpoints.values()].map(({ EndpointArn }) => EndpointArn),
    ...[...store.inferenceComponents.values()].map(({ arn }) => arn),
    ...[...store.transformJobs.values()].map(({ arn }) => arn),
    ...[...store.modelPackageGroups.values()].map(({ ModelPackageGroupArn }) => ModelPackageGroupArn),
    ...[...store.modelPackages.values()].map(({ ModelPackageArn }) => ModelPackageArn),
  ]);
}
