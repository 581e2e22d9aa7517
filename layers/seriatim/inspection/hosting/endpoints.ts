// Endpoints as the page shows them: their variants, containers and instances as SageMaker describes them, and what is
// loaded where, as far as their logs tell.
import { type CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  type ContainerDefinition,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  type DescribeEndpointOutput,
  DescribeModelCommand,
  ListEndpointsCommand,
  type ProductionVariant,
  type SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import type { CacheEvent, ContainerView, EndpointsAnswer, EndpointView, VariantView } from '../api.ts';
import { loadedModels, readCacheEvent } from './cache-events.ts';

export interface EndpointsSource {
  readonly sagemaker: SageMakerClient;
  readonly logs: CloudWatchLogsClient;
  /** Names of this deployment's endpoints begin with it. */
  readonly prefix: string;
  readonly nowMs: number;
}

const DAY_MS = 24 * 3600_000;
/** That are told; what is loaded is read from all of them. */
const MAX_EVENTS = 200;
const MAX_PAGES = 20;

export async function readEndpoints(source: EndpointsSource): Promise<EndpointsAnswer> {
  const { Endpoints = [] } = await source.sagemaker.send(
    new ListEndpointsCommand({ NameContains: source.prefix, MaxResults: 100 }),
  );
  const names = Endpoints.map(({ EndpointName = '' }) => EndpointName).filter((name) =>
    name.startsWith(source.prefix),
  );
  return { endpoints: await Promise.all(names.sort().map((name) => readEndpoint(source, name))) };
}

async function readEndpoint(source: EndpointsSource, name: string): Promise<EndpointView> {
  const described = await source.sagemaker.send(new DescribeEndpointCommand({ EndpointName: name }));
  const sinceMs = Math.max(source.nowMs - DAY_MS, described.CreationTime?.getTime() ?? 0);
  const [variants, events] = await Promise.all([
    readVariants(source, described),
    readCacheEvents(source, name, sinceMs),
  ]);
  return {
    name,
    status: described.EndpointStatus ?? 'Unknown',
    ...(described.FailureReason === undefined ? {} : { failureReason: described.FailureReason }),
    ...(described.CreationTime === undefined ? {} : { createdAt: described.CreationTime.toISOString() }),
    variants: variants.map((variant) => withLoaded(variant, events)),
    cacheEvents: events.slice(-MAX_EVENTS).reverse(),
    ...(events.length > MAX_EVENTS ? { isCut: true as const } : {}),
  };
}

function withLoaded(variant: VariantView, events: readonly CacheEvent[]): VariantView {
  const isPipeline = variant.containers.length > 1;
  const containers = variant.containers.map((container) =>
    container.mode === 'MultiModel'
      ? {
          ...container,
          loaded: loadedModels(events, variant.name, isPipeline ? container.name : undefined),
        }
      : container,
  );
  return { ...variant, containers };
}

async function readVariants(
  { sagemaker }: EndpointsSource,
  { EndpointConfigName, ProductionVariants = [] }: DescribeEndpointOutput,
): Promise<VariantView[]> {
  const config = await sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName }));
  return Promise.all(
    (config.ProductionVariants ?? []).map(async (variant) => {
      const current = ProductionVariants.find(({ VariantName }) => VariantName === variant.VariantName);
      const instances = current?.CurrentInstanceCount ?? variant.InitialInstanceCount;
      return {
        name: variant.VariantName ?? '',
        ...(current?.CurrentWeight === undefined ? {} : { weight: current.CurrentWeight }),
        ...(variant.InstanceType === undefined ? {} : { instanceType: variant.InstanceType }),
        ...(instances === undefined ? {} : { instances }),
        containers: await readContainers(sagemaker, variant),
      };
    }),
  );
}

async function readContainers(
  sagemaker: SageMakerClient,
  { ModelName }: ProductionVariant,
): Promise<ContainerView[]> {
  if (ModelName === undefined) return [];
  const model = await sagemaker.send(new DescribeModelCommand({ ModelName }));
  const containers =
    model.PrimaryContainer === undefined ? (model.Containers ?? []) : [model.PrimaryContainer];
  return containers.map((container, at) => containerView(container, at));
}

function containerView(container: ContainerDefinition, at: number): ContainerView {
  const { ContainerHostname, Image, Mode, ModelDataUrl } = container;
  return {
    name: ContainerHostname ?? (at === 0 ? 'primary' : `container-${at + 1}`),
    ...(Image === undefined ? {} : { image: Image }),
    mode: Mode ?? 'SingleModel',
    ...(ModelDataUrl === undefined ? {} : { modelData: ModelDataUrl }),
  };
}

/** Oldest first. An endpoint that has not logged yet has no group. */
async function readCacheEvents(
  { logs }: EndpointsSource,
  endpointName: string,
  sinceMs: number,
): Promise<CacheEvent[]> {
  const events: CacheEvent[] = [];
  let nextToken: string | undefined;
  try {
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const page = await logs.send(
        new FilterLogEventsCommand({
          logGroupName: `/aws/sagemaker/Endpoints/${endpointName}`,
          filterPattern: '?"model-load target" ?"model-unload target"',
          startTime: sinceMs,
          nextToken,
        }),
      );
      for (const { timestamp = 0, message = '', logStreamName = '' } of page.events ?? []) {
        const event = readCacheEvent({ timeMs: timestamp, message, stream: logStreamName });
        if (event !== undefined) events.push(event);
      }
      nextToken = page.nextToken;
      if (nextToken === undefined) break;
    }
  } catch (thrown) {
    if (!(thrown instanceof Error) || thrown.name !== 'ResourceNotFoundException') throw thrown;
  }
  return events;
}
