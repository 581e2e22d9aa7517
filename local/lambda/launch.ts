// Starts the worker thread of an execution environment. The files of `runtime/` are read and their types stripped
// once in this process; the workers load the result. A worker that strips types itself takes 11 MB and 20 ms more.
import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { devNull } from 'node:os';
import { delimiter, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { AwsPlace } from '../service.ts';
import type { FunctionDefinition } from './api.ts';
import type { EnvironmentData } from './runtime/protocol.ts';

export interface LaunchRequest {
  readonly definition: FunctionDefinition;
  readonly place: AwsPlace;
  readonly awsEndpoint: string;
  readonly environment: EnvironmentData;
}

/**
 * A new environment's worker. The environment keeps itself to the function's memory setting (`runtime/memory.ts`);
 * the limit given here ends what runs away without ever letting the event loop turn. The young generation is kept
 * small: it is what grows first under load, in every environment.
 */
export function launchWorker(request: LaunchRequest): Worker {
  return new Worker(BOOTSTRAP, {
    eval: true,
    name: request.definition.functionName.slice(-15),
    workerData: {
      environment: request.environment,
      sources: runtimeSources(),
      entry: new URL('main.ts', RUNTIME_FOLDER).href,
    },
    env: environmentVariables(request),
    execArgv: [],
    argv: [],
    stdin: false,
    stdout: true,
    stderr: true,
    resourceLimits: {
      maxOldGenerationSizeMb: request.definition.memoryMb + HEADROOM_MB,
      maxYoungGenerationSizeMb: Math.max(YOUNG_GENERATION_MB, request.definition.memoryMb / YOUNG_SHARE),
    },
  });
}

const YOUNG_GENERATION_MB = 4;
/** A function with much memory goes through much of it: with 4 MB a batch's stages spend a third of their time on it. */
const YOUNG_SHARE = 64;
/**
 * V8 ends the process, not the thread, when a single allocation goes more than 16 MB past the limit. With this much
 * room arrays, strings and maps meet their own greatest length first, and throw.
 */
const HEADROOM_MB = 2048;
const RUNTIME_FOLDER = new URL('./runtime/', import.meta.url);

/** Runs in the worker before anything else: serves `runtime/` from memory, then starts it. */
const BOOTSTRAP = `
const { sources, entry } = require('node:worker_threads').workerData;
require('node:module').registerHooks({
  load: (url, context, next) =>
    url in sources ? { format: 'module', source: sources[url], shortCircuit: true } : next(url, context),
});
import(entry);
`;

let stripped: Readonly<Record<string, string>> | undefined;

function runtimeSources(): Readonly<Record<string, string>> {
  stripped ??= Object.fromEntries(
    readdirSync(RUNTIME_FOLDER)
      .filter((name) => name.endsWith('.ts'))
      .map((name) => new URL(name, RUNTIME_FOLDER))
      .map((file) => [file.href, stripQuietly(readFileSync(file, 'utf8'))]),
  );
  return stripped;
}

/** Node warns that this function is experimental, although it is what runs this very file; not a user's concern. */
function stripQuietly(source: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
function environmentVariables({
  definition,
  place,
  awsEndpoint,
  environment,
}: LaunchRequest): NodeJS.ProcessEnv {
  return {
    ...definition.environment,
    PATH: process.env.PATH,
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    AWS_REGION: place.region,
    AWS_DEFAULT_REGION: place.region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_SESSION_TOKEN: 'test',
    // The person's own profiles must not reach the functions.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_ENDPOINT_URL: awsEndpoint,
    AWS_EXECUTION_ENV: `AWS_Lambda_${definition.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: definition.functionName,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMb),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: environment.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: environment.logStream,
    NODE_PATH: definition.layerFolders.toReversed().flatMap(packageFolders).join(delimiter),
    LAMBDA_TASK_ROOT: definition.codeFolder,
    _HANDLER: definition.handler,
  };
}

/** Where `require` finds the packages of a layer. */
function packageFolders(layerFolder: string): string[] {
  return ['nodejs/node_modules', 'nodejs/node24/node_modules', 'nodejs/node22/node_modules'].map((name) =>
    join(layerFolder, name),
  );
}
