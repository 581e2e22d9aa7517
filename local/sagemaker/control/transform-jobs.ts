// CreateTransformJob, DescribeTransformJob, ListTransformJobs, StopTransformJob: the records and their statuses. A job
// that was under way when the process ended goes on with the objects it had not done.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html
import type { SdkOperations, SdkValues } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';
import { checkTransform } from '../batch/transform-request.ts';
import { type TransformProgress, TransformRun } from '../batch/transform-run.ts';
import type { HostContext } from '../hosting/host-context.ts';
import { type ControlContext, now, sagemakerArn } from './context.ts';
import { containersOf } from './models.ts';
import { page } from './page.ts';
import { invalid } from './problems.ts';
import type { ModelRecord } from './records.ts';
import type { TransformJobRecord } from './transform-records.ts';

export class TransformJobs {
  readonly operations: SdkOperations;
  readonly #control: ControlContext;
  readonly #context: HostContext;
  readonly #runs = new Map<string, TransformRun>();
  readonly #resolve: (model: ModelRecord) => ModelRecord;
  #isClosed = false;

  /** @param resolve puts versions of the registry in place of their names. @throws Error for one that may not run */
  constructor(control: ControlContext, context: HostContext, resolve: (model: ModelRecord) => ModelRecord) {
    this.#control = control;
    this.#context = context;
    this.#resolve = resolve;
    this.operations = {
      createTransformJob: async (input) => this.#create(input),
      describeTransformJob: async (input) => describe(this.#find(input.TransformJobName)),
      listTransformJobs: async (input) => this.#list(input),
      stopTransformJob: async (input) => this.#stop(this.#find(input.TransformJobName)),
    };
  }

  /** What is under way ends here and goes on when the process starts again. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#runs.values()].map((run) => run.stop()));
  }

  /** Takes up the jobs that an earlier process left under way. */
  resume(): void {
    for (const job of this.#control.store.transformJobs.values()) {
      const { TransformJobName: name, ModelName } = job.fields;
      if (this.#runs.has(name)) continue;
      if (job.status === 'Stopping') this.#end(job, 'Stopped');
      if (job.status !== 'InProgress') continue;
      const model = this.#control.store.models.get(ModelName);
      if (model !== undefined) void this.#work(job, model);
      else
        this.#end(
          job,
          'Failed',
          `The model "${ModelName}" was gone when the job was to go on after a restart.`,
        );
    }
  }

  #create(input: SdkValues): SdkValues {
    const request = checkTransform(input, this.#context.settings);
    const name = request.TransformJobName;
    const jobArn = sagemakerArn(this.#control.place, 'transform-job', name);
    if (this.#control.store.transformJobs.get(name) !== undefined)
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
    if (containersOf(model).some(({ Mode }) => Mode === 'MultiModel'))
      throw invalid(
        `Batch transform does not support multi-model containers: the model "${request.ModelName}" has one in MultiModel mode.`,
      );
    const job: TransformJobRecord = {
      fields: request,
      arn: jobArn,
      created: now(this.#control),
      status: 'InProgress',
      started: now(this.#control),
      ended: undefined,
      failureReason: undefined,
    };
    this.#put(job);
    void this.#work(job, model);
    return { TransformJobArn: jobArn };
  }

  async #work(job: TransformJobRecord, model: ModelRecord): Promise<void> {
    const { TransformJobName: name } = job.fields;
    try {
      const run = new TransformRun(job.fields, this.#resolve(model), this.#context, this.#progressOf(name));
      this.#runs.set(name, run);
      await run.run();
      this.#end(job, 'Completed');
    } catch (thrown) {
      this.#end(job, 'Failed', (thrown as Error).message);
    } finally {
      this.#runs.delete(name);
    }
  }

  #progressOf(jobName: string): TransformProgress {
    const { transformsDone } = this.#control.store;
    return {
      isDone: (key) => transformsDone.get(`${jobName}/${key}`) !== undefined,
      done: (key) => {
        if (!this.#isClosed) transformsDone.put(`${jobName}/${key}`, { jobName, key });
      },
    };
  }

  #end(job: TransformJobRecord, status: 'Completed' | 'Failed' | 'Stopped', failureReason?: string): void {
    if (this.#isClosed) return;
    const { TransformJobName: name } = job.fields;
    const { transformJobs, transformsDone } = this.#control.store;
    const isStopped = transformJobs.get(name)?.status === 'Stopping' || status === 'Stopped';
    const outcome = isStopped
      ? { status: 'Stopped' as const, failureReason: undefined }
      : { status, failureReason };
    this.#put({ ...job, ...outcome, ended: now(this.#control) });
    for (const { jobName, key } of [...transformsDone.values()])
      if (jobName === name) transformsDone.delete(`${jobName}/${key}`);
  }

  #put(job: TransformJobRecord): void {
    this.#control.store.transformJobs.put(job.fields.TransformJobName, job);
  }

  async #stop(job: TransformJobRecord): Promise<SdkValues> {
    if (job.status !== 'InProgress')
      throw invalid(`The request was rejected because the transform job is in status ${job.status}.`);
    this.#put({ ...job, status: 'Stopping' });
    void this.#runs.get(job.fields.TransformJobName)?.stop();
    return {};
  }

  #list(input: SdkValues): SdkValues {
    const { items, ...rest } = page(input, {
      items: this.#control.store.transformJobs.values(),
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

  #find(name: unknown): TransformJobRecord {
    const job = this.#control.store.transformJobs.get(String(name));
    if (job !== undefined) return job;
    const jobArn = sagemakerArn(this.#control.place, 'transform-job', String(name));
    throw new AwsError('ResourceNotFound', `Could not find transform job "${jobArn}".`);
  }
}

function describe(job: TransformJobRecord): SdkValues {
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
