// The first failure among branches or iterations ends the others: each state that was under way is recorded as aborted.
import { isObject, type Json } from '../json/text.ts';
import type { Frame } from './frame.ts';

/** States that take time and so can be caught in the middle. */
const LASTING = new Set(['Task', 'Wait', 'Parallel', 'Map']);

/** A Map Run that is under way in the frame is recorded as aborted, once. */
export function abortMapRun(frame: Frame): void {
  const { execution, marker } = frame;
  if (execution.status !== 'RUNNING' || !isMapRun(marker)) return;
  frame.emit('MapRunAborted');
  frame.marker = { ...marker, isAborted: true };
}

function isMapRun(marker: Json): marker is { mapRunArn: string } {
  return isObject(marker) && 'mapRunArn' in marker && marker.isAborted !== true;
}

/** @param previous the failed line's last event: what comes next in the parent follows it */
export function abortSiblings(parent: Frame, siblings: Iterable<Frame>, previous: number): void {
  for (const sibling of [...siblings]) {
    if (sibling.cancellation.isCancelled || sibling.isDone) continue;
    abortMapRun(sibling);
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
