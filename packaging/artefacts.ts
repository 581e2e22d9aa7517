// The models as artefacts: deterministic `.tar.gz` files under `.build/models`, by the key they have in the model
// bucket. Packed again only when a model changed.
import { readdirSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { packArtefact } from '../container/pack.ts';

export interface Artefact {
  /** Relative to the model bucket: `house-prices/cities/Houston_TX.tar.gz`. */
  readonly key: string;
  /** The packed file, absolute. */
  readonly file: string;
}

interface Source {
  readonly key: string;
  readonly entries: readonly { readonly path: string; readonly file: string }[];
}

/** @throws Error naming the model file that is missing */
export async function packArtefacts(projectFolder: string): Promise<Artefact[]> {
  const sources = housePrices(join(projectFolder, 'models/house-prices'));
  return Promise.all(sources.map((source) => pack(source, projectFolder)));
}

/** The feature model, and a price model per city. */
function housePrices(folder: string): Source[] {
  const cities = readdirSync(join(folder, 'cities')).filter((name) => name.endsWith('.onnx'));
  return [
    modelSource('house-prices/features/model.tar.gz', join(folder, 'preprocess.onnx')),
    ...cities
      .sort()
      .map((name) =>
        modelSource(`house-prices/cities/${basename(name, '.onnx')}.tar.gz`, join(folder, 'cities', name)),
      ),
  ];
}

function modelSource(key: string, file: string): Source {
  return { key, entries: [{ path: 'model.onnx', file }] };
}

async function pack({ key, entries }: Source, projectFolder: string): Promise<Artefact> {
  const file = join(projectFolder, '.build/models', key);
  if (!(await isFresh(file, entries))) {
    await mkdir(dirname(file), { recursive: true });
    await packArtefact([...entries], file);
  }
  return { key, file };
}

/** Whether the artefact is newer than all that went into it. */
async function isFresh(file: string, entries: Source['entries']): Promise<boolean> {
  const packed = await stat(file).catch(() => undefined);
  const times = await Promise.all(entries.map((entry) => changedAt(entry.file)));
  return packed !== undefined && times.every((ms) => ms < packed.mtimeMs);
}

async function changedAt(file: string): Promise<number> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) throw new Error(`The model file ${file} is missing.`);
  return Math.max(found.mtimeMs, found.ctimeMs);
}
