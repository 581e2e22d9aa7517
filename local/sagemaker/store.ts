// What the control plane keeps, as collections of plain records by name. What callers of the API create survives a
// restart; what a template declares lives as long as the process, for the template declares it again at every start.

import type { AsyncRecord } from './async/records.ts';
import type { InferenceComponentRecord } from './control/inference-component-record.ts';
import type { EndpointConfigRecord, EndpointRecord, ModelRecord, ServingRecord } from './control/records.ts';
import type { TransformDone, TransformJobRecord } from './control/transform-records.ts';
import type { DeploymentRecord, ModelPackageGroupRecord, ModelPackageRecord } from './registry/records.ts';
import type { ScalableTarget, ScalingPolicyRecord } from './scaling/records.ts';
import type { DurableCollection, RecordDatabase } from './sqlite-collection.ts';

/** Records by name; a record is replaced whole, never changed in place. */
export interface Collection<Item> {
  get(name: string): Item | undefined;
  put(name: string, item: Item): void;
  delete(name: string): boolean;
  values(): Iterable<Item>;
}

/** A collection of which a part is declared anew at every start. */
export interface DeclarableCollection<Item> extends Collection<Item> {
  /** What had this name is gone; what gets it lives as long as the process. */
  declare(name: string): void;
  isDeclared(name: string): boolean;
}

export interface ControlStore {
  readonly models: DeclarableCollection<ModelRecord>;
  readonly endpointConfigs: DeclarableCollection<EndpointConfigRecord>;
  readonly endpoints: DeclarableCollection<EndpointRecord>;
  /** What each endpoint serves with, by the endpoint's name. */
  readonly serving: DeclarableCollection<ServingRecord>;
  readonly inferenceComponents: Collection<InferenceComponentRecord>;
  readonly transformJobs: Collection<TransformJobRecord>;
  /** Objects that jobs under way have done, by `job/key`. */
  readonly transformsDone: Collection<TransformDone>;
  /** Asynchronous invocations that were accepted and have no outcome yet, by a number that grows. */
  readonly asyncRequests: Collection<AsyncRecord>;
  /** By resource id. */
  readonly scalableTargets: Collection<ScalableTarget>;
  /** By resource id and name. */
  readonly scalingPolicies: Collection<ScalingPolicyRecord>;
  readonly modelPackageGroups: Collection<ModelPackageGroupRecord>;
  /** By `group/version`. */
  readonly modelPackages: Collection<ModelPackageRecord>;
  /** The last version given, by group. */
  readonly counters: Collection<number>;
  /** By a number that grows. */
  readonly deployments: Collection<DeploymentRecord>;
}

export function createStore(records: RecordDatabase): ControlStore {
  return {
    models: declarable(records.collection('model')),
    endpointConfigs: declarable(records.collection('endpoint-config')),
    endpoints: declarable(records.collection('endpoint')),
    serving: declarable(records.collection('serving')),
    inferenceComponents: records.collection('inference-component'),
    transformJobs: records.collection('transform-job'),
    transformsDone: records.collection('transform-done'),
    asyncRequests: records.collection('async-request'),
    scalableTargets: records.collection('scalable-target'),
    scalingPolicies: records.collection('scaling-policy'),
    modelPackageGroups: records.collection('model-package-group'),
    modelPackages: records.collection('model-package'),
    counters: records.collection('counter'),
    deployments: records.collection('deployment'),
  };
}

/** Read from memory, written through to the database but for what is declared. */
function declarable<Item>(durable: DurableCollection<Item>): DeclarableCollection<Item> {
  const items = new Map<string, Item>(durable.entries());
  const declared = new Set<string>();
  return {
    get: (name) => items.get(name),
    put(name, item) {
      items.set(name, item);
      if (!declared.has(name)) durable.put(name, item);
    },
    delete(name) {
      durable.delete(name);
      return items.delete(name);
    },
    values: () => items.values(),
    declare(name) {
      items.delete(name);
      durable.delete(name);
      declared.add(name);
    },
    isDeclared: (name) => declared.has(name),
  };
}
