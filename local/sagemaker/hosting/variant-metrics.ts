// One variant's metrics, under CloudWatch's names, units and dimensions; the series are found once, at its start.
// https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
import type { Dimensions, MetricSink, Series } from '../../monitoring/api.ts';

const NAMESPACE = 'AWS/SageMaker';
const INSTANCE_NAMESPACE = '/aws/sagemaker/Endpoints';

/** How an invocation ended, as far as the model had a part in it. */
export interface InvocationFacts {
  /** 0 for an invocation that went well; the model's status otherwise, with -1 for no answer at all. */
  readonly failedWith: number;
  readonly totalMs: number;
  readonly modelMs: number;
}

/** The series that every invocation goes into, under one set of dimensions. */
class InvocationSeries {
  readonly #invocations: Series;
  readonly #share: Series;
  readonly #clientErrors: Series;
  readonly #serverErrors: Series;
  readonly #modelErrors: Series;
  readonly #modelLatency: Series;
  readonly #overheadLatency: Series;

  /** @param shareName of the metric that is shared out among instances or copies */
  constructor(sink: MetricSink, dimensions: Dimensions, shareName: string) {
    const series = (name: string, unit = 'None'): Series =>
      sink.series({ namespace: NAMESPACE, name, unit, dimensions });
    this.#invocations = series('Invocations');
    this.#share = series(shareName);
    this.#clientErrors = series('Invocation4XXErrors');
    this.#serverErrors = series('Invocation5XXErrors');
    this.#modelErrors = series('InvocationModelErrors');
    this.#modelLatency = series('ModelLatency', 'Microseconds');
    this.#overheadLatency = series('OverheadLatency', 'Microseconds');
  }

  add({ failedWith, totalMs, modelMs }: InvocationFacts, instanceCount: number): void {
    this.#invocations.add(1);
    this.#share.add(1 / instanceCount);
    this.#clientErrors.add(failedWith >= 400 && failedWith < 500 ? 1 : 0);
    this.#serverErrors.add(failedWith >= 500 ? 1 : 0);
    this.#modelErrors.add(failedWith === 0 ? 0 : 1);
    if (failedWith !== 0) return;
    this.#modelLatency.add(modelMs * 1000);
    this.#overheadLatency.add(Math.max(0, totalMs - modelMs) * 1000);
  }
}

/** Whose numbers they are. */
export interface MetricsOwner {
  readonly endpointName: string;
  readonly variantName: string;
  /** Of the inference component whose copies the instances are. */
  readonly componentName?: string | undefined;
}

export class VariantMetrics {
  /** Since the variant began to serve. */
  invocationCount = 0;
  readonly cpuUtilization: Series;
  readonly memoryUtilization: Series;
  readonly diskUtilization: Series;
  readonly modelSetupTime: Series;
  readonly modelLoadingWaitTime: Series;
  readonly modelDownloadingTime: Series;
  readonly modelLoadingTime: Series;
  readonly modelUnloadingTime: Series;
  readonly modelCacheHit: Series;
  readonly loadedModelCount: Series;
  readonly #sink: MetricSink;
  readonly #dimensions: Dimensions;
  readonly #invocations: InvocationSeries;
  readonly #ofComponent: InvocationSeries | undefined;
  readonly #containers = new Map<string, Series>();

  constructor(sink: MetricSink, { endpointName, variantName, componentName }: MetricsOwner) {
    this.#sink = sink;
    this.#dimensions = { EndpointName: endpointName, VariantName: variantName };
    this.#invocations = new InvocationSeries(sink, this.#dimensions, 'InvocationsPerInstance');
    this.#ofComponent =
      componentName === undefined
        ? undefined
        : new InvocationSeries(sink, { InferenceComponentName: componentName }, 'InvocationsPerCopy');
    this.cpuUtilization = this.#series('CPUUtilization', 'Percent', INSTANCE_NAMESPACE);
    this.memoryUtilization = this.#series('MemoryUtilization', 'Percent', INSTANCE_NAMESPACE);
    this.diskUtilization = this.#series('DiskUtilization', 'Percent', INSTANCE_NAMESPACE);
    this.modelSetupTime = this.#series('ModelSetupTime', 'Microseconds');
    this.modelLoadingWaitTime = this.#series('ModelLoadingWaitTime', 'Microseconds');
    this.modelDownloadingTime = this.#series('ModelDownloadingTime', 'Microseconds');
    this.modelLoadingTime = this.#series('ModelLoadingTime', 'Microseconds');
    this.modelUnloadingTime = this.#series('ModelUnloadingTime', 'Microseconds');
    this.modelCacheHit = this.#series('ModelCacheHit', 'None');
    this.loadedModelCount = this.#series('LoadedModelCount', 'None', INSTANCE_NAMESPACE);
  }

  invocation(facts: InvocationFacts, instanceCount: number): void {
    this.invocationCount += 1;
    this.#invocations.add(facts, instanceCount);
    this.#ofComponent?.add(facts, instanceCount);
  }

  /** Of one container in a pipeline or in Direct mode. */
  containerLatency(containerName: string, ms: number): void {
    let series = this.#containers.get(containerName);
    if (series === undefined) {
      const dimensions = { ...this.#dimensions, ContainerName: containerName };
      const identity = { namespace: NAMESPACE, name: 'ContainerLatency', dimensions, unit: 'Microseconds' };
      series = this.#sink.series(identity);
      this.#containers.set(containerName, series);
    }
    series.add(ms * 1000);
  }

  #series(name: string, unit: string, namespace = NAMESPACE): Series {
    return this.#sink.series({ namespace, name, unit, dimensions: this.#dimensions });
  }
}
