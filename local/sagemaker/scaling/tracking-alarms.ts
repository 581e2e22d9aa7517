// The alarms that Application Auto Scaling creates for a target tracking policy: one over the target, one well under it.
// They show what the policy sees; the policy itself follows its numbers without them.
// https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
import { createHash } from 'node:crypto';
import { type AwsPlace, arn, type SdkOperations, type SdkValues } from '../../service.ts';
import type { HostingSettings } from '../settings.ts';
import { SCALE_IN_BELOW } from './target-tracking.ts';

export interface AlarmReference {
  readonly AlarmName: string;
  readonly AlarmARN: string;
}

export interface AlarmPlace {
  readonly place: AwsPlace;
  readonly settings: HostingSettings;
  /** CloudWatch's, where there is one. */
  readonly cloudWatch: SdkOperations | undefined;
}

/** Creates or renews the alarms of a policy; none for a policy of another type. */
export async function putTrackingAlarms(
  policy: SdkValues,
  { place, settings, cloudWatch }: AlarmPlace,
): Promise<readonly AlarmReference[]> {
  const config = policy.TargetTrackingScalingPolicyConfiguration as TrackingConfig | undefined;
  if (config === undefined || cloudWatch === undefined) return [];
  const high = {
    ComparisonOperator: 'GreaterThanThreshold',
    EvaluationPeriods: settings.scaleOutPeriods,
    Threshold: config.TargetValue,
  };
  const low = {
    ComparisonOperator: 'LessThanThreshold',
    EvaluationPeriods: settings.scaleInPeriods,
    Threshold: config.TargetValue * SCALE_IN_BELOW,
  };
  const wanted: [string, SdkValues][] = [['AlarmHigh', high]];
  if (config.DisableScaleIn !== true) wanted.push(['AlarmLow', low]);
  const put = wanted.map(async ([kind, rule]) => {
    const AlarmName = alarmName(policy, kind);
    await cloudWatch.putMetricAlarm!({ ...common(policy), ...rule, AlarmName });
    return { AlarmName, AlarmARN: arn(place, 'cloudwatch', `alarm:${AlarmName}`) };
  });
  return Promise.all(put);
}

export async function deleteTrackingAlarms(
  policy: SdkValues,
  { cloudWatch }: Pick<AlarmPlace, 'cloudWatch'>,
): Promise<void> {
  const AlarmNames = ((policy.Alarms ?? []) as AlarmReference[]).map(({ AlarmName }) => AlarmName);
  if (AlarmNames.length > 0 && cloudWatch !== undefined) await cloudWatch.deleteAlarms!({ AlarmNames });
}

interface TrackingConfig {
  readonly TargetValue: number;
  readonly DisableScaleIn?: boolean;
}

function common({ ResourceId, PolicyARN }: SdkValues): SdkValues {
  const [, endpointName, , variantName] = String(ResourceId).split('/');
  return {
    AlarmDescription: `DO NOT EDIT OR DELETE. For TargetTrackingScaling policy ${PolicyARN}.`,
    AlarmActions: [PolicyARN],
    Namespace: 'AWS/SageMaker',
    MetricName: 'InvocationsPerInstance',
    Statistic: 'Sum',
    Period: 60,
    Dimensions: [
      { Name: 'EndpointName', Value: endpointName },
      { Name: 'VariantName', Value: variantName },
    ],
  };
}

/** Ends in a UUID on AWS; here one that stays the same for the same policy, so that putting it again renews its alarms. */
function alarmName({ ResourceId, PolicyARN }: SdkValues, kind: string): string {
  const hash = createHash('sha256').update(`${PolicyARN}/${kind}`).digest('hex');
  const parts = [0, 8, 12, 16, 20, 32].map((at, index, all) => hash.slice(at, all[index + 1])).slice(0, 5);
  return `TargetTracking-${ResourceId}-${kind}-${parts.join('-')}`;
}
