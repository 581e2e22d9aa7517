// What asynchronous endpoints tell CloudWatch: the backlog by endpoint, and each invocation's course by variant.
// https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html
import type { MetricSink, Series } from '../../monitoring/api.ts';

const NAMESPACE = 'AWS/SageMaker';

export class AsyncMetrics {
  readonly invocationsProcessed: Series;
  readonly invocationFailures: Series;
  readonly expiredRequests: Series;
  readonly requestDownloadFailures: Series;
  readonly responseUploadFailures: Series;
  readonly notificationFailures: Series;
  readonly timeInBacklog: Series;
  readonly totalProcessingTime: Series;
  readonly requestDownloadLatency: Series;
  readonly responseUploadLatency: Series;
  readonly #backlogSize: Series;
  readonly #backlogPerInstance: Series;
  readonly #hasBacklogWithoutCapacity: Series;
  readonly #ageOfOldestRequest: Series;

  constructor(sink: MetricSink, endpointName: string, variantName: string) {
    const endpoint = { EndpointName: endpointName };
    const both = { ...endpoint, VariantName: variantName };
    const series = (
      name: string,
      unit: string,
      dimensions: Readonly<Record<string, string>> = both,
    ): Series => sink.series({ namespace: NAMESPACE, name, unit, dimensions });
    this.invocationsProcessed = series('InvocationsProcessed', 'None');
    this.invocationFailures = series('InvocationFailures', 'None');
    this.expiredRequests = series('ExpiredRequests', 'None');
    this.requestDownloadFailures = series('RequestDownloadFailures', 'None');
    this.responseUploadFailures = series('ResponseUploadFailures', 'None');
    this.notificationFailures = series('NotificationFailures', 'None');
    this.timeInBacklog = series('TimeInBacklog', 'Milliseconds');
    this.totalProcessingTime = series('TotalProcessingTime', 'Milliseconds');
    this.requestDownloadLatency = series('RequestDownloadLatency', 'Microseconds');
    this.responseUploadLatency = series('ResponseUploadLatency', 'Microseconds');
    this.#backlogSize = series('ApproximateBacklogSize', 'None', endpoint);
    this.#backlogPerInstance = series('ApproximateBacklogSizePerInstance', 'None', endpoint);
    this.#ageOfOldestRequest = series('ApproximateAgeOfOldestRequest', 'Seconds', endpoint);
    this.#hasBacklogWithoutCapacity = series('HasBacklogWithoutCapacity', 'None', endpoint);
  }

  /** @param oldestMs how long the request that waits longest has been waiting; 0 when none does */
  backlog(size: number, instances: number, oldestMs: number): void {
    this.#backlogSize.add(size);
    this.#ageOfOldestRequest.add(oldestMs / 1000);
    this.#backlogPerInstance.add(instances === 0 ? size : size / instances);
    this.#hasBacklogWithoutCapacity.add(size > 0 && instances === 0 ? 1 : 0);
  }
}
