// Tasks of activities on their way to workers: a queue per activity, and workers that wait for a task.
import type { Clock } from '../../clock.ts';
import type { ActivityQueue, ActivityTask } from '../run/engine.ts';

/** GetActivityTask answers without a task after a minute. */
const LONG_POLL_MS = 60_000;

interface Worker {
  readonly name: string | undefined;
  readonly give: (task: ActivityTask | undefined) => void;
}

export class ActivityWorkers implements ActivityQueue {
  private readonly clock: Clock;
  private readonly queues = new Map<string, ActivityTask[]>();
  private readonly idle = new Map<string, Worker[]>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  schedule(task: ActivityTask): void {
    const worker = this.idle.get(task.activityArn)?.shift();
    if (worker !== undefined) {
      this.hand(task, worker);
      return;
    }
    const queue = this.queues.get(task.activityArn);
    if (queue === undefined) this.queues.set(task.activityArn, [task]);
    else queue.push(task);
  }

  withdraw(task: ActivityTask): void {
    const queue = this.queues.get(task.activityArn);
    const at = queue?.indexOf(task) ?? -1;
    if (at >= 0) queue!.splice(at, 1);
  }

  /** The next task; undefined when none came in a minute, or the caller gave up. */
  take(
    activityArn: string,
    name: string | undefined,
    signal?: AbortSignal,
  ): Promise<ActivityTask | undefined> {
    return new Promise((resolve) => {
      const worker: Worker = { name, give: resolve };
      const waiting = this.queues.get(activityArn)?.shift();
      if (waiting !== undefined) return this.hand(waiting, worker);
      this.wait(activityArn, worker, signal);
    });
  }

  private wait(activityArn: string, worker: Worker, signal: AbortSignal | undefined): void {
    const leave = (): void => {
      const idle = this.idle.get(activityArn);
      const at = idle?.indexOf(waiting) ?? -1;
      if (at < 0) return;
      idle!.splice(at, 1);
      waiting.give(undefined);
    };
    const unschedule = this.clock.schedule(LONG_POLL_MS, leave);
    signal?.addEventListener('abort', leave, { once: true });
    const waiting: Worker = {
      name: worker.name,
      give: (task) => {
        unschedule();
        signal?.removeEventListener('abort', leave);
        worker.give(task);
      },
    };
    const idle = this.idle.get(activityArn);
    if (idle === undefined) this.idle.set(activityArn, [waiting]);
    else idle.push(waiting);
  }

  /** Ends all polls. */
  close(): void {
    for (const workers of this.idle.values()) for (const worker of workers.splice(0)) worker.give(undefined);
  }

  private hand(task: ActivityTask, worker: Worker): void {
    task.onStarted(worker.name);
    worker.give(task);
  }
}
