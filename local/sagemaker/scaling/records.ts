// Scalable targets and policies as they are kept.
import type { SdkValues } from '../../service.ts';

export interface ScalableTarget {
  readonly resourceId: string;
  readonly endpointName: string;
  readonly variantName: string;
  readonly min: number;
  readonly max: number;
  readonly created: Date;
}

export interface ScalingPolicyRecord {
  /** As they were put, with ARN and time. */
  readonly fields: SdkValues;
}
