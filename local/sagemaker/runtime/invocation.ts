// One invocation as the runtime passes it around, and what comes of it.
import type { LoadReport } from '../multi-model/load-report.ts';

export interface Invocation {
  readonly endpointName: string;
  readonly body: Uint8Array | string;
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
  readonly customAttributes: string | undefined;
  readonly targetModel: string | undefined;
  readonly targetVariant: string | undefined;
  readonly targetContainerHostname: string | undefined;
  readonly inferenceId: string | undefined;
  readonly sessionId: string | undefined;
  readonly inferenceComponentName: string | undefined;
}

export interface InvocationAnswer {
  readonly body: Buffer;
  readonly contentType: string | undefined;
  readonly invokedProductionVariant: string;
  readonly customAttributes: string | undefined;
  readonly newSessionId: string | undefined;
  readonly closedSessionId: string | undefined;
  /** What the call met at a multi-model container: `warm`, or its cold load; undefined elsewhere. */
  readonly modelLoad: LoadReport | 'warm' | undefined;
}
