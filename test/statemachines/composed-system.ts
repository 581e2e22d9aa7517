// Pipelines as they are deployed, running: what packaging derives from their definitions (state machines with their log
// groups, endpoints), booted from a template in the real services of `local/`, with the functions of the product as they
// are bundled, all behind one port. The containers are those of `model.ts`; a stage function is a few lines.
import { appendFile, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { createClosers } from '../../local/boot/closers.ts';
import { endpointsInService } from '../../local/boot/endpoints.ts';
import { nothingBuilt } from '../../local/boot/resources/resource-type.ts';
import { createServices, wireServices } from '../../local/boot/services.ts';
import { createStack, planStack } from '../../local/boot/stack.ts';
import { openStateFolder } from '../../local/boot/state-folder.ts';
import { parseTemplate } from '../../local/boot/template/model.ts';
import { DEFAULT_PLACE } from '../../local/service.ts';
import { createWireServer } from '../../local/wire/server.ts';
import { bundle } from '../../packaging/bundle.ts';
import { endpointTargets, modelDataKey, variantsOf } from '../../packaging/pipelines/hosting.ts';
import { pipelinesVariable } from '../../packaging/pipelines/variables.ts';
import { requiredFields } from '../../statemachines/compile/schema-fields.ts';
import type { Pipeline } from '../../statemachines/pipeline.ts';
import { artefact } from '../sagemaker/fixtures/tar.ts';
import { type Asked, ask, openClients, runBatch } from './composed-callers.ts';

const PROJECT = join(import.meta.dirname, '../..');
const PLATFORM = [
  'count-failure',
  'compare-shadow',
  'check-records',
  'split-batch',
  'invoke-records',
  'write-part',
  'assemble-batch',
] as const;

export interface ComposedSystem {
  readonly s3: S3Client;
  /** Runs the batch machine on a file of JSON lines; resolves with the lines of the result. */
  batch(pipeline: string, records: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Runs the real-time machine as `start-execution` does, on records as they stand in a request. */
  ask(pipeline: string, records: readonly unknown[], include?: readonly string[]): Promise<Asked>;
  close(): Promise<void>;
}

export interface SystemOptions {
  readonly pipelines: readonly Pipeline[];
  /** Stage functions by name: the body of a function of one record's `value` that returns the new one. */
  readonly functions?: Readonly<Record<string, string>>;
  /** The artefacts on multi-model endpoints, by prefix. */
  readonly models?: readonly string[];
}

export async function startComposedSystem(options: SystemOptions): Promise<ComposedSystem> {
  const folder = await mkdtemp(join(tmpdir(), 'seriatim-composed-'));
  const closers = createClosers(5_000);
  closers.add('folder', () => rm(folder, { recursive: true, force: true }));
  await makeProject(folder, options);
  const server = createWireServer({ services: [] });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const awsEndpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  closers.add('server', () => {
    server.closeAllConnections();
    server.close();
  });
  const state = openStateFolder(join(folder, 'state'));
  closers.add('state', () => state.release());
  const place = DEFAULT_PLACE;
  const services = await createServices({ place, projectFolder: folder, state, awsEndpoint, closers });
  const wire = createWireServer({ services: wireServices(services) });
  server.removeAllListeners('request');
  server.on('request', (request, response) => wire.emit('request', request, response));
  const world = {
    place,
    stackName: 'seriatim-dev',
    projectFolder: folder,
    inlineCodeFolder: state.inlineCodeFolder,
    services,
    httpApiUrl: 'http://127.0.0.1:1',
    built: nothingBuilt(),
  };
  const clients = openClients(awsEndpoint);
  closers.add('clients', () => Object.values(clients).forEach((client) => void client.destroy()));
  const plan = planStack(parseTemplate(template(options)), world);
  await createStack(plan, world, async (logicalId) => {
    if (logicalId === 'ModelBucket') await putArtefacts(services.s3, options);
  });
  await endpointsInService(world);
  return {
    s3: clients.s3,
    ask: (pipeline, records, include = []) => ask(clients, { pipeline, records, include }),
    batch: (pipeline, records) => runBatch(clients, pipeline, records),
    close: () => closers.close(),
  };
}

/** Where functions and containers are started from. */
async function makeProject(folder: string, { pipelines, functions = {} }: SystemOptions): Promise<void> {
  await Promise.all(
    ['layers', 'package.json', ...PLATFORM.map((name) => join('functions', name))].map((name) =>
      cp(join(PROJECT, name), join(folder, name), { recursive: true }),
    ),
  );
  await Promise.all(
    Object.entries(functions).map(([name, body]) => writeFunction(join(folder, 'functions', name), body)),
  );
  await appendFile(join(folder, 'layers/seriatim/pipelines.ts'), entries(pipelines));
  await mkdir(join(folder, 'container'));
  await cp(join(import.meta.dirname, 'model.ts'), join(folder, 'container/main.ts'));
  await symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  await bundle({ projectFolder: folder });
}

/** A stage function as its author writes it, with the stage runtime of the layer. */
async function writeFunction(folder: string, body: string): Promise<void> {
  await mkdir(folder);
  const code = `
import * as v from 'valibot';
import { SeriatimError, stage } from '../../layers/seriatim/index.ts';
export const handler = stage({ input: v.looseObject({}), run: (value) => {${body}} });
`;
  await writeFile(join(folder, 'index.ts'), code);
}

/** What lets a pipeline be called, as its author writes it. */
function entries(pipelines: readonly Pipeline[]): string {
  const all = pipelines.map(({ name, description, output }) => {
    const outputFields = Object.keys((output as unknown as { entries: object }).entries);
    return [name, { name, description, outputFields, required: requiredFields(output) ?? [] }];
  });
  return `
import * as v from 'valibot';
for (const { required, ...entry } of Object.values(${JSON.stringify(Object.fromEntries(all))}))
  (SERVED_PIPELINES as Map<string, PipelineEntry>).set(entry.name, {
    ...entry,
    input: v.looseObject({ age: v.optional(v.pipe(v.number(), v.maxValue(150, 'too old'))) }),
    output: v.looseObject(Object.fromEntries(required.map((name) => [name, v.any()]))),
  });
`;
}

function template({ pipelines, functions = {} }: SystemOptions): string {
  const { Resources } = pipelinesVariable('resources', pipelines) as { Resources: object };
  const text = JSON.stringify({
    Parameters: {
      InstanceType: { Type: 'String', Default: 'ml.m5.large' },
      InstanceCount: { Type: 'Number', Default: 1 },
      ContainerTag: { Type: 'String', Default: '1' },
    },
    Conditions: { IsHosting: { 'Fn::Equals': ['on', 'on'] } },
    Resources: {
      ...Resources,
      HostingRole: ROLE,
      ModelBucket: bucket('models'),
      BatchBucket: bucket('batch'),
      ClaimBucket: bucket('claims'),
      SeriatimLambdaLayer: {
        Type: 'AWS::Lambda::LayerVersion',
        Properties: { LayerName: 'seriatim', Content: { S3Bucket: 'b', S3Key: 'seriatim.zip' } },
      },
      ...Object.fromEntries(
        [...PLATFORM, ...Object.keys(functions)].map((name) => [logicalId(name), deployed(name)]),
      ),
    },
  });
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the framework's variables
  return text.replaceAll('${sls:stage}', 'dev').replaceAll('"${param:logRetentionDays}"', '30');
}

const ROLE = { Type: 'AWS::IAM::Role', Properties: {} };

const bucket = (name: string): object => ({
  Type: 'AWS::S3::Bucket',
  Properties: { BucketName: `seriatim-dev-${name}-${DEFAULT_PLACE.accountId}` },
});

function logicalId(name: string): string {
  const [first, ...rest] = name.split('-');
  return `${first![0]!.toUpperCase()}${first!.slice(1)}${rest.map((word) => `Dash${word}`).join('')}LambdaFunction`;
}

function deployed(name: string): object {
  return lambdaFunction({
    Handler: `.build/functions/${name}/index.handler`,
    Code: { S3Bucket: 'b', S3Key: 'k' },
    Layers: [{ Ref: 'SeriatimLambdaLayer' }],
    Environment: { Variables: { BATCH_BUCKET: `seriatim-dev-batch-${DEFAULT_PLACE.accountId}` } },
  });
}

function lambdaFunction(properties: object): object {
  return {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Runtime: 'nodejs24.x',
      MemorySize: 256,
      Timeout: 20,
      Role: { 'Fn::GetAtt': ['HostingRole', 'Arn'] },
      ...properties,
    },
  };
}

interface ModelStore {
  putObject(place: { bucket: string; key: string }, body: Buffer): Promise<unknown>;
}

async function putArtefacts(s3: ModelStore, { pipelines, models = [] }: SystemOptions): Promise<void> {
  const containers = endpointTargets(pipelines).flatMap((target) =>
    variantsOf(target).flatMap((variant) =>
      target.containers.map((container) => {
        const key = modelDataKey(target, container, variant);
        return { container, key, text: variant?.name ?? '' };
      }),
    ),
  );
  const objects = containers.flatMap(({ container, key, text }) =>
    container.mode === 'MultiModel'
      ? models.map((model) => ({ key: `${key}${model}.tar.gz`, text: model }))
      : [{ key, text }],
  );
  const place = `seriatim-dev-models-${DEFAULT_PLACE.accountId}`;
  await Promise.all(
    objects.map(async ({ key, text }) => s3.putObject({ bucket: place, key }, await artefact(text))),
  );
}
