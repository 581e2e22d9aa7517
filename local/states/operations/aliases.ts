// CreateStateMachineAlias, UpdateStateMachineAlias, DeleteStateMachineAlias, DescribeStateMachineAlias,
// ListStateMachineAliases.
import type { SdkOperations, SdkValues } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';
import type { AliasRecord } from '../store/machines.ts';
import { conflict, constraint, missing, resourceNotFound, validation } from './api-errors.ts';
import { optionalText, pageOf, readPage, requiredArn, requiredText } from './input.ts';
import { findMachine } from './machines.ts';
import { checkName } from './names.ts';
import { parseResourceArn } from './resource-arn.ts';
import type { World } from './world.ts';

export function aliasOperations(world: World): SdkOperations {
  return {
    createStateMachineAlias: async (input) => create(world, input),
    updateStateMachineAlias: async (input) => update(world, input),
    deleteStateMachineAlias: async (input) => remove(world, input),
    describeStateMachineAlias: async (input) => describe(world, input),
    listStateMachineAliases: async (input) => list(world, input),
  };
}

/** A name of digits alone would be a version's. */
const HAS_LETTER = /[a-zA-Z_.-]/;

interface Route {
  readonly stateMachineVersionArn: string;
  readonly weight: number;
}

const MAX_ROUTES = 2;

function readRouting(input: SdkValues): readonly Route[] {
  const routing = input.routingConfiguration as Route[] | undefined;
  if (routing === undefined) throw missing('routingConfiguration');
  if (routing.length < 1)
    throw constraint('[]', 'routingConfiguration', 'have length greater than or equal to 1');
  if (routing.length > MAX_ROUTES) {
    const shown = routing.map(
      (route) =>
        `RoutingConfigurationListItem(stateMachineVersionArn=${route.stateMachineVersionArn}, weight=${route.weight})`,
    );
    throw constraint(`[${shown.join(', ')}]`, 'routingConfiguration', 'have length less than or equal to 2');
  }
  routing.forEach(checkWeight);
  checkRoutes(routing);
  return routing.map(({ stateMachineVersionArn, weight }) => ({ stateMachineVersionArn, weight }));
}

function checkWeight({ weight }: Route, index: number): void {
  const member = `routingConfiguration.${index + 1}.member.weight`;
  if (weight > 100) throw constraint(String(weight), member, 'have value less than or equal to 100');
  if (weight < 0) throw constraint(String(weight), member, 'have value greater than or equal to 0');
}

function checkRoutes(routing: readonly Route[]): void {
  const arns = routing.map((route) => route.stateMachineVersionArn);
  const shown = `Received: [${arns.join(', ')}]`;
  if (arns.some((arn) => !/^\d+$/.test(parseResourceArn(arn).qualifier ?? ''))) {
    throw validation(`Routing configuration must contain state machine version ARNs. ${shown}`);
  }
  if (new Set(arns).size < arns.length) {
    throw validation(`Routing configuration must contain distinct state machine version ARNs. ${shown}`);
  }
  const weights = routing.map((route) => route.weight);
  if (weights.reduce((sum, weight) => sum + weight, 0) !== 100) {
    throw validation(
      `Sum of routing configuration weights must equal 100. Received: [${weights.join(', ')}]`,
    );
  }
  if (new Set(arns.map((arn) => parseResourceArn(arn).machineArn)).size > 1) {
    throw validation('Routing configuration must contain versions of one state machine.');
  }
}

function checkVersions(world: World, routing: readonly Route[]): void {
  for (const { stateMachineVersionArn } of routing) {
    const record = findMachine(world, parseResourceArn(stateMachineVersionArn).machineArn);
    if (record.versions.some((version) => version.arn === stateMachineVersionArn)) continue;
    throw resourceNotFound(stateMachineVersionArn);
  }
}

function create(world: World, input: SdkValues): SdkValues {
  const name = requiredText(input, 'name');
  checkName(name);
  if (!HAS_LETTER.test(name)) throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
  const routing = readRouting(input);
  checkVersions(world, routing);
  const { machineArn } = parseResourceArn(routing[0]!.stateMachineVersionArn);
  const now = world.clock.now();
  const alias: AliasRecord = {
    arn: `${machineArn}:${name}`,
    machineArn,
    name,
    description: optionalText(input, 'description'),
    routing,
    createdMs: now,
    updatedMs: now,
  };
  const existing = world.shelves.aliases.get(alias.arn);
  if (existing !== undefined && !isSame(existing, alias)) {
    throw conflict(
      `Failed to create alias because an alias with the same name and a different routing configuration already exists.`,
    );
  }
  if (existing === undefined) world.shelves.aliases.put(alias.arn, alias);
  return { stateMachineAliasArn: alias.arn, creationDate: new Date((existing ?? alias).createdMs) };
}

function isSame(one: AliasRecord, other: AliasRecord): boolean {
  return (
    one.description === other.description && JSON.stringify(one.routing) === JSON.stringify(other.routing)
  );
}

function find(world: World, input: SdkValues): AliasRecord {
  const arn = requiredArn(input, 'stateMachineAliasArn');
  const alias = world.shelves.aliases.get(arn);
  if (alias === undefined) throw resourceNotFound(arn);
  return alias;
}

function update(world: World, input: SdkValues): SdkValues {
  const alias = find(world, input);
  const routing = input.routingConfiguration === undefined ? alias.routing : readRouting(input);
  checkVersions(world, routing);
  const updatedMs = world.clock.now();
  const description = optionalText(input, 'description') ?? alias.description;
  world.shelves.aliases.put(alias.arn, { ...alias, routing, description, updatedMs });
  return { updateDate: new Date(updatedMs) };
}

function remove(world: World, input: SdkValues): SdkValues {
  world.shelves.aliases.delete(requiredArn(input, 'stateMachineAliasArn'));
  return {};
}

function describe(world: World, input: SdkValues): SdkValues {
  const alias = find(world, input);
  return {
    stateMachineAliasArn: alias.arn,
    name: alias.name,
    ...(alias.description === undefined ? {} : { description: alias.description }),
    routingConfiguration: alias.routing,
    creationDate: new Date(alias.createdMs),
    updateDate: new Date(alias.updatedMs),
  };
}

function list(world: World, input: SdkValues): SdkValues {
  const page = readPage(input);
  const arn = requiredArn(input, 'stateMachineArn');
  const { machineArn, qualifier } = parseResourceArn(arn);
  findMachine(world, machineArn);
  const aliases = world.shelves.aliases
    .values()
    .filter((alias) => alias.machineArn === machineArn)
    .filter(
      (alias) => qualifier === undefined || alias.routing.some((r) => r.stateMachineVersionArn === arn),
    );
  const { items, ...next } = pageOf(aliases, page, {
    of: `aliases ${arn}`,
    msOf: (alias) => alias.createdMs,
  });
  return {
    stateMachineAliases: items.map((alias) => ({
      stateMachineAliasArn: alias.arn,
      creationDate: new Date(alias.createdMs),
    })),
    ...next,
  };
}
