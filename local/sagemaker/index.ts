// SageMaker on one machine: the control plane, hosting with real container processes behind it, and the Runtime API.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import { noLogs } from '../logs/api.ts';
import { noMetrics } from '../monitoring/api.ts';
import { DEFAULT_PLACE, type SdkOperations } from '../service.ts';
import type { SageMaker, SageMakerOptions } from './api.ts';
import { Unpacker } from './artefacts/unpacker.ts';
import { AsyncInference } from './async/queue.ts';
import { TRANSFORM_VOLUMES } from './batch/transform-run.ts';
import { endpointConfigOperations } from './control/endpoint-configs.ts';
import { Endpoints } from './control/endpoints.ts';
import { InferenceComponents } from './control/inference-components.ts';
import { modelOperations } from './control/models.ts';
import { keepingTags, tagOperations } from './control/tags.ts';
import { TransformJobs } from './control/transform-jobs.ts';
import { Hosts } from './hosting/hosts.ts';
import { endLeftovers } from './hosting/leftovers.ts';
import { Ports } from './hosting/ports.ts';
import { Utilization } from './hosting/utilization.ts';
import { RegistryFollower } from './registry/follower.ts';
import { registryHooks } from './registry/hooks.ts';
import { lineageOperations } from './registry/lineage.ts';
import { Registry } from './registry/registry.ts';
import { reasonToWithhold } from './registry/versions-served.ts';
import { Invoker } from './runtime/invoke.ts';
import { runtimeOperations } from './runtime/operations.ts';
import { handleRuntime } from './runtime/wire.ts';
import { AutoScaling } from './scaling/auto-scaling.ts';
import { DEFAULT_SETTINGS } from './settings.ts';
import { openRecords } from './sqlite-collection.ts';
import { type ControlStore, createStore } from './store.ts';
import { handleControl } from './wire.ts';

export async function createSageMaker(options: SageMakerOptions): Promise<SageMaker> {
  const { s3, images, volumesFolder } = options;
  const place = options.place ?? DEFAULT_PLACE;
  const clock = options.clock ?? systemClock;
  const settings = { ...DEFAULT_SETTINGS, ...options.settings };
  // Volumes live as long as their instances: what a killed process left is nobody's.
  await endLeftovers(volumesFolder);
  await endLeftovers(join(volumesFolder, TRANSFORM_VOLUMES));
  await rm(volumesFolder, { recursive: true, force: true });
  await mkdir(volumesFolder, { recursive: true });

  const records = openRecords(options.databaseFile ?? ':memory:');
  const store = createStore(records);
  const logs = options.logs ?? noLogs;
  const notify = options.notify ?? ((): void => {});
  const monitoring = options.monitoring ?? { ...noMetrics, alarmState: () => undefined, ringing: () => [] };
  const ports = new Ports();
  const unpacker = new Unpacker();
  const basics = { place, clock, s3, logs, monitoring, images, settings };
  const context = { ...basics, volumesFolder, ports, unpacker, notify };
  const control = { place, clock, store };
  const registry = new Registry(control);
  const hooks = registryHooks(registry, context, store);
  const hosts = new Hosts(context, store, hooks);
  const endpoints = new Endpoints(control, hosts);
  const components = new InferenceComponents(control, context, hosts);
  endpoints.componentsAt = (endpointName) => components.at(endpointName);
  const transformJobs = new TransformJobs(control, context, hooks.resolve);
  const utilization = new Utilization(hosts, context);
  const autoScaling = new AutoScaling(hosts, context, store);
  const resources = {
    ...modelOperations(control),
    ...endpointConfigOperations(control),
    ...endpoints.operations,
    ...transformJobs.operations,
    ...registry.operations,
    ...components.operations,
  };
  const operations = {
    ...keepingTags(resources, control),
    ...tagOperations(control, { onChanged: (arn, tags) => endpoints.noteTags(arn, tags) }),
    ...lineageOperations(control),
  };
  const settled = (endpointName: string) => endpoints.settled(endpointName);
  const follower = new RegistryFollower({ control, registry, operations, settled, endpoints });
  endpoints.reasonToWithhold = (config) => reasonToWithhold(config, control, registry);
  endpoints.onTags = (endpointName, tags) => follower.note(endpointName, tags);
  const invoker = new Invoker(context, hosts.live, components);
  const asyncInference = new AsyncInference(invoker, context, store.asyncRequests);

  return {
    name: 'sagemaker',
    operations,
    runtime: {
      name: 'sagemaker-runtime',
      operations: runtimeOperations(invoker, asyncInference, settings),
      handle: (call) => handleRuntime(call, { invoker, asyncInference, context }),
      close: async () => {},
    },
    autoScaling: {
      name: 'application-autoscaling',
      operations: autoScaling.operations,
      handle: (call) => handleControl(call, autoScaling.operations),
      close: async () => autoScaling.close(),
    },
    endpoints: () =>
      endpoints.all().map(({ EndpointName, EndpointStatus, FailureReason }) => ({
        endpointName: EndpointName,
        status: EndpointStatus,
        instances:
          hosts.live.get(EndpointName)?.fleet.all.reduce((sum, one) => sum + one.instances.length, 0) ?? 0,
        ...(FailureReason === undefined ? {} : { failureReason: FailureReason }),
      })),
    async settled(endpointName) {
      await follower.caughtUp(endpointName);
      return settled(endpointName);
    },
    sampleUtilization: () => utilization.sample(),
    deployments: () => [...store.deployments.values()],
    declared: declaring(operations, store),
    async resume() {
      endpoints.resume();
      transformJobs.resume();
      await Promise.all([components.resume(settled), asyncInference.resume(settled)]);
    },
    handle: (call) => handleControl(call, operations),
    async close() {
      endpoints.close();
      asyncInference.close();
      autoScaling.close();
      utilization.close();
      await Promise.all([hosts.close(), components.close(), transformJobs.close(), invoker.close()]);
      await unpacker.close();
      records.close();
    },
  };
}

/** The operations that a template's resources are created by: what they create is the template's, and not kept. */
function declaring(operations: SdkOperations, store: ControlStore): SdkOperations {
  return {
    createModel(input) {
      store.models.declare(String(input.ModelName));
      return operations.createModel!(input);
    },
    createEndpointConfig(input) {
      store.endpointConfigs.declare(String(input.EndpointConfigName));
      return operations.createEndpointConfig!(input);
    },
    createEndpoint(input) {
      store.endpoints.declare(String(input.EndpointName));
      store.serving.declare(String(input.EndpointName));
      return operations.createEndpoint!(input);
    },
  };
}
