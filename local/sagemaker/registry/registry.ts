// The model registry: package groups, versions 1, 2, 3 … of a model, their approval and metadata.
// https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry.html
import type { SdkOperations, SdkValues } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';
import { type ControlContext, now, sagemakerArn } from '../control/context.ts';
import { page } from '../control/page.ts';
import { invalid, NAME_RULE, Problems } from '../control/problems.ts';
import type {
  ApprovalStatus,
  InferenceSpecification,
  ModelPackageGroupRecord,
  ModelPackageRecord,
} from './records.ts';

export class Registry {
  readonly operations: SdkOperations;
  readonly #context: ControlContext;
  /** Called after a version's approval changed. */
  onApproval: (model: ModelPackageRecord) => void = () => {};

  constructor(context: ControlContext) {
    this.#context = context;
    this.operations = {
      createModelPackageGroup: async (input) => this.#createGroup(input),
      describeModelPackageGroup: async (input) => this.#describeGroup(input),
      listModelPackageGroups: async (input) => this.#listGroups(input),
      deleteModelPackageGroup: async (input) => this.#deleteGroup(input),
      createModelPackage: async (input) => this.#create(input),
      describeModelPackage: async (input) => ({ ...this.find(input.ModelPackageName) }),
      listModelPackages: async (input) => this.#list(input),
      updateModelPackage: async (input) => this.#update(input),
      deleteModelPackage: async (input) => this.#delete(input),
    };
  }

  /** @throws AwsError ValidationException */
  find(nameOrArn: unknown): ModelPackageRecord {
    const found = this.known(String(nameOrArn));
    if (found === undefined) throw invalid(`ModelPackage ${nameOrArn} does not exist.`);
    return found;
  }

  /** As `find`; undefined for one that does not exist. */
  known(nameOrArn: string): ModelPackageRecord | undefined {
    return this.#context.store.modelPackages.get(keyOf(nameOrArn));
  }

  versions(group: string): ModelPackageRecord[] {
    return [...this.#context.store.modelPackages.values()]
      .filter((model) => model.ModelPackageGroupName === group)
      .sort((a, b) => b.ModelPackageVersion - a.ModelPackageVersion);
  }

  /** The versions that may serve, newest first. */
  approved(group: string): ModelPackageRecord[] {
    return this.versions(group).filter((model) => model.ModelApprovalStatus === 'Approved');
  }

  #createGroup(input: SdkValues): SdkValues {
    const { ModelPackageGroupName: name } = input;
    new Problems().text('modelPackageGroupName', name, NAME_RULE).throwIfAny();
    const { modelPackageGroups } = this.#context.store;
    const groupArn = sagemakerArn(this.#context.place, 'model-package-group', name as string);
    if (modelPackageGroups.get(name as string) !== undefined)
      throw invalid(`Model Package Group already exists: ${groupArn}`);
    modelPackageGroups.put(name as string, {
      ModelPackageGroupName: name as string,
      ModelPackageGroupArn: groupArn,
      ...(input.ModelPackageGroupDescription === undefined
        ? {}
        : { ModelPackageGroupDescription: String(input.ModelPackageGroupDescription) }),
      CreationTime: now(this.#context),
    });
    return { ModelPackageGroupArn: groupArn };
  }

  #findGroup(nameOrArn: unknown): ModelPackageGroupRecord {
    const name = String(nameOrArn).split('/').at(-1)!;
    const { modelPackageGroups } = this.#context.store;
    const found =
      modelPackageGroups.get(name) ??
      [...modelPackageGroups.values()].find(({ ModelPackageGroupArn }) => ModelPackageGroupArn === nameOrArn);
    if (found === undefined) throw invalid(`ModelPackageGroup ${nameOrArn} does not exist.`);
    return found;
  }

  #describeGroup(input: SdkValues): SdkValues {
    return { ...this.#findGroup(input.ModelPackageGroupName), ModelPackageGroupStatus: 'Completed' };
  }

  #listGroups(input: SdkValues): SdkValues {
    const { items, ...rest } = page(input, {
      items: this.#context.store.modelPackageGroups.values(),
      name: (group) => group.ModelPackageGroupName,
      created: (group) => group.CreationTime,
    });
    const list = items.map((group) => ({ ...group, ModelPackageGroupStatus: 'Completed' }));
    return { ModelPackageGroupSummaryList: list, ...rest };
  }

  #deleteGroup(input: SdkValues): SdkValues {
    const { ModelPackageGroupName: name } = this.#findGroup(input.ModelPackageGroupName);
    if (this.versions(name).length > 0)
      throw new AwsError('ConflictException', `Model Package Group ${name} still has model packages.`);
    this.#context.store.modelPackageGroups.delete(name);
    return {};
  }

  #create(input: SdkValues): SdkValues {
    const group = this.#findGroup(input.ModelPackageGroupName);
    const status = (input.ModelApprovalStatus ?? 'PendingManualApproval') as ApprovalStatus;
    checkStatus(status);
    checkSpecification(input.InferenceSpecification as InferenceSpecification | undefined);
    const name = group.ModelPackageGroupName;
    const version = this.#nextVersion(name);
    const packageArn = sagemakerArn(this.#context.place, 'model-package', `${name}/${version}`);
    const { Tags: _tags, ClientToken: _token, ...members } = input;
    const time = now(this.#context);
    const created: ModelPackageRecord = {
      ...members,
      ModelPackageGroupName: name,
      ModelPackageVersion: version,
      ModelPackageArn: packageArn,
      ModelPackageStatus: 'Completed',
      ModelApprovalStatus: status,
      CreationTime: time,
      LastModifiedTime: time,
    };
    this.#put(created);
    if (status !== 'PendingManualApproval') this.onApproval(created);
    return { ModelPackageArn: packageArn };
  }

  /** A version's number is never given again, also after it was deleted. */
  #nextVersion(group: string): number {
    const { counters } = this.#context.store;
    const next = (counters.get(group) ?? 0) + 1;
    counters.put(group, next);
    return next;
  }

  #list(input: SdkValues): SdkValues {
    const group =
      input.ModelPackageGroupName === undefined
        ? undefined
        : this.#findGroup(input.ModelPackageGroupName).ModelPackageGroupName;
    const { items, ...rest } = page(
      input.SortBy === undefined ? { ...input, SortBy: 'CreationTime' } : input,
      {
        items: [...this.#context.store.modelPackages.values()].filter(
          (model) =>
            (group === undefined || model.ModelPackageGroupName === group) &&
            (input.ModelApprovalStatus === undefined ||
              model.ModelApprovalStatus === input.ModelApprovalStatus),
        ),
        // Versions made within one millisecond keep their order.
        name: (model) =>
          `${model.ModelPackageGroupName}/${String(model.ModelPackageVersion).padStart(9, '0')}`,
        created: (model) => model.CreationTime,
      },
    );
    const ModelPackageSummaryList = items.map((model) => ({
      ModelPackageGroupName: model.ModelPackageGroupName,
      ModelPackageVersion: model.ModelPackageVersion,
      ModelPackageArn: model.ModelPackageArn,
      CreationTime: model.CreationTime,
      ModelPackageStatus: model.ModelPackageStatus,
      ModelApprovalStatus: model.ModelApprovalStatus,
    }));
    return { ModelPackageSummaryList, ...rest };
  }

  #update(input: SdkValues): SdkValues {
    const model = this.find(input.ModelPackageArn);
    const status = (input.ModelApprovalStatus ?? model.ModelApprovalStatus) as ApprovalStatus;
    checkStatus(status);
    const removed = (input.CustomerMetadataPropertiesToRemove ?? []) as string[];
    const metadata = { ...model.CustomerMetadataProperties, ...(input.CustomerMetadataProperties as object) };
    const { ModelPackageArn: _arn, CustomerMetadataPropertiesToRemove: _removed, ...members } = input;
    const updated: ModelPackageRecord = {
      ...model,
      ...members,
      ModelApprovalStatus: status,
      CustomerMetadataProperties: Object.fromEntries(
        Object.entries(metadata).filter(([name]) => !removed.includes(name)),
      ),
      LastModifiedTime: now(this.#context),
    };
    this.#put(updated);
    if (status !== model.ModelApprovalStatus) this.onApproval(updated);
    return { ModelPackageArn: model.ModelPackageArn };
  }

  #delete(input: SdkValues): SdkValues {
    const model = this.find(input.ModelPackageName);
    this.#context.store.modelPackages.delete(keyOf(model.ModelPackageArn));
    return {};
  }

  #put(model: ModelPackageRecord): void {
    this.#context.store.modelPackages.put(keyOf(model.ModelPackageArn), model);
  }
}

/** `arn:…:model-package/group/3` and `group/3` are one. */
function keyOf(nameOrArn: string): string {
  return (nameOrArn.split('model-package/').at(-1) ?? nameOrArn).toLowerCase();
}

function checkStatus(status: string): void {
  new Problems()
    .text('modelApprovalStatus', status, { oneOf: ['Approved', 'Rejected', 'PendingManualApproval'] })
    .throwIfAny();
}

function checkSpecification(specification: InferenceSpecification | undefined): void {
  if (specification === undefined) return;
  const problems = new Problems();
  const containers = problems.list('inferenceSpecification.containers', specification.Containers, {
    min: 1,
    max: 15,
  });
  containers.forEach((container, index) => {
    const image = (container as { Image?: unknown }).Image;
    problems.text(`inferenceSpecification.containers.${index + 1}.member.image`, image, { max: 255 });
  });
  problems.throwIfAny();
}
