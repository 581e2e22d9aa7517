// A rolling update of one step of a pipeline on several instances, under load: every instance's unchanged multi-model
// container goes over to the new fleet as it runs, with what it has loaded, and back again when an alarm rings.
import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import {
  type ContainerDefinition,
  UpdateEndpointCommand,
  type UpdateEndpointCommandInput,
} from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  BUCKET,
  createConfig,
  deploy,
  image,
  invoke,
  invokeSeen,
  type Stack,
  startStack,
} from './fixtures/stack.ts';
import { artefact } from './fixtures/tar.ts';

const MODELS = ['a', 'b', 'c', 'd', 'e', 'f'];

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  for (const model of MODELS)
    await stack.s3.putObject({ bucket: BUCKET, key: `cities/${model}` }, await artefact(model));
});

afterAll(() => stack.close());

const pipeline = (version: string): ContainerDefinition[] => [
  { Image: image('box'), Environment: { NAME: 'features', ANSWER: 'input', VERSION: version } },
  {
    Image: image('box'),
    Environment: { NAME: 'city' },
    Mode: 'MultiModel',
    ModelDataUrl: `s3://${BUCKET}/cities/`,
  },
];

/** So many instances with every model loaded somewhere, and the config of the next version. */
async function deployWarm(name: string, instances: number): Promise<void> {
  const variant = { InitialInstanceCount: instances };
  await deploy(stack, name, pipeline('1'), { variant });
  await createConfig(stack, `${name}-2`, pipeline('2'), { variant });
  for (const TargetModel of MODELS) await invoke(stack, name, { TargetModel });
}

async function roll(name: string, AutoRollbackConfiguration?: { Alarms: { AlarmName: string }[] }) {
  const WaitIntervalInSeconds = AutoRollbackConfiguration === undefined ? 0 : 1;
  const DeploymentConfig: UpdateEndpointCommandInput['DeploymentConfig'] = {
    RollingUpdatePolicy: { MaximumBatchSize: { Type: 'INSTANCE_COUNT', Value: 1 }, WaitIntervalInSeconds },
    ...(AutoRollbackConfiguration === undefined ? {} : { AutoRollbackConfiguration }),
  };
  await stack.control.send(
    new UpdateEndpointCommand({ EndpointName: name, EndpointConfigName: `${name}-2`, DeploymentConfig }),
  );
  return stack.sagemaker.settled(name);
}

/** Calls model after model without pause while `work` goes on. @returns processes that answered, and what failed */
async function underLoad(name: string, work: () => Promise<unknown>) {
  const pids = new Set<number>();
  const failures: unknown[] = [];
  let isDone = false;
  const callers = MODELS.map(async (TargetModel) => {
    while (!isDone) {
      await invokeSeen(stack, name, { TargetModel }).then(
        ({ pid }) => pids.add(pid),
        (error) => failures.push(error),
      );
    }
  });
  await work().finally(() => {
    isDone = true;
  });
  await Promise.all(callers);
  return { pids, failures };
}

function linesOf(name: string): string[] {
  return [...stack.logs].filter(([stream]) => stream.includes(`/${name}|`)).flatMap(([, lines]) => lines);
}

const loadsOf = (name: string): number =>
  linesOf(name).filter((line) => line.startsWith('model-load ')).length;

it.each([2, 3])(
  'takes the loaded models of %i instances along, without one more load or failed call',
  async (count) => {
    const name = `roll-${count}`;
    await deployWarm(name, count);
    const before = await underLoad(name, async () => {
      for (let call = 0; call < 60; call++) await invoke(stack, name, { TargetModel: MODELS[call % 6]! });
    });
    const loads = loadsOf(name);

    const { pids, failures } = await underLoad(name, async () =>
      expect(await roll(name)).toEqual({ status: 'InService' }),
    );
    await underLoad(name, () => invoke(stack, name, { TargetModel: 'a' }));

    expect(failures).toEqual([]);
    expect([...pids].sort()).toEqual([...before.pids].sort());
    expect(loadsOf(name)).toBe(loads);
    expect(linesOf(name).filter((line) => line === 'features listens')).toHaveLength(2 * count);
    expect(linesOf(name).filter((line) => line === 'city listens')).toHaveLength(count);
  },
);

it('brings the loaded models back when an alarm rings after the second batch', async () => {
  await deployWarm('back', 3);
  const loads = loadsOf('back');
  const cloudWatch = new CloudWatchClient({
    endpoint: stack.endpointUrl,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const AlarmName = 'back';
  await cloudWatch.send(
    new PutMetricAlarmCommand({
      AlarmName,
      Namespace: 'AWS/SageMaker',
      MetricName: 'Invocation5XXErrors',
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanThreshold',
    }),
  );

  const { failures } = await underLoad('back', async () => {
    const rolled = roll('back', { Alarms: [{ AlarmName }] });
    while (linesOf('back').filter((line) => line === 'features listens').length < 5)
      await invoke(stack, 'back', { TargetModel: 'a' });
    await cloudWatch.send(new SetAlarmStateCommand({ AlarmName, StateValue: 'ALARM', StateReason: 'test' }));
    expect((await rolled).failureReason).toContain('the alarm back is in ALARM state');
  });
  cloudWatch.destroy();

  expect(failures).toEqual([]);
  expect(loadsOf('back')).toBe(loads);
  expect(linesOf('back').filter((line) => line === 'city listens')).toHaveLength(3);
});

it('keeps a session with the container that opened it, whichever instance has it now', async () => {
  const variant = { InitialInstanceCount: 3 };
  const containers = (version: string): ContainerDefinition[] => [
    { Image: image('box'), Environment: { NAME: 'features', ANSWER: 'input', VERSION: version } },
    { Image: image('box'), Environment: { NAME: 'chat', SESSIONS: '1' } },
  ];
  await deploy(stack, 'chat', containers('1'), { variant });
  await createConfig(stack, 'chat-2', containers('2'), { variant });
  const opened = await invoke(stack, 'chat', { SessionId: 'NEW_SESSION' });
  const { pid } = JSON.parse(opened.Body.transformToString());
  const SessionId = opened.NewSessionId!.split(';')[0]!;
  const pids = new Set<number>();
  let isDone = false;
  const caller = (async () => {
    while (!isDone) pids.add((await invokeSeen(stack, 'chat', { SessionId })).pid);
  })();

  expect(await roll('chat')).toEqual({ status: 'InService' });
  isDone = true;
  await caller;
  for (let call = 0; call < 10; call++) pids.add((await invokeSeen(stack, 'chat', { SessionId })).pid);

  expect(pids).toEqual(new Set([pid]));
});
