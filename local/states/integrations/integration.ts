// What a task's integration is given, and what it must do. One file per integration beside this one.
import type { TaskState } from '../definition/types.ts';
import type { Json } from '../json/text.ts';
import type { Deadlines } from '../run/deadlines.ts';
import type { Frame } from '../run/frame.ts';
import type { TaskEvents } from './task-events.ts';

export interface TaskCall {
  readonly frame: Frame;
  readonly state: TaskState;
  /** The effective input: `Parameters` or `Arguments`. */
  readonly parameters: Json;
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
  readonly credentials: Json | undefined;
}

export interface RunningCall extends TaskCall {
  readonly events: TaskEvents;
  readonly deadlines: Deadlines;
  /** Before a restart the request went out already; only the callback is missing. */
  readonly wasSubmitted: boolean;
}

export interface Integration {
  /** The task's result. @throws StateFailure with the error's name and cause as AWS gives them */
  run(call: RunningCall): Promise<Json>;
}
