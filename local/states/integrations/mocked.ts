// A task that a test answers instead of an integration. Its events, deadlines, Retry and Catch are as ever.
import type { StateMock } from '../api.ts';
import type { Json } from '../json/text.ts';
import { StateFailure } from '../run/failure.ts';
import type { Integration } from './integration.ts';

type Called = (input: Json, attempt: number) => unknown;

export function mocked(mock: StateMock): Integration {
  return {
    async run({ frame, parameters, events }) {
      events.started();
      try {
        const answer =
          typeof mock === 'function' ? await (mock as Called)(parameters, frame.retryCount) : mock;
        // As a real one would answer: JSON, and of its own.
        return JSON.parse(JSON.stringify(answer ?? null)) as Json;
      } catch (thrown) {
        if (thrown instanceof Error) throw new StateFailure(thrown.name, thrown.message, { isTask: true });
        throw thrown;
      }
    },
  };
}
