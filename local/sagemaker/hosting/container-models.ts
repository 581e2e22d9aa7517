// The models of one multi-model container: their cache over its models API, their store on its volume, and what is
// told of loads and unloads in metrics and log.
import { join } from 'node:path';
import type { FetchOptions } from '../artefacts/fetch.ts';
import { type CachedModel, ModelCache } from '../multi-model/cache.ts';
import { ModelDisk } from '../multi-model/disk.ts';
import { describeLoad, type LoadReport } from '../multi-model/load-report.ts';
import type { ContainerAnswer, ContainerRequest } from './container-client.ts';
import type { ContainerSite, HostContext } from './host-context.ts';
import type { ContainerPlan } from './plan.ts';

export interface ContainerModelsOptions {
  readonly plan: ContainerPlan;
  readonly site: ContainerSite;
  readonly context: HostContext;
  readonly fetchOptions: FetchOptions;
  /** One call of the container's models API, bounded by the load's time. */
  readonly call: (request: ContainerRequest) => Promise<ContainerAnswer>;
  readonly log: (line: string) => void;
}

export function createModels(options: ContainerModelsOptions): ModelCache {
  const { plan, site, context, fetchOptions, call } = options;
  const { bucket, key } = plan.modelData!;
  const folder = join(site.baseFolder, 'models');
  const disk = new ModelDisk(folder, fetchOptions, (hash) => models.usesFiles(hash));
  const models: ModelCache = new ModelCache({
    bucket,
    prefix: key === '' || key.endsWith('/') ? key : `${key}/`,
    disk,
    settings: context.settings,
    clock: context.clock,
    keepsModels: plan.keepsModels,
    pinned: new Set(plan.pinnedModels),
    call,
    onLoaded: (model, report) => noteLoad(model, { report, options }),
    onUnloaded: (model, unloadMs) => noteUnload(model, { unloadMs, options }),
  });
  return models;
}

function noteLoad(
  model: CachedModel,
  { report, options }: { readonly report: LoadReport; readonly options: ContainerModelsOptions },
): void {
  const { metrics } = options.site;
  if (report.isFetched) metrics.modelDownloadingTime.add(report.downloadMs * 1000);
  metrics.modelLoadingTime.add(report.loadMs * 1000);
  options.log(`model-load target=${model.targetModel} name=${model.hash} ${describeLoad(report)}`);
}

function noteUnload(
  model: CachedModel,
  { unloadMs, options }: { readonly unloadMs: number; readonly options: ContainerModelsOptions },
): void {
  const { metrics } = options.site;
  metrics.modelUnloadingTime.add(unloadMs * 1000);
  options.log(`model-unload target=${model.targetModel} name=${model.hash} unload-ms=${unloadMs.toFixed(2)}`);
}
