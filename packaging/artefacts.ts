// The models as artefacts: deterministic `.tar.gz` files under `.build/models`, by the key they have in the model
// bucket. Packed again only when a model changed.
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { packArtefact } from '../container/pack.ts';
import { PIPELINE_DEFINITIONS } from '../statemachines/index.ts';
import type {
  EndpointContainer,
  EndpointTarget,
  EndpointVariant,
  Pipeline,
} from '../statemachines/pipeline.ts';
import { selectPipelines } from '../statemachines/selection.ts';
import { type Entry, type ModelFiles, modelFiles } from './model-files.ts';
import { endpointTargets, modelDataKey, variantFolder, variantsOf } from './pipelines/hosting.ts';
import { type SeriesPart, seriesEntries } from './series-artefact.ts';

export interface Artefact {
  /** Relative to the model bucket: `house-prices/cities/Houston_TX.tar.gz`. */
  readonly key: string;
  /** The packed file, absolute. */
  readonly file: string;
}

export interface ArtefactSource {
  readonly key: string;
  readonly entries: readonly Entry[];
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

/**
 * What goes into each artefact of these pipelines' endpoints: those that the environment selects unless told.
 * @throws Error naming the model folder or archive that is missing
 */
export async function artefactSources(
  projectFolder: string,
  pipelines: readonly Pipeline[] = selectPipelines(PIPELINE_DEFINITIONS, process.env),
): Promise<ArtefactSource[]> {
  const sources = new Map<string, ArtefactSource>();
  for (const target of endpointTargets(pipelines)) {
    for (const variant of variantsOf(target)) {
      for (const container of target.containers) {
        const place = { target, container, ...(variant === undefined ? {} : { variant }) };
        for (const source of await containerSources(projectFolder, place)) sources.set(source.key, source);
      }
    }
  }
  return [...sources.values()];
}

interface ContainerPlace {
  readonly target: EndpointTarget;
  readonly container: EndpointContainer;
  readonly variant?: EndpointVariant;
}

async function containerSources(projectFolder: string, place: ContainerPlace): Promise<ArtefactSource[]> {
  const key = modelDataKey(place.target, place.container, place.variant);
  const models = await filesOf(projectFolder, place);
  if (models.entries !== undefined) return [{ key, entries: models.entries }];
  return [...models.targets].map(([name, entries]) => ({ key: `${key}${name}.tar.gz`, entries }));
}

function filesOf(projectFolder: string, place: ContainerPlace): Promise<ModelFiles> {
  const { target, container, variant } = place;
  if (container.series !== undefined) return fusedFiles(projectFolder, target, container);
  return modelFiles(
    projectFolder,
    variantFolder(target, container, variant),
    container.mode === 'MultiModel',
  );
}

/** Of a series with a multi-model container, an artefact for each of its models, with the other models beside it. */
async function fusedFiles(
  projectFolder: string,
  target: EndpointTarget,
  { series }: EndpointContainer,
): Promise<ModelFiles> {
  const parts = await Promise.all(
    series!.models.map(async (model): Promise<SeriesPart> => {
      return { model, files: await filesOf(projectFolder, { target, container: model.container }) };
    }),
  );
  return seriesEntries(projectFolder, parts, series!.collects);
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
