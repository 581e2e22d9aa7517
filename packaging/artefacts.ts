// The models as artefacts: deterministic `.tar.gz` files under `.build/models`, by the key they have in the model
// bucket. Packed again only when a model changed.
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { packArtefact } from '../container/pack.ts';
import { PIPELINE_DEFINITIONS } from '../statemachines/index.ts';
import type { EndpointTarget, EndpointVariant } from '../statemachines/pipeline.ts';
import { unpackModels } from './model-archives.ts';
import { endpointTargets, modelDataKey, variantsOf } from './pipelines/hosting.ts';
import { endpointOf } from './pipelines/names.ts';

export interface Artefact {
  /** Relative to the model bucket: `house-prices/cities/Houston_TX.tar.gz`. */
  readonly key: string;
  /** The packed file, absolute. */
  readonly file: string;
}

export interface ArtefactSource {
  readonly key: string;
  readonly entries: readonly { readonly path: string; readonly file: string }[];
}

/** Artefacts packed at once: each has a handful of files open. */
const PACKED_AT_ONCE = 8;

/** @throws Error naming the model file or folder that is missing */
export async function packArtefacts(projectFolder: string): Promise<Artefact[]> {
  const sources = await artefactSources(projectFolder);
  const artefacts: Artefact[] = [];
  const waiting = sources.entries();
  const packNext = async (): Promise<void> => {
    for (const [index, source] of waiting) artefacts[index] = await pack(source, projectFolder);
  };
  await Promise.all(Array.from({ length: PACKED_AT_ONCE }, packNext));
  return artefacts;
}

/** What goes into each artefact. @throws Error naming the model folder or archive that is missing */
export async function artefactSources(projectFolder: string): Promise<ArtefactSource[]> {
  const models = join(projectFolder, 'models');
  const targets = endpointTargets(PIPELINE_DEFINITIONS);
  return [
    ...(await housePrices(join(models, 'house-prices'), projectFolder)),
    ...targets.flatMap((target) => endpointSources(models, target)),
  ];
}

/** The feature model, and a price model per city: ten as files, and all thousand in one archive. */
async function housePrices(folder: string, projectFolder: string): Promise<ArtefactSource[]> {
  const all = await unpackModels(join(folder, 'cities-1000.tar.gz'), projectFolder);
  const own = readdirSync(join(folder, 'cities')).filter((name) => name.endsWith('.onnx'));
  const files = new Map(all.map((file) => [basename(file, '.onnx'), file]));
  for (const name of own) files.set(basename(name, '.onnx'), join(folder, 'cities', name));
  const cities = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    modelSource('house-prices/features/model.tar.gz', join(folder, 'preprocess.onnx')),
    ...cities.map(([city, file]) => modelSource(`house-prices/cities/${city}.tar.gz`, file)),
  ];
}

/** By the folder's layout: `models/<endpoint>/<container>/` is one artefact, whole; of a multi-model container, each `.onnx` file in it. */
function endpointSources(models: string, target: EndpointTarget): ArtefactSource[] {
  return variantsOf(target).flatMap((variant) => variantSources(models, target, variant));
}

function variantSources(
  models: string,
  target: EndpointTarget,
  variant: EndpointVariant | undefined,
): ArtefactSource[] {
  const endpoint = variant?.artefacts ?? endpointOf(target.placeholder);
  if (endpoint === 'house-prices') return [];
  return target.containers.flatMap((container) => {
    const folder = join(models, endpoint, container.name);
    const key = modelDataKey(target, container, variant);
    const files = filesIn(folder);
    if (container.mode !== 'MultiModel') return [{ key, entries: files }];
    return files
      .filter(({ path }) => path.endsWith('.onnx'))
      .map(({ path, file }) => modelSource(`${key}${basename(path, '.onnx')}.tar.gz`, file));
  });
}

function filesIn(folder: string): { path: string; file: string }[] {
  if (!existsSync(folder)) throw new Error(`The model folder ${folder} is missing.`);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({ path: relative(folder, file).replaceAll('\\', '/'), file }));
}

function modelSource(key: string, file: string): ArtefactSource {
  return { key, entries: [{ path: 'model.onnx', file }] };
}

async function pack({ key, entries }: ArtefactSource, projectFolder: string): Promise<Artefact> {
  const file = join(projectFolder, '.build/models', key);
  if (!(await isFresh(file, entries))) {
    await mkdir(dirname(file), { recursive: true });
    await packArtefact([...entries], file);
  }
  return { key, file };
}

/** Whether the artefact is newer than all that went into it. */
async function isFresh(file: string, entries: ArtefactSource['entries']): Promise<boolean> {
  const packed = await stat(file).catch(() => undefined);
  const times = await Promise.all(entries.map((entry) => changedAt(entry.file)));
  return packed !== undefined && times.every((ms) => ms < packed.mtimeMs);
}

async function changedAt(file: string): Promise<number> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) throw new Error(`The model file ${file} is missing.`);
  return Math.max(found.mtimeMs, found.ctimeMs);
}
