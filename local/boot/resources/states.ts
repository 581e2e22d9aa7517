// State machines. Their executions outlive a restart, so a machine that is there from the last start is brought up
// to date in place.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
import { isDeepStrictEqual } from 'node:util';
import { arn, type SdkOperations, type SdkValues } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';
import { lowerCamel, type Properties } from './properties.ts';
import { generatedName, type ResourceType } from './resource-type.ts';

export const stateMachine: ResourceType = async ({ logicalId, properties }, world) => {
  const name = properties.text('StateMachineName') ?? generatedName(world, logicalId);
  const stateMachineArn = arn(world.place, 'states', `stateMachine:${name}`);
  const { operations } = world.services.states;
  const wanted = machineInput(properties);
  const found = await describe(operations, stateMachineArn);
  const replaced = found !== undefined && found.type !== wanted.type;
  if (replaced) await call(operations, 'deleteStateMachine', { stateMachineArn });
  if (found === undefined || replaced) await call(operations, 'createStateMachine', { name, ...wanted });
  else if (!isUpToDate(found, wanted)) await update(operations, stateMachineArn, wanted);
  world.built.stateMachineArns.push(stateMachineArn);
  return {
    ref: stateMachineArn,
    attributes: { Arn: stateMachineArn, Name: name, StateMachineRevisionId: 'INITIAL' },
  };
};

export const activity: ResourceType = async ({ properties }, world) => {
  const name = properties.requiredText('Name');
  await call(world.services.states.operations, 'createActivity', { name });
  const activityArn = arn(world.place, 'states', `activity:${name}`);
  return { ref: activityArn, attributes: { Arn: activityArn, Name: name } };
};

export const stateMachineVersion: ResourceType = async ({ properties }, world) => {
  const input = { stateMachineArn: properties.requiredText('StateMachineArn') };
  const version = await call(world.services.states.operations, 'publishStateMachineVersion', input);
  const versionArn = String(version.stateMachineVersionArn);
  return { ref: versionArn, attributes: { Arn: versionArn } };
};

export const stateMachineAlias: ResourceType = async ({ logicalId, properties }, world) => {
  const { operations } = world.services.states;
  const name = properties.text('Name') ?? generatedName(world, logicalId);
  const routes = routing(properties);
  const stateMachineArn = routes[0]!.stateMachineVersionArn.replace(/:\d+$/, '');
  const stateMachineAliasArn = `${stateMachineArn}:${name}`;
  const input = { routingConfiguration: routes };
  const { stateMachineAliases } = await call(operations, 'listStateMachineAliases', { stateMachineArn });
  const exists = (stateMachineAliases as SdkValues[]).some(
    (other) => other.stateMachineAliasArn === stateMachineAliasArn,
  );
  if (exists) await call(operations, 'updateStateMachineAlias', { stateMachineAliasArn, ...input });
  else await call(operations, 'createStateMachineAlias', { name, ...input });
  return { ref: stateMachineAliasArn, attributes: { Arn: stateMachineAliasArn } };
};

/** Told outright, or by a deployment's preference, which moves all traffic at once here. */
function routing(properties: Properties): { stateMachineVersionArn: string; weight: number }[] {
  const preferred = properties.object('DeploymentPreference')?.requiredText('StateMachineVersionArn');
  if (preferred !== undefined) return [{ stateMachineVersionArn: preferred, weight: 100 }];
  const routes = properties.objects('RoutingConfiguration').map((route) => ({
    stateMachineVersionArn: route.requiredText('StateMachineVersionArn'),
    weight: route.number('Weight') ?? 100,
  }));
  return routes.length > 0 ? routes : properties.refuse('RoutingConfiguration', 'names no version');
}

/** The input of CreateStateMachine without the name. */
function machineInput(properties: Properties): SdkValues & { definition: string; type: string } {
  const logging = properties.object('LoggingConfiguration')?.values;
  const tracing = properties.object('TracingConfiguration')?.values;
  const tags = properties.list('Tags');
  return {
    definition: definitionText(properties),
    roleArn: properties.requiredText('RoleArn'),
    type: properties.text('StateMachineType') ?? 'STANDARD',
    ...(logging === undefined ? {} : { loggingConfiguration: lowerCamel(logging) }),
    ...(tracing === undefined ? {} : { tracingConfiguration: lowerCamel(tracing) }),
    ...(tags.length === 0 ? {} : { tags: lowerCamel(tags) }),
  };
}

function definitionText(properties: Properties): string {
  if (properties.values.DefinitionS3Location !== undefined)
    properties.refuse('DefinitionS3Location', 'is not read here; put the definition into the template');
  const asObject = properties.object('Definition')?.values;
  const text =
    asObject === undefined ? properties.requiredText('DefinitionString') : JSON.stringify(asObject);
  return substituted(text, properties);
}

/** `${name}` in a definition becomes the substitution's value, as text inside the JSON. */
function substituted(text: string, properties: Properties): string {
  const substitutions = properties.object('DefinitionSubstitutions');
  if (substitutions === undefined) return text;
  return text.replace(/\$\{([A-Za-z0-9_]+)\}/g, (whole, name: string) => {
    const value = substitutions.text(name);
    return value === undefined ? whole : JSON.stringify(value).slice(1, -1);
  });
}

async function describe(operations: SdkOperations, stateMachineArn: string): Promise<SdkValues | undefined> {
  try {
    return await call(operations, 'describeStateMachine', { stateMachineArn });
  } catch (thrown) {
    if (thrown instanceof AwsError && thrown.name === 'StateMachineDoesNotExist') return undefined;
    throw thrown;
  }
}

const COMPARED = ['definition', 'roleArn', 'loggingConfiguration', 'tracingConfiguration'];

/** An update makes a new revision, so one that changes nothing is left out. */
function isUpToDate(found: SdkValues, wanted: SdkValues): boolean {
  return COMPARED.every((name) => wanted[name] === undefined || isDeepStrictEqual(found[name], wanted[name]));
}

async function update(operations: SdkOperations, stateMachineArn: string, wanted: SdkValues): Promise<void> {
  const { type: _type, tags: _tags, ...changes } = wanted;
  await call(operations, 'updateStateMachine', { stateMachineArn, ...changes });
}

function call(operations: SdkOperations, name: string, input: SdkValues): Promise<SdkValues> {
  const operation = operations[name];
  if (operation === undefined) throw new AwsError('UnknownOperation', `${name} is not served here`);
  return operation(input);
}
