// What the console is tried on: an execution of every pipeline, one that failed, a batch with a record that fails, and
// a long history.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { ask, runBatch, samples } from '../product/callers.ts';
import { PROJECT, type Product, pause } from '../product/product.ts';

export const PHOTO = join(PROJECT, 'models/photo-themes/scenes/scene_00_clean.png');

/** Pipelines with the stages that a record passes, and one of them that calls something. */
export const PIPELINES = [
  ['house-prices', ['Preprocess', 'Estimate', 'Postprocess'], 'Estimate'],
  ['regional-prices', ['Preprocess', 'Estimate', 'Combine', 'Adjust', 'Postprocess'], 'Combine'],
  ['diabetes-progression', ['Predict'], 'Predict'],
  ['tumour-screening', ['Screen'], 'Screen'],
  [
    'photo-themes',
    [
      'TakeRecord',
      'AssessQuality',
      'RejectPoorPhoto',
      'Recognise',
      'LeaveUnrecognised',
      'GroupByTheme',
      'Answer',
    ],
    'Recognise',
  ],
] as const;

export async function sendToAll(product: Product): Promise<void> {
  const listed = await fetch(`${product.httpUrl}/pipelines`);
  const { pipelines } = (await listed.json()) as { pipelines: { name: string; example?: unknown }[] };
  await Promise.all(
    pipelines.map(({ name, example }) =>
      example === undefined
        ? ask(product, name, readFileSync(PHOTO), { contentType: 'image/png' })
        : ask(product, name, example),
    ),
  );
}

/** @returns the execution's name */
export async function sendToNowhere(product: Product): Promise<string> {
  const [{ instances }] = samples<{ instances: object[] }>('house-prices/requests.ndjson') as [
    { instances: [object] },
  ];
  const body = { ...instances[0], city: 'Nowhere_TX' };
  const { json } = await ask<{ error: { executionArn: string } }>(product, 'house-prices', body);
  return json.error.executionArn.split(':')[7]!;
}

/** 59 houses, of which one has no year that is a number. */
export async function sendBatch(product: Product, name = 'street.csv'): Promise<void> {
  const lines = readFileSync(join(PROJECT, 'models/house-prices/houses-2000.csv'), 'utf8').split('\n');
  const text = [...lines.slice(0, 60), ''].map((line, at) =>
    at === 11 ? line.replace(/,\d{4},/, ',old,') : line,
  );
  await runBatch(product, 'house-prices', { name, text: text.join('\n') });
}

export function sfnOf({ awsUrl }: Pick<Product, 'awsUrl'>): SFNClient {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return new SFNClient({ endpoint: awsUrl, region: 'us-east-1', credentials, disableHostPrefix: true });
}

/** A chain of `stages` states, each entered once: two events a stage, and two. @returns the execution's ARN */
export async function runChain(product: Pick<Product, 'awsUrl'>, stages: number): Promise<string> {
  const names = Array.from({ length: stages }, (_, at) => `Stage${at + 1}`);
  const states = names.map((name, at) => {
    const next = names[at + 1];
    return [name, { Type: 'Pass', ...(next === undefined ? { End: true } : { Next: next }) }];
  });
  const definition = { StartAt: names[0], States: Object.fromEntries(states) as unknown };
  // Inspection looks at the state machines that reruns derive, and at no others beside the configured ones.
  const digest = stages.toString(16).padStart(12, '0');
  return run(product, `seriatim-dev-house-prices-batch-rerun-${digest}`, definition);
}

/** As `runChain`, and it goes on until the product ends. @returns the execution's ARN */
export async function runOn(product: Pick<Product, 'awsUrl'>, stages: number): Promise<string> {
  const names = Array.from({ length: stages }, (_, at) => `Stage${at + 1}`);
  const states = names.map((name, at) => [name, { Type: 'Pass', Next: names[at + 1] ?? 'WaitOn' }]);
  const last = { WaitOn: { Type: 'Wait', Seconds: 3600, End: true } };
  const definition = { StartAt: names[0], States: { ...(Object.fromEntries(states) as object), ...last } };
  return start(
    product,
    `seriatim-dev-house-prices-batch-rerun-${stages.toString(16).padStart(11, 'f')}`,
    definition,
  );
}

async function run(product: Pick<Product, 'awsUrl'>, name: string, definition: unknown): Promise<string> {
  const executionArn = await start(product, name, definition);
  const sfn = sfnOf(product);
  while ((await sfn.send(new DescribeExecutionCommand({ executionArn }))).status === 'RUNNING')
    await pause(50);
  sfn.destroy();
  return executionArn;
}

async function start(product: Pick<Product, 'awsUrl'>, name: string, definition: unknown): Promise<string> {
  const sfn = sfnOf(product);
  const roleArn = 'arn:aws:iam::000000000000:role/seriatim-dev-chain';
  const made = new CreateStateMachineCommand({ name, roleArn, definition: JSON.stringify(definition) });
  const { stateMachineArn } = await sfn.send(made);
  const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn, input: '{}' }));
  sfn.destroy();
  return executionArn!;
}
