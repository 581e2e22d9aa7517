// `.waitForTaskToken`: the request goes out, then the task waits for whoever holds its token.
import type { Json } from '../json/text.ts';
import type { RunningCall } from './integration.ts';

export async function waitForToken(call: RunningCall, request: () => Promise<Json>): Promise<Json> {
  const { frame, events, deadlines } = call;
  const { tokens } = frame.execution.engine;
  const token = frame.taskToken!;
  const called = tokens.wait(token, () => deadlines.heartbeat());
  called.catch(() => {});
  try {
    if (!call.wasSubmitted) {
      events.submitted(await deadlines.race(request()));
      frame.marker = { token, isSubmitted: true };
      frame.execution.changed(frame);
    }
    deadlines.heartbeat();
    return await frame.cancellation.guard(deadlines.race(called));
  } finally {
    tokens.forget(token);
  }
}
