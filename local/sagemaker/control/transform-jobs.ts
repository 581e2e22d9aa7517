// CreateTransformJob, DescribeTransformJob, ListTransformJobs, StopTransformJob: the records and their statuses.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html
import type { SdkOperations, SdkValues } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';
import { checkTransform, type TransformRequest } from '../batch/transform-request.ts';
import { TransformRun } from '../batch/transform-run.ts';
import type { HostContext } from '../hosting/host-context.ts';
import { type ControlContext, now, sagemakerArn } from './context.ts';
import { page } from './page.ts';
import { invalid } from './problems.ts';

interface TransformJob {
  readonly fields: TransformRequest;
  readonly arn: string;
  readonly created: Date;
  status: 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped';
  started: Date | undefined;
  ended: Date | undefined;
  failureReason: string | undefined;
  run: TransformRun | undefined;
}

export class TransformJobs {
  readonly operations: SdkOperations;
  readonly #control: ControlContext;
  readonly #context: HostContext;
  readonly #jobs = new Map<string, TransformJob>();

  constructor(control: ControlContext, context: HostContext) {
    this.#control = control;
    this.#context = context;
    this.operations = {
      createTransformJob: async (input) => this.#create(input),
      describeTransformJob: async (input) => describe(this.#find(input.TransformJobName)),
      listTransformJobs: async (input) => this.#list(input),
      stopTransformJob: async (input) => this.#stop(this.#find(input.TransformJobName)),
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#jobs.values()].map((job) => job.run?.stop()));
  }

  #create(input: SdkValues): SdkValues {
    const request = checkTransform(input);
    const name = request.TransformJobName;
    const jobArn = sagemakerArn(this.#control.place, 'transform-job', name);
    if (this.#jobs.has(name))
      throw new AwsError(
        'ResourceInUse',
        'Job name must be unique within an AWS account and region, and a job with this name already exists ' +
          `(${jobArn})`,
      );
    const model = this.#control.store.models.get(request.ModelName);
    if (model === undefined)
      throw invalid(
        `Could not find model "${sagemakerArn(this.#control.place, 'model', request.ModelName)}".`,
      );
    const job: TransformJob = {
      fields: request,
      arn: jobArn,
      created: now(this.#control),
      status: 'InProgress',
      started: undefined,
      ended: undefined,
      failureReason: undefined,
      run: undefined,
    };
    this.#jobs.set(name, job);
    void this.#work(job, () => new TransformRun(request, model, this.#context));
    return { TransformJobArn: jobArn };
  }

  async #work(job: TransformJob, start: () => TransformRun): Promise<void> {
    try {
      job.started = now(this.#control);
      job.run = start();
      await job.run.run();
      job.status = job.status === 'Stopping' ? 'Stopped' : 'Completed';
    } catch (thrown) {
      job.failureReason = job.status === 'Stopping' ? undefined : (thrown as Error).message;
      job.status = job.status === 'Stopping' ? 'Stopped' : 'Failed';
    } finally {
      job.ended = now(this.#control);
      job.run = undefined;
    }
  }

  async #stop(job: TransformJob): Promise<SdkValues> {
    if (job.status !== 'InProgress')
      throw invalid(`The request was rejected because the transform job is in status ${job.status}.`);
    job.status = 'Stopping';
    void job.run?.stop();
    return {};
  }

  #list(input: SdkValues): SdkValues {
    const { items, ...rest } = page(input, {
      items: this.#jobs.values(),
      name: (job) => job.fields.TransformJobName,
      created: (job) => job.created,
      modified: (job) => job.ended ?? job.created,
      status: (job) => job.status,
    });
    const TransformJobSummaries = items.map((job) => ({
      TransformJobName: job.fields.TransformJobName,
      TransformJobArn: job.arn,
      CreationTime: job.created,
      ...(job.ended === undefined ? {} : { TransformEndTime: job.ended }),
      LastModifiedTime: job.ended ?? job.created,
      TransformJobStatus: job.status,
      ...(job.failureReason === undefined ? {} : { FailureReason: job.failureReason }),
    }));
    return { TransformJobSummaries, ...rest };
  }

  #find(name: unknown): TransformJob {
    const job = this.#jobs.get(String(name));
    if (job !== undefined) return job;
    const jobArn = sagemakerArn(this.#control.place, 'transform-job', String(name));
    throw new AwsError('ResourceNotFound', `Could not find transform job "${jobArn}".`);
  }
}

function describe(job: TransformJob): SdkValues {
  return {
    ...job.fields,
    TransformJobArn: job.arn,
    TransformJobStatus: job.status,
    CreationTime: job.created,
    ...(job.started === undefined ? {} : { TransformStartTime: job.started }),
    ...(job.ended === undefined ? {} : { TransformEndTime: job.ended }),
    ...(job.failureReason === undefined ? {} : { FailureReason: job.failureReason }),
  };
}
