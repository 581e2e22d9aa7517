// One execution: its identity, its event counter, its frames, and how it ends. What happens inside is `interpreter.ts`.
import type { Json } from '../json/text.ts';
import type { Kept } from '../store/journal.ts';
import { Cancellation } from './cancellation.ts';
import { contextObject } from './context.ts';
import type { Engine, MachineRevision } from './engine.ts';
import { detailsText, type HistoryEvent, type MakeDetails } from './events.ts';
import type { Frame, FrameRecord } from './frame.ts';
import type { StateTest } from './inspection.ts';
import { MAX_VARIABLES_BYTES, variablesTooLarge } from './limits.ts';

export type ExecutionStatus =
  | 'RUNNING'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'TIMED_OUT'
  | 'ABORTED'
  | 'PENDING_REDRIVE';

export interface ExecutionStart {
  readonly arn: string;
  readonly name: string;
  readonly engine: Engine;
  readonly machine: MachineRevision;
  readonly input: Json;
  readonly inputText: string;
  readonly startMs: number;
  readonly sink: EventSink | undefined;
  readonly traceHeader?: string;
  /** TestState: what to look at and what to answer instead of the work. */
  readonly test?: StateTest;
  /** For a child of a Distributed Map. */
  readonly mapRun?: {
    readonly arn: string;
    readonly item: Json;
    readonly index: number;
    readonly itemCount: number;
  };
  /** The execution that this one repeats from some state on. */
  readonly rerunOf?: string;
  /** Where a rerun starts instead of at the definition's start. */
  readonly startAt?: {
    readonly state: string;
    readonly input: Json;
    readonly variables: Record<string, Json>;
  };
  readonly versionArn?: string;
  readonly aliasArn?: string;
}

/** Who keeps the events and the state of an execution. Called synchronously, in order. */
export interface EventSink {
  event(execution: Execution, event: HistoryEvent): void;
  /** A frame has come to a new place. */
  changed(execution: Execution, frame: Frame): void;
  /** A frame is not needed any more. */
  dropped(execution: Execution, frame: Frame): void;
  /** Resolves once everything so far is on disk: what must hold before a side effect. */
  settled(execution: Execution): Promise<void> | undefined;
  ended(execution: Execution): void;
}

export class Execution {
  readonly arn: string;
  readonly name: string;
  readonly engine: Engine;
  readonly machine: MachineRevision;
  readonly input: Json;
  readonly inputText: string;
  readonly start: ExecutionStart;
  readonly cancellation = new Cancellation();
  startMs: number;
  status: ExecutionStatus = 'RUNNING';
  output: Json = undefined;
  error: string | undefined;
  failureCause: string | undefined;
  stopMs: number | undefined;
  redriveCount = 0;
  redriveMs: number | undefined;
  eventCount = 0;
  /** Whether some payload holds number literals that plain numbers would lose. */
  hasLiterals: boolean;
  root: Frame | undefined;
  /** Set by StopExecution before it cancels. */
  stopped: { readonly error: string | undefined; readonly cause: string | undefined } | undefined;
  hasTimedOut = false;
  isAbandoned = false;
  /** Frames of a former life, by parent, until the states that own them take them up. */
  restored: Map<number, RestoredFrame[]> | undefined;
  /** The journal's notes. */
  kept: Kept | undefined;
  private sink: EventSink | undefined;
  private frameCount = 0;
  /** At least the size of all variables. */
  private variableBytes = 0;
  private readonly frames = new Set<Frame>();

  constructor(start: ExecutionStart) {
    this.start = start;
    this.arn = start.arn;
    this.name = start.name;
    this.engine = start.engine;
    this.machine = start.machine;
    this.input = start.input;
    this.inputText = start.inputText;
    this.startMs = start.startMs;
    this.sink = start.sink;
    this.hasLiterals = false;
  }

  nextFrameId(): number {
    this.frameCount += 1;
    return this.frameCount;
  }

  /** After a restart: ids go on where they stopped. */
  continueFrom(frameCount: number, eventCount: number): void {
    this.frameCount = frameCount;
    this.eventCount = eventCount;
    this.variableBytes = MAX_VARIABLES_BYTES;
  }

  /** Numbers an event, and keeps it if anyone does. */
  record(type: string, previousEventId: number, details?: MakeDetails): number {
    this.eventCount += 1;
    const id = this.eventCount;
    if (this.sink !== undefined) {
      const timestampMs = this.engine.clock.now();
      this.sink.event(this, { id, previousEventId, timestampMs, type, details: detailsText(details?.()) });
    }
    return id;
  }

  /** After an Assign of so many bytes. The sum is only made once it can be too large. @throws FieldFailure */
  checkVariables(assignedBytes: number): void {
    this.variableBytes += assignedBytes;
    if (this.variableBytes <= MAX_VARIABLES_BYTES) return;
    this.variableBytes = this.root?.bytesOfVariables() ?? 0;
    if (this.variableBytes > MAX_VARIABLES_BYTES) throw variablesTooLarge('execution', MAX_VARIABLES_BYTES);
  }

  changed(frame: Frame): void {
    if (this.sink === undefined) return;
    this.frames.add(frame);
    this.sink.changed(this, frame);
  }

  /** A frame whose parent has its result: nothing of it is needed any more. */
  forget(frame: Frame): void {
    if (this.frames.delete(frame)) this.sink?.dropped(this, frame);
  }

  settled(): Promise<void> | undefined {
    return this.sink?.settled(this);
  }

  end(status: ExecutionStatus): void {
    this.status = status;
    this.stopMs = this.engine.clock.now();
    this.cancellation.cancel();
    this.sink?.ended(this);
  }

  /** The frames that stood somewhere when the execution ended. */
  openFrames(): Frame[] {
    return [...this.frames];
  }

  /** The process ends: nothing more is written, so that the next one goes on from here. */
  abandon(): void {
    this.isAbandoned = true;
    this.sink = undefined;
    this.cancellation.cancel();
  }

  contextFor(frame: Frame): Json {
    return contextObject(this, frame);
  }
}

export interface RestoredFrame {
  readonly id: number;
  readonly record: FrameRecord;
}
