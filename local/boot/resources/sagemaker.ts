// Models, endpoint configs and endpoints. Their properties are the inputs of the create operations under the same
// names. An endpoint is Creating when this returns; whoever needs it InService waits for that.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SageMaker.html
import { arn, type SdkValues } from '../../service.ts';
import { isObject } from '../template/model.ts';
import { type DeclaredResource, generatedName, type ResourceType, type World } from './resource-type.ts';

export const model: ResourceType = (declared, world) => create(declared, world, 'Model');
export const endpointConfig: ResourceType = (declared, world) => create(declared, world, 'EndpointConfig');

export const endpoint: ResourceType = async (declared, world) => {
  const created = await create(declared, world, 'Endpoint');
  world.built.endpointNames.push(String(created.attributes.EndpointName));
  return created;
};

/** The members that the API wants as numbers; a parameter's value comes as text. */
const NUMBERS: ReadonlySet<string> = new Set([
  'InitialInstanceCount',
  'InitialVariantWeight',
  'VolumeSizeInGB',
  'ModelDataDownloadTimeoutInSeconds',
  'ContainerStartupHealthCheckTimeoutInSeconds',
  'MaxConcurrency',
  'MaxConcurrentInvocationsPerInstance',
  'MemorySizeInMB',
  'ProvisionedConcurrency',
  'InitialSamplingPercentage',
  'MinInstanceCount',
  'MaxInstanceCount',
]);

async function create(
  { logicalId, properties }: DeclaredResource,
  world: World,
  kind: 'Model' | 'EndpointConfig' | 'Endpoint',
): Promise<{ ref: string; attributes: Record<string, unknown> }> {
  const nameMember = `${kind}Name`;
  // SageMaker's names have at most 63 characters.
  const name = properties.text(nameMember) ?? generatedName(world, logicalId).slice(0, 63);
  const input = { ...(withNumbers(properties.values) as SdkValues), [nameMember]: name };
  const operation = world.services.sagemaker.declared[`create${kind}`];
  if (operation === undefined) return properties.refuse(nameMember, `create${kind} is not served here`);
  await operation(input);
  const resourceArn = arn(world.place, 'sagemaker', `${kebab(kind)}/${name.toLowerCase()}`);
  return { ref: resourceArn, attributes: { [nameMember]: name } };
}

function withNumbers(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => withNumbers(item));
  if (!isObject(value)) return NUMBERS.has(name) ? Number(value) : value;
  // A container's environment is text throughout.
  if (name === 'Environment')
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, String(member)]));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withNumbers(member, key)]));
}

/** `EndpointConfig` is `endpoint-config` in an ARN. */
function kebab(kind: string): string {
  return kind.replace(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}
