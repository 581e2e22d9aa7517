// Where one line of control stands: the root of an execution, a branch of a Parallel, an iteration of a Map. Frames
// form a tree; together they are the execution's whole state, and what is written down to go on after a crash.
import type { CompiledState, StateGraph } from '../definition/types.ts';
import type { Json } from '../json/text.ts';
import { Cancellation, Cancelled } from './cancellation.ts';
import type { MakeDetails } from './events.ts';
import type { Execution, RestoredFrame } from './execution.ts';
import { bytesOf } from './limits.ts';
import type { MaybePromise, Scope, Variables } from './scope.ts';

export interface FrameStart {
  readonly execution: Execution;
  readonly graph: StateGraph;
  readonly input: Json;
  readonly previous: number;
  readonly parent?: Frame;
  /** Which branch or iteration of the parent's state. */
  readonly index?: number;
  /** The Map item, for `$$.Map.Item`. */
  readonly item?: MapItem;
  /** Where it stood before a restart. */
  readonly from?: RestoredFrame;
}

export interface MapItem {
  readonly index: number;
  readonly value: Json;
  /** The member's name when the Map goes through an object. */
  readonly key?: string;
  readonly source?: string;
}

/** What is kept of a frame in the database. */
export interface FrameRecord {
  readonly parent: number | undefined;
  readonly index: number;
  readonly state: string;
  readonly input: Json;
  readonly variables: Variables;
  readonly previous: number;
  readonly enteredId: number;
  readonly enteredMs: number;
  readonly enteredPrevious: number;
  readonly retryCounts: readonly number[];
  readonly wakeAtMs: number | undefined;
  readonly marker: Json;
  readonly item: MapItem | undefined;
  readonly isDone: boolean;
  readonly output: Json;
}

export class Frame {
  readonly id: number;
  readonly execution: Execution;
  readonly graph: StateGraph;
  readonly parent: Frame | undefined;
  readonly index: number;
  readonly item: MapItem | undefined;
  readonly cancellation: Cancellation;
  stateName: string;
  input: Json;
  variables: Variables;
  /** The event that the next one of this line of control follows. */
  previous: number;
  /** Id of the current state's StateEntered event; 0 before it. */
  enteredId = 0;
  enteredMs = 0;
  /** What the StateEntered event itself follows. */
  enteredPrevious = 0;
  /** Retries so far, per retrier of the current state. */
  retryCounts: number[] = [];
  /** When the current Wait or backoff ends. */
  wakeAtMs: number | undefined;
  /** What the current state has to remember across a restart, such as its Map Run. */
  marker: Json = undefined;
  isDone = false;
  output: Json = undefined;
  /** Whether it was taken up from a record. */
  readonly isRestored: boolean;
  /** Whether the journal keeps a record of it. */
  isStored: boolean;
  private children: Set<Frame> | undefined;
  /** The task's token while a task runs. */
  taskToken: string | undefined;

  constructor(start: FrameStart) {
    this.id = start.from?.id ?? start.execution.nextFrameId();
    this.isRestored = start.from !== undefined;
    this.isStored = this.isRestored;
    this.execution = start.execution;
    this.graph = start.graph;
    this.parent = start.parent;
    this.index = start.index ?? 0;
    this.item = start.item;
    this.cancellation = new Cancellation(start.parent?.cancellation ?? start.execution.cancellation);
    this.stateName = start.graph.startAt;
    this.input = start.input;
    this.previous = start.previous;
    this.variables = Object.create(start.parent?.variables ?? null) as Variables;
    if (start.from !== undefined) this.restore(start.from.record);
    if (start.parent !== undefined) {
      start.parent.children ??= new Set();
      start.parent.children.add(this);
    }
  }

  get state(): CompiledState {
    return this.graph.states.get(this.stateName)!;
  }

  get retryCount(): number {
    return this.retryCounts.reduce((sum, count) => sum + count, 0);
  }

  moveTo(stateName: string, input: Json): void {
    this.stateName = stateName;
    this.input = input;
    this.enteredId = 0;
    this.retryCounts = [];
    this.wakeAtMs = undefined;
    this.marker = undefined;
    this.execution.changed(this);
  }

  finish(output: Json): void {
    this.isDone = true;
    this.output = output;
    this.cancellation.release();
    this.execution.changed(this);
  }

  scope(input: Json, result?: Json, errorOutput?: Json): Scope {
    return {
      input,
      result,
      errorOutput,
      variables: this.variables,
      context: () => this.execution.contextFor(this),
      clock: this.execution.engine.turnedClock,
      hasLiterals: this.execution.hasLiterals,
    };
  }

  /** Its own and those of its branches and iterations. */
  bytesOfVariables(): number {
    let bytes = 0;
    for (const name of Object.keys(this.variables)) bytes += bytesOf(this.variables[name]);
    for (const child of this.children ?? []) bytes += child.bytesOfVariables();
    return bytes;
  }

  /** The state that they belong to is over: nothing of its branches or iterations is needed any more. */
  dropChildren(): void {
    for (const child of this.children ?? []) {
      child.dropChildren();
      child.cancellation.release();
      child.execution.forget(child);
    }
    this.children = undefined;
  }

  /** Records an event of this line of control, which the next one then follows. */
  emit(type: string, details?: MakeDetails): number {
    this.previous = this.execution.record(type, this.previous, details);
    return this.previous;
  }

  /** Waits until the time; remembered, so that a restart does not start it anew. @throws Cancelled */
  sleepUntil(atMs: number): MaybePromise<void> {
    const { clock } = this.execution.engine;
    const delayMs = atMs - clock.now();
    if (delayMs <= 0) return;
    this.wakeAtMs = atMs;
    this.execution.changed(this);
    return new Promise((resolve, reject) => {
      const unschedule = clock.schedule(delayMs, () => {
        forget();
        this.wakeAtMs = undefined;
        resolve();
      });
      const forget = this.cancellation.onCancel(() => {
        unschedule();
        reject(new Cancelled());
      });
    });
  }

  toRecord(): FrameRecord {
    return {
      parent: this.parent?.id,
      index: this.index,
      state: this.stateName,
      input: this.input,
      variables: { ...this.variables },
      previous: this.previous,
      enteredId: this.enteredId,
      enteredMs: this.enteredMs,
      enteredPrevious: this.enteredPrevious,
      retryCounts: this.retryCounts,
      wakeAtMs: this.wakeAtMs,
      marker: this.marker,
      item: this.item,
      isDone: this.isDone,
      output: this.output,
    };
  }

  private restore(record: FrameRecord): void {
    this.stateName = record.state;
    this.input = record.input;
    Object.assign(this.variables, record.variables);
    this.previous = record.previous;
    this.enteredId = record.enteredId;
    this.enteredMs = record.enteredMs;
    this.enteredPrevious = record.enteredPrevious;
    this.retryCounts = [...record.retryCounts];
    this.wakeAtMs = record.wakeAtMs;
    this.marker = record.marker;
    this.isDone = record.isDone;
    this.output = record.output;
  }
}
