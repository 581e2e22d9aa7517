// The files of a container's model, by its folder below `models/`: `<endpoint>/<container>/` is one artefact, whole; of
// a multi-model container, each `.onnx` file in it. The models of house-prices are kept as they were trained: the feature
// model as a file, ten cities as files, and all thousand in one archive.
import { existsSync, readdirSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { unpackModels } from './model-archives.ts';

export interface Entry {
  /** In the artefact. */
  readonly path: string;
  readonly file: string;
}

/** Of a container of one model its entries, of a multi-model container those of each model by its name. */
export type ModelFiles =
  | { readonly entries: readonly Entry[]; readonly targets?: never }
  | { readonly entries?: never; readonly targets: ReadonlyMap<string, readonly Entry[]> };

/** @throws Error naming the folder or archive that is missing */
export async function modelFiles(
  projectFolder: string,
  model: string,
  isMultiModel: boolean,
): Promise<ModelFiles> {
  const models = join(projectFolder, 'models');
  if (model === 'house-prices/features')
    return { entries: [onnxEntry(join(models, 'house-prices/preprocess.onnx'))] };
  if (model === 'house-prices/cities')
    return { targets: await cities(join(models, 'house-prices'), projectFolder) };
  const files = filesIn(join(models, model));
  if (!isMultiModel) return { entries: files };
  const own = files.filter(({ path }) => path.endsWith('.onnx'));
  return { targets: new Map(own.map(({ path, file }) => [basename(path, '.onnx'), [onnxEntry(file)]])) };
}

async function cities(folder: string, projectFolder: string): Promise<Map<string, readonly Entry[]>> {
  const all = await unpackModels(join(folder, 'cities-1000.tar.gz'), projectFolder);
  const own = readdirSync(join(folder, 'cities')).filter((name) => name.endsWith('.onnx'));
  const files = new Map(all.map((file) => [basename(file, '.onnx'), file]));
  for (const name of own) files.set(basename(name, '.onnx'), join(folder, 'cities', name));
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(sorted.map(([city, file]) => [city, [onnxEntry(file)]]));
}

function filesIn(folder: string): Entry[] {
  if (!existsSync(folder)) throw new Error(`The model folder ${folder} is missing.`);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({ path: relative(folder, file).replaceAll('\\', '/'), file }));
}

function onnxEntry(file: string): Entry {
  return { path: 'model.onnx', file };
}
