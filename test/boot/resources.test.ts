// Functions, buckets and state machines, created in the real services of `local/`: what each leaves behind, and what
// `Ref` and `Fn::GetAtt` yield for it.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of CloudFormation, not of JavaScript
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getAtt, inlineFunction, ROLE, type SmallSystem, startSmallSystem } from './small-system.ts';

let system: SmallSystem;

beforeEach(async () => {
  system = await startSmallSystem();
});

afterEach(() => system.close());

describe('functions', () => {
  it('run code that stands in the template, with their environment', async () => {
    const { outputs } = await system.boot(
      {
        Role: ROLE,
        Greet: inlineFunction('exports.handler = async () => process.env.GREETING + process.env.COUNT', {
          FunctionName: 'greet',
          Environment: { Variables: { GREETING: 'hello', COUNT: 2 } },
        }),
      },
      { Arn: getAtt('Greet.Arn'), Name: { Ref: 'Greet' } },
    );

    const answer = await system.world.services.lambda.invoke({ functionName: 'greet', payload: '{}' });

    expect(answer).toMatchObject({ statusCode: 200, payload: '"hello2"' });
    expect(outputs).toEqual({ Arn: 'arn:aws:lambda:us-east-1:000000000000:function:greet', Name: 'greet' });
  });

  it('run packaged code from the project folder, with the layer under /opt', async () => {
    await mkdir(join(system.folder, '.build/functions/f'), { recursive: true });
    await mkdir(join(system.folder, '.build/layers/shared/nodejs'), { recursive: true });
    await writeFile(
      join(system.folder, '.build/layers/shared/nodejs/shared.mjs'),
      'export const answer = 42;',
    );
    await writeFile(
      join(system.folder, '.build/functions/f/index.mjs'),
      "import { answer } from '/opt/nodejs/shared.mjs'; export const handler = async () => answer;",
    );
    const code = { S3Bucket: 'any', S3Key: 'serverless/shop/dev/1/f.zip' };
    await system.boot({
      Role: ROLE,
      Layer: {
        Type: 'AWS::Lambda::LayerVersion',
        Properties: { Content: { S3Bucket: 'any', S3Key: 'serverless/shop/dev/1/shared.zip' } },
      },
      F: inlineFunction('', {
        FunctionName: 'f',
        Handler: '.build/functions/f/index.handler',
        Code: code,
        Layers: [{ Ref: 'Layer' }],
      }),
    });

    const answer = await system.world.services.lambda.invoke({ functionName: 'f', payload: '{}' });

    expect(answer.payload).toBe('42');
  });

  it('without their bundle are refused by path', async () => {
    const booting = system.boot({
      Role: ROLE,
      F: inlineFunction('', {
        Handler: '.build/functions/gone/index.handler',
        Code: { S3Bucket: 'b', S3Key: 'k' },
      }),
    });

    await expect(booting).rejects.toMatchObject({
      path: 'Resources.F.Properties.Handler',
      message: expect.stringContaining('.build/functions/gone/index.mjs'),
    });
  });

  it('of another runtime are noted, and the rest goes on', async () => {
    await system.boot({
      Role: ROLE,
      F: inlineFunction('', { Runtime: 'python3.13' }),
      G: inlineFunction(''),
    });

    expect(system.world.built.notes).toEqual([expect.stringContaining('python3.13')]);
    expect([...system.world.built.functions.keys()]).toEqual(['G']);
  });

  it('have versions and aliases by ARN', async () => {
    const { outputs } = await system.boot(
      {
        Role: ROLE,
        F: inlineFunction('', { FunctionName: 'f' }),
        V: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'F' } } },
        A: {
          Type: 'AWS::Lambda::Alias',
          Properties: { FunctionName: { Ref: 'F' }, Name: 'live', FunctionVersion: getAtt('V.Version') },
        },
      },
      { V: { Ref: 'V' }, A: { Ref: 'A' } },
    );

    const arn = 'arn:aws:lambda:us-east-1:000000000000:function:f';
    expect(outputs).toEqual({ V: `${arn}:1`, A: `${arn}:live` });
  });
});

describe('buckets', () => {
  it('tell functions of new objects under a prefix', async () => {
    const sees = 'exports.handler = async (event) => console.log("saw " + event.Records[0].s3.object.key)';
    await system.boot({
      Role: ROLE,
      See: inlineFunction(sees, { FunctionName: 'see' }),
      Bucket: {
        Type: 'AWS::S3::Bucket',
        Properties: {
          BucketName: 'inbox',
          NotificationConfiguration: {
            LambdaConfigurations: [
              {
                Event: 's3:ObjectCreated:*',
                Function: getAtt('See.Arn'),
                Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: 'in/' }] } },
              },
            ],
          },
        },
      },
    });

    await system.world.services.s3.putObject({ bucket: 'inbox', key: 'out/a' }, 'a');
    await system.world.services.s3.putObject({ bucket: 'inbox', key: 'in/b' }, 'b');

    expect(await firstLine('/aws/lambda/see', 'saw')).toContain('saw in/b');
  });

  it('have the names and ARNs that CloudFormation gives', async () => {
    const { outputs } = await system.boot(
      { Data: { Type: 'AWS::S3::Bucket', Properties: {} } },
      { Name: { Ref: 'Data' }, Arn: getAtt('Data.Arn'), Domain: getAtt('Data.RegionalDomainName') },
    );

    const name = String(outputs.Name);
    expect(name).toMatch(/^shop-dev-data-[0-9a-f]{12}$/);
    expect(outputs).toMatchObject({
      Arn: `arn:aws:s3:::${name}`,
      Domain: `${name}.s3.us-east-1.amazonaws.com`,
    });
  });

  async function firstLine(group: string, containing: string): Promise<string> {
    for (;;) {
      for await (const { message } of system.world.services.logs.find({ group, containing })) return message;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
});

describe('state machines', () => {
  const machine = (properties: object): object => ({
    Role: ROLE,
    M: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: { StateMachineName: 'm', RoleArn: getAtt('Role.Arn'), ...properties },
    },
  });
  const pass = (result: string): object => ({
    StartAt: 'P',
    States: { P: { Type: 'Pass', Result: result, End: true } },
  });
  const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:m';
  const describeMachine = () =>
    system.world.services.states.operations.describeStateMachine!({ stateMachineArn });

  it('are made of a definition with values put in', async () => {
    const { outputs } = await system.boot(
      machine({
        Definition: pass('${Who} and ${Other}'),
        DefinitionSubstitutions: { Who: 'a "quoted" name' },
        StateMachineType: 'EXPRESS',
      }),
      { Ref: { Ref: 'M' }, Name: getAtt('M.Name') },
    );

    const { definition, type } = await describeMachine();

    expect(JSON.parse(String(definition))).toEqual(pass('a "quoted" name and ${Other}'));
    expect(type).toBe('EXPRESS');
    expect(outputs).toEqual({ Ref: stateMachineArn, Name: 'm' });
  });

  it('are brought up to date when they are there already', async () => {
    await system.boot(machine({ DefinitionString: JSON.stringify(pass('old')) }));

    await system.boot(machine({ DefinitionString: JSON.stringify(pass('new')) }));

    expect(String((await describeMachine()).definition)).toContain('new');
  });

  it('are made anew when their type changes', async () => {
    await system.boot(machine({ Definition: pass('x') }));

    await system.boot(machine({ Definition: pass('x'), StateMachineType: 'EXPRESS' }));

    expect((await describeMachine()).type).toBe('EXPRESS');
  });

  it('have versions, and aliases that follow the newest one', async () => {
    const withAlias = (result: string): object => ({
      ...machine({ Definition: pass(result) }),
      V: {
        Type: 'AWS::StepFunctions::StateMachineVersion',
        Properties: { StateMachineArn: { Ref: 'M' } },
      },
      A: {
        Type: 'AWS::StepFunctions::StateMachineAlias',
        Properties: {
          Name: 'live',
          RoutingConfiguration: [{ StateMachineVersionArn: { Ref: 'V' }, Weight: '100' }],
        },
      },
    });
    await system.boot(withAlias('one'));

    const { outputs } = await system.boot(withAlias('two'), { A: { Ref: 'A' }, V: { Ref: 'V' } });

    const { describeStateMachineAlias } = system.world.services.states.operations;
    expect(outputs).toEqual({ A: `${stateMachineArn}:live`, V: `${stateMachineArn}:2` });
    expect(await describeStateMachineAlias!({ stateMachineAliasArn: outputs.A })).toMatchObject({
      routingConfiguration: [{ stateMachineVersionArn: `${stateMachineArn}:2`, weight: 100 }],
    });
  });

  it('with a fault name the resource', async () => {
    const booting = system.boot(machine({ Definition: { StartAt: 'Nowhere', States: {} } }));

    await expect(booting).rejects.toMatchObject({ name: 'TemplateError', path: 'Resources.M' });
  });

  it('refuse a definition kept in S3', async () => {
    const booting = system.boot(machine({ DefinitionS3Location: { Bucket: 'b', Key: 'k' } }));

    await expect(booting).rejects.toMatchObject({ path: 'Resources.M.Properties.DefinitionS3Location' });
  });
});
