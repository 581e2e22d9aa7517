// An activity: the task waits in a queue for a worker, then for its answer.
import { textOf } from '../json/text.ts';
import type { Integration } from './integration.ts';

export const activity: Integration = {
  async run({ frame, state, parameters, events, deadlines, wasSubmitted }) {
    const { tokens, activities } = frame.execution.engine;
    const token = frame.taskToken!;
    const called = tokens.wait(token, () => deadlines.heartbeat());
    called.catch(() => {});
    const task = {
      activityArn: state.resource.text,
      token,
      input: textOf(parameters),
      onStarted: (workerName: string | undefined): void => {
        events.started(workerName);
        // From now on the task is this worker's, also after a restart: no other gets it.
        frame.marker = { token, isSubmitted: true };
        frame.execution.changed(frame);
        deadlines.heartbeat();
      },
    };
    if (wasSubmitted) deadlines.heartbeat();
    else activities.schedule(task);
    try {
      return await frame.cancellation.guard(deadlines.race(called));
    } finally {
      activities.withdraw(task);
      tokens.forget(token);
    }
  },
};
