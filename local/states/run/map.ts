// Map: the inline kind here; a distributed Map's work is a Map Run (`maps/`).
import type { MapState } from '../definition/types.ts';
import { isObject, type Json } from '../json/text.ts';
import { abortSiblings } from './abort.ts';
import { Cancelled } from './cancellation.ts';
import { type Exit, filterInput, leaveWithResult } from './data-flow.ts';
import { Frame, type MapItem } from './frame.ts';
import { inspect, inspectValue } from './inspection.ts';
import { runFrame } from './interpreter.ts';
import { withPolicies } from './policies.ts';
import { type Restored, takeRestored } from './restore.ts';
import { checkTolerance } from './tolerance.ts';

/** Iterations at once when the definition sets no limit. */
const MAX_INLINE_CONCURRENCY = 40;

export function runMap(frame: Frame, state: MapState): Promise<Exit> {
  return withPolicies(frame, state, {
    attempt: async () => leaveWithResult(frame, state, await attempt(frame, state)),
    onFailed: () => {
      if (frame.marker !== undefined) frame.emit('MapStateFailed');
    },
  });
}

async function attempt(frame: Frame, state: MapState): Promise<Json> {
  const input = filterInput(frame, state);
  const { test } = frame.execution.start;
  if (test?.mock !== undefined) return mocked(frame, state, { input, mock: test.mock });
  if (state.isDistributed) return frame.execution.engine.runMapRun(frame, state, input);
  const scope = frame.scope(input);
  const items = toItems(await state.items(scope));
  const concurrency = await state.maxConcurrency(scope);
  await state.toleratedFailureCount(scope);
  await state.toleratedFailurePercentage(scope);
  const restored = takeRestored(frame);
  if (restored === undefined) frame.emit('MapStateStarted', () => ({ length: items.length }));
  frame.marker = { isStarted: true };
  frame.execution.changed(frame);
  const run = new InlineMap(frame, state, { items, input, restored });
  const results = await run.all(concurrency || MAX_INLINE_CONCURRENCY);
  frame.execution.record('MapStateSucceeded', frame.previous);
  frame.marker = undefined;
  frame.dropChildren();
  return results;
}

/** TestState: everything but the iterations. */
async function mocked(
  frame: Frame,
  state: MapState,
  { input, mock }: { input: Json; mock: () => Json },
): Promise<Json> {
  const scope = frame.scope(input);
  let total: number | undefined;
  if (state.reader === undefined) {
    const items = await state.items(scope);
    total = toItems(items).length;
    if (!state.isJsonata) inspect(frame, 'afterItemsPath', items);
    await inspectSelector(frame, state, { items, input });
  }
  inspectValue(frame, 'maxConcurrency', await state.maxConcurrency(scope));
  const count = await state.toleratedFailureCount(scope);
  const percentage = await state.toleratedFailurePercentage(scope);
  inspectValue(frame, 'toleratedFailureCount', count);
  inspectValue(frame, 'toleratedFailurePercentage', percentage);
  const failed = frame.execution.start.test?.failedIterations ?? 0;
  if (state.isDistributed) checkTolerance({ failed, total, count: count ?? 0, percentage: percentage ?? 0 });
  return mock();
}

async function inspectSelector(
  frame: Frame,
  state: MapState,
  { items, input }: { items: Json; input: Json },
): Promise<void> {
  const { itemSelector } = state;
  if (itemSelector === undefined) return;
  const scope = frame.scope(input);
  const selected: Json[] = [];
  for (const item of toItems(items)) {
    const context = (): Json => ({ ...(scope.context() as object), ...(itemContext(item) as object) });
    selected.push(await itemSelector({ ...scope, context }));
  }
  inspect(frame, 'afterItemSelector', selected);
}

/** An array's items, or an object's members in order. */
export function toItems(value: Json): MapItem[] {
  if (Array.isArray(value)) return value.map((item, index) => ({ index, value: item }));
  if (!isObject(value)) return [];
  return Object.entries(value).map(([key, member], index) => ({ index, key, value: member }));
}

interface InlineWork {
  readonly items: readonly MapItem[];
  readonly input: Json;
  readonly restored: Restored | undefined;
}

class InlineMap {
  private readonly frame: Frame;
  private readonly state: MapState;
  private readonly work: InlineWork;
  private readonly running = new Set<Frame>();
  private next = 0;

  constructor(frame: Frame, state: MapState, work: InlineWork) {
    this.frame = frame;
    this.state = state;
    this.work = work;
  }

  async all(concurrency: number): Promise<Json[]> {
    const { items } = this.work;
    const results: Json[] = new Array(items.length);
    const startedId = this.frame.previous;
    const lane = async (): Promise<void> => {
      let previous = startedId;
      while (this.next < items.length) {
        const index = this.next++;
        const done = await this.iterate(items[index]!, previous);
        results[index] = done.output;
        previous = done.previous;
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, lane));
    } finally {
      for (const iteration of this.running) iteration.cancellation.cancel();
    }
    return results;
  }

  private async iterate(item: MapItem, previous: number): Promise<{ output: Json; previous: number }> {
    const { frame, state } = this;
    const details = (): { name: string; index: number } => ({ name: state.name, index: item.index });
    const iteration = this.create(item, previous);
    if (iteration.isDone) return { output: iteration.output, previous: iteration.previous };
    this.running.add(iteration);
    try {
      if (!iteration.isRestored) {
        iteration.emit('MapIterationStarted', details);
        iteration.input = await this.itemInput(item);
      }
      const output = await runFrame(iteration);
      // The iteration's own end is beside the line: the next iteration follows its last state.
      frame.previous = frame.execution.record('MapIterationSucceeded', iteration.previous, details);
      return { output, previous: iteration.previous };
    } catch (thrown) {
      if (thrown instanceof Cancelled) throw thrown;
      frame.execution.record('MapIterationFailed', iteration.previous, details);
      this.running.delete(iteration);
      abortSiblings(frame, this.running, iteration.previous);
      throw thrown;
    } finally {
      this.running.delete(iteration);
    }
  }

  private create(item: MapItem, previous: number): Frame {
    const { frame, state } = this;
    return new Frame({
      execution: frame.execution,
      graph: state.processor,
      input: item.value,
      previous,
      parent: frame,
      index: item.index,
      item,
      ...this.work.restored?.(item.index),
    });
  }

  private itemInput(item: MapItem): Json | Promise<Json> {
    const { itemSelector } = this.state;
    if (itemSelector === undefined) return item.value;
    const scope = this.frame.scope(this.work.input);
    const context = (): Json => ({ ...(scope.context() as object), ...(itemContext(item) as object) });
    return itemSelector({ ...scope, context });
  }
}

/** `$$.Map.Item` where no frame of the item is at hand. */
export function itemContext(item: MapItem): Json {
  const { index, key, value, source } = item;
  return {
    Map: {
      Item: {
        Index: index,
        ...(key === undefined ? {} : { Key: key }),
        Value: value,
        ...(source === undefined ? {} : { Source: source }),
      },
    },
  };
}
