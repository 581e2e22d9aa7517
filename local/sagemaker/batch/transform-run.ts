// One transform job at work: its own containers, the objects shared out among its instances, payloads in flight within
// MaxConcurrentTransforms, outputs in the input's order. An object with a bad record leaves no output; the others go on.
import { join } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { noMetrics } from '../../monitoring/api.ts';
import type { ModelRecord } from '../control/records.ts';
import type { HostContext } from '../hosting/host-context.ts';
import type { Instance } from '../hosting/instance.ts';
import { parseS3Url, planVariant } from '../hosting/plan.ts';
import { Variant } from '../hosting/variant.ts';
import { invokeChain } from '../runtime/chain.ts';
import { type DataProcessing, dataProcessing } from './data-processing.ts';
import { type ExecutionParameters, executionParameters } from './execution-parameters.ts';
import { type Payload, packPayloads, splitRecords } from './records.ts';
import { type SourceObject, sourceObjects } from './sources.ts';
import type { TransformRequest } from './transform-request.ts';

const MEGABYTE = 1024 * 1024;
/** Where jobs' volumes lie, beside those of endpoints. */
export const TRANSFORM_VOLUMES = '.transform-jobs';
export const TRANSFORM_LOG_GROUP = '/aws/sagemaker/TransformJobs';

/** Which of a job's objects are done, so that a job that was cut short does none twice. */
export interface TransformProgress {
  isDone(key: string): boolean;
  done(key: string): void;
}

export class TransformRun {
  readonly #request: TransformRequest;
  readonly #context: HostContext;
  readonly #variant: Variant;
  readonly #progress: TransformProgress;
  #isStopped = false;

  constructor(
    request: TransformRequest,
    model: ModelRecord,
    context: HostContext,
    progress: TransformProgress,
  ) {
    this.#request = request;
    this.#progress = progress;
    this.#context = {
      ...context,
      // The names of jobs and of endpoints are not told apart by a folder.
      volumesFolder: join(context.volumesFolder, TRANSFORM_VOLUMES),
      monitoring: { ...noMetrics, alarmState: () => undefined, ringing: () => [] },
    };
    const production = {
      // Names the log streams: `{job}/{instance}-{epoch}`.
      VariantName: request.TransformJobName,
      InitialInstanceCount: request.TransformResources.InstanceCount,
    };
    const plan = planVariant(production, model, { images: context.images, isShadow: false });
    const environment = batchEnvironment(request);
    const containers = plan.containers.map((container) => ({
      ...container,
      environment: { ...container.environment, ...request.Environment, ...environment },
    }));
    this.#variant = new Variant({
      endpointName: request.TransformJobName,
      plan: { ...plan, containers },
      context: this.#context,
      logGroup: TRANSFORM_LOG_GROUP,
      instanceSuffix: `-${Math.floor(context.clock.now() / 1000)}`,
    });
  }

  /** @throws Error in the words of a FailureReason, when the containers do not start or an object failed */
  async run(): Promise<void> {
    try {
      const all = await sourceObjects(this.#context.s3, this.#request);
      const sources = all.filter(({ key }) => !this.#progress.isDone(key));
      await this.#variant.scaleTo(this.#variant.desiredInstanceCount);
      const { instances } = this.#variant;
      const failures: string[] = [];
      const shares = instances.map((_, index) => sources.filter((__, at) => at % instances.length === index));
      await Promise.all(instances.map((instance, index) => this.#work(instance, shares[index]!, failures)));
      if (failures.length > 0) throw new Error(failures[0]);
    } finally {
      await this.#variant.close();
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#variant.close();
  }

  async #work(instance: Instance, sources: readonly SourceObject[], failures: string[]): Promise<void> {
    const parameters = await executionParameters(instance.containers[0]!, this.#request, this.#context.clock);
    const { MaxConcurrentTransforms, MaxPayloadInMB, BatchStrategy } = parameters;
    this.#log(
      instance,
      `MaxConcurrentTransforms=${MaxConcurrentTransforms}, MaxPayloadInMB=${MaxPayloadInMB}, BatchStrategy=${BatchStrategy}`,
    );
    for (const source of sources) {
      if (this.#isStopped) return;
      const transformed = this.#transform(instance, source, parameters);
      await transformed.then(
        () => this.#progress.done(source.key),
        (error: Error) => {
          failures.push(`ClientError: See job logs for more information. (${source.key}: ${error.message})`);
          this.#log(instance, `${source.bucket}/${source.key}: ClientError: ${error.message}`);
        },
      );
    }
  }

  async #transform(instance: Instance, source: SourceObject, parameters: ExecutionParameters): Promise<void> {
    const { TransformInput, TransformOutput } = this.#request;
    const splitType = TransformInput.SplitType ?? 'None';
    const processing = dataProcessing(this.#request.DataProcessing, {
      contentType: TransformInput.ContentType,
      isByLine: splitType === 'Line',
    });
    const { body } = await this.#context.s3.getObject(source);
    const isPacked = TransformInput.CompressionType === 'Gzip';
    // What goes wrong with the object ends the reading of what it inflates to.
    const plain = isPacked ? pipeline(body, createGunzip(), () => {}) : body;
    const payloads = packPayloads(splitRecords(plain as AsyncIterable<Buffer>, splitType), {
      isMultiRecord: parameters.BatchStrategy === 'MULTI_RECORD' && splitType !== 'None',
      maxBytes: parameters.MaxPayloadInMB * MEGABYTE,
      prepare: processing.prepare,
    });
    const answers = inOrder(payloads, parameters.MaxConcurrentTransforms, (payload) =>
      this.#answer(instance, payload, processing),
    );
    const output = parseS3Url(TransformOutput.S3OutputPath);
    const key = [output.key.replace(/\/+$/, ''), `${source.relativeKey}.out`].filter(Boolean).join('/');
    const contentType = TransformOutput.Accept;
    const options = contentType === undefined ? {} : { contentType };
    const content = Readable.from(assemble(answers, TransformOutput.AssembleWith === 'Line'), {
      objectMode: false,
    });
    try {
      await this.#context.s3.putObject({ bucket: output.bucket, key }, content, options);
    } finally {
      body.destroy();
    }
  }

  async #answer(instance: Instance, payload: Payload, processing: DataProcessing): Promise<Buffer> {
    const { ModelClientConfig: client, TransformInput, TransformOutput, TransformJobName } = this.#request;
    const attempts = 1 + (client?.InvocationsMaxRetries ?? 3);
    const seconds = client?.InvocationsTimeoutInSeconds;
    const timeoutMs =
      seconds === undefined ? this.#context.settings.batchInvocationTimeoutMs : 1000 * seconds;
    const route = { variant: this.#variant, instance, containers: instance.containers };
    const invocation = {
      endpointName: TransformJobName,
      body: payload.bytes,
      contentType: TransformInput.ContentType,
      accept: TransformOutput.Accept,
      customAttributes: undefined,
      targetModel: undefined,
      targetVariant: undefined,
      targetContainerHostname: undefined,
      inferenceId: undefined,
      sessionId: undefined,
      inferenceComponentName: undefined,
    };
    for (let attempt = 1; ; attempt++) {
      try {
        const { body } = await invokeChain(route, invocation, this.#context, { timeoutMs });
        return processing.finish(payload.records, body);
      } catch (thrown) {
        const status = Number((thrown as { members?: Record<string, unknown> }).members?.OriginalStatusCode);
        // A 4xx is the record's own fault and would come again.
        if (attempt >= attempts || this.#isStopped || (status >= 400 && status < 500)) throw thrown;
      }
    }
  }

  #log(instance: Instance, message: string): void {
    const timestamp = this.#context.clock.now();
    const stream = `${this.#request.TransformJobName}/${instance.id}/data-log`;
    this.#context.logs.write(TRANSFORM_LOG_GROUP, stream, [{ timestamp, message }]);
  }
}

/** What the request says, SageMaker's defaults for what it leaves out; a payload of 0 MB is one without bound. */
function batchEnvironment(request: TransformRequest): Record<string, string> {
  const { MaxPayloadInMB = 6, MaxConcurrentTransforms, BatchStrategy } = request;
  return {
    SAGEMAKER_BATCH: 'true',
    SAGEMAKER_BATCH_STRATEGY: BatchStrategy === 'SingleRecord' ? 'SINGLE_RECORD' : 'MULTI_RECORD',
    SAGEMAKER_MAX_PAYLOAD_IN_MB: String(MaxPayloadInMB),
    SAGEMAKER_MAX_CONCURRENT_TRANSFORMS: String(MaxConcurrentTransforms || 1),
  };
}

/** Runs `work` on so many items at once and hands the results on in the items' order. */
async function* inOrder<Item, Result>(
  items: AsyncIterable<Item>,
  width: number,
  work: (item: Item) => Promise<Result>,
): AsyncIterable<Result> {
  const running: Promise<Result>[] = [];
  for await (const item of items) {
    const result = work(item);
    // A failure is thrown where its turn comes.
    result.catch(() => {});
    running.push(result);
    if (running.length >= width) yield await running.shift()!;
  }
  while (running.length > 0) yield await running.shift()!;
}

async function* assemble(answers: AsyncIterable<Buffer>, byLine: boolean): AsyncIterable<Buffer> {
  for await (const answer of answers) {
    yield answer;
    if (byLine && answer.at(-1) !== 0x0a) yield Buffer.from('\n');
  }
}
