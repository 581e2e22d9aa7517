// Lays an artefact out as a folder, whatever it comes as: a folder already, a bare `.onnx` with the files that hold its
// weights, or a `model.tar.gz`.
import { copyFile, link, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { InferenceError } from '../errors.ts';
import { type OnnxFile, readOnnxFile } from '../onnx/model-file.ts';
import { type ArtefactEntry, isSafePath } from '../pack.ts';
import { unpackArtefact } from '../unpack.ts';

export interface OpenArtefact {
  readonly folder: string;
  /** Removes what was laid out for it. */
  close(): Promise<void>;
}

/** @throws InferenceError InvalidArtefact */
export async function openArtefact(path: string): Promise<OpenArtefact> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new InferenceError('InvalidArtefact', `There is no ${path}.`);
  if (found.isDirectory()) return { folder: path, close: async () => undefined };
  const folder = await mkdtemp(join(tmpdir(), 'seriatim-artefact-'));
  const close = () => rm(folder, { recursive: true, force: true });
  try {
    if (path.endsWith('.onnx')) await layOut(path, folder);
    else await unpackArtefact(path, folder);
    return { folder, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

async function layOut(path: string, folder: string): Promise<void> {
  for (const { path: name, file } of await modelFiles(path)) {
    const target = join(folder, name);
    await mkdir(dirname(target), { recursive: true });
    // A link takes no time however large the model is; it cannot reach another disk.
    await link(file, target).catch(() => copyFile(file, target));
  }
}

/**
 * A bare model and the weights beside it, by the names that they have in an artefact.
 * @throws InferenceError InvalidArtefact for what is no ONNX model, and for weights outside the model's folder
 */
export async function modelFiles(path: string): Promise<readonly ArtefactEntry[]> {
  const { externalFiles: names } = await readModel(path);
  const unsafe = names.find((name) => !isSafePath(name));
  if (unsafe !== undefined)
    throw new InferenceError('InvalidArtefact', `${path} has weights in ${unsafe}, outside its folder.`);
  const beside = names.map((name) => ({ path: name, file: join(dirname(path), name) }));
  return [{ path: 'model.onnx', file: path }, ...beside];
}

/** @throws InferenceError InvalidArtefact for a file that is no ONNX model */
export async function readModel(path: string): Promise<OnnxFile> {
  try {
    return readOnnxFile(await readFile(path));
  } catch (thrown) {
    const message = `${path} is no ONNX model: ${(thrown as Error).message}.`;
    throw new InferenceError('InvalidArtefact', message, { cause: thrown });
  }
}
