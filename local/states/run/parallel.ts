// Parallel: all branches at once on one input; the first failure ends the others.
import type { ParallelState } from '../definition/types.ts';
import type { Json } from '../json/text.ts';
import { Cancelled } from './cancellation.ts';
import { type Exit, effectiveInput, leaveWithResult } from './data-flow.ts';
import { Frame } from './frame.ts';
import { runFrame } from './interpreter.ts';
import { withPolicies } from './policies.ts';
import { takeRestored } from './restore.ts';

export async function runParallel(frame: Frame, state: ParallelState): Promise<Exit> {
  const outcome = await withPolicies(frame, state, {
    attempt: () => attempt(frame, state),
    onFailed: () => void frame.emit('ParallelStateFailed'),
  });
  return 'exit' in outcome ? outcome.exit : leaveWithResult(frame, state, outcome.result);
}

async function attempt(frame: Frame, state: ParallelState): Promise<Json> {
  const input = await effectiveInput(frame, state);
  const restored = takeRestored(frame);
  if (restored === undefined) frame.emit('ParallelStateStarted');
  frame.marker = { isStarted: true };
  const startedId = frame.previous;
  const branches = state.branches.map((graph, index) => {
    const branch = new Frame({
      execution: frame.execution,
      graph,
      input,
      previous: startedId,
      parent: frame,
      index,
    });
    restored?.apply(branch);
    return branch;
  });
  const results = await allOrFirstFailure(frame, branches);
  // What comes next follows the branch that ended last; so does ParallelStateSucceeded.
  frame.execution.record('ParallelStateSucceeded', frame.previous);
  frame.marker = undefined;
  return results;
}

async function allOrFirstFailure(frame: Frame, branches: readonly Frame[]): Promise<Json[]> {
  try {
    return await Promise.all(
      branches.map(async (branch) => {
        try {
          const output = await runFrame(branch);
          frame.previous = branch.previous;
          return output;
        } catch (thrown) {
          if (!(thrown instanceof Cancelled)) frame.previous = branch.previous;
          throw thrown;
        }
      }),
    );
  } finally {
    for (const branch of branches) branch.cancellation.cancel();
  }
}
