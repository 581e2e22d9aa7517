// A task's TimeoutSeconds and HeartbeatSeconds. No timer runs for a task that has neither.
import { StateFailure } from './failure.ts';
import type { Frame } from './frame.ts';

export class Deadlines {
  private readonly frame: Frame;
  private readonly heartbeatSeconds: number | undefined;
  private cancels: Map<string, () => void> | undefined;
  private fail: ((failure: StateFailure) => void) | undefined;
  private readonly expired: Promise<never> | undefined;

  constructor(frame: Frame, timeoutSeconds: number | undefined, heartbeatSeconds: number | undefined) {
    this.frame = frame;
    this.heartbeatSeconds = heartbeatSeconds;
    if (timeoutSeconds === undefined && heartbeatSeconds === undefined) return;
    this.expired = new Promise((_resolve, reject) => {
      this.fail = reject;
    });
    this.expired.catch(() => {});
    if (timeoutSeconds !== undefined) this.arm('timeout', timeoutSeconds, false);
  }

  /** The work's outcome, or States.Timeout. */
  race<T>(work: Promise<T>): Promise<T> {
    if (this.expired === undefined) return work;
    work.catch(() => {});
    return Promise.race([work, this.expired]);
  }

  /** Starts or restarts the time within which the next heartbeat must come. */
  heartbeat(): void {
    if (this.heartbeatSeconds !== undefined) this.arm('heartbeat', this.heartbeatSeconds, true);
  }

  end(): void {
    for (const cancel of this.cancels?.values() ?? []) cancel();
    this.cancels = undefined;
  }

  private arm(name: string, seconds: number, isHeartbeat: boolean): void {
    this.cancels ??= new Map();
    this.cancels.get(name)?.();
    const { clock } = this.frame.execution.engine;
    const onExpired = (): void => {
      this.fail?.(new StateFailure('States.Timeout', undefined, { isTask: true, isHeartbeat }));
    };
    this.cancels.set(name, clock.schedule(seconds * 1000, onExpired));
  }
}
