// What every AWS service in `local/` offers: a wire handler for the one loopback port, and its operations for
// the other services in the same process (Step Functions' SDK integrations, S3's notifications, and so on).
import type { IncomingMessage, ServerResponse } from 'node:http';

export type ServiceName =
  | 's3'
  | 'lambda'
  | 'states'
  | 'sagemaker'
  | 'sagemaker-runtime'
  | 'application-autoscaling'
  | 'logs'
  | 'monitoring'
  | 'sts';

export interface Service {
  readonly name: ServiceName;
  /** Answers one request of this service's wire protocol. Never rejects for a caller's mistake: it answers it. */
  handle(call: WireCall): Promise<void>;
  /** Stops accepting work, finishes or aborts what is in flight, and flushes what must be durable. */
  close(): Promise<void>;
}

/** One HTTP request on the AWS port, after `wire/route.ts` has told which service it is for. */
export interface WireCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  /** The path as sent, percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The operation of `X-Amz-Target` (JSON protocols), spelt as AWS spells it. */
  readonly operation: string | undefined;
  /** Goes out as `x-amzn-RequestId` / `x-amz-request-id`. */
  readonly requestId: string;
}

/**
 * A service's operations by their AWS name in camelCase, as `arn:aws:states:::aws-sdk:<service>:<operation>` names
 * them. Inputs and outputs are spelt as the API spells them; a blob member is a `Uint8Array`, a time a `Date`.
 * @throws AwsError
 */
export type SdkOperations = Readonly<
  Record<string, (input: SdkValues, options?: SdkCallOptions) => Promise<SdkValues>>
>;

export type SdkValues = Record<string, unknown>;

export interface SdkCallOptions {
  readonly signal?: AbortSignal;
}

/** Where this small AWS claims to be. One per process. */
export interface AwsPlace {
  readonly accountId: string;
  readonly region: string;
  readonly partition: 'aws';
}

export const DEFAULT_PLACE: AwsPlace = { accountId: '000000000000', region: 'us-east-1', partition: 'aws' };

/** `arn:aws:<service>:<region>:<account>:<resource>` */
export function arn(place: AwsPlace, service: string, resource: string): string {
  return `arn:${place.partition}:${service}:${place.region}:${place.accountId}:${resource}`;
}
