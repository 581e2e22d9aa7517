// `seriatim dev`, in a copy of the project: changed functions and pipelines are picked up, and code that does not
// build leaves the old code running.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyProject, edit, type Product, pause, startProduct } from './product.ts';

let folder: string;
let product: Product;

beforeAll(async () => {
  folder = await copyProject();
  product = await startProduct({ command: 'dev', projectFolder: folder });
}, 60_000);

afterAll(async () => {
  await product.stop();
  await rm(folder, { recursive: true, force: true });
});

const ENTRY = 'functions/start-execution/index.ts';
const EDITED = 'export const handler = async () => ({ statusCode: 200, body: \'{"edited":true}\' });\n';

async function until<Value>(work: () => Promise<Value>, holds: (value: Value) => boolean): Promise<Value> {
  for (;;) {
    const value = await work();
    if (holds(value)) return value;
    await pause(25);
  }
}

const pipelines = async (): Promise<Record<string, unknown>> =>
  (await fetch(`${product.httpUrl}/pipelines`)).json() as Promise<Record<string, unknown>>;
const printed = (text: string): Promise<boolean> =>
  until(
    async () => product.output().includes(text),
    (isThere) => isThere,
  );

describe('dev', () => {
  it('runs a changed function’s new code', async () => {
    const before = await pipelines();

    await writeFile(join(folder, ENTRY), EDITED);

    await until(pipelines, ({ edited }) => edited === true);
    expect(before.edited).toBeUndefined();
    await printed('function start-execution: seriatim-dev-start-execution reloaded');
  });

  it('prints what does not build, and goes on with the old code', async () => {
    await writeFile(join(folder, ENTRY), `${EDITED}const broken = ;`);

    await printed('function start-execution: the old code goes on');
    expect(product.output()).toMatch(/functions\/start-execution\/index\.ts:\d+:\d+/);
    expect(await until(pipelines, ({ edited }) => edited === true)).toEqual({ edited: true });
  });

  it('puts a changed pipeline into the running state machine', async () => {
    const states = new SFNClient({
      endpoint: product.awsUrl,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:seriatim-dev-house-prices';
    const definition = async (): Promise<string> =>
      (await states.send(new DescribeStateMachineCommand({ stateMachineArn }))).definition!;

    await edit(
      join(folder, 'statemachines/house-prices.ts'),
      'estimated by the model',
      'guessed by the model',
    );

    await until(definition, (text) => text.includes('guessed by the model'));
    await printed('state machine house-prices: running with the new definition');
    states.destroy();
  });
});
