// What the tests of Lambda share: functions written to a temporary folder, a Lambda to run them, its lines kept.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { FunctionDefinition, InvokeRequest, Lambda } from '../../local/lambda/api.ts';
import { createLambda, type LambdaOptions } from '../../local/lambda/index.ts';
import type { LogEvent } from '../../local/logs/api.ts';

export interface LoggedEvent extends LogEvent {
  readonly group: string;
  readonly stream: string;
}

export interface Workshop {
  readonly lambda: Lambda;
  readonly folder: string;
  /** Everything that has been logged. */
  readonly logged: LoggedEvent[];
  /** Writes files below the folder. */
  write(files: Readonly<Record<string, string>>): void;
  /** Puts a function whose `index.mjs` is the given source. */
  put(source: string, changes?: Partial<FunctionDefinition>): Promise<void>;
  /** Invokes the function `subject` and parses its answer. */
  call(
    event?: unknown,
    changes?: Partial<InvokeRequest>,
  ): Promise<{ answer: unknown; functionError: string | undefined }>;
  close(): Promise<void>;
}

export async function openWorkshop(options: Partial<LambdaOptions> = {}): Promise<Workshop> {
  const folder = mkdtempSync(join(tmpdir(), 'seriatim-lambda-'));
  const logged: LoggedEvent[] = [];
  const logs = {
    write: (group: string, stream: string, events: readonly LogEvent[]) => {
      for (const event of events) logged.push({ group, stream, ...event });
    },
  };
  const lambda = await createLambda({ awsEndpoint: 'http://127.0.0.1:1', logs, ...options });
  const write = (files: Readonly<Record<string, string>>): void => {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
  };
  return {
    lambda,
    folder,
    logged,
    write,
    async put(source, changes = {}) {
      const functionName = changes.functionName ?? 'subject';
      write({ [`.build/functions/${functionName}/index.mjs`]: source });
      await lambda.putFunction(definition(folder, { functionName, ...changes }));
    },
    async call(event = {}, changes = {}) {
      const result = await lambda.invoke({
        functionName: 'subject',
        payload: JSON.stringify(event),
        ...changes,
      });
      return { answer: JSON.parse(result.payload), functionError: result.functionError };
    },
    async close() {
      await lambda.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function definition(folder: string, changes: Partial<FunctionDefinition> = {}): FunctionDefinition {
  const functionName = changes.functionName ?? 'subject';
  return {
    functionName,
    codeFolder: folder,
    handler: `.build/functions/${functionName}/index.handler`,
    runtime: 'nodejs24.x',
    timeoutMs: 3000,
    memoryMb: 128,
    environment: {},
    layerFolders: [],
    roleArn: 'arn:aws:iam::000000000000:role/subject',
    ...changes,
  };
}
