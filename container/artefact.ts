// Finds out what an unpacked artefact is: an ONNX model, handlers in `code/`, both, Triton's model repository, or several of these in series.
// Nothing is loaded here. The disk is asked synchronously, here and in `onnx/light.ts`: each of a handful of files takes
// microseconds, a promise of node:fs a hop to its thread pool, and those were a third of a small model's load.
import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { InferenceError } from './errors.ts';
import { SERIES_FILE } from './series.ts';

export interface Artefact {
  readonly kind: 'onnx' | 'handlers' | 'triton' | 'series';
  readonly folder: string;
  /** The ONNX model's file. */
  readonly onnxFile?: string;
  /** The file with the handlers. */
  readonly codeFile?: string;
  /** Bytes of all files together. */
  readonly bytes: number;
  /** What is odd about it, for the log. */
  readonly warning?: string;
}

const HANDLER_FILES = ['inference.ts', 'inference.mts', 'inference.js', 'inference.mjs'];

export interface InspectOptions {
  /** The handlers' file in `code/` (`SAGEMAKER_PROGRAM`); `inference.ts` and its like unless told. */
  readonly program?: string;
  /** Whether `bytes` must be those of all files. Where not, most artefacts are known at a look. */
  readonly needsSize?: boolean;
}

/** @throws InferenceError InvalidArtefact, saying what was looked for */
export async function inspectArtefact(
  folder: string,
  { program, needsSize = true }: InspectOptions = {},
): Promise<Artefact> {
  const plain = needsSize || program !== undefined ? undefined : findPlain(folder);
  if (plain !== undefined) return plain;
  const files = await listFiles(folder);
  const names = files.map(({ name }) => name);
  const allBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (names.includes(SERIES_FILE)) return { kind: 'series', folder, bytes: allBytes };
  const candidates = program === undefined ? HANDLER_FILES : [program];
  const codeFile = candidates.map((name) => `code/${name}`).find((name) => names.includes(name));
  const python = program?.endsWith('.py') ? program : 'inference.py';
  if (names.includes(`code/${python}`) && (codeFile === undefined || program === python)) {
    throw pythonHandlers(join(folder, 'code', python));
  }
  if (program !== undefined && codeFile === undefined) throw missingProgram(folder, program);
  const onnxFile = findOnnx(names, codeFile !== undefined);
  const unused = codeFile === undefined && names.some((name) => name.startsWith('code/'));
  const kind = codeFile !== undefined ? 'handlers' : onnxFile !== undefined ? 'onnx' : 'triton';
  if (kind === 'triton') checkRepository(folder, names);
  return {
    kind,
    folder,
    ...(onnxFile && { onnxFile: join(folder, onnxFile) }),
    ...(codeFile && { codeFile: join(folder, codeFile) }),
    ...(unused && { warning: unusedCode(folder) }),
    bytes: allBytes,
  };
}

/** The commonest artefact: `model.onnx` and no handlers. */
function findPlain(folder: string): Artefact | undefined {
  const onnxFile = join(folder, 'model.onnx');
  const model = statSync(onnxFile, { throwIfNoEntry: false });
  const isThere = (name: string) => statSync(join(folder, name), { throwIfNoEntry: false }) !== undefined;
  if (!model?.isFile() || isThere('code') || isThere(SERIES_FILE)) return undefined;
  return { kind: 'onnx', folder, onnxFile, bytes: model.size };
}

interface ListedFile {
  /** Relative to the artefact, with forward slashes. */
  readonly name: string;
  readonly bytes: number;
}

/**
 * Links to files are followed, as model hubs lay their downloads out with them.
 * @throws InferenceError InvalidArtefact for a folder that cannot be read, and a link to a folder or to nothing
 */
export async function listFiles(folder: string): Promise<ListedFile[]> {
  return readEntries(folder).flatMap((entry) => {
    const file = join(entry.parentPath, entry.name);
    const name = relative(folder, file).replaceAll('\\', '/');
    const found = statSync(file, { throwIfNoEntry: false });
    if (found?.isFile()) return [{ name, bytes: found.size }];
    if (!entry.isSymbolicLink()) return [];
    const target = found?.isDirectory() ? 'a folder, which is not followed' : 'no file';
    throw new InferenceError('InvalidArtefact', `${file} is a link to ${target}.`);
  });
}

/** Folders that hold nothing, relative to the artefact. */
export function listEmptyFolders(folder: string, below = ''): string[] {
  const entries = readdirSync(join(folder, below), { withFileTypes: true });
  if (entries.length === 0 && below !== '') return [below];
  const folders = entries.filter((entry) => entry.isDirectory());
  return folders.flatMap(({ name }) => listEmptyFolders(folder, below === '' ? name : `${below}/${name}`));
}

/** All that are no folders, at any depth. Node's own recursion would go into links to folders, and out of the artefact. */
function readEntries(folder: string): Dirent[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.flatMap((entry) =>
      entry.isDirectory() ? readEntries(join(entry.parentPath, entry.name)) : [entry],
    );
  } catch (thrown) {
    if (thrown instanceof InferenceError) throw thrown;
    throw new InferenceError('InvalidArtefact', `The folder ${folder} cannot be read.`, { cause: thrown });
  }
}

/** `model.onnx`, or the only `.onnx` file at the top. Handlers may open several by `context.openModel`. */
function findOnnx(names: readonly string[], hasHandlers: boolean): string | undefined {
  if (names.includes('model.onnx')) return 'model.onnx';
  const candidates = names.filter((name) => name.endsWith('.onnx') && !name.includes('/'));
  if (candidates.length <= 1) return candidates[0];
  if (hasHandlers) return undefined;
  const message = `The artefact holds ${candidates.join(', ')}: name the one to serve model.onnx.`;
  throw new InferenceError('InvalidArtefact', message);
}

/** `<model>/config.pbtxt` or `<model>/<version>/model.onnx`. */
const REPOSITORY_FILE = /^[^/]+\/(config\.pbtxt|\d+\/model\.onnx)$/;

function checkRepository(folder: string, names: readonly string[]): void {
  if (names.some((name) => REPOSITORY_FILE.test(name))) return;
  if (!names.includes('config.pbtxt')) throw nothingToServe(folder, names);
  const message = `${folder} holds config.pbtxt at its root: Triton's layout has a folder per model, <model>/config.pbtxt.`;
  throw new InferenceError('InvalidArtefact', message);
}

function unusedCode(folder: string): string {
  return `${join(folder, 'code')} holds none of ${HANDLER_FILES.join(', ')}: what is there is not run.`;
}

function missingProgram(folder: string, program: string): InferenceError {
  const message = `SAGEMAKER_PROGRAM names ${program}, and there is no ${join(folder, 'code', program)}.`;
  return new InferenceError('InvalidArtefact', message);
}

function pythonHandlers(file: string): InferenceError {
  const message =
    `${file} holds Python handlers, which this container does not run. ` +
    'Write them as code/inference.ts (modelFn, inputFn, predictFn, outputFn), or leave code/ out: ' +
    'a model.onnx is served without handlers.';
  return new InferenceError('InvalidArtefact', message);
}

function nothingToServe(folder: string, names: readonly string[]): InferenceError {
  const found = names.length === 0 ? 'nothing' : names.slice(0, 10).join(', ');
  const nested = names.find((name) => /^[^/]+\/(model\.onnx|code\/inference\.\w+)$/.test(name));
  const hint = nested === undefined ? '' : ` What lies in ${nested.split('/', 1)[0]}/ belongs at the root.`;
  const message = `${folder} holds neither model.onnx nor code/inference.ts; found ${found}.${hint}`;
  return new InferenceError('InvalidArtefact', message);
}
