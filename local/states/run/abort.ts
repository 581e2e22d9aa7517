// The first failure among branches or iterations ends the others: each state that was under way is recorded as aborted.
import type { Frame } from './frame.ts';

/** States that take time and so can be caught in the middle. */
const LASTING = new Set(['Task', 'Wait', 'Parallel', 'Map']);

/** @param previous the failed line's last event: what comes next in the parent follows it */
export function abortSiblings(parent: Frame, siblings: Iterable<Frame>, previous: number): void {
  for (const sibling of [...siblings]) {
    if (sibling.cancellation.isCancelled || sibling.isDone) continue;
    if (sibling.enteredId !== 0 && LASTING.has(sibling.state.type))
      sibling.emit(`${sibling.state.type}StateAborted`);
    sibling.cancellation.cancel();
    if (sibling.item === undefined) continue;
    const { index } = sibling.item;
    parent.execution.record('MapIterationAborted', sibling.previous, () => ({
      name: parent.stateName,
      index,
    }));
  }
  parent.previous = previous;
}
