// The model registry's records, in AWS's spelling.
import type { ContainerDefinition } from '../control/records.ts';

export interface ModelPackageGroupRecord {
  readonly ModelPackageGroupName: string;
  readonly ModelPackageGroupArn: string;
  readonly ModelPackageGroupDescription?: string;
  readonly CreationTime: Date;
}

export type ApprovalStatus = 'Approved' | 'Rejected' | 'PendingManualApproval';

export interface ModelPackageRecord {
  readonly ModelPackageGroupName: string;
  readonly ModelPackageVersion: number;
  readonly ModelPackageArn: string;
  readonly ModelPackageStatus: 'Completed';
  readonly ModelApprovalStatus: ApprovalStatus;
  readonly ApprovalDescription?: string;
  readonly CreationTime: Date;
  readonly LastModifiedTime: Date;
  readonly InferenceSpecification?: InferenceSpecification;
  readonly AdditionalInferenceSpecifications?: readonly (InferenceSpecification & {
    readonly Name: string;
  })[];
  readonly CustomerMetadataProperties?: Readonly<Record<string, string>>;
  /** An example request in S3, tried on a version before it takes over. */
  readonly SamplePayloadUrl?: string;
  readonly [member: string]: unknown;
}

export interface InferenceSpecification {
  readonly Containers: readonly ContainerDefinition[];
  readonly SupportedContentTypes?: readonly string[];
  readonly SupportedResponseMIMETypes?: readonly string[];
}

/** Which version went where, and when: the lineage of what serves. */
export interface DeploymentRecord {
  /** Grows with every deployment; records of old have none. */
  readonly number?: number;
  readonly endpointName: string;
  readonly variantName: string;
  readonly containerName: string;
  readonly modelPackageArn: string;
  readonly deployedAt: Date;
}
