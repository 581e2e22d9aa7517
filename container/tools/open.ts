// Lays an artefact out as a folder, whatever it comes as: a folder already, a bare `.onnx`, or a `model.tar.gz`.
import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceError } from '../errors.ts';
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
    if (path.endsWith('.onnx')) await copyFile(path, join(folder, 'model.onnx'));
    else await unpackArtefact(path, folder);
    return { folder, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}
