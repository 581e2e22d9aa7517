// Functions and their layers. A packaged function runs from the project folder, where the bundles stand that the
// package was made of; code that stands in the template itself is written to a folder of its own.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { FunctionDefinition } from '../../lambda/api.ts';
import { arn } from '../../service.ts';
import type { Properties } from './properties.ts';
import { type DeclaredResource, generatedName, type ResourceType, type World } from './resource-type.ts';

/** Lambda's own defaults. https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html */
const DEFAULT_TIMEOUT_S = 3;
const DEFAULT_MEMORY_MB = 128;

export const lambdaFunction: ResourceType = async (declared, world) => {
  const { logicalId, properties } = declared;
  const functionName = properties.text('FunctionName') ?? generatedName(world, logicalId);
  const functionArn = arn(world.place, 'lambda', `function:${functionName}`);
  const runtime = properties.text('Runtime') ?? '';
  if (runtime.startsWith('nodejs')) {
    const definition = await functionDefinition(functionName, declared, world);
    await world.services.lambda.putFunction(definition);
    world.built.functions.set(logicalId, definition);
  } else {
    const what = runtime === '' ? 'container images of functions' : runtime;
    world.built.notes.push(`${properties.path}: ${what} does not run here; calls of ${functionName} fail`);
  }
  return { ref: functionName, attributes: { Arn: functionArn } };
};

/** Every version is `$LATEST` here: one start runs one state of the code. */
export const version: ResourceType = ({ properties }, world) => {
  const functionArn = arnOfFunction(properties.requiredText('FunctionName'), world);
  return { ref: `${functionArn}:1`, attributes: { Version: '1', FunctionArn: `${functionArn}:1` } };
};

export const alias: ResourceType = ({ properties }, world) => {
  const functionArn = arnOfFunction(properties.requiredText('FunctionName'), world);
  const aliasArn = `${functionArn}:${properties.requiredText('Name')}`;
  return { ref: aliasArn, attributes: { AliasArn: aliasArn } };
};

/** The packaged layer `x.zip` is the folder `.build/layers/x`. */
export const layerVersion: ResourceType = ({ logicalId, properties }, world) => {
  const content = properties.requiredObject('Content');
  const name = basename(content.requiredText('S3Key'), '.zip');
  const folder = join(world.projectFolder, '.build', 'layers', name);
  if (!existsSync(folder)) content.refuse('S3Key', `there is no layer folder .build/layers/${name}`);
  const layerName = properties.text('LayerName') ?? generatedName(world, logicalId);
  const layerArn = arn(world.place, 'lambda', `layer:${layerName}:1`);
  world.built.layers.set(layerArn, folder);
  return { ref: layerArn, attributes: { LayerVersionArn: layerArn } };
};

async function functionDefinition(
  functionName: string,
  { logicalId, properties }: DeclaredResource,
  world: World,
): Promise<FunctionDefinition> {
  const logGroup = properties.object('LoggingConfig')?.text('LogGroup');
  const reserved = properties.number('ReservedConcurrentExecutions');
  const description = properties.text('Description');
  return {
    functionName,
    codeFolder: await codeFolder(logicalId, properties, world),
    handler: properties.requiredText('Handler'),
    runtime: properties.requiredText('Runtime'),
    timeoutMs: (properties.number('Timeout') ?? DEFAULT_TIMEOUT_S) * 1000,
    memoryMb: properties.number('MemorySize') ?? DEFAULT_MEMORY_MB,
    environment: environment(properties),
    layerFolders: layerFolders(properties, world),
    roleArn: properties.requiredText('Role'),
    ...(logGroup === undefined ? {} : { logGroup }),
    ...(description === undefined ? {} : { description }),
    ...(reserved === undefined ? {} : { reservedConcurrency: reserved }),
  };
}

async function codeFolder(logicalId: string, properties: Properties, world: World): Promise<string> {
  const inline = properties.requiredObject('Code').text('ZipFile');
  if (inline !== undefined) return writeInline(join(world.inlineCodeFolder, logicalId), inline);
  const handler = properties.requiredText('Handler');
  const module = handler.slice(0, handler.lastIndexOf('.'));
  const exists = ['.mjs', '.js', '.cjs'].some((ending) =>
    existsSync(join(world.projectFolder, module + ending)),
  );
  if (!exists)
    properties.refuse('Handler', `there is no ${module}.mjs, .js or .cjs in ${world.projectFolder}`);
  return world.projectFolder;
}

/** Inline code is a CommonJS file named index. */
async function writeInline(folder: string, code: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"type":"commonjs"}');
  await writeFile(join(folder, 'index.js'), code);
  return folder;
}

function environment(properties: Properties): Record<string, string> {
  const variables = properties.object('Environment')?.object('Variables');
  const names = Object.keys(variables?.values ?? {});
  return Object.fromEntries(names.map((name) => [name, variables!.requiredText(name)]));
}

function layerFolders(properties: Properties, world: World): string[] {
  return properties.texts('Layers').flatMap((layerArn) => {
    const folder = world.built.layers.get(layerArn);
    if (folder !== undefined) return [folder];
    world.built.notes.push(`${properties.path}.Layers: ${layerArn} is not in this template and is left out`);
    return [];
  });
}

/** `FunctionName` is a name or an ARN. */
function arnOfFunction(name: string, world: World): string {
  return name.startsWith('arn:') ? name : arn(world.place, 'lambda', `function:${name}`);
}
