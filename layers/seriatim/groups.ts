// Grouping of records before an inference: one group per target model, in the order in which the records first name
// them, each with its records' positions. The field that is sent leaves the record, so that no payload travels twice.
import { ContractViolation } from './errors.ts';
import {
  type GroupingRequest,
  type InstanceGroup,
  isFailed,
  type RecordEnvelope,
  type StageEvent,
  type StageResult,
} from './records.ts';

interface OpenGroup extends InstanceGroup {
  readonly positions: number[];
  readonly instances: unknown[];
}

/** @throws ContractViolation when a record lacks the field that is sent, or one that names the target model */
export function groupRecords<Value>(
  records: readonly RecordEnvelope<Value>[],
  request: GroupingRequest,
  event: Pick<StageEvent, 'stage'>,
): StageResult<Value> {
  const groups = new Map<string | undefined, OpenGroup>();
  const take = instanceTaker(request, event.stage);
  const rest = records.map((record): RecordEnvelope<Value> => {
    if (isFailed(record)) return record;
    const { targetModel, instance, value } = take(record.value);
    const group = openGroup(groups, targetModel);
    group.positions.push(record.position);
    group.instances.push(instance);
    return { ...record, value: value as Value };
  });
  return { records: rest, groups: [...groups.values()] };
}

/** What an inference is sent of one record, and what is left of it. */
export interface TakenInstance {
  readonly targetModel: string | undefined;
  readonly instance: unknown;
  readonly value: unknown;
}

/** Throws ContractViolation as `groupRecords` does. */
export function instanceTaker(
  request: GroupingRequest,
  stageName: string,
): (value: unknown) => TakenInstance {
  const { instance: field } = request;
  const targetModelOf = targetModelReader(request, stageName);
  return (value) => {
    const whole = value as Record<string, unknown>;
    const targetModel = targetModelOf(whole);
    if (field === undefined) return { targetModel, instance: whole, value: {} };
    const instance = whole[field];
    if (instance === undefined) throw missing(stageName, field);
    return { targetModel, instance, value: without(whole, field) };
  };
}

/** Field by field: a rest pattern costs several times as much, and there are thousands of records. */
function without(whole: Readonly<Record<string, unknown>>, field: string): Record<string, unknown> {
  const rest: Record<string, unknown> = {};
  for (const name in whole) if (name !== field) rest[name] = whole[name];
  return rest;
}

function openGroup(groups: Map<string | undefined, OpenGroup>, targetModel: string | undefined): OpenGroup {
  const open = groups.get(targetModel);
  if (open !== undefined) return open;
  const group = { ...(targetModel === undefined ? {} : { targetModel }), positions: [], instances: [] };
  groups.set(targetModel, group);
  return group;
}

/** Reads the template, with the record's fields in place of `{field}`, which is taken apart once. */
function targetModelReader(
  { targetModel }: GroupingRequest,
  stageName: string,
): (value: Record<string, unknown>) => string | undefined {
  if (targetModel === undefined) return () => undefined;
  // Texts and fields in turn.
  const parts = targetModel.split(/\{(\w+)\}/);
  return (value) => {
    let text = parts[0]!;
    for (let i = 1; i < parts.length; i += 2) {
      const part = value[parts[i]!];
      if (typeof part !== 'string' && typeof part !== 'number') throw missing(stageName, parts[i]!);
      text += part + parts[i + 1]!;
    }
    return text;
  };
}

function missing(stageName: string, field: string): ContractViolation {
  return new ContractViolation(
    `The stage ${stageName} gave a record without "${field}", which the next stage takes.`,
    { stage: stageName },
  );
}
