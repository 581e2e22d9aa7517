// Holds Step Functions to the answers recorded from AWS: starts the engine alone, runs the recorded cases against it,
// and fails when a group of cases is below its level in `levels.json`. Levels only rise: `--record` writes new ones.
//   npx node test/conformance/states.ts <folder of the cases> [--record]
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const LEVELS = join(import.meta.dirname, 'levels.json');

/** How many cases of a group ran, and how many were right in each respect. */
interface Level {
  readonly cases: number;
  /** Status, output and error name. */
  readonly core: number;
  /** And the exact text of output and cause; for API cases, every answer. */
  readonly pass: number;
  /** Of `histories` recorded, how many were equal but for the order of parallel branches. */
  readonly histories: number;
  readonly history: number;
}

type Levels = Record<string, Level>;

interface Row {
  readonly kind: string;
  readonly group: string;
  readonly skipped?: string;
  readonly verdict?: {
    readonly core?: boolean;
    readonly pass?: boolean;
    readonly history?: { readonly full: boolean; readonly unordered: boolean };
  };
}

const [folder, ...flags] = process.argv.slice(2);
if (folder === undefined) {
  console.error('the folder of the cases is needed');
  process.exit(2);
}
await main(resolve(folder), flags.includes('--record'));

async function main(cases: string, isRecording: boolean): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'seriatim-conformance-'));
  const lambdaPort = await freePort();
  const engine = await startEngine(lambdaPort);
  try {
    const run = (kind: string, concurrency: number): Promise<Row[]> =>
      runCases({
        cases,
        kind,
        concurrency,
        endpoint: engine.url,
        lambdaPort,
        out: join(work, `${kind}.json`),
      });
    // API cases list what there is, so they run one after the other.
    const rows = [...(await run('api', 1)), ...(await run('exec', 16))];
    report(measure(rows), isRecording);
  } finally {
    engine.process.kill('SIGTERM');
    await once(engine.process, 'exit');
    rmSync(work, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function startEngine(lambdaPort: number): Promise<{ url: string; process: ChildProcess }> {
  const args = [
    'cli/main.ts',
    'states',
    '--port',
    '0',
    '--lambda-endpoint',
    `http://127.0.0.1:${lambdaPort}`,
  ];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of child.stdout!) {
    text += String(chunk);
    const url = /http:\/\/[\d.:]+/.exec(text)?.[0];
    if (url !== undefined) return { url, process: child };
  }
  throw new Error(`the engine did not start: ${text}`);
}

interface Run {
  readonly cases: string;
  readonly kind: string;
  readonly concurrency: number;
  readonly endpoint: string;
  readonly lambdaPort: number;
  readonly out: string;
}

async function runCases(run: Run): Promise<Row[]> {
  const args = [
    join(run.cases, 'run-endpoint.mjs'),
    ...['--endpoint', run.endpoint, '--lambda-port', String(run.lambdaPort), '--out', run.out],
    ...['--with', 's3,sfn(sdk),activity', '--kind', run.kind, '--concurrency', String(run.concurrency)],
  ];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`the cases did not run: ${errors}`);
  const report = JSON.parse(readFileSync(run.out, 'utf8')) as { rows?: Row[] } | Row[];
  return Array.isArray(report) ? report : (report.rows ?? []);
}

function measure(rows: readonly Row[]): Levels {
  const levels: Record<string, { -readonly [name in keyof Level]: number }> = {};
  for (const { kind, group, skipped, verdict } of rows) {
    if (skipped !== undefined || verdict === undefined) continue;
    levels[`${kind} ${group}`] ??= { cases: 0, core: 0, pass: 0, histories: 0, history: 0 };
    const level = levels[`${kind} ${group}`]!;
    level.cases += 1;
    if (verdict.core === true) level.core += 1;
    if (verdict.pass === true) level.pass += 1;
    if (verdict.history === undefined) continue;
    level.histories += 1;
    if (verdict.history.full || verdict.history.unordered) level.history += 1;
  }
  return levels;
}

function report(measured: Levels, isRecording: boolean): void {
  const recorded = JSON.parse(readFileSync(LEVELS, 'utf8')) as Levels;
  const names = [...new Set([...Object.keys(recorded), ...Object.keys(measured)])].sort();
  const low = names.filter((name) => isBelow(measured[name], recorded[name]));
  for (const name of names) console.log(line(name, measured[name], low.includes(name)));
  if (isRecording) writeFileSync(LEVELS, `${JSON.stringify(raised(recorded, measured), undefined, 2)}\n`);
  console.log(`${names.length - low.length} passed, ${low.length} failed`);
  process.exitCode = low.length === 0 ? 0 : 1;
}

/** Shares are compared, since a larger collection of the same cases has other numbers. */
function isBelow(measured: Level | undefined, recorded: Level | undefined): boolean {
  if (recorded === undefined) return false;
  if (measured === undefined) return recorded.cases > 0;
  const share = (right: number, all: number): number => (all === 0 ? 1 : right / all);
  return (
    share(measured.core, measured.cases) < share(recorded.core, recorded.cases) ||
    share(measured.pass, measured.cases) < share(recorded.pass, recorded.cases) ||
    share(measured.history, measured.histories) < share(recorded.history, recorded.histories)
  );
}

function raised(recorded: Levels, measured: Levels): Levels {
  const entries = Object.keys({ ...recorded, ...measured })
    .sort()
    .map((name) => [name, isBelow(measured[name], recorded[name]) ? recorded[name] : measured[name]]);
  return Object.fromEntries(entries) as Levels;
}

function line(name: string, level: Level | undefined, isLow: boolean): string {
  if (level === undefined) return `${name}: no case ran${isLow ? '  BELOW ITS LEVEL' : ''}`;
  const history = level.histories === 0 ? '' : `, history ${level.history}/${level.histories}`;
  const below = isLow ? '  BELOW ITS LEVEL' : '';
  return `${name}: core ${level.core}/${level.cases}, exact ${level.pass}/${level.cases}${history}${below}`;
}
