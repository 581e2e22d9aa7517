// Alarms. Their properties are the input of PutMetricAlarm under the same names; a deployment of an endpoint may name
// them. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html
import { arn } from '../../service.ts';
import { generatedName, type ResourceType } from './resource-type.ts';

const NUMBERS = ['DatapointsToAlarm', 'EvaluationPeriods', 'Period', 'Threshold'];

export const alarm: ResourceType = async ({ logicalId, properties }, world) => {
  const name = properties.text('AlarmName') ?? generatedName(world, logicalId);
  const numbers = NUMBERS.flatMap((member) => {
    const value = properties.number(member);
    return value === undefined ? [] : [[member, value] as const];
  });
  const input = { ...properties.values, ...Object.fromEntries(numbers), AlarmName: name };
  await world.services.monitoring.operations.putMetricAlarm!(input);
  return { ref: name, attributes: { Arn: arn(world.place, 'cloudwatch', `alarm:${name}`) } };
};
