// Finds out what an unpacked artefact is: an ONNX model, handlers in `code/`, both, Triton's model repository, or several of these in series.
// Nothing is loaded here. The disk is asked synchronously, here and in `onnx/light.ts`: each of a handful of files takes
// microseconds, a promise of node:fs a hop to its thread pool, and those were a third of a small model's load.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
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
}

const HANDLER_FILES = ['inference.ts', 'inference.mts', 'inference.js', 'inference.mjs'];

/**
 * `program` names the handlers' file in `code/` (`SAGEMAKER_PROGRAM`), `inference.ts` and its like unless told.
 * @throws InferenceError InvalidArtefact, saying what was looked for
 */
export async function inspectArtefact(folder: string, program?: string): Promise<Artefact> {
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
  const onnxFile = findOnnx(names);
  const kind = codeFile !== undefined ? 'handlers' : onnxFile !== undefined ? 'onnx' : 'triton';
  if (kind === 'triton') checkRepository(folder, names);
  return {
    kind,
    folder,
    ...(onnxFile && { onnxFile: join(folder, onnxFile) }),
    ...(codeFile && { codeFile: join(folder, codeFile) }),
    bytes: allBytes,
  };
}

interface ListedFile {
  /** Relative to the artefact, with forward slashes. */
  readonly name: string;
  readonly bytes: number;
}

export async function listFiles(folder: string): Promise<ListedFile[]> {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      const name = file.slice(join(folder, '/').length).replaceAll('\\', '/');
      return { name, bytes: statSync(file).size };
    });
  } catch (thrown) {
    throw new InferenceError('InvalidArtefact', `The folder ${folder} cannot be read.`, { cause: thrown });
  }
}

/** `model.onnx`, or the only `.onnx` file at the top. */
function findOnnx(names: readonly string[]): string | undefined {
  if (names.includes('model.onnx')) return 'model.onnx';
  const candidates = names.filter((name) => name.endsWith('.onnx') && !name.includes('/'));
  if (candidates.length <= 1) return candidates[0];
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

function pythonHandlers(file: string): InferenceError {
  const message =
    `${file} holds Python handlers, which this container does not run. ` +
    'Write them as code/inference.ts (modelFn, inputFn, predictFn, outputFn), or leave code/ out: ' +
    'a model.onnx is served without handlers.';
  return new InferenceError('InvalidArtefact', message);
}

function nothingToServe(folder: string, names: readonly string[]): InferenceError {
  const found = names.length === 0 ? 'nothing' : names.slice(0, 10).join(', ');
  const message = `${folder} holds neither model.onnx nor code/inference.ts; found ${found}.`;
  return new InferenceError('InvalidArtefact', message);
}
