// How an execution, a state or a task fails: an error name and a cause, as `Retry` and `Catch` see them.

export interface FailureOptions {
  /** A `States.Runtime`-like failure of the definition's own fields: neither retried nor caught unless named. */
  readonly isTerminal?: boolean;
  /** The failing JSONata field: recorded as EvaluationFailed before the state fails. */
  readonly location?: string;
  /** A task's own failure, which `States.TaskFailed` matches. */
  readonly isTask?: boolean;
  /** A missed heartbeat: its error is States.Timeout, and `States.HeartbeatTimeout` matches it too. */
  readonly isHeartbeat?: boolean;
}

/** A failure of the modelled world, never a defect of ours. Absent error or cause stay absent in the answers. */
export class StateFailure extends Error {
  readonly error: string | undefined;
  readonly failureCause: string | undefined;
  readonly isTerminal: boolean;
  readonly location: string | undefined;
  readonly isTask: boolean;
  readonly isHeartbeat: boolean;

  constructor(error: string | undefined, cause: string | undefined, options: FailureOptions = {}) {
    super(`${error ?? ''}: ${cause ?? ''}`);
    this.error = error;
    this.failureCause = cause;
    this.isTerminal = options.isTerminal ?? false;
    this.location = options.location;
    this.isTask = options.isTask ?? false;
    this.isHeartbeat = options.isHeartbeat ?? false;
  }
}

/** The detail of a failure before it is known which state it happened in; `FieldFailure`s get AWS's prefix. */
export class FieldFailure extends Error {
  readonly error: string;
  readonly location: string | undefined;
  readonly isTerminal: boolean;

  constructor(error: string, detail: string, options: FailureOptions = {}) {
    super(detail);
    this.error = error;
    this.location = options.location;
    this.isTerminal = options.isTerminal ?? error === 'States.Runtime';
  }
}

/** A failure with the sentence that AWS puts before the detail of a runtime error. */
export function inState(failure: FieldFailure, stateName: string, enteredEventId: number): StateFailure {
  const cause = `An error occurred while executing the state '${stateName}' (entered at the event id #${enteredEventId}). ${failure.message}`;
  return new StateFailure(failure.error, cause, {
    isTerminal: failure.isTerminal,
    ...(failure.location === undefined ? {} : { location: failure.location }),
  });
}

export const STACK_OVERFLOW = 'Stack overflow error: the expression or the data is nested too deeply';

/** V8's own words are not what a cause says. */
export function isStackOverflow(thrown: unknown): boolean {
  return thrown instanceof RangeError && thrown.message.includes('call stack');
}
