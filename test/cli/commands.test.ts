// The commands executions, show and invoke, in their own processes against the API over a real socket.
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foldExecution } from '../../layers/seriatim/inspection/fold.ts';
import { failedHistory, housePricesHistory } from '../inspection/house-prices.ts';
import { DESCRIPTION, EXPRESS_ARN } from '../inspection/recorded.ts';
import { type InspectionApi, startInspectionApi } from './inspection-api.ts';
import { runCli } from './run-cli.ts';

const succeededRecord = { events: housePricesHistory(), description: DESCRIPTION, mapRuns: [] };
const failedRecord = {
  events: failedHistory(),
  description: { ...DESCRIPTION, id: 'exec0002', arn: EXPRESS_ARN.replace('exec0001', 'exec0002') },
  mapRuns: [],
};
const succeeded = foldExecution(succeededRecord.events, DESCRIPTION);
const PRICE = '{"price":857721,"low":800000,"high":900000,"city":"Houston_TX","model":"Houston_TX.tar.gz"}';

const invocation = {
  statusCode: 200,
  headers: { 'server-timing': 'Preprocess;dur=1, Estimate;dur=2', 'x-seriatim-execution-arn': EXPRESS_ARN },
  body: PRICE,
};

let api: InspectionApi;
let url: string[];

beforeAll(async () => {
  api = await startInspectionApi([failedRecord, succeededRecord], { invocation });
  url = ['--url', api.url];
});
afterAll(() => api.close());

describe('seriatim executions', () => {
  it('prints a line per execution', async () => {
    const { stdout, exitCode } = await runCli(['executions', ...url]);

    expect(exitCode).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toMatch(/^ID +PIPELINE +USE +STATUS/);
    expect(lines[1]).toMatch(/^exec0002 +house-prices +request +FAILED/);
    expect(lines[2]).toMatch(/^exec0001 +house-prices +request +SUCCEEDED/);
  });

  it('prints the page as JSON', async () => {
    const { stdout } = await runCli(['executions', '--json', '--status', 'FAILED', ...url]);

    expect(JSON.parse(stdout)).toMatchObject({ executions: [{ id: 'exec0002', status: 'FAILED' }] });
  });

  it('takes the port from the environment', async () => {
    const { exitCode } = await runCli(['executions'], { env: { SERIATIM_HTTP_PORT: new URL(api.url).port } });

    expect(exitCode).toBe(0);
  });

  it('ends with 3 and the API’s own words for a pipeline that there is not', async () => {
    const { exitCode, stderr } = await runCli(['executions', '--pipeline', 'no-such', ...url]);

    expect(exitCode).toBe(3);
    expect(stderr.trim()).toBe(
      'seriatim: 404 PipelineNotFound: There is no pipeline "no-such": there are house-prices.',
    );
  });

  it('ends with 1 and one line when nothing listens', async () => {
    const { exitCode, stderr, stdout } = await runCli([
      'executions',
      '--url',
      `http://127.0.0.1:${await unusedPort()}`,
    ]);

    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('npm start');
  });

  it.each([
    ['--status', 'BAD'],
    ['--limit', 'many'],
  ])('ends with 2 for %s %s', async (flag, value) => {
    expect((await runCli(['executions', flag, value, ...url])).exitCode).toBe(2);
  });
});

it.each([['nonsense'], ['show'], ['executions', '--no-such']])(
  'seriatim ends with 2 for %s',
  async (...args) => {
    expect((await runCli(args)).exitCode).toBe(2);
  },
);

describe('seriatim show', () => {
  it('draws the stages of an execution', async () => {
    const { stdout, exitCode } = await runCli(['show', 'exec0001', ...url]);

    expect(exitCode).toBe(0);
    expect(stdout).toContain('✓ SUCCEEDED');
    for (const { name } of succeeded.stages) expect(stdout).toContain(`✓ ${name}`);
    expect(stdout).toContain('1 cold, 1 warm');
  });

  it('takes an ARN', async () => {
    expect((await runCli(['show', EXPRESS_ARN, ...url])).exitCode).toBe(0);
  });

  it('says which stage failed, why, and what to do', async () => {
    const { stdout } = await runCli(['show', 'exec0002', ...url]);

    expect(stdout).toContain('✗ InvalidPayload in the stage Preprocess');
    expect(stdout).toContain('city: expected text');
    expect(stdout).toContain('→ Mend the field');
  });

  it('prints the whole view as JSON', async () => {
    const { stdout } = await runCli(['show', 'exec0001', '--json', ...url]);

    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(succeeded)));
  });

  it('ends with 3 for an unknown execution and with 2 without an id', async () => {
    const unknown = await runCli(['show', 'no-such', ...url]);

    expect(unknown.exitCode).toBe(3);
    expect(unknown.stderr).toContain('ExecutionNotFound');
    expect((await runCli(['show', ...url])).exitCode).toBe(2);
  });
});

describe('seriatim invoke', () => {
  it('prints the answer on standard output, status and timing on standard error', async () => {
    const { stdout, stderr, exitCode } = await runCli([
      'invoke',
      'house-prices',
      '--data',
      '{"city":"Houston_TX"}',
      ...url,
    ]);

    expect(exitCode).toBe(0);
    expect(stdout.trim()).toBe(PRICE);
    expect(stderr).toMatch(/^200 in .* \(Preprocess 1 ms, Estimate 2 ms\)\nseriatim show exec0001/);
    expect(api.posted.at(-1)).toBe('{"city":"Houston_TX"}');
  });

  it('reads the request from standard input', async () => {
    await runCli(['invoke', 'house-prices', '--file', '-', ...url], { stdin: '{"instances":[]}' });

    expect(api.posted.at(-1)).toBe('{"instances":[]}');
  });

  it('ends with 1 for a file that is not there and with 2 without a request', async () => {
    const missing = await runCli(['invoke', 'house-prices', '--file', '/no/such/file', ...url]);

    expect(missing).toMatchObject({ exitCode: 1, stdout: '' });
    expect((await runCli(['invoke', 'house-prices', ...url])).exitCode).toBe(2);
  });
});

function unusedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
