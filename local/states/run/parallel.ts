// Parallel: all branches at once on one input; the first failure ends the others.
import type { ParallelState } from '../definition/types.ts';
import type { Json } from '../json/text.ts';
import { abortSiblings } from './abort.ts';
import { Cancelled } from './cancellation.ts';
import { type Exit, effectiveInput, leaveWithResult } from './data-flow.ts';
import { Frame } from './frame.ts';
import { runFrame } from './interpreter.ts';
import { withPolicies } from './policies.ts';
import { takeRestored } from './restore.ts';

export function runParallel(frame: Frame, state: ParallelState): Promise<Exit> {
  return withPolicies(frame, state, {
    attempt: async () => leaveWithResult(frame, state, await attempt(frame, state)),
    onFailed: () => {
      if (frame.marker !== undefined) frame.emit('ParallelStateFailed');
    },
  });
}

async function attempt(frame: Frame, state: ParallelState): Promise<Json> {
  const { test } = frame.execution.start;
  if (test?.mock !== undefined) return test.mock();
  const input = await effectiveInput(frame, state);
  const restored = takeRestored(frame);
  if (restored === undefined) frame.emit('ParallelStateStarted');
  frame.marker = { isStarted: true };
  frame.execution.changed(frame);
  const startedId = frame.previous;
  const branches = state.branches.map((graph, index) => {
    return new Frame({
      execution: frame.execution,
      graph,
      input,
      previous: startedId,
      parent: frame,
      index,
      ...restored?.(index),
    });
  });
  const results = await allOrFirstFailure(frame, branches);
  // What comes next follows the branch that ended last; so does ParallelStateSucceeded.
  frame.execution.record('ParallelStateSucceeded', frame.previous);
  frame.marker = undefined;
  frame.dropChildren();
  return results;
}

async function allOrFirstFailure(frame: Frame, branches: readonly Frame[]): Promise<Json[]> {
  const open = new Set(branches);
  try {
    return await Promise.all(
      branches.map(async (branch) => {
        try {
          const output = await runFrame(branch);
          open.delete(branch);
          frame.previous = branch.previous;
          return output;
        } catch (thrown) {
          open.delete(branch);
          if (!(thrown instanceof Cancelled)) abortSiblings(frame, open, branch.previous);
          throw thrown;
        }
      }),
    );
  } finally {
    for (const branch of branches) branch.cancellation.cancel();
  }
}
