// What can be done with an execution: run it again from any stage, go on with a failed one, end one. By Step Functions'
// own operations only, so that it is the same on AWS and on one machine.
import {
  CreateStateMachineCommand,
  DescribeStateMachineCommand,
  RedriveExecutionCommand,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { STATE_BYTES_LIMIT } from '../../payload.ts';
import { uuid7 } from '../../uuid7.ts';
import type { OperationAnswer, RerunAnswer, RerunRequest } from '../api.ts';
import { parseExecutionArn } from '../arn.ts';
import { isObject } from '../history.ts';
import { bytesOf, parseJson } from '../payload.ts';
import type { ExecutionRecord } from '../record.ts';
import { type RerunMember, readRerunInput } from '../rerun-input.ts';
import {
  beginsAt,
  type DerivedMachine,
  deriveMachine,
  NoSuchStage,
  NotPossible,
  type Redirection,
} from './derive.ts';
import { isRun, type OwnNames, withOwnOutputs } from './own-outputs.ts';
import { pruneDerived } from './prune.ts';
import { givenTo, type Standing, standingAt } from './standing.ts';

export interface Operator {
  rerun(record: ExecutionRecord, request: RerunRequest): Promise<RerunAnswer>;
  redrive(record: ExecutionRecord): Promise<OperationAnswer>;
  stop(record: ExecutionRecord): Promise<OperationAnswer>;
}

/** Every operation throws NotPossible for what cannot be. */
export function createOperator(sfn: SFNClient, now: () => number): Operator {
  return {
    rerun: (record, request) => rerun({ sfn, nowMs: now() }, record, request),
    redrive: async (record) => {
      mustBeStandard(record, 'gone on with: run it again instead');
      await sfn.send(new RedriveExecutionCommand({ executionArn: record.description.arn }));
      return answerOf(record, 'redrive');
    },
    stop: async (record) => {
      mustBeStandard(record, 'stopped: it ends by itself within five minutes');
      const cause = 'Stopped through the inspection of executions.';
      const command = { executionArn: record.description.arn, error: 'Stopped', cause };
      await sfn.send(new StopExecutionCommand(command));
      return answerOf(record, 'stop');
    },
  };
}

function mustBeStandard({ description }: ExecutionRecord, what: string): void {
  if (description.type === 'STANDARD') return;
  throw new NotPossible(`An Express execution cannot be ${what}.`);
}

function answerOf({ description }: ExecutionRecord, operation: 'redrive' | 'stop'): OperationAnswer {
  return { id: description.id, arn: description.arn, operation };
}

async function rerun(
  { sfn, nowMs }: { readonly sfn: SFNClient; readonly nowMs: number },
  record: ExecutionRecord,
  request: RerunRequest,
): Promise<RerunAnswer> {
  const { definition, stateMachineArn, arn } = record.description;
  if (definition === undefined || stateMachineArn === undefined) {
    throw new NotPossible('The definition of its state machine cannot be read.');
  }
  if (parseExecutionArn(arn)?.mapRunLabel !== undefined) {
    throw new NotPossible('A child of a Map Run is run again with its parent.');
  }
  mustHaveStage(definition, request);
  mustHaveItsWork(record, definition, request);
  const redirection = redirectionOf(request);
  const name = request.name ?? uuid7(nowMs);
  const plan = planInput(record, {
    request,
    redirection,
    standing: standingOf(record, definition, request),
    names: { execution: name, isAnew: isFromStart(definition, request) },
  });
  const derived = deriveMachine(definition, {
    from: request.from,
    variables: plan.variables,
    handsRest: plan.handsRest,
    redirection,
  });
  const input = textOfInput(plan.input);
  const machineArn = await createMachine(sfn, { originalArn: stateMachineArn, derived, nowMs });
  const started = await sfn.send(new StartExecutionCommand({ stateMachineArn: machineArn, name, input }));
  return { id: name, arn: started.executionArn ?? '', rerunOf: arn };
}

/** @throws NoSuchStage */
function mustHaveStage(definition: string, { from }: RerunRequest): void {
  const states = statesOf(definition);
  if (from !== undefined && !states.includes(from)) throw new NoSuchStage(from, states);
}

function statesOf(definition: string): string[] {
  const machine = parseJson(definition);
  return isObject(machine) && isObject(machine.States) ? Object.keys(machine.States) : [];
}

/** What a batch that succeeded had in work is deleted, and only its beginning does without. */
function mustHaveItsWork(
  { description, events }: ExecutionRecord,
  definition: string,
  request: RerunRequest,
) {
  if (isFromStart(definition, request) || !isRun(executionInput({ description, events }))) return;
  const { status } = description;
  if (status === 'RUNNING') {
    throw new NotPossible('The batch still runs, on the same work: stop it, or run it again whole.');
  }
  if (status !== 'SUCCEEDED') return;
  throw new NotPossible(
    `The batch succeeded and has deleted its work, which "${request.from}" needs: run it again whole.`,
  );
}

function standingOf(record: ExecutionRecord, definition: string, { from }: RerunRequest): Standing {
  if (from === undefined) return givenTo(executionInput(record));
  return standingAt(record.events, from, new Set(statesOf(definition)));
}

/** Whether nothing of what the execution did before is kept. */
function isFromStart(definition: string, { from }: RerunRequest): boolean {
  if (from === undefined) return true;
  const machine = parseJson(definition);
  return isObject(machine) && beginsAt(machine) === from;
}

function executionInput({ description, events }: Pick<ExecutionRecord, 'description' | 'events'>): unknown {
  const text = description.input ?? events.find(({ type }) => type === 'ExecutionStarted')?.details.input;
  if (text === undefined) throw new NotPossible("The execution's input was not recorded.");
  return typeof text === 'string' ? (parseJson(text) ?? text) : text;
}

function redirectionOf({ targetModel, variant, endpoint }: RerunRequest): Redirection {
  const given = Object.entries({ targetModel, variant, endpoint }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}

interface Wish {
  readonly request: RerunRequest;
  readonly standing: Standing;
  readonly redirection: Redirection;
  readonly names: OwnNames;
}

interface PlannedInput {
  readonly input: Record<string, unknown>;
  readonly variables: readonly string[];
  readonly handsRest: boolean;
}

/** From the first stage on, what it is handed is the execution's input itself, and need not stand there twice. */
function planInput(record: ExecutionRecord, { request, standing, redirection, names }: Wish): PlannedInput {
  const isEdited = request.input !== undefined;
  const wanted = isEdited ? asStageInput(request.input, standing.input) : standing.input;
  const handed = withOwnOutputs(wanted, names);
  const changed = { ...redirection, ...(isEdited ? { input: 'edited' } : {}) };
  const variables = Object.fromEntries(
    Object.entries(standing.variables).map(([name, value]) => [name, withOwnOutputs(value, names)]),
  );
  const link = { of: record.description.arn, changed, variables };
  const assigned = Object.keys(variables);
  if (request.from === undefined && isObject(handed) && assigned.length === 0) {
    return { input: { ...handed, rerun: link satisfies RerunMember }, variables: [], handsRest: true };
  }
  const given = executionInput(record);
  const base = withOwnOutputs(readRerunInput(given)?.executionInput ?? given, names);
  const from = request.from === undefined ? {} : { from: request.from };
  const rerun: RerunMember = { ...link, ...from, input: handed };
  return { input: { ...(isObject(base) ? base : {}), rerun }, variables: assigned, handsRest: false };
}

/** @throws NotPossible when it is more than an execution takes */
function textOfInput(input: Record<string, unknown>): string {
  const bytes = bytesOf(input);
  if (bytes <= STATE_BYTES_LIMIT) return JSON.stringify(input);
  throw new NotPossible(
    `The input has ${bytes} bytes with what a rerun adds: at most ${STATE_BYTES_LIMIT} go through.`,
  );
}

/** A bare record, or `{"instances":[…]}`, where the recorded input is a pipeline's records. */
function asStageInput(edited: unknown, recorded: unknown): unknown {
  const takesRecords = isObject(recorded) && Array.isArray(recorded.records);
  if (!takesRecords || (isObject(edited) && 'records' in edited)) return edited;
  const values = isObject(edited) && Array.isArray(edited.instances) ? edited.instances : [edited];
  return { ...recorded, records: values.map((value, position) => ({ position, value })) };
}

interface Making {
  readonly originalArn: string;
  readonly derived: DerivedMachine;
  readonly nowMs: number;
}

/** The same name for the same definition: it is made once. */
async function createMachine(sfn: SFNClient, { originalArn, derived, nowMs }: Making): Promise<string> {
  const original = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn: originalArn }));
  const base = (original.name ?? '').replace(/-rerun-[0-9a-f]{8}$/, '');
  const name = `${base}-rerun-${derived.hash}`;
  await pruneDerived(sfn, { original: base, except: name, nowMs });
  const { roleArn, type, loggingConfiguration, tracingConfiguration } = original;
  const made = { name, roleArn, type, loggingConfiguration, tracingConfiguration };
  try {
    await sfn.send(new CreateStateMachineCommand({ ...made, definition: derived.definition }));
  } catch (thrown) {
    // Its role or logging has changed since it was made; what it runs is the same.
    if (!(thrown instanceof Error) || thrown.name !== 'StateMachineAlreadyExists') throw thrown;
  }
  return originalArn.replace(/[^:]+$/, name);
}
