// Transform jobs as they are kept.
import type { TransformRequest } from '../batch/transform-request.ts';

export interface TransformJobRecord {
  readonly fields: TransformRequest;
  readonly arn: string;
  readonly created: Date;
  readonly status: 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped';
  readonly started: Date | undefined;
  readonly ended: Date | undefined;
  readonly failureReason: string | undefined;
}

/** An object whose output lies in S3, while its job is under way. */
export interface TransformDone {
  readonly jobName: string;
  readonly key: string;
}
