// One artefact for several models that one container runs in turn: a folder per model, and `series.json` with their
// order, which the container reads (container/series.ts).
import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Series } from '../container/series.ts';
import type { ModelInSeries } from '../statemachines/pipeline.ts';
import type { Entry, ModelFiles } from './model-files.ts';

export interface SeriesPart {
  readonly model: ModelInSeries;
  readonly files: ModelFiles;
}

export async function seriesEntries(
  projectFolder: string,
  parts: readonly SeriesPart[],
  collects: boolean,
): Promise<ModelFiles> {
  const order = { path: 'series.json', file: await orderFile(projectFolder, parts, collects) };
  const targets = parts.find(({ files }) => files.entries === undefined)?.files.targets;
  if (targets === undefined) return { entries: [order, ...parts.flatMap((part) => inFolder(part))] };
  return {
    targets: new Map(
      [...targets.keys()].map((name) => [name, [order, ...parts.flatMap((part) => inFolder(part, name))]]),
    ),
  };
}

function inFolder({ model, files }: SeriesPart, target = ''): Entry[] {
  const entries = files.entries ?? files.targets.get(target)!;
  return entries.map(({ path, file }) => ({ path: `${model.container.name}/${path}`, file }));
}

/** Under a name made of its content: it is written once and keeps its time, and so the artefact stays fresh. */
async function orderFile(
  projectFolder: string,
  parts: readonly SeriesPart[],
  collects: boolean,
): Promise<string> {
  const series: Series = {
    models: parts.map(({ model: { name, container, accept } }) => ({
      name,
      folder: container.name,
      ...(accept === undefined ? {} : { accept }),
    })),
    ...(collects ? { collects } : {}),
  };
  const text = `${JSON.stringify(series, null, 2)}\n`;
  const folder = join(projectFolder, '.build/series');
  const file = join(folder, `${hash('sha256', text).slice(0, 16)}.json`);
  await mkdir(folder, { recursive: true });
  if (!existsSync(file)) await writeFile(file, text);
  return file;
}
