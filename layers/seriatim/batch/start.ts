// Starting a run, once: by its first name for whoever asks first, and again under the next name when what ran before
// has ended without success. Who asks while it runs, or after it succeeded, is told so.
import { describeExecution, type ExecutionState, startOnce } from '../executions.ts';
import { readTextIfThere, writeText } from '../objects.ts';
import { executionName } from './plan.ts';
import { type BatchRun, runKeys, workPrefixOf } from './run.ts';

export interface Started {
  readonly run: BatchRun;
  readonly executionArn: string;
  /** `STARTED` by this call; as Step Functions has it otherwise. */
  readonly status: 'STARTED' | ExecutionState['status'];
}

export interface StartOptions {
  /** `arn:…:stateMachine:seriatim-<stage>-`; `<pipeline>-batch` completes it. */
  readonly machinePrefix: string;
  /** Goes on from what an earlier start left when that has failed or was stopped. */
  readonly again: boolean;
}

export async function startRun(run: BatchRun, { machinePrefix, again }: StartOptions): Promise<Started> {
  const stateMachineArn = `${machinePrefix}${run.pipeline}-batch`;
  const latest = await latestAttempt(run, stateMachineArn);
  const isOver = latest === undefined || (again && ENDED_BADLY.has(latest.status));
  if (!isOver)
    return { run: { ...run, attempt: latest.attempt }, executionArn: latest.arn, status: latest.status };
  const next = { ...run, attempt: (latest?.attempt ?? 0) + 1 };
  await keepPlan(next);
  const name = executionName(next);
  await startOnce({ stateMachineArn, name, input: JSON.stringify(next) });
  return { run: next, executionArn: executionArn(stateMachineArn, name), status: 'STARTED' };
}

const ENDED_BADLY = new Set<string>(['FAILED', 'TIMED_OUT', 'ABORTED']);

export interface Attempt extends ExecutionState {
  readonly attempt: number;
  readonly arn: string;
}

/** The last start of the run; undefined when there was none. */
export async function latestAttempt(run: BatchRun, stateMachineArn: string): Promise<Attempt | undefined> {
  let latest: Attempt | undefined;
  for (let attempt = 1; ; attempt++) {
    const arn = executionArn(stateMachineArn, executionName({ id: run.id, attempt }));
    const state = await describeExecution(arn);
    if (state === undefined) return latest;
    latest = { ...state, attempt, arn };
  }
}

export function executionArn(stateMachineArn: string, name: string): string {
  return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
}

/** What the run is, for those who know its id alone. */
async function keepPlan(run: BatchRun): Promise<void> {
  const { attempt: _attempt, ...plan } = run;
  const place = { bucket: run.bucket, key: runKeys(run).plan };
  await writeText(place, `${JSON.stringify(plan)}\n`, 'application/json');
}

/** Undefined when the pipeline has no such run, or it has expired. */
export async function findRun(bucket: string, pipeline: string, id: string): Promise<BatchRun | undefined> {
  const { plan } = runKeys({ pipeline, name: '', workPrefix: workPrefixOf(pipeline, id) });
  const text = await readTextIfThere({ bucket, key: plan });
  return text === undefined ? undefined : { ...(JSON.parse(text) as BatchRun), attempt: 1 };
}
