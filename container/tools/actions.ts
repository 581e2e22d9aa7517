// What `seriatim models pack | inspect | invoke`, `seriatim serve` and the same commands of `seriatim-container` do, once
// their arguments are read. Heavy imports belong inside the actions.
import { readFile, writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Container } from '../container.ts';

/** Writes the archive and prints what is in it. @throws InferenceError InvalidArtefact */
export async function pack(source: string, { output }: { output: string }): Promise<void> {
  const { packWithManifest } = await import('./manifest.ts');
  const { manifest, sha256, bytes } = await packWithManifest(source, output);
  for (const file of manifest.files) console.log(`${file.sha256}  ${file.bytes}  ${file.path}`);
  console.log(`${output}: ${bytes} bytes, sha256 ${sha256}`);
}

export interface InspectCommand {
  readonly json?: boolean;
  /** Separated by commas, in the order in which they are tried. */
  readonly providers: string;
}

/** Prints what is in an artefact. @throws Error where it is not what was packed */
export async function inspect(path: string, { json, providers }: InspectCommand): Promise<void> {
  const { openArtefact } = await import('./open.ts');
  const { formatReport, reportArtefact } = await import('./inspect.ts');
  const { verifyArchive } = await import('./manifest.ts');
  const artefact = await openArtefact(path);
  try {
    const archive = await verifyArchive(path);
    const report = await reportArtefact(artefact.folder, providers.split(','));
    console.log(json ? JSON.stringify(report, undefined, 2) : formatReport(report));
    const problems = [...(archive?.problems ?? []), ...(report.manifest?.problems ?? [])];
    if (problems.length > 0) throw new Error(`${path} is not what was packed: ${problems.join('; ')}.`);
  } finally {
    await artefact.close();
  }
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.json': 'application/json',
  '.jsonl': 'application/jsonlines',
  '.ndjson': 'application/jsonlines',
  '.csv': 'text/csv',
  '.npy': 'application/x-npy',
  '.npz': 'application/x-npz',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
};

/** Where a model is served unless told. */
export const DEFAULT_URL = 'http://127.0.0.1:8080/invocations';

export interface InvokeCommand {
  readonly url: string;
  /** In place of what the file's name tells. */
  readonly contentType?: string;
  readonly accept: string;
  /** A file for the answer; absent: standard output. */
  readonly output?: string;
}

/** Sends a file to a served model. @throws Error for no answer, and for one of an error */
export async function invoke(
  file: string,
  { url, contentType, accept, output }: InvokeCommand,
): Promise<void> {
  const type = contentType ?? CONTENT_TYPES[extname(file).toLowerCase()];
  if (type === undefined) throw new Error(`The name ${file} tells no content type: give --content-type.`);
  const body = await readFile(file);
  const headers = { 'content-type': type, accept };
  const response = await fetch(url, { method: 'POST', body, headers }).catch((thrown: Error) => {
    const { cause } = thrown as { cause?: Error };
    throw new Error(`No answer from ${url}: ${cause?.message || thrown.message}.`, { cause: thrown });
  });
  const answer = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw new Error(`${response.status} from ${url}: ${answer.toString()}`);
  if (output === undefined) process.stdout.write(answer);
  else await writeFile(output, answer);
}

const HIGHEST_PORT = 65_535;

/** Serves one artefact until SIGINT or SIGTERM. */
export async function serve(path: string, { port }: { port: string }): Promise<void> {
  if (!/^\d{1,5}$/.test(port) || Number(port) > HIGHEST_PORT)
    throw new Error(`--port takes a whole number from 0 to ${HIGHEST_PORT}, not "${port}".`);
  const { openArtefact } = await import('./open.ts');
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
  const { startContainer } = await import('../container.ts');
  const { createLogger } = await import('../logger.ts');
  const { readSettings } = await import('../settings.ts');
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
