// What a state machine's ARN stands for: the machine, a version (`…:3`) or an alias (`…:live`).

import type { MachineRevision } from '../run/engine.ts';
import type { MachineRecord } from '../store/machines.ts';
import { machineDoesNotExist } from './api-errors.ts';
import { parseResourceArn } from './resource-arn.ts';
import type { World } from './world.ts';

export interface Target {
  readonly record: MachineRecord;
  readonly machine: MachineRevision;
  readonly versionArn: string | undefined;
  readonly aliasArn: string | undefined;
}

/** @throws AwsError StateMachineDoesNotExist */
export function findTarget(world: World, arn: string): Target {
  const plain = world.shelves.machines.get(arn);
  if (plain !== undefined) return target(world, { record: plain, revisionId: plain.revisionId });
  const { machineArn, qualifier } = parseResourceArn(arn);
  const record = world.shelves.machines.get(machineArn);
  if (record === undefined || qualifier === undefined) throw machineDoesNotExist(arn);
  const version = record.versions.find((candidate) => candidate.arn === arn);
  if (version !== undefined)
    return target(world, { record, revisionId: version.revisionId, versionArn: arn });
  const alias = world.shelves.aliases.get(arn);
  if (alias === undefined) throw machineDoesNotExist(arn);
  const versionArn = route(alias.routing);
  const chosen = record.versions.find((candidate) => candidate.arn === versionArn);
  if (chosen === undefined) throw machineDoesNotExist(arn);
  return target(world, { record, revisionId: chosen.revisionId, versionArn, aliasArn: arn });
}

interface Chosen {
  readonly record: MachineRecord;
  readonly revisionId: string;
  readonly versionArn?: string;
  readonly aliasArn?: string;
}

function target(world: World, { record, revisionId, versionArn, aliasArn }: Chosen): Target {
  const revision = world.shelves.revisions.get(revisionId);
  if (revision === undefined) throw machineDoesNotExist(record.arn);
  return {
    record,
    machine: world.executor.revision(revision),
    versionArn,
    aliasArn,
  };
}

/** A version by weight. */
function route(
  routing: readonly { readonly stateMachineVersionArn: string; readonly weight: number }[],
): string {
  let left = Math.random() * 100;
  for (const { stateMachineVersionArn, weight } of routing) {
    left -= weight;
    if (left < 0) return stateMachineVersionArn;
  }
  return routing.at(-1)?.stateMachineVersionArn ?? '';
}
