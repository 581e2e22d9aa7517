// What the registry has to say when hosting starts a fleet: which containers a version stands for, whether it passes
// its check, and, once it serves, a line of lineage for each container that came from it.
import type { Fleet } from '../hosting/endpoint.ts';
import type { HostContext } from '../hosting/host-context.ts';
import type { HostHooks } from '../hosting/hosts.ts';
import type { ControlStore } from '../store.ts';
import type { Registry } from './registry.ts';
import { checkApproved, resolvePackages } from './resolve.ts';
import { trySamples } from './sample-check.ts';

export function registryHooks(registry: Registry, context: HostContext, store: ControlStore): HostHooks {
  return {
    admit(plan) {
      for (const { modelPackageArn } of plan.containers)
        if (modelPackageArn !== undefined) checkApproved(registry.find(modelPackageArn));
    },
    resolve: (model) => resolvePackages(model, registry),
    check: (endpointName, fleet) => trySamples(fleet, { endpointName, registry, context }),
    onServing: (endpointName, fleet) => noteLineage(endpointName, fleet, { context, store }),
    onEnded: (endpointName) => noteEnd(endpointName, store),
  };
}

const COUNTER = 'deployments/';

interface LineageParts {
  readonly context: HostContext;
  readonly store: ControlStore;
}

/** A line for each container whose version took over: one that served already, before a restart too, has its line. */
function noteLineage(endpointName: string, fleet: Fleet, { context, store }: LineageParts): void {
  const serving = versionsOf(endpointName, store);
  for (const variant of fleet.all) {
    for (const { name, modelPackageArn } of variant.plan.containers) {
      if (modelPackageArn === undefined || serving.get(`${variant.name}/${name}`) === modelPackageArn)
        continue;
      const number = (store.counters.get(COUNTER) ?? 0) + 1;
      store.counters.put(COUNTER, number);
      store.deployments.put(String(number).padStart(12, '0'), {
        number,
        endpointName,
        variantName: variant.name,
        containerName: name,
        modelPackageArn,
        deployedAt: new Date(context.clock.now()),
      });
    }
  }
}

/** What the endpoint's containers were last deployed with since it began to serve, by variant and container. */
function versionsOf(endpointName: string, { deployments, counters }: ControlStore): Map<string, string> {
  const endedAt = counters.get(endOf(endpointName)) ?? 0;
  const records = [...deployments.values()].filter(
    (record) => record.endpointName === endpointName && (record.number ?? 0) > endedAt,
  );
  return new Map(
    records.map((record) => [`${record.variantName}/${record.containerName}`, record.modelPackageArn]),
  );
}

/** An endpoint that ends and comes back is deployed anew. */
function noteEnd(endpointName: string, { counters }: ControlStore): void {
  const last = counters.get(COUNTER);
  if (last !== undefined) counters.put(endOf(endpointName), last);
}

function endOf(endpointName: string): string {
  return `deployments/ended/${endpointName}`;
}
