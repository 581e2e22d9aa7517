// The engine as a process that can be killed without warning, and the functions it calls, in this process, which note
// every call. For tests, and for the bench's larger ones.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DescribeExecutionCommand, type DescribeExecutionOutput, SFNClient } from '@aws-sdk/client-sfn';

/** About as long as the process takes until it serves. */
const START_MS = 600;

export interface KillableOptions {
  /** How long a function works; it answers at once unless told. */
  readonly workMs?: number;
  /** Serves before it takes up what ran, as a whole system does whose containers load first. */
  readonly resumesLate?: boolean;
}

export class Killable {
  /** `<function>:<payload>` in the order of the calls. */
  readonly calls: string[] = [];
  client!: SFNClient;
  private readonly functions: Server;
  readonly folder = mkdtempSync(join(tmpdir(), 'seriatim-kill-'));
  private child!: ChildProcess;
  private onCall: () => void = () => {};
  private readonly options: KillableOptions;

  private constructor(options: KillableOptions) {
    this.options = options;
    this.functions = createServer((request, response) => {
      const name = decodeURIComponent(request.url!.split('/')[3]!).split(':').at(-1)!;
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        this.calls.push(`${name}:${body}`);
        this.onCall();
        response.setHeader('x-amz-executed-version', '$LATEST');
        if (options.workMs === undefined) response.end(body);
        else setTimeout(() => response.end(body), options.workMs);
      });
    });
  }

  static async start(options: KillableOptions = {}): Promise<Killable> {
    const made = new Killable(options);
    made.functions.listen(0, '127.0.0.1');
    await once(made.functions, 'listening');
    await made.startEngine();
    return made;
  }

  /** Resolves when so many calls have been made in all. */
  callsReach(count: number): Promise<void> {
    return new Promise((done) => {
      this.onCall = () => {
        if (this.calls.length >= count) done();
      };
      this.onCall();
    });
  }

  /** SIGKILL, then a new process on the same folder. */
  async killAndStart(): Promise<void> {
    await this.end('SIGKILL');
    await this.startEngine();
  }

  /** SIGKILL, then processes that are killed while they start, at random points, then one that lives. */
  async killAlsoWhileStarting(times: number): Promise<void> {
    await this.end('SIGKILL');
    for (let time = 0; time < times; time += 1) {
      const started = this.spawn();
      const gone = once(started, 'exit');
      await new Promise((done) => setTimeout(done, START_MS * Math.random()));
      started.kill('SIGKILL');
      await gone;
    }
    await this.startEngine();
  }

  /** Stops the process in its tracks for so long. */
  async pause(ms: number): Promise<void> {
    this.child.kill('SIGSTOP');
    await new Promise((done) => setTimeout(done, ms));
    this.child.kill('SIGCONT');
  }

  /** What a second process on the same folder says, and its exit code. */
  async second(): Promise<{ code: number; said: string }> {
    const child = this.spawn();
    let said = '';
    child.stderr!.on('data', (chunk) => {
      said += chunk;
    });
    const [code] = (await once(child, 'close')) as [number];
    return { code, said };
  }

  /** The description of an execution that has ended; a look at a process of its own has no clock to turn. */
  async whenEnded(executionArn: string, pauseMs = 20): Promise<DescribeExecutionOutput> {
    for (;;) {
      const described = await this.client.send(new DescribeExecutionCommand({ executionArn }));
      if (described.status !== 'RUNNING') return described;
      await new Promise((done) => setTimeout(done, pauseMs));
    }
  }

  async close(): Promise<void> {
    await this.end('SIGTERM');
    this.functions.closeAllConnections();
    this.functions.close();
    await once(this.functions, 'close');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const isGone = this.child.exitCode !== null || this.child.signalCode !== null;
    const exited = isGone ? undefined : once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
    this.client.destroy();
  }

  private spawn(): ChildProcess {
    const lambda = `http://127.0.0.1:${(this.functions.address() as AddressInfo).port}`;
    const alone = [
      'cli/main.ts',
      'states',
      '--port',
      '0',
      '--folder',
      this.folder,
      '--lambda-endpoint',
      lambda,
    ];
    const late = ['test/states/late-resume.ts', this.folder, lambda];
    return spawn(process.execPath, this.options.resumesLate === true ? late : alone, {
      cwd: resolve(import.meta.dirname, '../..'),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  private async startEngine(): Promise<void> {
    this.child = this.spawn();
    this.child.stderr!.pipe(process.stderr);
    const exited = once(this.child, 'exit').then(([code]) => {
      throw new Error(`the engine ended with ${code} before it served`);
    });
    exited.catch(() => {});
    const [line] = (await Promise.race([once(this.child.stdout!, 'data'), exited])) as [Buffer];
    this.client = new SFNClient({
      endpoint: /http:\S+/.exec(String(line))![0],
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
  }
}

/** A distributed Map whose children each call the function `item` with their item. */
export function mapOfCalls(items: number, executionType: 'STANDARD' | 'EXPRESS', most: number): object {
  const One = { Type: 'Task', Resource: 'arn:aws:lambda:us-east-1:000000000000:function:item', End: true };
  const ItemProcessor = {
    ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: executionType },
    StartAt: 'One',
    States: { One },
  };
  const Each = {
    Type: 'Map',
    MaxConcurrency: most,
    Items: `{% [1..${items}] %}`,
    ItemProcessor,
    Output: { count: '{% $count($states.result) %}', sum: '{% $sum($states.result) %}' },
    End: true,
  };
  return { QueryLanguage: 'JSONata', StartAt: 'Each', States: { Each } };
}
