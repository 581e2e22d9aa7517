// A process that ends itself with SIGKILL as soon as one operation of the engine has answered, before anything else can
// happen. Says on standard output which execution it was about. Run by `kill-answers.test.ts`.
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { createStates } from '../../local/states/index.ts';

const [operation, folder] = process.argv.slice(2) as [string, string];
const roleArn = 'arn:aws:iam::000000000000:role/r';
const Parameters = { FunctionName: 'ask', Payload: { 'token.$': '$$.Task.Token' } };
const CALLBACK = {
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
  Parameters,
  End: true,
};

let whenAsked = (_token: string): void => {};
const asked = new Promise<string>((resolve) => {
  whenAsked = resolve;
});
const { operations } = await createStates({
  databaseFile: join(folder, 'states.sqlite'),
  lambda: {
    invoke: async ({ payload }) => {
      whenAsked((JSON.parse(payload) as { token: string }).token);
      return { statusCode: 200, payload: '{}', executedVersion: '$LATEST', requestId: 'r' };
    },
  },
});

const STEPS: Readonly<Record<string, () => Promise<string>>> = {
  startExecution: () => start(CALLBACK),
  sendTaskSuccess: () => answered('sendTaskSuccess', { output: '1' }),
  sendTaskFailure: () => answered('sendTaskFailure', { error: 'No' }),
  async stopExecution() {
    const executionArn = await start(CALLBACK);
    await operations.stopExecution!({ executionArn });
    return executionArn;
  },
  async describeExecution() {
    const executionArn = await start({ Type: 'Wait', Seconds: 1, End: true });
    for (;;) {
      const { status } = await operations.describeExecution!({ executionArn });
      if (status !== 'RUNNING') return executionArn;
      await new Promise((resolve) => setImmediate(resolve));
    }
  },
};

async function start(state: object): Promise<string> {
  const definition = JSON.stringify({ StartAt: 'A', States: { A: state } });
  const { stateMachineArn } = await operations.createStateMachine!({ name: 'm', roleArn, definition });
  const { executionArn } = await operations.startExecution!({ stateMachineArn });
  return String(executionArn);
}

async function answered(name: string, members: object): Promise<string> {
  const executionArn = await start(CALLBACK);
  await operations[name]!({ taskToken: await asked, ...members });
  return executionArn;
}

writeSync(1, await STEPS[operation]!());
process.kill(process.pid, 'SIGKILL');
