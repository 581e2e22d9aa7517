// What every group of control-plane operations stands on.
import type { Clock } from '../../clock.ts';
import { type AwsPlace, arn } from '../../service.ts';
import type { ControlStore } from '../store.ts';

export interface ControlContext {
  readonly place: AwsPlace;
  readonly clock: Clock;
  readonly store: ControlStore;
}

/** SageMaker writes names in ARNs in lower case. */
export function sagemakerArn(place: AwsPlace, kind: string, name: string): string {
  return arn(place, 'sagemaker', `${kind}/${name.toLowerCase()}`);
}

export function now(context: ControlContext): Date {
  return new Date(context.clock.now());
}
