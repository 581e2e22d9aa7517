// `seriatim models pack | inspect | invoke`: artefacts of models, made, looked into and called.
import { readFile, writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Command } from 'commander';

export function register(program: Command): void {
  const models = program.command('models').description('Pack, inspect and invoke artefacts of models');
  models
    .command('pack')
    .description('Make a model.tar.gz with a manifest: the same bytes for the same files')
    .argument('<source>', 'folder or .onnx file')
    .requiredOption('-o, --output <file>', 'the archive to write')
    .action(pack);
  models
    .command('inspect')
    .description('Show inputs, outputs, size, opset and provider, and hold the files against their checksums')
    .argument('<artefact>', 'model.tar.gz, folder or .onnx file')
    .option('--json', 'as JSON')
    .option('--providers <list>', 'execution providers to try, in order', 'cpu')
    .action(inspect);
  models
    .command('invoke')
    .description('Send a file to a served model')
    .argument('<file>', 'the request: .json, .jsonl, .csv, .npy, .npz, .png, .jpg or .webp')
    .option('--url <url>', 'where it is served', 'http://127.0.0.1:8080/invocations')
    .option('--content-type <type>', 'instead of what the name of the file tells')
    .option('--accept <type>', 'the format of the answer', '*/*')
    .option('-o, --output <file>', 'write the answer there')
    .action(invoke);
}

async function pack(source: string, { output }: { output: string }): Promise<void> {
  const { packWithManifest } = await import('../../container/tools/manifest.ts');
  const { manifest, sha256, bytes } = await packWithManifest(source, output);
  for (const file of manifest.files) console.log(`${file.sha256}  ${file.bytes}  ${file.path}`);
  console.log(`${output}: ${bytes} bytes, sha256 ${sha256}`);
}

interface InspectOptions {
  readonly json?: boolean;
  readonly providers: string;
}

async function inspect(path: string, { json, providers }: InspectOptions): Promise<void> {
  const { openArtefact } = await import('../../container/tools/open.ts');
  const { formatReport, reportArtefact } = await import('../../container/tools/inspect.ts');
  const { verifyArchive } = await import('../../container/tools/manifest.ts');
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

interface InvokeOptions {
  readonly url: string;
  readonly contentType?: string;
  readonly accept: string;
  readonly output?: string;
}

async function invoke(file: string, { url, contentType, accept, output }: InvokeOptions): Promise<void> {
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
