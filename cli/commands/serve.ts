// `seriatim serve <artefact>`: one model served at once by the inference container, in this process.
import type { Command } from 'commander';
import type { Container } from '../../container/container.ts';

export function register(program: Command): void {
  program
    .command('serve')
    .description('Serve one model: a model.tar.gz, a folder or a bare .onnx file')
    .argument('<artefact>', 'what to serve')
    .option('-p, --port <port>', 'port on 127.0.0.1; 0 takes a free one', '8080')
    .action(serve);
}

const HIGHEST_PORT = 65_535;

async function serve(path: string, { port }: { port: string }): Promise<void> {
  if (!/^\d{1,5}$/.test(port) || Number(port) > HIGHEST_PORT)
    throw new Error(`--port takes a whole number from 0 to ${HIGHEST_PORT}, not "${port}".`);
  const { openArtefact } = await import('../../container/tools/open.ts');
  const artefact = await openArtefact(path);
  try {
    const container = await start(artefact.folder, port);
    const stop = async () => {
      await container.close();
      await artefact.close();
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => void stop().then(() => process.exit(0)));
    console.log(`Serving ${path} at ${container.url}/invocations (health: /ping, metrics: /metrics).`);
  } catch (thrown) {
    await artefact.close();
    throw thrown;
  }
}

/** Resolves when the model is loaded. */
async function start(folder: string, port: string): Promise<Container> {
  const { startContainer } = await import('../../container/container.ts');
  const { createLogger } = await import('../../container/logger.ts');
  const { readSettings } = await import('../../container/settings.ts');
  const settings = {
    ...readSettings({ SAGEMAKER_BASE_DIR: folder, ...process.env, SAGEMAKER_BIND_TO_PORT: port }),
    modelFolder: folder,
    isMultiModel: false,
  };
  const container = await startContainer(settings, createLogger(process.stdout, process.stderr));
  try {
    await container.ready;
    return container;
  } catch (thrown) {
    await container.close();
    throw thrown;
  }
}
