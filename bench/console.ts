// `npx node bench/console.ts [--json] [--rounds 5] [--executions 2000] [--seconds 15]`: the console's bytes; first
// contentful paint of the list, of the few that failed, of an execution of 1,000 stages and of a history of 10,000
// events in Chromium, with an empty cache and with a warm one; and the server's memory while 100 readers follow a run.
import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  CloudWatchLogsClient,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { uuid7 } from '../layers/seriatim/uuid7.ts';
import { findChromium, openBrowser } from '../test/console/browser.ts';
import { runChain, runOn } from '../test/console/seeds.ts';
import { startProduct } from '../test/product/product.ts';
import { type LogLine, linesOf } from './execution-lines.ts';
import { memoryOf } from './memory.ts';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    executions: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '15' },
  },
});
const rounds = Number(flags.rounds);
const seconds = Number(flags.seconds);
const READERS = 100;
/** As the page follows a run. */
const EVERY_MS = 1500;
const STAGES = 1000;
/** Of a history of 10,002 events. */
const MANY_STAGES = 5000;
/** One execution in so many failed. */
const FAILS_EVERY = 1000;
const SPAN_MS = 10 * 86_400_000;
/** Of their lines, so many executions' in one request: it has a megabyte. */
const AT_ONCE = 200;
const PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime";

const product = await startProduct();
try {
  const report = await bench();
  if (flags.json) console.log(JSON.stringify(report));
  else for (const [name, value] of Object.entries(report)) console.log(name.padEnd(44), value);
} finally {
  await product.stop();
}

async function bench(): Promise<Record<string, string>> {
  say(`${flags.executions} executions`);
  await fillLog(Number(flags.executions));
  const chains = { chain: await runChain(product, STAGES), long: await runChain(product, MANY_STAGES) };
  return {
    ...bytes(),
    ...(await paints(chains)),
    ...(await following(20)),
    ...(await following(200)),
    ...(await following(STAGES)),
    ...(await reading(chains.chain)),
  };
}

/** Lines of so many executions of ten days, as the log group of the requests would have them. */
async function fillLog(count: number): Promise<void> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new CloudWatchLogsClient({ endpoint: product.awsUrl, region: 'us-east-1', credentials });
  const stream = { logGroupName: '/aws/vendedlogs/states/seriatim-dev-house-prices', logStreamName: 'bench' };
  await client.send(new CreateLogStreamCommand(stream));
  const endMs = Date.now() - 1000;
  for (let from = 0; from < count; from += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, at) => from + at);
    const logEvents = some.flatMap((n) => executionLines(n, endMs - SPAN_MS + (SPAN_MS * n) / count));
    await client.send(new PutLogEventsCommand({ ...stream, logEvents }));
  }
  client.destroy();
}

function executionLines(n: number, startMs: number): LogLine[] {
  const ms = Math.round(startMs);
  const arn = `arn:aws:states:us-east-1:000000000000:express:seriatim-dev-house-prices:${uuid7(ms)}:0`;
  return linesOf(arn, ms, n % FAILS_EVERY === 1);
}

function bytes(): Record<string, string> {
  const folder = fileURLToPath(new URL('../.build/console/', import.meta.url));
  const files = readdirSync(folder, { recursive: true }).map(String);
  const sum = (fits: (file: string) => boolean): string => {
    const chosen = files.filter((file) => file.endsWith('.br') && fits(file));
    return `${(chosen.reduce((all, file) => all + statSync(folder + file).size, 0) / 1000).toFixed(0)} kB`;
  };
  return {
    'all files, Brotli': sum(() => true),
    'of these the graph, loaded when asked for': sum((file) => file.includes('graph-')),
  };
}

interface Chains {
  readonly chain: string;
  readonly long: string;
}

async function paints({ chain, long }: Chains): Promise<Record<string, string>> {
  const executablePath = findChromium();
  if (executablePath === undefined) return { 'first contentful paint': 'not measured: no Chromium' };
  const pages = {
    'the list': ['', '.grid-row.body'],
    'the list of what failed': ['#/executions?status=FAILED', '.grid-row.body'],
    [`an execution of ${STAGES} stages`]: [`#/executions/${encodeURIComponent(chain)}`, '.row-title'],
    [`an execution of ${MANY_STAGES} stages`]: [`#/executions/${encodeURIComponent(long)}`, '.row-title'],
    'its 10,002 events': [`#/executions/${encodeURIComponent(long)}?view=events`, '.grid-row.body'],
  } as const;
  const report: Record<string, string> = {};
  for (const [name, [hash, ready]] of Object.entries(pages)) {
    const found = await measure(executablePath, hash!, ready!);
    for (const [what, times] of Object.entries(found))
      report[`${name}, ${what}`] = `${median(times).toFixed(0)} ms`;
  }
  return report;
}

type Times = Record<string, number[]>;

/** A new browser for each round: nothing is in its cache at the first visit, all of it at the second. */
async function measure(executablePath: string, hash: string, ready: string): Promise<Times> {
  const times: Times = {};
  const keep = (name: string, ms: number): void => {
    times[name] ??= [];
    times[name].push(ms);
  };
  for (let round = 0; round < rounds; round += 1) {
    const browser = await openBrowser(executablePath, `${product.httpUrl}/console/`);
    browser.context.setDefaultTimeout(60_000);
    try {
      for (const visit of ['first visit', 'second visit']) {
        const page = await browser.open(hash);
        await page.locator(ready).first().waitFor();
        keep(`${visit}: rows drawn`, Number(await page.evaluate('performance.now()')));
        keep(`${visit}: first contentful paint`, Number(await page.evaluate(PAINT)));
        await page.close();
      }
    } finally {
      await browser.close();
    }
    say(`${hash === '' ? 'list' : hash.slice(0, 40)}, round ${round + 1}`);
  }
  return times;
}

/** A run of so many stages that goes on. */
async function following(stages: number): Promise<Record<string, string>> {
  return readers(await runOn(product, stages), `follow ${stages} stages`);
}

/** Of what has ended a page asks once: these ask again and again, as so many new pages would. */
function reading(arn: string): Promise<Record<string, string>> {
  return readers(arn, `read ${STAGES} stages that ended`);
}

async function readers(arn: string, what: string): Promise<Record<string, string>> {
  const id = encodeURIComponent(arn);
  const before = await memoryOf(product.child.pid!);
  const order = { url: `${product.httpUrl}/executions/${id}`, clients: READERS, everyMs: EVERY_MS };
  const file = fileURLToPath(new URL('./console-clients.ts', import.meta.url));
  const clients = spawn(process.execPath, [file, JSON.stringify(order)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answer = text(clients.stdout);
  const seen: number[] = [];
  for (let second = 0; second < seconds; second += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    seen.push((await memoryOf(product.child.pid!)).residentMb);
  }
  clients.stdin.end();
  const { requests, failed, p50Ms, p99Ms } = JSON.parse(await answer) as Record<string, number>;
  return {
    [`memory before ${READERS} ${what}`]: `${before.residentMb} MB in ${before.processes} processes`,
    [`memory while ${READERS} ${what}`]: `${Math.max(...seen)} MB at most`,
    [`requests of ${READERS} that ${what}, in ${seconds} s`]: `${requests}, ${failed} failed, p50 ${p50Ms!.toFixed(0)} ms, p99 ${p99Ms!.toFixed(0)} ms`,
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Progress goes to standard error, so that standard output is the report alone. */
function say(what: string): void {
  process.stderr.write(`  ${what}\n`);
}
