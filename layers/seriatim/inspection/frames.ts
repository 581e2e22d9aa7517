// From a history's flat events to the tree of states visited: the root holds the machine's own states, a Map or
// Parallel holds those of its iterations or branches. Events name their predecessor, not their parent, so each is
// placed by walking outwards from where its predecessor stood. Lost events (log delivery is best effort) and a
// history that breaks off leave a tree that is still right as far as it goes.
import { type Attempt, applyTaskEvent } from './attempts.ts';
import { type HistoryEvent, textOf } from './history.ts';
import { type Payload, payloadOf } from './payload.ts';

/** One visit to one state. */
export interface Frame {
  readonly name: string;
  /** `Task`, `Map`, `Choice` …; `Root` for the state machine itself. */
  readonly type: string;
  readonly parent: Frame | undefined;
  /** The state before it, in the same iteration or branch. */
  readonly from: Frame | undefined;
  readonly iteration: number | undefined;
  readonly enteredMs: number;
  readonly input: Payload | undefined;
  readonly children: Frame[];
  readonly attempts: Attempt[];
  exitedMs: number | undefined;
  output: Payload | undefined;
  /** Why the state failed, whether or not that was caught; cleared when it is tried again. */
  failure: Failure | undefined;
  iterations: number;
  mapRun: { arn: string; status: string | undefined } | undefined;
}

export interface Failure {
  readonly code: string;
  readonly cause: string | undefined;
  readonly atMs: number;
}

export interface FrameTree {
  readonly root: Frame;
  readonly started: HistoryEvent | undefined;
  /** ExecutionSucceeded, ExecutionFailed … when the execution has ended. */
  readonly ended: HistoryEvent | undefined;
  readonly redriveCount: number;
  /** States entered, and tries after the first of each: what a Standard execution is paid by. */
  readonly transitions: number;
}

/** Where an event stands: in a frame's iteration, at a state of it or before its first. */
interface Position {
  readonly owner: Frame;
  readonly iteration: number | undefined;
  readonly state: Frame | undefined;
}

export function growFrames(events: readonly HistoryEvent[]): FrameTree {
  const grower = new Grower();
  for (const event of [...events].sort((a, b) => a.id - b.id)) grower.add(event);
  return grower;
}

class Grower implements FrameTree {
  readonly root = newFrame('', 'Root', { enteredMs: 0 });
  started: HistoryEvent | undefined;
  ended: HistoryEvent | undefined;
  redriveCount = 0;
  transitions = 0;
  readonly #positions = new Map<number, Position>();
  readonly #lastByName = new Map<string, Frame>();
  #last: Position = { owner: this.root, iteration: undefined, state: undefined };

  add(event: HistoryEvent): void {
    const before =
      event.previousId === 0 ? this.#rootPosition() : (this.#positions.get(event.previousId) ?? this.#last);
    this.#last = this.#place(event, before);
    this.#positions.set(event.id, this.#last);
  }

  #place(event: HistoryEvent, before: Position): Position {
    if (event.type.startsWith('Execution')) return this.#executionEvent(event);
    if (event.type.endsWith('StateEntered')) return this.#enter(event, before);
    if (event.type.endsWith('StateExited')) return this.#exit(event, before);
    if (event.type.startsWith('MapIteration')) return this.#iteration(event, before);
    if (/^(Map|Parallel)(State|Run)/.test(event.type)) return this.#containerEvent(event, before);
    if (event.type === 'EvaluationFailed') return this.#evaluationFailed(event, before);
    if (before.state !== undefined) {
      if (event.type.endsWith('Scheduled') && before.state.attempts.length > 0) this.transitions += 1;
      applyTaskEvent(before.state, event);
    }
    return before;
  }

  #rootPosition(): Position {
    return { owner: this.root, iteration: undefined, state: undefined };
  }

  #executionEvent(event: HistoryEvent): Position {
    if (event.type === 'ExecutionStarted') this.started = event;
    else if (event.type === 'ExecutionRedriven') {
      this.redriveCount += 1;
      this.ended = undefined;
    } else this.ended = event;
    return this.#rootPosition();
  }

  #enter(event: HistoryEvent, before: Position): Position {
    const within = before.state !== undefined && isOpenContainer(before.state);
    const owner = within ? before.state! : before.owner;
    const iteration = within ? undefined : before.iteration;
    const state = newFrame(textOf(event.details, 'name') ?? '', event.type.replace('StateEntered', ''), {
      parent: owner,
      from: within ? undefined : before.state,
      iteration,
      enteredMs: event.timeMs,
      input: payloadOf(event, 'input'),
    });
    owner.children.push(state);
    this.transitions += 1;
    this.#lastByName.set(state.name, state);
    return { owner, iteration, state };
  }

  #exit(event: HistoryEvent, before: Position): Position {
    const name = textOf(event.details, 'name') ?? '';
    const frame = enclosing(before, (frame) => frame.name === name && frame.exitedMs === undefined);
    const state = frame ?? this.#lastByName.get(name);
    if (state === undefined) return before;
    state.exitedMs = event.timeMs;
    state.output = payloadOf(event, 'output');
    return at(state, this.root);
  }

  #iteration(event: HistoryEvent, before: Position): Position {
    const name = textOf(event.details, 'name') ?? '';
    const map = enclosing(before, (frame) => frame.name === name && frame.type === 'Map');
    const owner = map ?? this.#lastByName.get(name);
    if (owner === undefined) return before;
    if (event.type === 'MapIterationStarted') owner.iterations += 1;
    const index = event.details.index;
    return { owner, iteration: typeof index === 'number' ? index : Number(index) || 0, state: undefined };
  }

  #containerEvent(event: HistoryEvent, before: Position): Position {
    const type = event.type.startsWith('Map') ? 'Map' : 'Parallel';
    const state = enclosing(before, (frame) => frame.type === type && isOpenContainer(frame));
    if (state === undefined) return before;
    applyContainerEvent(state, event);
    return at(state, this.root);
  }

  /** Its predecessor is the event before the state was entered; it names the state instead. */
  #evaluationFailed(event: HistoryEvent, before: Position): Position {
    const state = this.#lastByName.get(textOf(event.details, 'state') ?? '') ?? before.state;
    if (state === undefined) return before;
    state.failure = failureOf(event);
    return at(state, this.root);
  }
}

function applyContainerEvent(frame: Frame, event: HistoryEvent): void {
  if (event.type === 'MapStateStarted' || event.type === 'ParallelStateStarted') frame.failure = undefined;
  if (event.type === 'MapRunStarted' || event.type === 'MapRunRedriven') {
    frame.mapRun = { arn: textOf(event.details, 'mapRunArn') ?? '', status: 'RUNNING' };
  } else if (event.type.startsWith('MapRun') && frame.mapRun !== undefined) {
    frame.mapRun.status = event.type.slice('MapRun'.length).toUpperCase();
  }
  if (/Failed$|Aborted$/.test(event.type)) frame.failure = failureOf(event, frame);
}

/** A failed Map or Parallel says nothing of why: that stands with what failed inside it. */
function failureOf(event: HistoryEvent, frame?: Frame): Failure {
  const inner = frame?.failure ?? (frame === undefined ? undefined : lastFailure(frame));
  return {
    code: textOf(event.details, 'error') ?? inner?.code ?? 'States.TaskFailed',
    cause: textOf(event.details, 'cause') ?? inner?.cause,
    atMs: event.timeMs,
  };
}

function lastFailure(frame: Frame): Failure | undefined {
  return frame.children
    .map((child) => child.failure)
    .filter((failure) => failure !== undefined)
    .sort((a, b) => b.atMs - a.atMs)[0];
}

function isOpenContainer(frame: Frame): boolean {
  const isContainer = frame.type === 'Map' || frame.type === 'Parallel';
  return isContainer && frame.exitedMs === undefined && frame.failure === undefined;
}

/** The nearest frame that fits, from the position's state outwards. */
function enclosing(from: Position, fits: (frame: Frame) => boolean): Frame | undefined {
  let frame: Frame | undefined = from.state ?? from.owner;
  while (frame !== undefined && !fits(frame)) frame = frame.parent;
  return frame;
}

function at(state: Frame, root: Frame): Position {
  return { owner: state.parent ?? root, iteration: state.iteration, state };
}

function newFrame(
  name: string,
  type: string,
  begin: {
    enteredMs: number;
    parent?: Frame;
    from?: Frame | undefined;
    iteration?: number | undefined;
    input?: Payload | undefined;
  },
): Frame {
  return {
    name,
    type,
    parent: begin.parent,
    from: begin.from,
    iteration: begin.iteration,
    enteredMs: begin.enteredMs,
    input: begin.input,
    children: [],
    attempts: [],
    exitedMs: undefined,
    output: undefined,
    failure: undefined,
    iterations: 0,
    mapRun: undefined,
  };
}
