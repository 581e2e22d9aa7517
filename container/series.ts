// Several models behind each other in one artefact: `series.json` at its root names the folders in their order, each an
// artefact of its own (an ONNX model, handlers, or both).
//   {"models":[{"name":"Features","folder":"features","accept":"application/x-npy"},{"name":"Classify","folder":"classifier"}]}
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceError } from './errors.ts';
import { isSafePath } from './pack.ts';

export const SERIES_FILE = 'series.json';

export interface Series {
  readonly models: readonly SeriesModel[];
  /** Whether the answer holds what each model said, by its name, in place of what the last one said. */
  readonly collects?: boolean;
}

export interface SeriesModel {
  readonly name: string;
  /** Relative to the artefact. */
  readonly folder: string;
  /** What it answers with to the model after it; its own default unless told. */
  readonly accept?: string;
}

/** @throws InferenceError InvalidArtefact naming what is wrong */
export function readSeries(folder: string): Series {
  const file = join(folder, SERIES_FILE);
  const series = parse(file) as Partial<Series> | null;
  const models: unknown = series?.models;
  if (!Array.isArray(models) || models.length === 0) throw refused(file, '"models" is no list of models');
  const names = new Set<string>();
  for (const model of models as (Partial<SeriesModel> | null)[]) {
    if (typeof model?.name !== 'string' || typeof model.folder !== 'string' || !isSafePath(model.folder))
      throw refused(file, 'each of "models" needs a "name" and a "folder" of the artefact');
    if (names.has(model.name)) throw refused(file, `"${model.name}" is named twice`);
    names.add(model.name);
  }
  return series as Series;
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (thrown) {
    throw refused(file, (thrown as Error).message);
  }
}

function refused(file: string, reason: string): InferenceError {
  return new InferenceError('InvalidArtefact', `${file} cannot be used: ${reason}.`);
}
