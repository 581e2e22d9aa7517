// UpdateEndpoint's input, checked: how the update is to take over, and what it leaves as it is.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
import type { SdkValues } from '../../service.ts';
import type { CapacitySize, DeploymentConfig } from '../hosting/deployment.ts';
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

/** What the checks of a deployment go by. */
export interface DeploymentFacts {
  readonly endpoint: EndpointRecord;
  /** Instances of the config that is to take over, those that serve. */
  readonly instances: number;
  /** The shortest MaximumExecutionTimeoutInSeconds. */
  readonly minTimeoutSeconds: number;
}

/** @throws AwsError ValidationException */
export function deploymentOf(input: SdkValues, facts: DeploymentFacts): DeploymentConfig {
  const given = input.DeploymentConfig as DeploymentConfig | undefined;
  if (given === undefined) {
    const isKept = input.RetainDeploymentConfig === true;
    return isKept ? ((facts.endpoint.LastDeploymentConfig as DeploymentConfig | undefined) ?? {}) : {};
  }
  if (given.BlueGreenUpdatePolicy !== undefined && given.RollingUpdatePolicy !== undefined)
    throw invalid('Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be specified.');
  const problems = new Problems();
  checkBlueGreen(problems, given.BlueGreenUpdatePolicy, facts);
  checkRolling(problems, given.RollingUpdatePolicy, facts);
  problems.throwIfAny();
  checkSizes(given, facts.instances);
  return given;
}

const WAIT = { min: 0, max: 3600, isOptional: true };
/** 8 hours. */
const MAX_TIMEOUT_SECONDS = 28_800;

function checkBlueGreen(
  problems: Problems,
  policy: DeploymentConfig['BlueGreenUpdatePolicy'],
  { minTimeoutSeconds: min }: DeploymentFacts,
): void {
  if (policy === undefined) return;
  const at = 'deploymentConfig.blueGreenUpdatePolicy';
  const routingAt = `${at}.trafficRoutingConfiguration`;
  const routing = policy.TrafficRoutingConfiguration as typeof policy.TrafficRoutingConfiguration | undefined;
  const timeout = { min, max: MAX_TIMEOUT_SECONDS, isOptional: true };
  problems
    .text(`${routingAt}.type`, routing?.Type, { oneOf: ['ALL_AT_ONCE', 'CANARY', 'LINEAR'] })
    .number(`${routingAt}.waitIntervalInSeconds`, routing?.WaitIntervalInSeconds, WAIT)
    .number(`${at}.terminationWaitInSeconds`, policy.TerminationWaitInSeconds, WAIT)
    .number(`${at}.maximumExecutionTimeoutInSeconds`, policy.MaximumExecutionTimeoutInSeconds, timeout);
  if (routing?.Type === 'CANARY') checkSize(problems, `${routingAt}.canarySize`, routing.CanarySize);
  if (routing?.Type === 'LINEAR') checkSize(problems, `${routingAt}.linearStepSize`, routing.LinearStepSize);
}

function checkRolling(
  problems: Problems,
  policy: DeploymentConfig['RollingUpdatePolicy'],
  { minTimeoutSeconds: min }: DeploymentFacts,
): void {
  if (policy === undefined) return;
  const at = 'deploymentConfig.rollingUpdatePolicy';
  const timeout = { min, max: MAX_TIMEOUT_SECONDS, isOptional: true };
  problems
    .number(`${at}.waitIntervalInSeconds`, policy.WaitIntervalInSeconds, WAIT)
    .number(`${at}.maximumExecutionTimeoutInSeconds`, policy.MaximumExecutionTimeoutInSeconds, timeout);
  checkSize(problems, `${at}.maximumBatchSize`, policy.MaximumBatchSize);
}

function checkSize(problems: Problems, at: string, size: CapacitySize | undefined): void {
  if (size === undefined) {
    problems.text(at, undefined, {});
    return;
  }
  problems
    .text(`${at}.type`, size.Type, { oneOf: ['INSTANCE_COUNT', 'CAPACITY_PERCENT'] })
    .number(`${at}.value`, size.Value, { min: 1 });
}

/** The parts of the capacity that AWS allows for each step. */
function checkSizes(config: DeploymentConfig, instances: number): void {
  const routing = config.BlueGreenUpdatePolicy?.TrafficRoutingConfiguration;
  if (routing?.Type === 'CANARY')
    checkPart('CanarySize', routing.CanarySize!, { instances, min: 0, max: 50 });
  if (routing?.Type === 'LINEAR')
    checkPart('LinearStepSize', routing.LinearStepSize!, { instances, min: 10, max: 50 });
  const batch = config.RollingUpdatePolicy?.MaximumBatchSize;
  if (batch !== undefined) checkPart('MaximumBatchSize', batch, { instances, min: 5, max: 50 });
}

function checkPart(
  member: string,
  { Type, Value }: CapacitySize,
  { instances, min, max }: { readonly instances: number; readonly min: number; readonly max: number },
): void {
  // A single instance cannot be parted: by count it goes over as a whole.
  if (Type === 'INSTANCE_COUNT' && instances <= 1) return;
  const percent = Type === 'CAPACITY_PERCENT' ? Value : (Value / instances) * 100;
  if (percent >= min && percent <= max) return;
  const range = min === 0 ? `less than or equal to ${max}%` : `between ${min}% and ${max}%`;
  throw invalid(`${member} must be ${range} of the variant's total instance count.`);
}
