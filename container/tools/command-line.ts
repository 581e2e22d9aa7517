// `seriatim-container …`: the commands of the package by itself. The plain `serve` that SageMaker starts never comes here.
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { DEFAULT_URL, inspect, invoke, pack, serve } from './actions.ts';

const USAGE = `Usage: seriatim-container <command>

  serve                            serve SAGEMAKER_BASE_DIR (/opt/ml), as SageMaker starts it
  serve <artefact> [-p, --port N]  serve a model.tar.gz, a folder or a .onnx file on 127.0.0.1 (port 8080)
  pack <source> -o FILE            make a model.tar.gz with a manifest: the same bytes for the same files
  inspect <artefact> [--json] [--providers cpu,cuda]
                                   show inputs, outputs, size, opset and provider, and verify the files
  invoke <file> [--url URL] [--content-type TYPE] [--accept TYPE] [-o FILE]
                                   send a file to a served model
  -h, --help                       show this`;

type Options = NonNullable<ParseArgsConfig['options']>;
type Values = Readonly<Record<string, string | boolean | undefined>>;

interface CommandSpec {
  /** What its one argument is called. */
  readonly argument: string;
  readonly options: Options;
  readonly run: (argument: string, values: Values) => Promise<void>;
}

const OUTPUT: Options = { output: { type: 'string', short: 'o' } };

const COMMANDS: Readonly<Record<string, CommandSpec>> = {
  serve: {
    argument: 'artefact',
    options: { port: { type: 'string', short: 'p', default: '8080' } },
    run: (path, values) => serve(path, { port: String(values.port) }),
  },
  pack: {
    argument: 'source',
    options: OUTPUT,
    run: async (source, { output }) => {
      if (output === undefined) throw new Error('pack needs -o, the archive to write.');
      await pack(source, { output: String(output) });
    },
  },
  inspect: {
    argument: 'artefact',
    options: { json: { type: 'boolean' }, providers: { type: 'string', default: 'cpu' } },
    run: (path, values) => inspect(path, { json: values.json === true, providers: String(values.providers) }),
  },
  invoke: {
    argument: 'file',
    options: {
      ...OUTPUT,
      url: { type: 'string', default: DEFAULT_URL },
      'content-type': { type: 'string' },
      accept: { type: 'string', default: '*/*' },
    },
    run: (file, { url, accept, output, 'content-type': contentType }) =>
      invoke(file, {
        url: String(url),
        accept: String(accept),
        ...(typeof output === 'string' && { output }),
        ...(typeof contentType === 'string' && { contentType }),
      }),
  },
};

/** @throws Error in one line for what is not understood, and what the command throws */
async function run([name = '', ...args]: readonly string[]): Promise<void> {
  if (['-h', '--help', 'help'].includes(name) || args.some((arg) => arg === '-h' || arg === '--help')) {
    console.log(USAGE);
    return;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new Error(`Unknown command "${name}": see seriatim-container --help.`);
  const { options, argument } = command;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const [first, ...surplus] = positionals;
  if (first === undefined) throw new Error(`${name} needs its <${argument}>: see seriatim-container --help.`);
  if (surplus.length > 0)
    throw new Error(`${name} takes one <${argument}>; "${surplus.join(' ')}" is too many.`);
  await command.run(first, values as Values);
}

try {
  await run(process.argv.slice(2));
} catch (thrown) {
  console.error(`seriatim-container: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  process.exitCode = 1;
}
