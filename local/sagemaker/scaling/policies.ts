// A scaling policy as it was put, checked, and the rule that it makes.
// https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
import type { SdkValues } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';
import type { HostingSettings } from '../settings.ts';
import { type StepAdjustment, type StepPolicy, StepScaler } from './step-scaling.ts';
import { TargetTracker } from './target-tracking.ts';

export type ScalingRule =
  | { readonly kind: 'tracking'; readonly tracker: TargetTracker }
  | { readonly kind: 'step'; readonly scaler: StepScaler };

const METRIC = 'SageMakerVariantInvocationsPerInstance';
const DEFAULT_COOLDOWN_SECONDS = 300;
const ADJUSTMENTS = ['ChangeInCapacity', 'PercentChangeInCapacity', 'ExactCapacity'];

/** @throws AwsError ValidationException */
export function ruleOf(fields: SdkValues, settings: HostingSettings): ScalingRule {
  if (fields.PolicyType === 'TargetTrackingScaling') return trackingRule(fields, settings);
  if (fields.PolicyType === 'StepScaling' || fields.PolicyType === undefined) return stepRule(fields);
  throw refuse('Only policies of the types TargetTrackingScaling and StepScaling are served here.');
}

interface TrackingConfig {
  readonly TargetValue: number;
  readonly ScaleInCooldown?: number;
  readonly ScaleOutCooldown?: number;
  readonly DisableScaleIn?: boolean;
  readonly PredefinedMetricSpecification?: { readonly PredefinedMetricType?: string };
}

function trackingRule(fields: SdkValues, settings: HostingSettings): ScalingRule {
  const config = fields.TargetTrackingScalingPolicyConfiguration as TrackingConfig | undefined;
  if (config === undefined) throw refuse('TargetTrackingScalingPolicyConfiguration is required.');
  if (config.PredefinedMetricSpecification?.PredefinedMetricType !== METRIC)
    throw refuse(`Only the metric ${METRIC} is served here.`);
  if (!(config.TargetValue > 0)) throw refuse('TargetValue must be greater than 0.');
  const policy = {
    targetValue: config.TargetValue,
    scaleInCooldownMs: 1000 * (config.ScaleInCooldown ?? DEFAULT_COOLDOWN_SECONDS),
    scaleOutCooldownMs: 1000 * (config.ScaleOutCooldown ?? DEFAULT_COOLDOWN_SECONDS),
    isScaleInDisabled: config.DisableScaleIn === true,
  };
  const { scaleOutPeriods, scaleInPeriods } = settings;
  return { kind: 'tracking', tracker: new TargetTracker(policy, { scaleOutPeriods, scaleInPeriods }) };
}

interface StepConfig {
  readonly AdjustmentType?: string;
  readonly StepAdjustments?: readonly StepAdjustment[];
  readonly MinAdjustmentMagnitude?: number;
  readonly Cooldown?: number;
}

function stepRule(fields: SdkValues): ScalingRule {
  const config = fields.StepScalingPolicyConfiguration as StepConfig | undefined;
  if (config === undefined) throw refuse('StepScalingPolicyConfiguration is required.');
  if (!ADJUSTMENTS.includes(String(config.AdjustmentType)))
    throw refuse(`AdjustmentType must be one of ${ADJUSTMENTS.join(', ')}.`);
  const steps = config.StepAdjustments ?? [];
  if (steps.length === 0 || steps.length > 20) throw refuse('There must be 1 to 20 StepAdjustments.');
  for (const step of steps) checkStep(step);
  const policy: StepPolicy = {
    adjustmentType: config.AdjustmentType as StepPolicy['adjustmentType'],
    steps,
    minMagnitude: config.MinAdjustmentMagnitude ?? 0,
    cooldownMs: 1000 * (config.Cooldown ?? DEFAULT_COOLDOWN_SECONDS),
  };
  return { kind: 'step', scaler: new StepScaler(policy) };
}

function checkStep(step: StepAdjustment): void {
  const { MetricIntervalLowerBound: lower, MetricIntervalUpperBound: upper, ScalingAdjustment } = step;
  if (!Number.isInteger(ScalingAdjustment)) throw refuse('ScalingAdjustment must be an integer.');
  if (lower === undefined && upper === undefined)
    throw refuse('At least one of MetricIntervalLowerBound and MetricIntervalUpperBound is required.');
  if (lower !== undefined && upper !== undefined && lower >= upper)
    throw refuse('MetricIntervalUpperBound must be greater than MetricIntervalLowerBound.');
}

export function refuse(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
