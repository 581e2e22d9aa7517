// Which versions of the registry a config's models stand on, and whether one of them may not serve (any more).
import type { ControlContext } from '../control/context.ts';
import { containersOf } from '../control/models.ts';
import type { EndpointConfigRecord } from '../control/records.ts';
import type { ModelPackageRecord } from './records.ts';
import type { Registry } from './registry.ts';

/** The names of the versions that a config's variants serve. */
export function packagesServed(
  config: EndpointConfigRecord,
  { store }: Pick<ControlContext, 'store'>,
): readonly string[] {
  return [...config.ProductionVariants, ...(config.ShadowProductionVariants ?? [])]
    .flatMap(({ ModelName }) => store.models.get(ModelName ?? '') ?? [])
    .flatMap(containersOf)
    .flatMap(({ ModelPackageName }) => ModelPackageName ?? []);
}

/** The versions among them that may not serve; one that was deleted is not judged. */
export function versionsWithheld(
  config: EndpointConfigRecord,
  context: Pick<ControlContext, 'store'>,
  registry: Registry,
): readonly ModelPackageRecord[] {
  return packagesServed(config, context)
    .flatMap((name) => registry.known(name) ?? [])
    .filter(({ ModelApprovalStatus }) => ModelApprovalStatus !== 'Approved');
}

/** Why a config may not serve: one of its versions is not approved; undefined when it may. */
export function reasonToWithhold(
  config: EndpointConfigRecord,
  context: Pick<ControlContext, 'store'>,
  registry: Registry,
): string | undefined {
  const [version] = versionsWithheld(config, context, registry);
  if (version === undefined) return undefined;
  const what = version.ModelApprovalStatus === 'Rejected' ? 'was rejected' : 'is not approved any more';
  return `The model package ${version.ModelPackageArn} ${what}, and no approved version of its group took its place.`;
}
