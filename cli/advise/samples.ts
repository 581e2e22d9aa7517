// The sample requests of a pipeline: the lines of `models/<pipeline>/requests.ndjson`, or the pictures below that folder
// where a request's body is a picture. A pipeline that has neither is asked with its example.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { PIPELINES } from '../../layers/seriatim/pipelines.ts';

export interface Sample {
  readonly body: string | Buffer;
  readonly contentType: string;
}

/** As many as are asked over and over, so that every target model among them is warm. */
const SAMPLES_LIMIT = 50;

const PICTURES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
};

/** A file of samples that cannot be read. */
export class BadSamples extends Error {}

/** One record each. @throws Error when there is nothing to ask with, BadSamples when a line is not JSON */
export function readSamples(projectFolder: string, pipeline: string): Sample[] {
  const folder = join(projectFolder, 'models', pipeline);
  const entry = PIPELINES[pipeline];
  const found = entry?.binary === undefined ? records(folder) : pictures(folder, entry.binary.contentTypes);
  if (found.length > 0) return found.slice(0, SAMPLES_LIMIT);
  if (entry?.example !== undefined) return [toSample(entry.example)];
  throw new Error(
    `There are no sample requests for ${pipeline}: put records into ${folder}/requests.ndjson.`,
  );
}

function records(folder: string): Sample[] {
  const file = join(folder, 'requests.ndjson');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.flatMap((line, i) =>
    line.trim() === '' ? [] : [toSample(firstRecord(parseLine(line, `${file}, line ${i + 1}`)))],
  );
}

function parseLine(line: string, place: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new BadSamples(`${place}, is not JSON: ${(cause as Error).message}`, { cause });
  }
}

function firstRecord(request: unknown): unknown {
  return (request as { instances?: unknown[] } | null)?.instances?.[0] ?? request;
}

function toSample(record: unknown): Sample {
  return { body: JSON.stringify(record), contentType: 'application/json' };
}

function pictures(folder: string, contentTypes: readonly string[]): Sample[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => ({ name, contentType: PICTURES[extname(name).toLowerCase()] ?? '' }))
    .filter(({ contentType }) => contentTypes.includes(contentType))
    .map(({ name, contentType }) => ({ body: readFileSync(join(folder, name)), contentType }));
}
