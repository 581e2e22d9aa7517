// From containers that name a version of the registry to the containers of that version; a version that is not
// approved never gets as far as an instance.
import type { ContainerDefinition, ModelRecord } from '../control/records.ts';
import type { ModelPackageRecord } from './records.ts';
import type { Registry } from './registry.ts';

/**
 * The model with its versions' containers in place of their names.
 * @throws Error for a version that does not exist or is not approved
 */
export function resolvePackages(model: ModelRecord, registry: Registry): ModelRecord {
  const { PrimaryContainer, Containers } = model;
  if (PrimaryContainer !== undefined) {
    const resolved = resolveContainer(PrimaryContainer, registry);
    if (resolved.length === 1) return { ...model, PrimaryContainer: resolved[0]! };
    const { PrimaryContainer: _one, ...rest } = model;
    return { ...rest, Containers: resolved };
  }
  return {
    ...model,
    Containers: (Containers ?? []).flatMap((container) => resolveContainer(container, registry)),
  };
}

function resolveContainer(
  container: ContainerDefinition,
  registry: Registry,
): readonly ContainerDefinition[] {
  const name = container.ModelPackageName;
  if (name === undefined) return [container];
  const version = registry.find(name);
  checkApproved(version);
  const { Containers } = specificationOf(version, container.InferenceSpecificationName);
  return Containers.map((part) => ({
    ...part,
    Environment: { ...part.Environment, ...container.Environment },
    ...(container.ContainerHostname === undefined ? {} : { ContainerHostname: container.ContainerHostname }),
    ModelPackageName: version.ModelPackageArn,
  }));
}

/** @throws Error in the words of a FailureReason for a version that may not serve */
export function checkApproved(version: ModelPackageRecord): void {
  if (version.ModelApprovalStatus === 'Approved') return;
  throw new Error(
    `The model package ${version.ModelPackageArn} cannot be deployed: its approval status is ${version.ModelApprovalStatus}.`,
  );
}

function specificationOf(version: ModelPackageRecord, name: string | undefined) {
  const specification =
    name === undefined
      ? version.InferenceSpecification
      : version.AdditionalInferenceSpecifications?.find((one) => one.Name === name);
  if (specification === undefined)
    throw new Error(
      `The model package ${version.ModelPackageArn} has no inference specification${name ? ` ${name}` : ''}.`,
    );
  return specification;
}
