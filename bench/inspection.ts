// `node bench/inspection.ts [--executions 100000] [--json]`: how long inspection takes where there is much to look at.
// `show` on a Standard execution of 25,000 events, as the command line takes it (a process of its own, over the wire and
// from an exported file) and its parts; lists and finds among 100,000 Express executions of ten days. Real services
// over real sockets; medians of five.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { CreateStateMachineCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { waterfall } from '../cli/format/waterfall.ts';
import { exportRecord } from '../layers/seriatim/inspection/exported.ts';
import { createInspection, type Inspection } from '../layers/seriatim/inspection/inspection.ts';
import { viewOf } from '../layers/seriatim/inspection/record.ts';
import { uuid7 } from '../layers/seriatim/uuid7.ts';
import type { Logs } from '../local/logs/api.ts';
import { createLogs } from '../local/logs/index.ts';
import { createStates } from '../local/states/index.ts';
import { createWireServer } from '../local/wire/server.ts';
import { linesOf } from './execution-lines.ts';

const { values: flags } = parseArgs({
  options: { executions: { type: 'string', default: '100000' }, json: { type: 'boolean', default: false } },
});
const EXECUTIONS = Number(flags.executions);
const CONFIG = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
const ARN = 'arn:aws:states:us-east-1:000000000000:stateMachine:seriatim-dev-';
const GROUP = '/aws/vendedlogs/states/seriatim-dev-house-prices';
const SPAN_MS = 10 * 86_400_000;
const ROUNDS = 5;
/** Four events each, under the 25,000 that a history may have. */
const LOOPS = 6_240;

const run = promisify(execFile);
const figures: Record<string, number> = {};
const folder = mkdtempSync(join(tmpdir(), 'seriatim-bench-inspection-'));
const logs = await createLogs({ folder, maxGroupBytes: 2 ** 30 });
const states = await createStates({ logs });
const server = createWireServer({ services: [states, logs] });
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const sfn = new SFNClient({ ...CONFIG, endpoint, disableHostPrefix: true });
const logsClient = new CloudWatchLogsClient({ ...CONFIG, endpoint });
try {
  await measureShow(inspection());
  await measureLists(fillLog(logs));
  console.log(flags.json ? JSON.stringify(figures) : text());
} finally {
  sfn.destroy();
  logsClient.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await states.close();
  await logs.close();
  rmSync(folder, { recursive: true, force: true });
}

/** One that has read nothing yet, as a new function's environment or a process of the command line. */
function inspection(): Inspection {
  return createInspection({ sfn, logs: logsClient, machines: machines(), now: Date.now });
}

function machines() {
  return [
    { pipeline: 'house-prices', arn: `${ARN}house-prices`, type: 'EXPRESS' as const, logGroup: GROUP },
    { pipeline: 'house-prices', arn: `${ARN}house-prices-batch`, type: 'STANDARD' as const, logGroup: '' },
  ];
}

async function measureShow(known: Inspection): Promise<void> {
  const id = await runLong();
  const record = (await known.readRecord(id))!;
  const file = join(folder, 'long.execution.json');
  writeFileSync(file, JSON.stringify(exportRecord(record)));
  figures['events of the long history'] = record.events.length;
  await measure('read it over the wire, ms', () => inspection().readRecord(id));
  await measure('ask again whether it was redriven, ms', () => known.readRecord(id));
  await measure('fold it into a view, ms', () => viewOf({ ...record }));
  const view = viewOf(record);
  await measure('draw it as text, ms', () => waterfall(view));
  await measure('seriatim show, the whole process, ms', () => runShow([id], { AWS_ENDPOINT_URL: endpoint }));
  await measure('seriatim show --history, the whole process, ms', () => runShow(['--history', file], {}));
}

async function runLong(): Promise<string> {
  const definition = {
    QueryLanguage: 'JSONata',
    StartAt: 'Count',
    States: {
      Count: { Type: 'Pass', Output: { n: '{% $states.input.n + 1 %}' }, Next: 'Enough' },
      Enough: {
        Type: 'Choice',
        Choices: [{ Condition: `{% $states.input.n >= ${LOOPS} %}`, Next: 'Done' }],
        Default: 'Count',
      },
      Done: { Type: 'Succeed' },
    },
  };
  const roleArn = 'arn:aws:iam::000000000000:role/any';
  const made = { name: 'seriatim-dev-house-prices-batch', roleArn, definition: JSON.stringify(definition) };
  const { stateMachineArn } = await sfn.send(new CreateStateMachineCommand(made));
  const started = await sfn.send(
    new StartExecutionCommand({ stateMachineArn, name: 'long', input: '{"n":0}' }),
  );
  const executionArn = started.executionArn!;
  for (;;) {
    const { status } = await states.operations.describeExecution!({ executionArn });
    if (status !== 'RUNNING') return 'long';
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function runShow(args: readonly string[], env: Record<string, string>): Promise<void> {
  const launcher = join(import.meta.dirname, '../cli/seriatim.mjs');
  const credentials = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  const options = { env: { ...process.env, ...credentials, ...env }, maxBuffer: 256 * 2 ** 20 };
  await run(process.execPath, [launcher, 'show', ...args], options);
}

interface Filled {
  /** Names of one that began nine days ago: as pipelines give them, and another. */
  readonly old: string;
  readonly oldOther: string;
}

/** Every thousandth failed. */
function fillLog(log: Logs): Filled {
  const endMs = Date.now() - 1000;
  const names: string[] = [];
  for (let n = 0; n < EXECUTIONS; n += 1) {
    const startMs = Math.round(endMs - SPAN_MS + (SPAN_MS * n) / EXECUTIONS);
    const name = n === Math.round(EXECUTIONS / 9) ? 'named-otherwise' : uuid7(startMs);
    names.push(name);
    const arn = `${ARN.replace(':stateMachine:', ':express:')}house-prices:${name}:00000000-0000-4000-8000-000000000000`;
    log.write(GROUP, `states/stream-${n % 16}`, linesOf(arn, startMs, n % 1000 === 999));
  }
  return { old: names[Math.round(EXECUTIONS / 10)]!, oldOther: 'named-otherwise' };
}

async function measureLists({ old, oldOther }: Filled): Promise<void> {
  figures['Express executions in the log'] = EXECUTIONS;
  const expect = async (count: number, list: Promise<{ executions: readonly unknown[] }>): Promise<void> => {
    const { executions } = await list;
    if (executions.length !== count) throw new Error(`listed ${executions.length} of ${count}`);
  };
  await measure('list the newest 50, ms', () => expect(50, inspection().listExecutions()));
  const untilMs = Date.now() - 7 * 86_400_000;
  await measure('list 50 of a week ago, ms', () => expect(50, inspection().listExecutions({ untilMs })));
  const failed = Math.min(50, Math.floor(EXECUTIONS / 1000));
  await measure('list the newest 50 that failed, ms', () =>
    expect(failed, inspection().listExecutions({ status: 'FAILED' })),
  );
  await measure('list the newest 50 with an error, ms', () =>
    expect(failed, inspection().listExecutions({ error: 'ModelFailed' })),
  );
  const known = inspection();
  await measure('the same again, as a page that follows asks, ms', () =>
    expect(failed, known.listExecutions({ error: 'ModelFailed' })),
  );
  await measure('find one of nine days ago by its name, ms', () => mustFind(old));
  await measure('the same, named by somebody else, ms', () => mustFind(oldOther));
}

async function mustFind(id: string): Promise<void> {
  if ((await inspection().readExecution(id)) === undefined) throw new Error(`${id} was not found`);
}

async function measure(name: string, work: () => unknown): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const begunMs = performance.now();
    await work();
    times.push(performance.now() - begunMs);
  }
  figures[name] = Math.round(times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]! * 10) / 10;
}

function text(): string {
  return Object.entries(figures)
    .map(([name, figure]) => `${name.padEnd(52)} ${figure.toLocaleString('en-US')}`)
    .join('\n');
}
