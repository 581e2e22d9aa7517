// After a restart: a Parallel or Map takes up the frames of its branches or iterations where they stood.
import type { RestoredFrame } from './execution.ts';
import type { Frame } from './frame.ts';

export interface Restored {
  /** Puts the frame where its record stood; what has no record starts anew. */
  apply(frame: Frame): void;
}

/** @returns undefined unless the frame's state was under way when the process ended */
export function takeRestored(frame: Frame): Restored | undefined {
  const { restored } = frame.execution;
  const records = frame.formerId === undefined ? undefined : restored?.get(frame.formerId);
  if (records === undefined || frame.marker === undefined) return undefined;
  restored?.delete(frame.formerId!);
  const byIndex = new Map<number, RestoredFrame>(records.map((entry) => [entry.record.index, entry]));
  return {
    apply(child) {
      const entry = byIndex.get(child.index);
      if (entry === undefined) return;
      child.restore(entry.record);
      child.formerId = entry.id;
    },
  };
}
