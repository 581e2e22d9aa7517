// PublishStateMachineVersion, DeleteStateMachineVersion, ListStateMachineVersions.
import type { SdkOperations, SdkValues } from '../../service.ts';
import type { MachineRecord, VersionRecord } from '../store/machines.ts';
import { conflict } from './api-errors.ts';
import { optionalText, pageOf, readPage, requiredArn } from './input.ts';
import { findMachine } from './machines.ts';
import { parseResourceArn } from './resource-arn.ts';
import type { World } from './world.ts';

export function versionOperations(world: World): SdkOperations {
  return {
    publishStateMachineVersion: async (input) => publishVersion(world, input),
    deleteStateMachineVersion: async (input) => deleteVersion(world, input),
    listStateMachineVersions: async (input) => listVersions(world, input),
  };
}

/** A version of the current revision: the last one when it is that already. */
export function publish(world: World, record: MachineRecord, description: string | undefined): VersionRecord {
  const last = record.versions.at(-1);
  if (last?.revisionId === record.revisionId) return last;
  const number = record.lastVersion + 1;
  const version: VersionRecord = {
    arn: `${record.arn}:${number}`,
    number,
    revisionId: record.revisionId,
    description,
    createdMs: world.clock.now(),
  };
  world.shelves.machines.put(record.arn, {
    ...record,
    versions: [...record.versions, version],
    lastVersion: number,
  });
  return version;
}

function publishVersion(world: World, input: SdkValues): SdkValues {
  const record = findMachine(world, requiredArn(input, 'stateMachineArn'));
  const wanted = optionalText(input, 'revisionId');
  if (wanted !== undefined && wanted !== record.revisionId) {
    throw conflict(
      `Failed to publish the State Machine version for revision ${wanted}. The current State Machine revision is ${record.revisionId}.`,
    );
  }
  const version = publish(world, record, optionalText(input, 'description'));
  return { stateMachineVersionArn: version.arn, creationDate: new Date(version.createdMs) };
}

function deleteVersion(world: World, input: SdkValues): SdkValues {
  const arn = requiredArn(input, 'stateMachineVersionArn');
  const aliases = world.shelves.aliases
    .values()
    .filter((alias) => alias.routing.some((entry) => entry.stateMachineVersionArn === arn));
  if (aliases.length > 0) {
    const names = aliases.map((alias) => alias.name).join(', ');
    throw conflict(
      `Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [${names}]`,
    );
  }
  const record = world.shelves.machines.get(parseResourceArn(arn).machineArn);
  if (record === undefined) return {};
  const versions = record.versions.filter((version) => version.arn !== arn);
  world.shelves.machines.put(record.arn, { ...record, versions });
  return {};
}

function listVersions(world: World, input: SdkValues): SdkValues {
  const page = readPage(input);
  const record = findMachine(world, requiredArn(input, 'stateMachineArn'));
  const { items, ...next } = pageOf([...record.versions].reverse(), page, {
    of: `versions ${record.arn}`,
    msOf: (version) => version.createdMs,
    isNewestFirst: true,
  });
  return {
    stateMachineVersions: items.map((version) => ({
      stateMachineVersionArn: version.arn,
      creationDate: new Date(version.createdMs),
    })),
    ...next,
  };
}
