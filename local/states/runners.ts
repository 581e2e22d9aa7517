// Who runs what. An execution has one runner in this process, whatever way it came: a start, a recovery, a redrive, the
// child of a Map Run. It is registered in the turn of the event loop in which it was looked up, and those that ran when
// the process last ended are registered before anybody can ask for one: they are held until the system is up.
import type { Execution } from './run/execution.ts';
import { RunningExecutions } from './running.ts';

type OnEnd = (execution: Execution) => void;

export class Runners {
  private readonly all = new RunningExecutions();
  /** Registered, and not going on yet. */
  private readonly held = new Set<Execution>();
  private readonly onEnds = new Map<string, OnEnd[]>();
  private readonly onOwned = new Map<string, OnEnd[]>();

  get(arn: string): Execution | undefined {
    return this.all.get(arn);
  }

  has(arn: string): boolean {
    return this.all.has(arn);
  }

  values(): Execution[] {
    return [...this.all.values()];
  }

  /** @throws Error when it has a runner: two would write one history */
  own(execution: Execution): void {
    const { arn } = execution;
    if (this.all.has(arn)) throw new Error(`${arn} is run already`);
    this.all.add(execution);
    if (this.onOwned.size > 0) call(this.onOwned, execution);
  }

  /** Owned from now on, but it does not go on before it is let go. @throws Error as `own` */
  hold(execution: Execution): void {
    this.own(execution);
    this.held.add(execution);
  }

  /** @returns whether it was held: whoever gets true runs it */
  letGo(execution: Execution): boolean {
    return this.held.delete(execution);
  }

  allHeld(): Execution[] {
    return [...this.held];
  }

  ended(execution: Execution): void {
    this.all.delete(execution);
    if (this.onEnds.size > 0) call(this.onEnds, execution);
  }

  /** Resolves when an execution has ended; at once for one that nobody runs. */
  whenEnded(execution: Execution): Promise<Execution> {
    if (!this.all.has(execution.arn)) return Promise.resolve(execution);
    return new Promise((resolve) => add(this.onEnds, execution.arn, resolve));
  }

  /** Resolves when an execution that nobody runs yet has a runner. */
  whenOwned(arn: string): Promise<Execution> {
    return new Promise((resolve) => add(this.onOwned, arn, resolve));
  }
}

function add(lists: Map<string, OnEnd[]>, arn: string, callback: OnEnd): void {
  const known = lists.get(arn);
  if (known === undefined) lists.set(arn, [callback]);
  else known.push(callback);
}

function call(lists: Map<string, OnEnd[]>, execution: Execution): void {
  const callbacks = lists.get(execution.arn);
  if (callbacks === undefined) return;
  lists.delete(execution.arn);
  for (const callback of callbacks) callback(execution);
}
