// The commands that look into an execution, over HTTP and offline, with their exit codes.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completionScript } from '../../cli/format/completion.ts';
import { eventLine } from '../../cli/format/events.ts';
import { payloadText } from '../../cli/format/payload.ts';
import { readHistoryFile } from '../../layers/seriatim/inspection/exported.ts';
import { NO_REDACTION } from '../../layers/seriatim/inspection/payloads/redact.ts';
import { renderValue } from '../../layers/seriatim/inspection/payloads/render.ts';
import { failedHistory, housePricesHistory } from '../inspection/house-prices.ts';
import { DESCRIPTION, EXPRESS_ARN } from '../inspection/recorded.ts';
import { type InspectionApi, startInspectionApi } from './inspection-api.ts';
import { runCli } from './run-cli.ts';

const invocation = {
  statusCode: 202,
  headers: {},
  body: `{"id":"new","arn":"arn","rerunOf":"${EXPRESS_ARN}"}`,
};
const records = [
  { events: housePricesHistory(), description: DESCRIPTION, mapRuns: [] },
  { events: failedHistory(), description: { ...DESCRIPTION, id: 'exec0002' }, mapRuns: [] },
];

let api: InspectionApi;
let guarded: InspectionApi;
let url: string[];
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'seriatim-cli-'));
  api = await startInspectionApi(records, { invocation });
  guarded = await startInspectionApi(records, { invocation, refusesPayloads: true });
  url = ['--url', api.url];
});
afterAll(async () => {
  await Promise.all([api.close(), guarded.close()]);
  rmSync(folder, { recursive: true, force: true });
});

describe('an exported execution', () => {
  it('is shown, its events printed and its payloads drawn offline', async () => {
    const file = join(folder, 'one.execution.json');
    const exported = await runCli(['export', 'exec0001', '-o', file, ...url]);
    const [shown, events, payload] = await Promise.all([
      runCli(['show', '--history', file]),
      runCli(['events', '--history', file, '--type', 'Failed', '--json']),
      runCli(['payload', '-', 'Preprocess', '--in', '--history', file]),
    ]);

    expect([exported, shown, events, payload].map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
    expect(shown.stdout).toContain('✓ Estimate');
    expect(shown.stdout).toContain('time queue');
    expect(JSON.parse(events.stdout.split('\n')[0]!)).toMatchObject({
      type: 'TaskFailed',
      stage: 'InvokeEstimate',
    });
    expect(payload.stdout).toContain('Preprocess input');
  });

  it('may be left out before a stage, and is no other than the one in the file', async () => {
    const file = join(folder, 'two.execution.json');
    await runCli(['export', 'exec0001', '-o', file, ...url]);
    const [stage, unknown, other] = await Promise.all([
      runCli(['payload', '--history', file, 'Estimate', '--out']),
      runCli(['payload', '--history', file, 'Bogus', '--in']),
      runCli(['show', 'nope', '--history', file]),
    ]);

    expect([stage, unknown, other].map(({ exitCode }) => exitCode)).toEqual([0, 3, 3]);
    expect(stage.stdout).toContain('Estimate output');
  });

  it('is also what the aws command prints, and lines of a log group', () => {
    const aws = JSON.stringify({
      events: [
        {
          id: 1,
          previousEventId: 0,
          type: 'ExecutionStarted',
          timestamp: '2026-11-22T17:00:00Z',
          executionStartedEventDetails: { input: '{}' },
        },
      ],
    });
    const line = JSON.stringify({
      id: '1',
      type: 'ExecutionStarted',
      details: {},
      event_timestamp: '5',
      execution_arn: EXPRESS_ARN,
    });

    expect(readHistoryFile(aws)?.events).toMatchObject([
      { type: 'ExecutionStarted', details: { input: '{}' } },
    ]);
    expect(readHistoryFile(`${line}\nnoise`)).toMatchObject({
      description: { arn: EXPRESS_ARN, type: 'EXPRESS' },
    });
    expect(readHistoryFile('price,city\n1,A')).toBeUndefined();
  });
});

describe('who may not read payloads', () => {
  it('is shown the execution without them, and ends with 4 for a payload', async () => {
    const [shown, payload] = await Promise.all([
      runCli(['show', 'exec0001', '--url', guarded.url]),
      runCli(['payload', 'exec0001', '--url', guarded.url]),
    ]);

    expect(shown.exitCode).toBe(0);
    expect(shown.stdout).toContain('✓ Estimate');
    expect(shown.stdout).not.toContain('records');
    expect(payload).toMatchObject({ exitCode: 4, stdout: '' });
  });
});

describe('compare', () => {
  it('tells executions apart stage by stage, and ends with 5 when asked', async () => {
    const { stdout, exitCode } = await runCli(['compare', 'exec0001', 'exec0002', '--exit-code', ...url]);

    expect(exitCode).toBe(5);
    expect(stdout).toMatch(/Preprocess +SUCCEEDED → FAILED/);
    expect(stdout).toContain('Estimate   only in a');
  });

  it('draws a histogram of two result files', async () => {
    const [a, b] = [join(folder, 'a.csv'), join(folder, 'b.csv')];
    writeFileSync(a, 'price\n1\n2\n3\n');
    writeFileSync(b, 'price\n1\n2\n5\n');

    const { stdout, exitCode } = await runCli(['compare', a, b]);

    expect(exitCode).toBe(0);
    expect(stdout).toContain('3 and 3 records, 1 differ');
    expect(stdout).toMatch(/█+ +2\n/);
    expect(stdout).toContain('largest 2 at record 2');
  });
});

describe('the other commands', () => {
  it('send a rerun as it was asked for', async () => {
    const args = ['rerun', 'exec0001', '--from', 'Estimate', '--target-model', 'B.tar.gz', '--input', '-'];
    const { stdout, exitCode } = await runCli([...args, '--json', ...url], { stdin: '{"a":1}' });

    expect(exitCode).toBe(0);
    expect(JSON.parse(api.posted.at(-1)!)).toEqual({
      from: 'Estimate',
      targetModel: 'B.tar.gz',
      input: { a: 1 },
    });
    expect(JSON.parse(stdout)).toMatchObject({ id: 'new' });
  });

  it('write a payload to a file as it is', async () => {
    const file = join(folder, 'payload.json');
    await runCli(['payload', 'exec0001', '--in', '-o', file, ...url]);

    expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveProperty('records');
  });

  it('print the page’s URL, and open nothing without a terminal', async () => {
    const { stdout } = await runCli(['open', 'exec0001', '--stage', 'Estimate', ...url]);

    expect(stdout.trim()).toBe(`${api.url}/console/#/executions/exec0001/stages/Estimate`);
  });

  it.each([
    [['payload', 'exec0001', 'NoSuch'], 3],
    [['payload', 'exec0001', '--in', '--out'], 2],
    [['show'], 2],
    [['events', 'no-such'], 3],
    [['executions', '--since', 'garbage'], 2],
    [['events', 'exec0001', '--stage', 'NoSuch'], 2],
    [['completion', 'powershell'], 2],
  ])('end %j with %i', async (args, code) => {
    const isRemote = args[0] !== 'completion';

    expect((await runCli(isRemote ? [...args, ...url] : args)).exitCode).toBe(code);
  });
});

describe('what is printed', () => {
  it('fits 100 columns: events and payloads', () => {
    const image = { base64: Buffer.from('x'.repeat(999)).toString('base64'), contentType: 'image/png' };
    const csv = {
      text: `${'column,'.repeat(30)}z\n${'value that is long,'.repeat(30)}1`,
      contentType: 'text/csv',
    };
    const rendered = renderValue(
      { long: 'y'.repeat(300), image, csv, list: Array.from({ length: 99 }, () => ({ deep: [[1]] })) },
      NO_REDACTION,
    );
    const event = {
      id: 1,
      previousId: 0,
      type: 'TaskScheduled',
      time: '',
      offsetMs: 5,
      stage: 'S'.repeat(60),
      details: { parameters: 'p'.repeat(500) },
    };

    const lines = [...payloadText({ side: 'in', ...rendered }).split('\n'), eventLine(event)];

    for (const line of lines) expect([...line].length).toBeLessThanOrEqual(100);
  });

  it('has the first values of a tensor, and JSON within a text as JSON', () => {
    const numbers = Array.from({ length: 30 }, (_, n) => n + 0.5);
    const rendered = renderValue(
      { numbers, Body: '{"inner":[1,{"a":"b"}]}', odd: '{not json' },
      NO_REDACTION,
    );

    const text = payloadText({ side: 'in', ...rendered });

    expect(text).toMatch(/first 0\.5, 1\.5, 2\.5/);
    expect(text).toContain('{"inner":[1,{"a":"b"}]}');
    expect(text).not.toContain('\\"');
    expect(text).toContain('{not json');
  });

  it('completes every command and its options in three shells', () => {
    const program = new Command('seriatim');
    program.command('show').description("an execution's view").option('--json', 'as JSON');

    for (const shell of ['bash', 'zsh', 'fish']) {
      const script = completionScript(shell, program)!;
      expect(script).toContain('show');
      expect(script).toMatch(/--json|-l json/);
    }
  });
});
