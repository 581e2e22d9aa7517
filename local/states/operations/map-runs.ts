// DescribeMapRun, ListMapRuns, UpdateMapRun.
import type { SdkOperations, SdkValues } from '../../service.ts';
import type { MapRunRecord } from '../store/machines.ts';
import { constraint, resourceNotFound, validation } from './api-errors.ts';
import { findRow } from './executions.ts';
import { pageOf, readPage, requiredArn } from './input.ts';
import type { World } from './world.ts';

export function mapRunOperations(world: World): SdkOperations {
  return {
    describeMapRun: async (input) => describe(world, input),
    listMapRuns: async (input) => list(world, input),
    updateMapRun: async (input) => update(world, input),
  };
}

function find(world: World, input: SdkValues): MapRunRecord {
  const arn = requiredArn(input, 'mapRunArn');
  const record = world.shelves.mapRuns.get(arn);
  if (record === undefined) throw resourceNotFound(arn);
  return record;
}

function describe(world: World, input: SdkValues): SdkValues {
  const record = find(world, input);
  return {
    mapRunArn: record.arn,
    executionArn: record.executionArn,
    status: record.status,
    startDate: new Date(record.startMs),
    ...(record.stopMs === undefined ? {} : { stopDate: new Date(record.stopMs) }),
    maxConcurrency: record.maxConcurrency,
    toleratedFailurePercentage: record.toleratedFailurePercentage,
    toleratedFailureCount: record.toleratedFailureCount,
    itemCounts: record.itemCounts,
    executionCounts: record.executionCounts,
    ...world.liveCounts.get(record.arn),
    redriveCount: record.redriveCount,
    ...(record.redriveMs === undefined ? {} : { redriveDate: new Date(record.redriveMs) }),
  };
}

function list(world: World, input: SdkValues): SdkValues {
  const row = findRow(world, input);
  const runs = world.shelves.mapRuns
    .values()
    .filter((record) => record.executionArn === row.arn)
    .sort((a, b) => b.startMs - a.startMs);
  const { items, ...next } = pageOf(runs, readPage(input), {
    of: `map runs ${row.arn}`,
    msOf: (record) => record.startMs,
    isNewestFirst: true,
  });
  return {
    mapRuns: items.map((record) => ({
      executionArn: record.executionArn,
      mapRunArn: record.arn,
      stateMachineArn: `${record.machineArn}/${record.label}`,
      startDate: new Date(record.startMs),
      ...(record.stopMs === undefined ? {} : { stopDate: new Date(record.stopMs) }),
    })),
    ...next,
  };
}

const MOST: Readonly<Record<string, number>> = {
  maxConcurrency: 2 ** 31 - 1,
  toleratedFailureCount: Number.MAX_SAFE_INTEGER,
  toleratedFailurePercentage: 100,
};

function checkRange(input: SdkValues, member: string, most: number): void {
  const value = input[member];
  if (value === undefined || value === null) return;
  if (typeof value !== 'number') throw validation(`Value at '${member}' is not a number`);
  if (value < 0) throw constraint(String(value), member, 'have value greater than or equal to 0');
  if (value > most) throw constraint(String(value), member, `have value less than or equal to ${most}`);
}

function update(world: World, input: SdkValues): SdkValues {
  const record = find(world, input);
  for (const [member, most] of Object.entries(MOST)) checkRange(input, member, most);
  world.shelves.mapRuns.put(record.arn, {
    ...record,
    ...(input.maxConcurrency === undefined ? {} : { maxConcurrency: Number(input.maxConcurrency) }),
    ...(input.toleratedFailureCount === undefined
      ? {}
      : { toleratedFailureCount: Number(input.toleratedFailureCount) }),
    ...(input.toleratedFailurePercentage === undefined
      ? {}
      : { toleratedFailurePercentage: Number(input.toleratedFailurePercentage) }),
  });
  return {};
}
