// What `seriatim models inspect` shows of an artefact: each ONNX model's inputs, outputs, opset, operators and size,
// and the execution provider that would run it here.
import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { inspectArtefact, listFiles } from '../artefact.ts';
import type { OnnxFile } from '../onnx/model-file.ts';
import { openSession } from '../onnx/session.ts';
import { type Verified, verifyManifest } from './manifest.ts';
import { readModel } from './open.ts';

export interface ArtefactReport {
  readonly kind: string;
  readonly bytes: number;
  readonly code?: string;
  /** How the files agree with the manifest; absent where there is none. */
  readonly manifest?: Verified;
  readonly models: readonly ModelReport[];
}

export interface ModelReport extends OnnxFile {
  readonly file: string;
  readonly bytes: number;
  /** The provider in use, or why none takes the model. */
  readonly provider: string;
}

/** @throws InferenceError InvalidArtefact */
export async function reportArtefact(folder: string, providers: readonly string[]): Promise<ArtefactReport> {
  const { kind, bytes, codeFile } = await inspectArtefact(folder);
  const files = (await listFiles(folder)).filter(({ name }) => name.endsWith('.onnx'));
  const models = await Promise.all(files.map(({ name }) => reportModel(folder, name, providers)));
  const manifest = await verifyManifest(folder);
  return {
    kind,
    bytes,
    ...(manifest && { manifest }),
    ...(codeFile && { code: relative(folder, codeFile) }),
    models,
  };
}

async function reportModel(folder: string, name: string, providers: readonly string[]): Promise<ModelReport> {
  const file = `${folder}/${name}`;
  const contents = await readModel(file);
  return {
    file: name,
    bytes: (await stat(file)).size,
    provider: await findProvider(file, providers),
    ...contents,
  };
}

async function findProvider(file: string, providers: readonly string[]): Promise<string> {
  try {
    const session = await openSession(file, providers);
    await session.release();
    return session.provider;
  } catch (thrown) {
    return `none: ${(thrown as Error).message}`;
  }
}

/** The report as lines for a person. */
export function formatReport({ kind, bytes, code, manifest, models }: ArtefactReport): string {
  const head = [
    `kind      ${kind}`,
    `size      ${bytes} bytes`,
    ...(code ? [`handlers  ${code}`] : []),
    `manifest  ${formatVerified(manifest)}`,
  ];
  return [...head, ...models.flatMap(formatModel)].join('\n');
}

function formatVerified(verified: Verified | undefined): string {
  if (verified === undefined) return 'none';
  const { files, problems } = verified;
  return problems.length === 0 ? `${files} files, all as it says` : `does not agree: ${problems.join('; ')}`;
}

function formatModel({
  file,
  bytes,
  provider,
  opsets,
  operators,
  producer,
  inputs,
  outputs,
}: ModelReport): string[] {
  const shape = (sizes: readonly (number | string)[]) =>
    `[${sizes.map((size) => (size === '' ? '?' : size)).join(', ')}]`;
  const value = (label: string) => (item: OnnxFile['inputs'][number]) =>
    `  ${label}  ${item.name}  ${item.dtype} ${shape(item.shape)}`;
  return [
    '',
    `${file}  ${bytes} bytes`,
    ...inputs.map(value('input   ')),
    ...outputs.map(value('output  ')),
    `  opset     ${Object.entries(opsets)
      .map(([domain, version]) => `${domain} ${version}`)
      .join(', ')}`,
    `  operators ${Object.entries(operators)
      .map(([operator, count]) => `${operator}×${count}`)
      .join(' ')}`,
    `  producer  ${producer || 'unknown'}`,
    `  provider  ${provider}`,
  ];
}
