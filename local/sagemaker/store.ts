// What the control plane keeps, as collections of plain records by name. Held in memory here; a collection is small
// enough a contract that a database table can stand behind it without its callers knowing.

import type { EndpointConfigRecord, EndpointRecord, ModelRecord } from './control/records.ts';
import type { DeploymentRecord, ModelPackageGroupRecord, ModelPackageRecord } from './registry/records.ts';
import type { RecordDatabase } from './sqlite-collection.ts';

/** Records by name; a record is replaced whole, never changed in place. */
export interface Collection<Item> {
  get(name: string): Item | undefined;
  put(name: string, item: Item): void;
  delete(name: string): boolean;
  values(): Iterable<Item>;
}

export interface ControlStore {
  readonly models: Collection<ModelRecord>;
  readonly endpointConfigs: Collection<EndpointConfigRecord>;
  readonly endpoints: Collection<EndpointRecord>;
  readonly modelPackageGroups: Collection<ModelPackageGroupRecord>;
  /** By `group/version`. */
  readonly modelPackages: Collection<ModelPackageRecord>;
  /** The last version given, by group. */
  readonly counters: Collection<number>;
  /** By a number that grows. */
  readonly deployments: Collection<DeploymentRecord>;
}

/**
 * Models, endpoint configs and endpoints live as long as the process: a template creates them again at every start. The
 * registry and the lineage stay.
 */
export function createStore(records: RecordDatabase): ControlStore {
  return {
    models: memoryCollection(),
    endpointConfigs: memoryCollection(),
    endpoints: memoryCollection(),
    modelPackageGroups: records.collection('model-package-group'),
    modelPackages: records.collection('model-package'),
    counters: records.collection('counter'),
    deployments: records.collection('deployment'),
  };
}

export function memoryCollection<Item>(): Collection<Item> {
  const items = new Map<string, Item>();
  return {
    get: (name) => items.get(name),
    put: (name, item) => void items.set(name, item),
    delete: (name) => items.delete(name),
    values: () => items.values(),
  };
}
