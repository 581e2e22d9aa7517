// CreateStateMachine, UpdateStateMachine, DeleteStateMachine, DescribeStateMachine, ListStateMachines.
import { randomUUID } from 'node:crypto';
import { arn as arnOf, type SdkOperations, type SdkValues } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';
import { checkForCreation } from '../definition/check.ts';
import type { LoggingConfiguration, MachineRecord, Revision } from '../store/machines.ts';
import { machineDoesNotExist, missing, validation } from './api-errors.ts';
import {
  optionalChoice,
  optionalText,
  pageOf,
  readIncluded,
  readPage,
  requiredArn,
  requiredText,
} from './input.ts';
import { checkName } from './names.ts';
import { parseResourceArn } from './resource-arn.ts';
import { tagsOf } from './tags.ts';
import { publish } from './versions.ts';
import type { World } from './world.ts';

export function machineOperations(world: World): SdkOperations {
  return {
    createStateMachine: async (input) => create(world, input),
    updateStateMachine: async (input) => update(world, input),
    deleteStateMachine: async (input) => remove(world, input),
    describeStateMachine: async (input) => describe(world, input),
    listStateMachines: async (input) => list(world, input),
  };
}

const TYPES = ['STANDARD', 'EXPRESS'] as const;

const OFF: LoggingConfiguration = { level: 'OFF', includeExecutionData: false };

function readLogging(input: SdkValues, fallback: LoggingConfiguration): LoggingConfiguration {
  const given = input.loggingConfiguration as LoggingConfiguration | undefined;
  if (given === undefined) return fallback;
  const level = given.level ?? 'OFF';
  const destinations = given.destinations ?? [];
  if (level !== 'OFF' && destinations.length === 0)
    throw invalidLogging('Must specify exactly one Log Destination.');
  if (destinations.length > 1) throw invalidLogging('Must specify exactly one Log Destination.');
  for (const destination of destinations) {
    const arn = destination.cloudWatchLogsLogGroup?.logGroupArn ?? '';
    if (!arn.startsWith('arn:') || !arn.endsWith(':*'))
      throw invalidLogging('Log Destination Configuration is invalid.');
  }
  return {
    ...(destinations.length === 0 ? {} : { destinations }),
    includeExecutionData: given.includeExecutionData ?? false,
    level,
  };
}

function invalidLogging(detail: string): AwsError {
  return new AwsError('InvalidLoggingConfiguration', `Invalid Logging Configuration: ${detail}`);
}

function create(world: World, input: SdkValues): SdkValues {
  const name = requiredText(input, 'name');
  checkName(name);
  if (input.versionDescription !== undefined && input.publish !== true) {
    throw validation('Version description can only be set when publish is true');
  }
  const definition = requiredText(input, 'definition');
  const roleArn = requiredArn(input, 'roleArn');
  const type = optionalChoice(input, 'type', TYPES) ?? 'STANDARD';
  const revision: Revision = {
    id: randomUUID(),
    machineArn: arnOf(world.place, 'states', `stateMachine:${name}`),
    name,
    type,
    roleArn,
    definition,
    logging: readLogging(input, OFF),
    tracing: { enabled: (input.tracingConfiguration as { enabled?: boolean } | undefined)?.enabled ?? false },
    encryption: input.encryptionConfiguration ?? { type: 'AWS_OWNED_KEY' },
    isFirst: true,
    createdMs: world.clock.now(),
  };
  checkForCreation(definition, type, world.isServed);
  const existing = world.shelves.machines.get(revision.machineArn);
  return existing === undefined
    ? createNew(world, input, revision)
    : createAgain(world, existing, { revision, input });
}

function createNew(world: World, input: SdkValues, revision: Revision): SdkValues {
  const record: MachineRecord = {
    arn: revision.machineArn,
    name: revision.name,
    type: revision.type,
    createdMs: revision.createdMs,
    revisionId: revision.id,
    status: 'ACTIVE',
    tags: tagsOf(input.tags),
    versions: [],
    lastVersion: 0,
  };
  world.shelves.revisions.put(revision.id, revision);
  world.shelves.machines.put(record.arn, record);
  return createAnswer(world, record, input);
}

function createAnswer(world: World, record: MachineRecord, input: SdkValues): SdkValues {
  const version =
    input.publish === true ? publish(world, record, optionalText(input, 'versionDescription')) : undefined;
  return {
    stateMachineArn: record.arn,
    creationDate: new Date(record.createdMs),
    ...(version === undefined ? {} : { stateMachineVersionArn: version.arn }),
  };
}

/** The same again answers as before; another under the same name is refused. */
function createAgain(
  world: World,
  record: MachineRecord,
  { revision, input }: { readonly revision: Revision; readonly input: SdkValues },
): SdkValues {
  const current = world.shelves.revisions.get(record.revisionId)!;
  const same = (['definition', 'roleArn', 'type'] as const).every(
    (member) => current[member] === revision[member],
  );
  if (same && sameJson(current.logging, revision.logging) && sameJson(current.tracing, revision.tracing)) {
    return createAnswer(world, record, input);
  }
  throw new AwsError('StateMachineAlreadyExists', `State Machine Already Exists: '${record.arn}'`);
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** @throws AwsError StateMachineDoesNotExist */
export function findMachine(world: World, arn: string): MachineRecord {
  const record = world.shelves.machines.get(arn);
  if (record === undefined) throw machineDoesNotExist(arn);
  return record;
}

function update(world: World, input: SdkValues): SdkValues {
  const record = findMachine(world, requiredArn(input, 'stateMachineArn'));
  const changes = [
    'definition',
    'roleArn',
    'loggingConfiguration',
    'tracingConfiguration',
    'encryptionConfiguration',
  ];
  if (changes.every((member) => input[member] === undefined)) {
    throw new AwsError(
      'MissingRequiredParameter',
      'Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified',
    );
  }
  if (input.versionDescription !== undefined && input.publish !== true) {
    throw validation('Version description can only be set when publish is true');
  }
  const current = world.shelves.revisions.get(record.revisionId)!;
  const definition = optionalText(input, 'definition') ?? current.definition;
  if (definition !== current.definition) checkForCreation(definition, record.type, world.isServed);
  const changed: Revision = {
    ...current,
    definition,
    roleArn: optionalText(input, 'roleArn') ?? current.roleArn,
    logging: readLogging(input, current.logging),
    tracing: (input.tracingConfiguration as { enabled: boolean } | undefined) ?? current.tracing,
    encryption: input.encryptionConfiguration ?? current.encryption,
  };
  return answerUpdate(world, { record, current, changed, input });
}

interface Update {
  readonly record: MachineRecord;
  readonly current: Revision;
  readonly changed: Revision;
  readonly input: SdkValues;
}

function answerUpdate(world: World, { record, current, changed, input }: Update): SdkValues {
  const updateMs = world.clock.now();
  let latest = record;
  let revision = current;
  if (!sameJson(current, changed)) {
    revision = { ...changed, id: randomUUID(), isFirst: false, createdMs: updateMs };
    latest = { ...record, revisionId: revision.id };
    world.shelves.revisions.put(revision.id, revision);
    world.shelves.machines.put(record.arn, latest);
  }
  const version =
    input.publish === true ? publish(world, latest, optionalText(input, 'versionDescription')) : undefined;
  return {
    updateDate: new Date(updateMs),
    ...(revision.isFirst ? {} : { revisionId: revision.id }),
    ...(version === undefined ? {} : { stateMachineVersionArn: version.arn }),
  };
}

function remove(world: World, input: SdkValues): SdkValues {
  const arn = requiredArn(input, 'stateMachineArn');
  const record = world.shelves.machines.get(arn);
  if (record === undefined) return {};
  world.shelves.machines.delete(arn);
  for (const alias of world.shelves.aliases.values()) {
    if (alias.machineArn === arn) world.shelves.aliases.delete(alias.arn);
  }
  for (const execution of world.executor.running.values()) {
    if (execution.machine.arn === arn) world.executor.stop(execution);
  }
  return {};
}

/** The members that describing a machine, a version and an execution's machine share. */
export function revisionView(revision: Revision, hasData: boolean): SdkValues {
  return {
    name: revision.name,
    definition: hasData ? revision.definition : '{}',
    roleArn: revision.roleArn,
    loggingConfiguration: revision.logging,
    tracingConfiguration: revision.tracing,
    encryptionConfiguration: revision.encryption,
    ...(revision.isFirst ? {} : { revisionId: revision.id }),
  };
}

function describe(world: World, input: SdkValues): SdkValues {
  const arn = requiredArn(input, 'stateMachineArn');
  const record = findMachine(world, world.shelves.machines.get(arn) ? arn : parseResourceArn(arn).machineArn);
  const version = record.versions.find((candidate) => candidate.arn === arn);
  if (version === undefined && record.arn !== arn) throw machineDoesNotExist(arn);
  const revision = world.shelves.revisions.get(version?.revisionId ?? record.revisionId);
  if (revision === undefined) throw missing('revisionId');
  return {
    ...revisionView(revision, readIncluded(input)),
    stateMachineArn: arn,
    status: record.status,
    type: record.type,
    creationDate: new Date(version?.createdMs ?? record.createdMs),
    ...(version?.description === undefined ? {} : { description: version.description }),
  };
}

function list(world: World, input: SdkValues): SdkValues {
  const { items, ...next } = pageOf(world.shelves.machines.values(), readPage(input), {
    of: 'machines',
    msOf: (record) => record.createdMs,
  });
  return {
    stateMachines: items.map((record) => ({
      stateMachineArn: record.arn,
      name: record.name,
      type: record.type,
      creationDate: new Date(record.createdMs),
    })),
    ...next,
  };
}
