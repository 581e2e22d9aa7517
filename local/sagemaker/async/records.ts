// An asynchronous invocation as it is kept from its acceptance to its outcome.
import type { AsyncRequest } from './request.ts';

export interface AsyncRecord {
  /** Its place in the order of acceptance. */
  readonly key: string;
  readonly request: AsyncRequest;
}
