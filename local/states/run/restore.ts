// After a restart or a redrive: a Parallel or Map takes up the frames of its branches or iterations where they stood.
import type { RestoredFrame } from './execution.ts';
import type { Frame } from './frame.ts';

/** Where a branch or iteration stood, by its index; undefined for one that had not begun. */
export type Restored = (index: number) => { readonly from?: RestoredFrame };

/** @returns undefined unless the frame's state was under way when the process ended */
export function takeRestored(frame: Frame): Restored | undefined {
  const { restored } = frame.execution;
  if (restored === undefined || !frame.isRestored || frame.marker === undefined) return undefined;
  const records = restored.get(frame.id) ?? [];
  restored.delete(frame.id);
  const byIndex = new Map(records.map((entry) => [entry.record.index, entry]));
  return (index) => {
    const from = byIndex.get(index);
    return from === undefined ? {} : { from };
  };
}
