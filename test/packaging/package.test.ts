// From sources to bundles and template: in a copy of the project, with the framework itself.
import { spawnSync } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle, listFunctions } from '../../packaging/bundle.ts';
import { packageTemplate } from '../../packaging/package.ts';
import { PIPELINE_DEFINITIONS } from '../../statemachines/index.ts';
import { copyProject } from './project.ts';

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await copyProject());
});
afterAll(() => remove());

interface Template {
  readonly Resources: Record<
    string,
    { Type: string; DependsOn?: string[]; Properties: Record<string, unknown> }
  >;
  readonly Outputs: Record<string, unknown>;
}

/** They bring their own code: the layer is what a request's functions share. */
const INSPECTING = new Set([
  'get-execution',
  'list-executions',
  'observe-hosting',
  'operate-execution',
  'read-payload',
]);

describe('a bundled function', () => {
  it('imports the layer by the path that it has once deployed, and loads', async () => {
    await bundle({ projectFolder: folder });

    for (const name of listFunctions(folder)) {
      const text = readFileSync(join(folder, '.build/functions', name, 'index.mjs'), 'utf8');
      if (!INSPECTING.has(name)) expect(text, name).toContain('"/opt/nodejs/seriatim.mjs"');
    }
    const { stdout, stderr } = load(['preprocess-house', 'start-batch', 'assemble-batch', 'start-execution']);
    expect(stderr).toBe('');
    expect(stdout.trim()).toBe('function function function function');
  });

  it('replaces the bundles of an earlier build, chunks included', async () => {
    const chunks = join(folder, '.build/layers/seriatim/nodejs/chunks');
    writeFileSync(join(chunks, 'stale.mjs'), '');

    await bundle({ projectFolder: folder });

    expect(readdirSync(chunks)).not.toContain('stale.mjs');
  });

  it('that does not build is named with file and line, and leaves nothing running', async () => {
    const broken = join(folder, 'functions/start-batch/broken.ts');
    const entry = join(folder, 'functions/start-batch/index.ts');
    const source = readFileSync(entry, 'utf8');
    writeFileSync(broken, 'export const x: = 3;\n');
    appendFileSync(entry, "import './broken.ts';\n");
    const program = join(folder, 'packaging/package.ts');

    const { status, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8', timeout: 20_000 });

    expect(stderr).toContain('functions/start-batch/broken.ts:1:16');
    expect(status).toBe(1);
    writeFileSync(entry, source);
    unlinkSync(broken);
  });

  /** In a process of its own, where `/opt` is the layer's folder. */
  function load(names: readonly string[]) {
    const layer = pathToFileURL(join(folder, '.build/layers/seriatim/')).href;
    const imports = names.map(
      (name) => pathToFileURL(join(folder, '.build/functions', name, 'index.mjs')).href,
    );
    const program = join(folder, 'load.mjs');
    writeFileSync(
      program,
      `import { registerHooks } from 'node:module';
registerHooks({ resolve: (s, c, n) => n(s.startsWith('/opt/') ? '${layer}' + s.slice(5) : s, c) });
const kinds = [];
for (const url of ${JSON.stringify(imports)}) kinds.push(typeof (await import(url)).handler);
console.log(kinds.join(' '));`,
    );
    return spawnSync(process.execPath, [program], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, AWS_REGION: 'us-east-1' },
    });
  }
});

describe('packageTemplate', () => {
  let template: Template;
  beforeAll(async () => {
    const { templateFile, fromCache } = await packageTemplate({ projectFolder: folder });
    expect(fromCache).toBe(false);
    template = JSON.parse(readFileSync(templateFile, 'utf8')) as Template;
  });

  const ofType = (type: string) => Object.values(template.Resources).filter(({ Type }) => Type === type);

  it('asks for signed requests on every route', () => {
    const routes = ofType('AWS::ApiGatewayV2::Route').map(({ Properties }) => Properties);

    expect(routes.map(({ RouteKey }) => RouteKey)).toContain('POST /pipelines/{pipeline}/invocations');
    for (const route of routes) expect(route).toMatchObject({ AuthorizationType: 'AWS_IAM' });
  });

  it('gives every function a role of its own, tracing and the layer', () => {
    const functions = ofType('AWS::Lambda::Function').map(({ Properties }) => Properties);
    const roles = functions.map(({ Role }) => JSON.stringify(Role));

    expect(new Set(roles).size).toBe(functions.length);
    for (const one of functions) {
      expect(one).toMatchObject({
        Layers: [{ Ref: 'SeriatimLambdaLayer' }],
        TracingConfig: { Mode: 'Active' },
      });
    }
  });

  it('lets a role act on everything only where AWS knows nothing narrower', () => {
    const statements = ofType('AWS::IAM::Role').flatMap(({ Properties }) => {
      const policies = Properties.Policies as {
        PolicyDocument: { Statement: { Action: string | string[]; Resource: unknown }[] };
      }[];
      return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
    });
    const wide = statements.filter(({ Resource }) => Resource === '*').flatMap(({ Action }) => Action);

    expect(
      wide.every((action) =>
        /^(xray|logs|ecr:GetAuth|cloudwatch:PutMetric|states:ListStateMachines|sagemaker:ListEndpoints)/.test(
          action,
        ),
      ),
    ).toBe(true);
    expect(statements.flatMap(({ Action }) => Action).filter((action) => action.endsWith('*'))).toEqual([]);
  });

  it('closes and encrypts every bucket of its own', () => {
    const buckets = ofType('AWS::S3::Bucket').filter(({ Properties }) => Properties.BucketName !== undefined);

    expect(buckets).toHaveLength(3);
    for (const { Properties } of buckets) {
      expect(Properties.BucketEncryption).toBeDefined();
      expect(Properties.PublicAccessBlockConfiguration).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
    }
  });

  it('fills in every placeholder of a state machine', () => {
    for (const { Properties } of ofType('AWS::StepFunctions::StateMachine')) {
      const used = [...JSON.stringify(Properties.Definition).matchAll(/\$\{(\w+)\}/g)].map(
        ([, name]) => name,
      );
      const given = Object.keys(Properties.DefinitionSubstitutions as object);

      expect(new Set(used)).toEqual(new Set(given));
      expect(Properties.LoggingConfiguration).toMatchObject({ Level: 'ALL', IncludeExecutionData: true });
    }
  });

  it('lets inspection find the state machines of every pipeline', () => {
    const { Environment } = template.Resources.ListDashexecutionsLambdaFunction!.Properties as {
      Environment: { Variables: { STATE_MACHINES: { 'Fn::Sub': string } } };
    };

    const machines = JSON.parse(Environment.Variables.STATE_MACHINES['Fn::Sub']) as object;
    expect(Object.keys(machines)).toEqual(PIPELINE_DEFINITIONS.map(({ name }) => name));
  });

  it('lets a state machine call the endpoints that its definition names, and no other', () => {
    for (const { name, stages } of PIPELINE_DEFINITIONS) {
      const id = `${name.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase())}Role`;
      const granted = JSON.stringify(template.Resources[id]!.Properties).match(/endpoint\/[\w-]+/g) ?? [];
      const called = new Set(
        stages.flatMap((one) => (one.kind === 'inference' ? one.endpoint.placeholder : [])),
      );

      expect(granted, id).toHaveLength(called.size);
    }
  });

  it('starts batches for what is put under in/ and for nothing else', () => {
    const { NotificationConfiguration } = template.Resources.BatchBucket!.Properties;

    const { LambdaConfigurations } = NotificationConfiguration as { LambdaConfigurations: object[] };
    const prefixes = LambdaConfigurations.map((one) => /"Value":"([^"]+)"/.exec(JSON.stringify(one))![1]);
    expect(prefixes).toEqual(PIPELINE_DEFINITIONS.map(({ name }) => `${name}/in/`));
  });

  it('tells a topic of batch runs that have ended', () => {
    const { EventPattern, Targets } = template.Resources.BatchEndedRule!.Properties;

    expect(JSON.stringify(EventPattern)).toContain(':stateMachine:seriatim-dev-*-batch');
    expect(EventPattern).toMatchObject({
      detail: { status: expect.arrayContaining(['SUCCEEDED', 'FAILED']) },
    });
    expect(Targets).toMatchObject([{ Arn: { Ref: 'BatchTopic' } }]);
  });

  it('has the outputs that people and programs rely on', () => {
    expect(Object.keys(template.Outputs)).toEqual(
      expect.arrayContaining(['ModelBucketName', 'BatchBucketName', 'HttpApiUrl', 'BatchTopicArn']),
    );
  });

  it('is skipped while nothing has changed, and says in one line what is wrong with the template', async () => {
    expect((await packageTemplate({ projectFolder: folder })).fromCache).toBe(true);
    appendFileSync(join(folder, 'serverless.yml'), '\nfunctons: {}\n');

    const failing = packageTemplate({ projectFolder: folder });

    await expect(failing).rejects.toThrow(/^serverless\.yml cannot be packaged: [^\n]*functons[^\n]*$/);
  });
});
