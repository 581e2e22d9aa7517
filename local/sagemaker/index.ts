// SageMaker on one machine: the control plane, hosting with real container processes behind it, and the Runtime API.
import { mkdir, rm } from 'node:fs/promises';
import { systemClock } from '../clock.ts';
import { noLogs } from '../logs/api.ts';
import { noMetrics } from '../monitoring/api.ts';
import { DEFAULT_PLACE } from '../service.ts';
import type { SageMaker, SageMakerOptions } from './api.ts';
import { AsyncInference } from './async/queue.ts';
import { endpointConfigOperations } from './control/endpoint-configs.ts';
import { Endpoints } from './control/endpoints.ts';
import { modelOperations } from './control/models.ts';
import { TransformJobs } from './control/transform-jobs.ts';
import { Hosts } from './hosting/hosts.ts';
import { Ports } from './hosting/ports.ts';
import { Invoker } from './runtime/invoke.ts';
import { runtimeOperations } from './runtime/operations.ts';
import { handleRuntime } from './runtime/wire.ts';
import { AutoScaling } from './scaling/auto-scaling.ts';
import { DEFAULT_SETTINGS } from './settings.ts';
import { memoryStore } from './store.ts';
import { handleControl } from './wire.ts';

export async function createSageMaker(options: SageMakerOptions): Promise<SageMaker> {
  const { s3, images, volumesFolder } = options;
  const place = options.place ?? DEFAULT_PLACE;
  const clock = options.clock ?? systemClock;
  const settings = { ...DEFAULT_SETTINGS, ...options.settings };
  // Volumes live as long as their instances: what a killed process left is nobody's.
  await rm(volumesFolder, { recursive: true, force: true });
  await mkdir(volumesFolder, { recursive: true });

  const store = memoryStore();
  const logs = options.logs ?? noLogs;
  const notify = options.notify ?? ((): void => {});
  const monitoring = options.monitoring ?? { ...noMetrics, alarmState: () => undefined };
  const ports = new Ports();
  const context = { place, clock, s3, logs, monitoring, images, volumesFolder, settings, ports, notify };
  const hosts = new Hosts(context, store);
  const control = { place, clock, store };
  const endpoints = new Endpoints(control, hosts);
  const transformJobs = new TransformJobs(control, context);
  const autoScaling = new AutoScaling(hosts, context);
  const operations = {
    ...modelOperations(control),
    ...endpointConfigOperations(control),
    ...endpoints.operations,
    ...transformJobs.operations,
  };
  const invoker = new Invoker(context, hosts.live);
  const asyncInference = new AsyncInference(invoker, context);

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
        ...(FailureReason === undefined ? {} : { failureReason: FailureReason }),
      })),
    settled: (endpointName) => endpoints.settled(endpointName),
    handle: (call) => handleControl(call, operations),
    async close() {
      autoScaling.close();
      await Promise.all([hosts.close(), transformJobs.close(), invoker.close()]);
    },
  };
}
