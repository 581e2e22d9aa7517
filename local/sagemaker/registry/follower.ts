// Endpoints that follow the registry: tagged `seriatim:follows-registry`, they move to the newest approved version of
// each group they serve a version of, as soon as it is approved, and away from one that is rejected. A version's sample
// payload is tried on it before it takes over; if that fails, what served before goes on.
import type { SdkOperations } from '../../service.ts';
import type { ControlContext } from '../control/context.ts';
import { containersOf } from '../control/models.ts';
import type {
  ContainerDefinition,
  EndpointConfigRecord,
  ModelRecord,
  ProductionVariant,
} from '../control/records.ts';
import type { Registry } from './registry.ts';

export const FOLLOW_TAG = 'seriatim:follows-registry';

export interface FollowerParts {
  readonly control: ControlContext;
  readonly registry: Registry;
  readonly operations: SdkOperations;
  readonly settled: (endpointName: string) => Promise<unknown>;
}

export class RegistryFollower {
  readonly #parts: FollowerParts;
  readonly #followers = new Set<string>();
  /** One move at a time for each endpoint. */
  readonly #moves = new Map<string, Promise<void>>();

  constructor(parts: FollowerParts) {
    this.#parts = parts;
    parts.registry.onApproval = ({ ModelPackageGroupName }) => {
      for (const endpointName of this.#followers) this.#enqueue(endpointName, ModelPackageGroupName);
    };
  }

  /** Reads an endpoint's tags when it is created. */
  note(endpointName: string, tags: unknown): void {
    const follows = ((tags ?? []) as { Key: string; Value: string }[]).some(
      ({ Key, Value }) => Key === FOLLOW_TAG && Value === 'true',
    );
    if (follows) this.#followers.add(endpointName);
    else this.#followers.delete(endpointName);
  }

  /** Resolves once the endpoint has followed everything so far. */
  async caughtUp(endpointName: string): Promise<void> {
    await this.#moves.get(endpointName);
  }

  #enqueue(endpointName: string, group: string): void {
    const before = this.#moves.get(endpointName) ?? Promise.resolve();
    this.#moves.set(
      endpointName,
      before.then(() => this.#move(endpointName, group)).catch(() => {}),
    );
  }

  async #move(endpointName: string, group: string): Promise<void> {
    const { control, registry, operations, settled } = this.#parts;
    await settled(endpointName);
    const endpoint = control.store.endpoints.get(endpointName);
    const config = control.store.endpointConfigs.get(endpoint?.EndpointConfigName ?? '');
    const target = registry.latestApproved(group);
    if (config === undefined || target === undefined) return;
    const variants = config.ProductionVariants.map((variant) =>
      this.#moved(variant, { group, packageArn: target.ModelPackageArn, endpointName }),
    );
    if (variants.every((variant, index) => variant === config.ProductionVariants[index])) return;
    const EndpointConfigName = `${base(config.EndpointConfigName)}-v${target.ModelPackageVersion}-${suffix()}`;
    // What a template's endpoint moved to goes with it: the template puts it back at the next start.
    if (control.store.endpoints.isDeclared(endpointName))
      control.store.endpointConfigs.declare(EndpointConfigName);
    await operations.createEndpointConfig!({
      ...fieldsOf(config),
      EndpointConfigName,
      ProductionVariants: variants,
    });
    await operations.updateEndpoint!({ EndpointName: endpointName, EndpointConfigName });
    await settled(endpointName);
  }

  /** The variant on a model with the new version, or the same variant when it has nothing of the group. */
  #moved(variant: ProductionVariant, { group, packageArn, endpointName }: Move): ProductionVariant {
    const { models, endpoints } = this.#parts.control.store;
    const model = models.get(variant.ModelName ?? '');
    if (model === undefined) return variant;
    const containers = containersOf(model).map((container) =>
      isOf(container, group) ? { ...container, ModelPackageName: packageArn } : container,
    );
    const isSame = containers.every(
      (container, index) => container.ModelPackageName === containersOf(model)[index]!.ModelPackageName,
    );
    if (isSame) return variant;
    const ModelName = `${base(model.ModelName)}-v${packageArn.split('/').at(-1)}-${suffix()}`;
    if (endpoints.isDeclared(endpointName)) models.declare(ModelName);
    models.put(ModelName, copyOf(model, ModelName, containers));
    return { ...variant, ModelName };
  }
}

interface Move {
  readonly endpointName: string;
  readonly group: string;
  readonly packageArn: string;
}

function copyOf(model: ModelRecord, name: string, containers: readonly ContainerDefinition[]): ModelRecord {
  const renamed = {
    ...model,
    ModelName: name,
    ModelArn: model.ModelArn.replace(/[^/]+$/, name.toLowerCase()),
  };
  return model.Containers === undefined
    ? { ...renamed, PrimaryContainer: containers[0]! }
    : { ...renamed, Containers: containers };
}

function fieldsOf(config: EndpointConfigRecord): Record<string, unknown> {
  const { EndpointConfigArn: _arn, CreationTime: _time, ...fields } = config;
  return fields;
}

function isOf(container: ContainerDefinition, group: string): boolean {
  return new RegExp(`(^|model-package/)${group}/\\d+$`, 'i').test(container.ModelPackageName ?? '');
}

/** Names stay short however often an endpoint has moved. */
function base(name: string): string {
  return name.replace(/-v\d+-[a-z0-9]{6}$/, '').slice(0, 45);
}

function suffix(): string {
  return Math.random().toString(36).slice(2, 8).padEnd(6, '0');
}
