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
  };
}

function noteLineage(
  endpointName: string,
  fleet: Fleet,
  { context, store }: { readonly context: HostContext; readonly store: ControlStore },
): void {
  for (const variant of fleet.all) {
    for (const { name, modelPackageArn } of variant.plan.containers) {
      if (modelPackageArn === undefined) continue;
      const number = (store.counters.get('deployments/') ?? 0) + 1;
      store.counters.put('deployments/', number);
      store.deployments.put(String(number).padStart(12, '0'), {
        endpointName,
        variantName: variant.name,
        containerName: name,
        modelPackageArn,
        deployedAt: new Date(context.clock.now()),
      });
    }
  }
}
