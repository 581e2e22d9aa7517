// `seriatim serve <artefact>`: one model served at once by the inference container, in this process.
import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('serve')
    .description('Serve one model: a model.tar.gz, a folder or a bare .onnx file')
    .argument('<artefact>', 'what to serve')
    .option('-p, --port <port>', 'port on 127.0.0.1; 0 takes a free one', '8080')
    .action(serve);
}

async function serve(path: string, { port }: { port: string }): Promise<void> {
  const { openArtefact } = await import('../../container/tools/open.ts');
  const { startContainer } = await import('../../container/container.ts');
  const { createLogger } = await import('../../container/logger.ts');
  const { readSettings } = await import('../../container/settings.ts');
  const artefact = await openArtefact(path);
  const settings = {
    ...readSettings({ SAGEMAKER_BASE_DIR: artefact.folder, ...process.env, SAGEMAKER_BIND_TO_PORT: port }),
    modelFolder: artefact.folder,
    isMultiModel: false,
  };
  const container = await startContainer(settings, createLogger(process.stdout, process.stderr));
  const stop = async () => {
    await container.close();
    await artefact.close();
  };
  try {
    await container.ready;
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stop().then(() => process.exit(0)));
  console.log(`Serving ${path} at ${container.url}/invocations (health: /ping, metrics: /metrics).`);
}
