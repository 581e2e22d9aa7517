// UpdateEndpoint's input, checked: how the update is to take over, and what it leaves as it is.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
import type { SdkValues } from '../../service.ts';
import type { DeploymentConfig } from '../hosting/deployment.ts';
import type { VariantProperty } from '../hosting/hosts.ts';
import { invalid, Problems } from './problems.ts';
import type { EndpointRecord } from './records.ts';

const VARIANT_PROPERTIES: readonly VariantProperty[] = [
  'DesiredInstanceCount',
  'DesiredWeight',
  'DataCaptureConfig',
];

/** What an update leaves as it is. @throws AwsError ValidationException */
export function keptProperties(input: SdkValues): ReadonlySet<VariantProperty> {
  const problems = new Problems();
  const excluded = problems.list('excludeRetainedVariantProperties', input.ExcludeRetainedVariantProperties, {
    min: 0,
    max: 3,
  }) as readonly { VariantPropertyType?: unknown }[];
  const types = excluded.map(({ VariantPropertyType: type }, index) => {
    const at = `excludeRetainedVariantProperties.${index + 1}.member.variantPropertyType`;
    problems.text(at, type, { oneOf: VARIANT_PROPERTIES });
    return type as VariantProperty;
  });
  problems.throwIfAny();
  if (input.RetainAllVariantProperties !== true) return new Set();
  return new Set(VARIANT_PROPERTIES.filter((property) => !types.includes(property)));
}

/** @throws AwsError ValidationException */
export function deploymentOf(input: SdkValues, endpoint: EndpointRecord): DeploymentConfig {
  const given = input.DeploymentConfig as DeploymentConfig | undefined;
  if (given === undefined) {
    const isKept = input.RetainDeploymentConfig === true;
    return isKept ? ((endpoint.LastDeploymentConfig as DeploymentConfig | undefined) ?? {}) : {};
  }
  const { BlueGreenUpdatePolicy: blueGreen, RollingUpdatePolicy: rolling } = given;
  if (blueGreen !== undefined && rolling !== undefined)
    throw invalid('Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be specified.');
  const at = 'deploymentConfig';
  const wait =
    blueGreen?.TrafficRoutingConfiguration?.WaitIntervalInSeconds ?? rolling?.WaitIntervalInSeconds;
  const problems = new Problems()
    .number(`${at}.waitIntervalInSeconds`, wait, { min: 0, max: 3600, isOptional: true })
    .number(`${at}.terminationWaitInSeconds`, blueGreen?.TerminationWaitInSeconds, {
      min: 0,
      max: 3600,
      isOptional: true,
    });
  if (blueGreen !== undefined)
    problems.text(
      `${at}.blueGreenUpdatePolicy.trafficRoutingConfiguration.type`,
      blueGreen.TrafficRoutingConfiguration?.Type,
      {
        oneOf: ['ALL_AT_ONCE', 'CANARY', 'LINEAR'],
      },
    );
  problems.throwIfAny();
  return given;
}
