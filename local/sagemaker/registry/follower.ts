// Endpoints that follow the registry: tagged `seriatim:follows-registry`, they move to the newest approved version of
// each group they serve a version of, as soon as it is approved, and away from one that is rejected, to the next older
// one that passes its checks: a version's sample payload is tried on it before it takes over. Where none does, and at
// endpoints that do not follow, what may not serve any more is taken out of service.
import type { SdkOperations, SdkValues } from '../../service.ts';
import type { ControlContext } from '../control/context.ts';
import type { Endpoints } from '../control/endpoints.ts';
import { containersOf } from '../control/models.ts';
import type {
  ContainerDefinition,
  EndpointConfigRecord,
  ModelRecord,
  ProductionVariant,
} from '../control/records.ts';
import type { ModelPackageRecord } from './records.ts';
import type { Registry } from './registry.ts';
import { packagesServed, reasonToWithhold, versionsWithheld } from './versions-served.ts';

export const FOLLOW_TAG = 'seriatim:follows-registry';

export interface FollowerParts {
  readonly control: ControlContext;
  readonly registry: Registry;
  readonly operations: SdkOperations;
  readonly settled: (endpointName: string) => Promise<unknown>;
  readonly endpoints: Pick<Endpoints, 'takeOutOfService' | 'forgetFailure'>;
}

export class RegistryFollower {
  readonly #parts: FollowerParts;
  readonly #followers = new Set<string>();
  /** One move at a time for each endpoint. */
  readonly #moves = new Map<string, Promise<void>>();

  constructor(parts: FollowerParts) {
    this.#parts = parts;
    parts.registry.onApproval = ({ ModelPackageGroupName }) => {
      for (const { EndpointName } of parts.control.store.endpoints.values())
        this.#enqueue(EndpointName, ModelPackageGroupName);
    };
  }

  /** Reads an endpoint's tags when it is created, changed or taken up after a restart. */
  note(endpointName: string, tags: unknown): void {
    const follows = ((tags ?? []) as { Key: string; Value: string }[]).some(
      ({ Key, Value }) => Key === FOLLOW_TAG && Value === 'true',
    );
    if (!follows) {
      this.#followers.delete(endpointName);
      return;
    }
    this.#followers.add(endpointName);
    for (const version of this.#withheld(endpointName))
      this.#enqueue(endpointName, version.ModelPackageGroupName);
  }

  /** Resolves once the endpoint has followed everything so far. */
  async caughtUp(endpointName: string): Promise<void> {
    await this.#moves.get(endpointName);
  }

  /** What the endpoint stands on and may not serve. */
  #withheld(endpointName: string): readonly ModelPackageRecord[] {
    const { control, registry } = this.#parts;
    const config = control.store.serving.get(endpointName)?.config;
    return config === undefined ? [] : versionsWithheld(config, control, registry);
  }

  #enqueue(endpointName: string, group: string): void {
    const before = this.#moves.get(endpointName) ?? Promise.resolve();
    this.#moves.set(
      endpointName,
      before
        .then(() => (this.#followers.has(endpointName) ? this.#move(endpointName, group) : undefined))
        .catch(() => {})
        .then(() => this.#withhold(endpointName))
        .catch(() => {}),
    );
  }

  /** Where nothing took the place of a version that may not serve, nothing serves: whether the endpoint follows or not. */
  async #withhold(endpointName: string): Promise<void> {
    const { control, registry, endpoints, settled } = this.#parts;
    await settled(endpointName);
    const status = control.store.endpoints.get(endpointName)?.EndpointStatus;
    const config = control.store.serving.get(endpointName)?.config;
    if (status !== 'InService' || config === undefined) return;
    const reason = reasonToWithhold(config, control, registry);
    if (reason !== undefined) await endpoints.takeOutOfService(endpointName, reason);
  }

  /** To the newest approved version that passes its checks, or stays where it is when that is the one it serves. */
  async #move(endpointName: string, group: string): Promise<void> {
    const { control, registry, settled, endpoints } = this.#parts;
    await settled(endpointName);
    const config = control.store.serving.get(endpointName)?.config;
    if (config === undefined || !this.#serves(config, group)) return;
    let hasFailed = false;
    for (const { ModelPackageArn } of registry.approved(group)) {
      const outcome = await this.#try({ endpointName, group, packageArn: ModelPackageArn }, config);
      if (outcome === 'there already' && !hasFailed)
        endpoints.forgetFailure(endpointName, `model-package/${group.toLowerCase()}/`);
      if (outcome !== 'failed') return;
      hasFailed = true;
    }
  }

  #serves(config: EndpointConfigRecord, group: string): boolean {
    return packagesServed(config, this.#parts.control).some((name) => isOf(name, group));
  }

  async #try(move: Move, config: EndpointConfigRecord): Promise<'moved' | 'there already' | 'failed'> {
    const { store } = this.#parts.control;
    const { endpointName } = move;
    const variants = config.ProductionVariants.map((variant) => this.#moved(variant, move));
    const shadows = config.ShadowProductionVariants?.map((variant) => this.#moved(variant, move));
    const before = [...config.ProductionVariants, ...(config.ShadowProductionVariants ?? [])];
    const fresh = [...variants, ...(shadows ?? [])].filter((variant) => !before.includes(variant));
    const isOut = store.endpoints.get(endpointName)?.EndpointStatus === 'OutOfService';
    if (fresh.length === 0 && !isOut) return 'there already';
    // The version it was taken out of service for may serve again.
    const EndpointConfigName =
      fresh.length === 0 ? config.EndpointConfigName : nextName(config.EndpointConfigName, move.packageArn);
    if (fresh.length > 0)
      await this.#createConfig(endpointName, {
        ...fieldsOf(config),
        EndpointConfigName,
        ProductionVariants: variants,
        ...(shadows === undefined ? {} : { ShadowProductionVariants: shadows }),
      });
    if (await this.#update(endpointName, EndpointConfigName)) return 'moved';
    if (fresh.length > 0) store.endpointConfigs.delete(EndpointConfigName);
    for (const { ModelName } of fresh) store.models.delete(ModelName!);
    return 'failed';
  }

  async #createConfig(endpointName: string, config: SdkValues): Promise<void> {
    const { store } = this.#parts.control;
    // What a template's endpoint moved to goes with it: the template puts it back at the next start.
    if (store.endpoints.isDeclared(endpointName))
      store.endpointConfigs.declare(String(config.EndpointConfigName));
    await this.#parts.operations.createEndpointConfig!(config);
  }

  /** @returns whether the endpoint serves with the config now */
  async #update(EndpointName: string, EndpointConfigName: string): Promise<boolean> {
    const { control, operations, settled } = this.#parts;
    await operations.updateEndpoint!({ EndpointName, EndpointConfigName });
    await settled(EndpointName);
    const endpoint = control.store.endpoints.get(EndpointName);
    return endpoint?.EndpointStatus === 'InService' && endpoint.EndpointConfigName === EndpointConfigName;
  }

  /** The variant on a model with the new version, or the same variant when there is nothing to change. */
  #moved(variant: ProductionVariant, { group, packageArn, endpointName }: Move): ProductionVariant {
    const { models, endpoints } = this.#parts.control.store;
    const model = models.get(variant.ModelName ?? '');
    if (model === undefined) return variant;
    const containers = containersOf(model).map((container) => {
      const wanted = isOf(container.ModelPackageName, group) ? packageArn : this.#substitute(container);
      return wanted === undefined || this.#isAt(container, wanted)
        ? container
        : { ...container, ModelPackageName: wanted };
    });
    if (containers.every((container, index) => container === containersOf(model)[index])) return variant;
    const ModelName = nextName(model.ModelName, packageArn);
    if (endpoints.isDeclared(endpointName)) models.declare(ModelName);
    models.put(ModelName, copyOf(model, ModelName, containers));
    return { ...variant, ModelName };
  }

  #isAt({ ModelPackageName: name }: ContainerDefinition, packageArn: string): boolean {
    return name !== undefined && this.#parts.registry.known(name)?.ModelPackageArn === packageArn;
  }

  /** Of a container of another group whose version may not serve: the newest one that may. */
  #substitute({ ModelPackageName: name }: ContainerDefinition): string | undefined {
    const { registry } = this.#parts;
    const version = name === undefined ? undefined : registry.known(name);
    if (version === undefined || version.ModelApprovalStatus === 'Approved') return undefined;
    return registry.approved(version.ModelPackageGroupName)[0]?.ModelPackageArn;
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

function isOf(packageName: string | undefined, group: string): boolean {
  return new RegExp(`(^|model-package/)${group}/\\d+$`, 'i').test(packageName ?? '');
}

function nextName(name: string, packageArn: string): string {
  return `${base(name)}-v${packageArn.split('/').at(-1)}-${suffix()}`;
}

/** Names stay short however often an endpoint has moved. */
function base(name: string): string {
  return name.replace(/-v\d+-[a-z0-9]{6}$/, '').slice(0, 45);
}

function suffix(): string {
  return Math.random().toString(36).slice(2, 8).padEnd(6, '0');
}
