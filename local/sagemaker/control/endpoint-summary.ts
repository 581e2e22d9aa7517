// What DescribeEndpoint says of the variants that serve, and of data capture.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
import type { PendingFleet } from '../hosting/endpoint.ts';
import type { Variant } from '../hosting/variant.ts';
import type { DataCaptureConfig, EndpointRecord } from './records.ts';

export function summarise(variant: Variant, { CreationTime }: EndpointRecord) {
  const { containers, serverless } = variant.plan;
  return {
    VariantName: variant.name,
    DeployedImages: containers.map(({ image }) => ({
      SpecifiedImage: image,
      ResolvedImage: image,
      ResolutionTime: CreationTime,
    })),
    CurrentWeight: variant.weight,
    DesiredWeight: variant.weight,
    // A serverless variant has a configuration where others have instances.
    ...(serverless === undefined
      ? {
          CurrentInstanceCount: variant.instances.length,
          DesiredInstanceCount: variant.desiredInstanceCount,
        }
      : { CurrentServerlessConfig: serverless.config, DesiredServerlessConfig: serverless.config }),
  };
}

/** Of the config that is to take over, with how far that has come. */
export function pendingSummary(
  { fleet, started, stage, stageStarted }: PendingFleet,
  endpoint: EndpointRecord,
) {
  const VariantStatus = [{ Status: stage, StartTime: stageStarted }];
  const summariseAll = (variants: readonly Variant[]) =>
    variants.map((variant) => ({ ...summarise(variant, endpoint), VariantStatus }));
  return {
    EndpointConfigName: fleet.config.EndpointConfigName,
    StartTime: started,
    ProductionVariants: summariseAll(fleet.variants),
    ...(fleet.shadows.length === 0 ? {} : { ShadowProductionVariants: summariseAll(fleet.shadows) }),
  };
}

export function captureSummary(config: DataCaptureConfig) {
  const isOn = config.EnableCapture !== false;
  return {
    EnableCapture: isOn,
    CaptureStatus: isOn ? 'Started' : 'Stopped',
    CurrentSamplingPercentage: config.InitialSamplingPercentage,
    DestinationS3Uri: config.DestinationS3Uri,
    KmsKeyId: '',
  };
}
