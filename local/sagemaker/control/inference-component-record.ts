// An inference component as it is kept: what was asked for, and how far it has come.

export interface Specification {
  readonly ModelName?: string;
  readonly Container?: {
    readonly Image?: string;
    readonly ArtifactUrl?: string;
    readonly Environment?: Record<string, string>;
  };
  readonly BaseInferenceComponentName?: string;
  readonly ComputeResourceRequirements?: Readonly<Record<string, number>>;
  readonly StartupParameters?: { readonly ContainerStartupHealthCheckTimeoutInSeconds?: number };
}

export interface InferenceComponentRecord {
  readonly name: string;
  readonly arn: string;
  readonly endpointName: string;
  readonly variantName: string;
  readonly specification: Specification;
  readonly created: Date;
  modified: Date;
  status: 'Creating' | 'InService' | 'Updating' | 'Failed' | 'Deleting';
  failureReason: string | undefined;
  desiredCopies: number;
}
