// One Map Run: starts child executions as far as concurrency allows, counts how they end, and stops when more failed
// than is tolerated. After a restart it leaves out what has ended and takes up what had begun.
import type { MapState } from '../definition/types.ts';
import { type Json, parseJson, textOf } from '../json/text.ts';
import { madeUpName } from '../operations/names.ts';
import type { World } from '../operations/world.ts';
import type { MachineRevision } from '../run/engine.ts';
import type { Execution } from '../run/execution.ts';
import type { Frame } from '../run/frame.ts';
import { checkTolerance } from '../run/tolerance.ts';
import { type ChildRow, childrenOf, type ExecutionMore } from '../store/execution-rows.ts';
import type { Counts, MapRunRecord } from '../store/machines.ts';
import type { Unit } from './units.ts';

/** Children at once; AWS allows 10,000 of them, which one machine gains nothing by. */
const MAX_CONCURRENCY = 1000;

type MutableCounts = { -readonly [name in keyof Counts]: number };

export class MapRun {
  readonly world: World;
  readonly frame: Frame;
  readonly machine: MachineRevision;
  readonly record: MapRunRecord;
  private readonly itemCounts: MutableCounts;
  private readonly executionCounts: MutableCounts;
  private readonly results: { index: number; output: Json }[] = [];
  private readonly running = new Set<Execution>();
  private readonly former = new Map<number, ChildRow>();
  private readonly keepsOutputs: boolean;
  /** How many items there are; unknown while they are being read. */
  private itemTotal: number | undefined;
  private readonly isRedrive: boolean;
  private units: AsyncGenerator<Unit> | undefined;
  /** Taken from the units when the work had failed. */
  private unstarted: Unit | undefined;
  /** Items whose children a former process had begun, and that no lane came to. */
  private readonly leftOver = new Set<number>();
  /** The counts whose total was known from the start. */
  private foreseen: readonly MutableCounts[] = [];

  constructor(world: World, frame: Frame, state: MapState, record: MapRunRecord) {
    this.world = world;
    this.frame = frame;
    this.record = record;
    this.machine = childMachine(frame, state, record);
    const none = {
      total: 0,
      pending: 0,
      running: 0,
      succeeded: 0,
      failed: 0,
      timedOut: 0,
      aborted: 0,
      resultsWritten: 0,
    };
    this.itemCounts = { ...none };
    this.executionCounts = { ...none };
    this.keepsOutputs = state.writer === undefined;
    this.isRedrive = record.redriveCount > 0;
    world.liveCounts.set(record.arn, { itemCounts: this.itemCounts, executionCounts: this.executionCounts });
  }

  /** Learns what became of the children of a Map Run that had begun before. */
  takeUp(): void {
    this.world.journal.catchUp();
    for (const row of childrenOf(this.world.database, this.record.arn)) this.former.set(row.position, row);
  }

  /**
   * @param itemTotal undefined while nobody knows
   * @param isBatched whether a child has more than one item
   * @throws StateFailure States.ExceedToleratedFailureThreshold, Cancelled
   */
  async work(units: AsyncGenerator<Unit>, itemTotal: number | undefined, isBatched: boolean): Promise<void> {
    this.units = units;
    this.itemTotal = itemTotal;
    if (itemTotal !== undefined) {
      this.foreseen = isBatched ? [this.itemCounts] : [this.itemCounts, this.executionCounts];
      for (const counts of this.foreseen) {
        counts.total = itemTotal;
        counts.pending = itemTotal;
      }
    }
    const forget = this.frame.cancellation.onCancel(() => this.stopAll());
    try {
      await this.runLanes(units);
      this.frame.cancellation.check();
    } finally {
      forget();
    }
  }

  private async runLanes(units: AsyncGenerator<Unit>): Promise<void> {
    let busy = 0;
    let failure: unknown;
    // One child's end wakes the one loop that waits: a race of a thousand promises for each item would cost more than
    // the items.
    let wake = (): void => {};
    const oneEnds = (): Promise<void> =>
      new Promise((resolve) => {
        wake = resolve;
      });
    try {
      for (let next = await units.next(); next.done !== true; next = await units.next()) {
        const unit = next.value;
        if (failure !== undefined || this.frame.cancellation.isCancelled) {
          this.unstarted = unit;
          break;
        }
        busy += 1;
        void this.child(unit)
          .catch((thrown: unknown) => {
            failure ??= thrown;
          })
          .finally(() => {
            busy -= 1;
            wake();
          });
        while (busy >= this.mostAtOnce()) await oneEnds();
      }
      if (failure === undefined && !this.frame.cancellation.isCancelled) {
        this.itemTotal = this.itemCounts.total;
        this.checkThreshold();
      }
    } catch (thrown) {
      failure ??= thrown;
    }
    if (failure !== undefined) this.stopAll();
    while (busy > 0) await oneEnds();
    await this.stopFormer();
    if (failure !== undefined) throw failure;
  }

  /** As of now: UpdateMapRun changes it under way. */
  private mostAtOnce(): number {
    return Math.min(this.settings().maxConcurrency || MAX_CONCURRENCY, MAX_CONCURRENCY);
  }

  private async child(unit: Unit): Promise<void> {
    this.arrived(this.itemCounts, unit.itemCount);
    this.arrived(this.executionCounts, 1);
    const row = this.former.get(unit.index);
    this.former.delete(unit.index);
    if (row !== undefined && this.isOver(row)) {
      return this.ended(unit, row.status, this.keepsOutputs ? this.outputOf(row) : undefined);
    }
    this.count('running', unit, 1);
    const { execution, ended } = this.open(unit, row);
    this.running.add(execution);
    await ended;
    this.running.delete(execution);
    this.count('running', unit, -1);
    this.ended(unit, execution.status, execution.output);
  }

  /** A redrive runs again what did not succeed. */
  private isOver(row: ChildRow): boolean {
    return row.status === 'SUCCEEDED' || (row.status !== 'RUNNING' && !this.isRedrive);
  }

  private outputOf(row: ChildRow): Json {
    return parseJson(this.world.journal.row(row.arn)?.output ?? 'null');
  }

  private open(unit: Unit, child: ChildRow | undefined): { execution: Execution; ended: Promise<void> } {
    const { executor, journal } = this.world;
    const row = child === undefined ? undefined : journal.row(child.arn);
    if (row === undefined) return this.start(unit);
    if (row.status === 'RUNNING') return executor.takeUp(row, this.machine);
    if (this.machine.type === 'STANDARD') return executor.redrive(row, this.machine);
    // An Express child leaves nothing to go on from: it is replaced.
    journal.delete(row.seq);
    return this.start(unit);
  }

  private start(unit: Unit): { execution: Execution; ended: Promise<void> } {
    return this.world.executor.start(this.machine, {
      name: madeUpName(this.world.clock.now()),
      inputText: textOf(unit.input),
      mapRun: { arn: this.record.arn, item: undefined, index: unit.index, itemCount: unit.itemCount },
    });
  }

  private ended(unit: Unit, status: string, output: Json): void {
    const name = COUNT_NAMES[status];
    // Let go by a closing process: it goes on at the next start.
    if (name === undefined) return;
    this.count(name, unit, 1);
    if (name === 'succeeded') {
      if (this.keepsOutputs) this.results.push({ index: unit.index, output });
      this.count('resultsWritten', unit, 1);
      return;
    }
    if (name !== 'aborted') this.checkThreshold();
  }

  /** What was foreseen is pending no more; anything else is told of only now. */
  private arrived(counts: MutableCounts, by: number): void {
    if (this.foreseen.includes(counts)) counts.pending -= by;
    else counts.total += by;
  }

  private count(name: keyof Counts, unit: Pick<Unit, 'itemCount'>, by: 1 | -1): void {
    this.executionCounts[name] += by;
    this.itemCounts[name] += by * unit.itemCount;
  }

  private settings(): MapRunRecord {
    return this.world.shelves.mapRuns.get(this.record.arn) ?? this.record;
  }

  /** @throws StateFailure */
  private checkThreshold(): void {
    const { toleratedFailureCount: count, toleratedFailurePercentage: percentage } = this.settings();
    const failed = this.itemCounts.failed + this.itemCounts.timedOut;
    checkTolerance({ failed, total: this.itemTotal, count, percentage });
  }

  private stopAll(): void {
    for (const execution of this.running) this.world.executor.stop(execution);
  }

  /** Children that had begun before a restart, and that no lane came to, end with their Map Run. */
  private async stopFormer(): Promise<void> {
    if (this.frame.execution.isAbandoned) return;
    const left = [...this.former.values()].filter(({ status }) => status === 'RUNNING');
    for (const index of this.former.keys()) this.leftOver.add(index);
    this.former.clear();
    for (const { arn } of left) {
      const row = this.world.journal.row(arn)!;
      await this.world.executor.stopFormer(row, this.machine);
      this.count('aborted', { itemCount: (JSON.parse(row.more) as ExecutionMore).itemCount ?? 1 }, 1);
    }
  }

  /** What no child was started for, once the work has failed. */
  async *pending(): AsyncGenerator<Unit> {
    if (this.unstarted !== undefined) yield this.unstarted;
    for await (const unit of this.units ?? []) {
      if (!this.leftOver.has(unit.index)) yield unit;
    }
  }

  /** Outputs of the children that succeeded, in the items' order. */
  outputs(): Json[] {
    return this.results.sort((a, b) => a.index - b.index).map((result) => result.output);
  }

  close(status: MapRunRecord['status']): void {
    this.world.liveCounts.delete(this.record.arn);
    // Whatever it still reads is let go of.
    this.units?.return(undefined).catch(() => {});
    if (this.frame.execution.isAbandoned) return;
    this.world.shelves.mapRuns.put(this.record.arn, {
      ...this.settings(),
      status,
      stopMs: this.world.clock.now(),
      itemCounts: { ...this.itemCounts },
      executionCounts: { ...this.executionCounts },
    });
  }
}

const COUNT_NAMES: Readonly<Record<string, 'succeeded' | 'failed' | 'timedOut' | 'aborted'>> = {
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMED_OUT: 'timedOut',
  ABORTED: 'aborted',
};

/** The item processor as a state machine of its own. */
function childMachine(frame: Frame, state: MapState, record: MapRunRecord): MachineRevision {
  const { machine } = frame.execution;
  return {
    ...machine,
    arn: `${machine.arn}/${record.label}`,
    contextArn: `${machine.arn}/${record.label}`,
    name: `${machine.name}/${record.label}`,
    type: state.executionType,
    compiled: { ...state.processor, timeoutSeconds: undefined },
  };
}
