// TestState's look into one run of a state: what the data was after each step, and how errors were handled. An
// execution that is not under test has none of this.
import { type Json, spacedText } from '../json/text.ts';
import type { Frame } from './frame.ts';

/** What TestState asks for besides running the state. */
export interface StateTest {
  /** Gathered as the state runs: member names of the API's InspectionData. */
  readonly data: Record<string, Json>;
  /** A result or a failure instead of the work; undefined to do the work. @throws StateFailure */
  readonly mock: (() => Json) | undefined;
  /** Retries said to have happened before. */
  readonly retryCount: number;
  /** Iterations of a distributed Map that count as failed. */
  readonly failedIterations: number;
  /** The context object as given. */
  readonly context: Json | undefined;
}

/** The retrier says "again": a test stops there. */
export class RetryWanted extends Error {
  readonly retryIndex: number;
  readonly delaySeconds: number;
  readonly failure: { readonly error: string | undefined; readonly failureCause: string | undefined };

  constructor(retryIndex: number, delaySeconds: number, failure: RetryWanted['failure']) {
    super('retry');
    this.retryIndex = retryIndex;
    this.delaySeconds = delaySeconds;
    this.failure = failure;
  }
}

/** Notes a payload under a name of InspectionData. */
export function inspect(frame: Frame, name: string, value: Json): void {
  const { test } = frame.execution.start;
  if (test !== undefined) test.data[name] = spacedText(value);
}

/** Notes a number or a structure as it is. */
export function inspectValue(frame: Frame, name: string, value: Json): void {
  const { test } = frame.execution.start;
  if (test !== undefined && value !== undefined) test.data[name] = value;
}
