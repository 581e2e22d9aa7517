// An activity: the task waits in a queue for a worker, then for its answer.
import { textOf } from '../json/text.ts';
import type { Integration } from './integration.ts';

export const activity: Integration = {
  async run({ frame, state, parameters, events, deadlines }) {
    const { tokens, activities } = frame.execution.engine;
    const token = frame.taskToken!;
    // A worker that took the task before a restart can still answer it.
    frame.marker = { token };
    frame.execution.changed(frame);
    const called = tokens.wait(token, () => deadlines.heartbeat());
    called.catch(() => {});
    const task = {
      activityArn: state.resource.text,
      token,
      input: textOf(parameters),
      onStarted: (workerName: string | undefined): void => {
        events.started(workerName);
        deadlines.heartbeat();
      },
    };
    activities.schedule(task);
    try {
      return await frame.cancellation.guard(deadlines.race(called));
    } finally {
      activities.withdraw(task);
      tokens.forget(token);
    }
  },
};
