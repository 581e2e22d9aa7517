// Starts executions, knows those that run, tells who waits that one has ended, and takes them up after a restart.
import { randomUUID } from 'node:crypto';
import { arn as arnOf } from '../service.ts';
import { asFields, compileMachine } from './definition/compile.ts';
import { holdsLiterals, parseJson, textOf } from './json/text.ts';
import type { LogWriter } from './logging/log-writer.ts';
import type { Engine, MachineRevision } from './run/engine.ts';
import { Execution, type ExecutionStart, type RestoredFrame } from './run/execution.ts';
import type { FrameRecord } from './run/frame.ts';
import { begin, beginAgain, checkStartAt, run } from './run/start.ts';
import { Runners } from './runners.ts';
import type { Database } from './store/database.ts';
import {
  type ExecutionMore,
  type ExecutionRow,
  runningExecutions,
  tokensOfRunning,
} from './store/execution-rows.ts';
import type { Journal } from './store/journal.ts';
import type { Revision, Shelves } from './store/machines.ts';

export interface ExecutorParts {
  readonly database: Database;
  readonly journal: Journal;
  readonly shelves: Shelves;
  readonly logs: LogWriter;
}

export type StartRequest = Pick<
  ExecutionStart,
  'name' | 'traceHeader' | 'versionArn' | 'aliasArn' | 'mapRun' | 'rerunOf' | 'startAt'
> & {
  readonly inputText: string;
  readonly isSync?: boolean;
};

export interface Stop {
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

/** How many compiled revisions stay in memory. */
const MAX_COMPILED = 1000;

export class Executor {
  readonly parts: ExecutorParts;
  readonly running = new Runners();
  private engine: Engine | undefined;
  private readonly compiled = new Map<string, MachineRevision>();

  constructor(parts: ExecutorParts) {
    this.parts = parts;
  }

  connect(engine: Engine): void {
    this.engine = engine;
  }

  get world(): Engine {
    return this.engine!;
  }

  /** The revision compiled; once, for as long as it is used. */
  revision(revision: Revision): MachineRevision {
    const known = this.compiled.get(revision.id);
    if (known !== undefined) return known;
    const definition = parseJson(revision.definition);
    const made: MachineRevision = {
      arn: revision.machineArn,
      contextArn: revision.machineArn,
      name: revision.name,
      type: revision.type,
      roleArn: revision.roleArn,
      definition: revision.definition,
      revisionId: revision.id,
      holdsLiterals: holdsLiterals(definition, revision.definition),
      compiled: compileMachine(asFields(definition)),
    };
    if (this.compiled.size >= MAX_COMPILED) this.compiled.delete(this.compiled.keys().next().value!);
    this.compiled.set(revision.id, made);
    return made;
  }

  /**
   * Starts and returns at once; the promise of its end never rejects. Whoever gives the name has made sure in the same
   * turn of the event loop that no execution has it.
   */
  start(machine: MachineRevision, request: StartRequest): { execution: Execution; ended: Promise<void> } {
    checkStartAt(machine, request.startAt);
    const name = request.name;
    const execution = new Execution({
      ...request,
      arn: this.executionArn(machine, name),
      engine: this.world,
      machine,
      input: parseJson(request.inputText),
      startMs: this.world.clock.now(),
      sink: this.sinkFor(machine, request),
    });
    execution.hasLiterals = machine.holdsLiterals || holdsLiterals(execution.input, request.inputText);
    this.running.own(execution);
    begin(execution);
    return { execution, ended: this.go(execution) };
  }

  private executionArn(machine: MachineRevision, name: string): string {
    const { place } = this.world;
    if (machine.type === 'STANDARD') return arnOf(place, 'states', `execution:${machine.name}:${name}`);
    return arnOf(place, 'states', `express:${machine.name}:${name}:${randomUUID()}`);
  }

  private sinkFor(machine: MachineRevision, request: { readonly mapRun?: unknown }): ExecutionStart['sink'] {
    const revision = this.parts.shelves.revisions.get(machine.revisionId);
    const logging = this.parts.logs.sinkFor(machine, revision?.logging, this.world.clock.now());
    const { journal } = this.parts;
    const keeper =
      machine.type === 'STANDARD' ? journal : request.mapRun === undefined ? undefined : journal.rowsOnly;
    if (keeper === undefined) return logging;
    return logging === undefined ? keeper : this.parts.logs.both(keeper, logging);
  }

  /** Runs an execution that is owned. */
  private async go(execution: Execution): Promise<void> {
    await run(execution);
    this.running.ended(execution);
    this.world.tokens.over(execution.arn);
  }

  /** Ends an execution from outside, also one that does not go on yet: then nothing of it runs again. */
  stop(execution: Execution, { error, cause }: Stop = {}): void {
    execution.stopped = { error, cause };
    execution.cancellation.cancel();
    if (this.running.letGo(execution)) void this.go(execution);
  }

  /** An execution's row as of now; its events and frames may be yet to be written. */
  row(arn: string): ExecutionRow | undefined {
    return this.parts.journal.row(arn);
  }

  /** Lets go of what runs, without a trace: it goes on at the next start. */
  close(): void {
    for (const execution of this.running.values()) execution.abandon();
  }

  /**
   * Takes possession of every Standard execution that ran when the process last ended, before anybody can ask for one;
   * children go with their Map Runs. They stand until `resume()`.
   */
  recover(): void {
    const { database } = this.parts;
    for (const { token, arn } of tokensOfRunning(database)) this.world.tokens.expect(token, arn);
    for (const row of runningExecutions(database)) {
      if (row.map_run_arn === null) this.tryHolding(row);
    }
  }

  /** One that cannot go on must not hold up the others. */
  private tryHolding(row: ExecutionRow): void {
    try {
      this.running.hold(this.openAgain(row));
    } catch (thrown) {
      console.error(`${row.arn} cannot go on: ${(thrown as Error).message}`);
    }
  }

  /** Lets go on what was recovered. */
  resume(): void {
    for (const execution of this.running.allHeld()) {
      if (this.running.letGo(execution)) void this.go(execution);
    }
  }

  /** Goes on with the child of a Map Run from its frames. */
  takeUp(row: ExecutionRow, asMachine: MachineRevision): { execution: Execution; ended: Promise<void> } {
    const execution = this.openAgain(row, asMachine);
    this.running.own(execution);
    return { execution, ended: this.go(execution) };
  }

  /** Ends the child of a Map Run that ran when the process last ended, without going on with it. */
  async stopFormer(row: ExecutionRow, asMachine: MachineRevision): Promise<void> {
    const execution = this.openAgain(row, asMachine);
    this.running.hold(execution);
    this.stop(execution);
    await this.running.whenEnded(execution);
  }

  private openAgain(row: ExecutionRow, asMachine?: MachineRevision): Execution {
    try {
      const { execution, frames } = this.reopen(row, asMachine);
      if (frames.length === 0) begin(execution);
      else beginAgain(execution, frames);
      return execution;
    } catch (thrown) {
      this.world.tokens.over(row.arn);
      throw thrown;
    }
  }

  /** Starts a failed, stopped or timed-out execution again from the states that did not succeed. */
  redrive(row: ExecutionRow, asMachine?: MachineRevision): { execution: Execution; ended: Promise<void> } {
    const { execution, frames } = this.reopen(row, asMachine);
    this.running.own(execution);
    execution.redriveCount += 1;
    execution.redriveMs = this.world.clock.now();
    this.parts.journal.rowChanged(execution);
    const redriveCount = execution.redriveCount;
    const previous = execution.record('ExecutionRedriven', execution.eventCount, () => ({ redriveCount }));
    if (frames.length === 0) begin(execution);
    else
      beginAgain(
        execution,
        frames.map((frame) => afresh(frame, previous)),
      );
    return { execution, ended: this.go(execution) };
  }

  /** An execution as its row has it, and the frames that were left of it. */
  private reopen(
    row: ExecutionRow,
    asMachine?: MachineRevision,
  ): { execution: Execution; frames: RestoredFrame[] } {
    const execution = this.restore(
      row,
      asMachine ?? this.machineOf(row),
      JSON.parse(row.more) as ExecutionMore,
    );
    const frames = this.framesOf(row.seq);
    execution.hasLiterals ||= frames.some(({ record }) => holdsLiterals(record, textOf(record)));
    const last = this.parts.database.get<{ last: number | null }>(
      'SELECT max(last) AS last FROM history WHERE seq = ?',
      row.seq,
    );
    const lastFrame = frames.reduce((most, frame) => Math.max(most, frame.id), 0);
    execution.continueFrom(lastFrame, last?.last ?? 0);
    this.parts.journal.adopt(execution, row.seq);
    return { execution, frames };
  }

  private machineOf(row: ExecutionRow): MachineRevision {
    const revision = this.parts.shelves.revisions.get(row.revision);
    if (revision === undefined)
      throw new Error(`The revision ${row.revision} of ${row.machine_arn} is missing`);
    return this.revision(revision);
  }

  private restore(row: ExecutionRow, machine: MachineRevision, more: ExecutionMore): Execution {
    const mapRun =
      row.map_run_arn === null
        ? undefined
        : {
            arn: row.map_run_arn,
            item: more.item,
            index: row.map_index ?? 0,
            itemCount: more.itemCount ?? 1,
          };
    const execution = new Execution({
      arn: row.arn,
      name: row.name,
      engine: this.world,
      machine,
      input: parseJson(row.input),
      inputText: row.input,
      startMs: row.start_ms,
      sink: this.sinkFor(machine, mapRun === undefined ? {} : { mapRun }),
      ...(mapRun === undefined ? {} : { mapRun }),
      ...(row.version_arn === null ? {} : { versionArn: row.version_arn }),
      ...(row.alias_arn === null ? {} : { aliasArn: row.alias_arn }),
      ...(more.traceHeader === undefined ? {} : { traceHeader: more.traceHeader }),
      ...(more.rerunOf === undefined ? {} : { rerunOf: more.rerunOf }),
    });
    execution.redriveCount = more.redriveCount ?? 0;
    execution.redriveMs = more.redriveMs;
    execution.hasLiterals = machine.holdsLiterals || holdsLiterals(execution.input, row.input);
    return execution;
  }

  private framesOf(seq: number): RestoredFrame[] {
    this.parts.journal.catchUp();
    const rows = this.parts.database.all<{ id: number; data: string }>(
      'SELECT id, data FROM frames WHERE seq = ? ORDER BY id',
      seq,
    );
    return rows.map((row) => ({ id: row.id, record: parseJson(row.data) as FrameRecord }));
  }
}

/** A frame for a redrive: what is done stays done, the rest follows the redrive with all its retries again. */
function afresh(frame: RestoredFrame, previous: number): RestoredFrame {
  if (frame.record.isDone) return frame;
  return { ...frame, record: { ...frame.record, previous, retryCounts: [], wakeAtMs: undefined } };
}
