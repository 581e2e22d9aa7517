// `seriatim states`: says where it listens, says when it cannot, and ends at once when told.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateStateMachineCommand, SFNClient, StartSyncExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';

describe('the command states', () => {
  it('serves S3 on the same port, and ends within two seconds of SIGINT', async () => {
    const child = start('0');
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    const endpoint = /http:\S+/.exec(String(line))![0];
    const client = new S3Client({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      forcePathStyle: true,
    });
    await client.send(new CreateBucketCommand({ Bucket: 'beside' }));
    const { Buckets } = await client.send(new ListBucketsCommand({}));
    client.destroy();

    const toldAt = performance.now();
    child.kill('SIGINT');
    await once(child, 'exit');

    expect(Buckets?.map((bucket) => bucket.Name)).toContain('beside');
    expect(performance.now() - toldAt).toBeLessThan(2000);
    expect(child.exitCode).toBe(0);
  });

  it('serves the log groups that hold the histories of Express executions', async () => {
    const child = start('0');
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    const endpoint = /http:\S+/.exec(String(line))![0];
    const settings = {
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      disableHostPrefix: true,
    };
    const [sfn, logs] = [new SFNClient(settings), new CloudWatchLogsClient(settings)];
    const logGroupArn = 'arn:aws:logs:us-east-1:000000000000:log-group:/express:*';
    const { stateMachineArn } = await sfn.send(
      new CreateStateMachineCommand({
        name: 'logged',
        type: 'EXPRESS',
        roleArn: 'arn:aws:iam::000000000000:role/r',
        definition: '{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}',
        loggingConfiguration: { level: 'ALL', destinations: [{ cloudWatchLogsLogGroup: { logGroupArn } }] },
      }),
    );
    await sfn.send(new StartSyncExecutionCommand({ stateMachineArn }));

    const { events } = await logs.send(new FilterLogEventsCommand({ logGroupName: '/express' }));
    sfn.destroy();
    logs.destroy();
    child.kill('SIGINT');
    await once(child, 'exit');

    expect(events?.map(({ message }) => (JSON.parse(message!) as { type: string }).type)).toEqual([
      'ExecutionStarted',
      'SucceedStateEntered',
      'SucceedStateExited',
      'ExecutionSucceeded',
    ]);
  });

  it('lets tasks call the services that it serves', async () => {
    const child = start('0');
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    const endpoint = /http:\S+/.exec(String(line))![0];
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const sfn = new SFNClient({ endpoint, region: 'us-east-1', credentials, disableHostPrefix: true });
    const task = (operation: string, next: object): object => ({
      Type: 'Task',
      Resource: `arn:aws:states:::aws-sdk:${operation}`,
      Parameters: {},
      ResultPath: `$.${operation.split(':')[0]}`,
      ...next,
    });
    const { stateMachineArn } = await sfn.send(
      new CreateStateMachineCommand({
        name: 'calling',
        type: 'EXPRESS',
        roleArn: 'arn:aws:iam::000000000000:role/r',
        definition: JSON.stringify({
          StartAt: 'Who',
          States: {
            Who: task('sts:getCallerIdentity', { Next: 'Groups' }),
            Groups: task('cloudwatchlogs:describeLogGroups', { End: true }),
          },
        }),
      }),
    );
    const { output } = await sfn.send(new StartSyncExecutionCommand({ stateMachineArn, input: '{}' }));
    sfn.destroy();
    child.kill('SIGINT');
    await once(child, 'exit');

    expect(JSON.parse(output!)).toMatchObject({
      sts: { Account: '000000000000' },
      cloudwatchlogs: { LogGroups: [] },
    });
  });

  it('ends when the launcher that started it is killed', async () => {
    const launch = `
      const { spawn } = require('node:child_process');
      const env = { ...process.env, SERIATIM_LAUNCHER_PID: String(process.pid) };
      spawn(process.execPath, ['cli/main.ts', 'states', '--port', '0'], { stdio: ['ignore', 'inherit', 'inherit'], env });
`;
    const launcher = spawn(process.execPath, ['-e', launch], {
      cwd: resolve(import.meta.dirname, '../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    for await (const chunk of launcher.stdout!) {
      text += String(chunk);
      if (text.includes('listen on')) launcher.kill('SIGKILL');
    }

    // Its output, which both have open, ends only with the child.
    expect(text).toContain('listen on');
  });

  it('says in one line that the port is taken, and exits with 1', async () => {
    const other = createServer();
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const child = start(String(port));
    let text = '';
    child.stderr!.on('data', (chunk) => {
      text += String(chunk);
    });

    await once(child, 'exit');
    other.close();

    expect(text.trim()).toBe(`seriatim: port ${port} is in use`);
    expect(child.exitCode).toBe(1);
  });
});

function start(port: string): ChildProcess {
  return spawn(process.execPath, ['cli/main.ts', 'states', '--port', port], {
    cwd: resolve(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
