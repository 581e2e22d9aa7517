// Packs a folder, or one `.onnx` file, with a manifest of what is in it. The manifest lies in the archive as
// `manifest.json`; the archive's own checksum stands beside it in the form that `sha256sum -c` reads. Both are held
// against the files again by `models inspect`.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { inspectArtefact, listEmptyFolders, listFiles } from '../artefact.ts';
import { InferenceError } from '../errors.ts';
import { type ArtefactEntry, packArtefact } from '../pack.ts';
import { modelFiles } from './open.ts';

export const MANIFEST = 'manifest.json';

export interface Manifest {
  readonly files: readonly ManifestFile[];
}

export interface ManifestFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface PackedArtefact {
  readonly manifest: Manifest;
  readonly sha256: string;
  readonly bytes: number;
}

/** @throws InferenceError InvalidArtefact where the folder holds nothing to serve */
export async function packWithManifest(source: string, outFile: string): Promise<PackedArtefact> {
  const entries = await listEntries(source, outFile);
  const manifest = { files: await Promise.all(entries.map(describeEntry)) };
  const scratch = await mkdtemp(join(tmpdir(), 'seriatim-pack-'));
  try {
    const manifestFile = join(scratch, MANIFEST);
    await writeFile(manifestFile, `${JSON.stringify(manifest, undefined, 2)}\n`);
    const emptyFolders = (await stat(source)).isDirectory() ? listEmptyFolders(source) : [];
    await packArtefact([...entries, { path: MANIFEST, file: manifestFile }], outFile, emptyFolders);
  } finally {
    await rm(scratch, { recursive: true });
  }
  const sha256 = await sha256Of(outFile);
  await writeFile(`${outFile}.sha256`, `${sha256}  ${basename(outFile)}\n`);
  return { manifest, sha256, bytes: (await stat(outFile)).size };
}

/** Without the archive itself, where it is written into the folder that it is made of. */
async function listEntries(source: string, outFile: string): Promise<readonly ArtefactEntry[]> {
  const found = await stat(source).catch(() => undefined);
  if (found === undefined) throw new InferenceError('InvalidArtefact', `There is no ${source}.`);
  if (found.isFile()) return modelFiles(source);
  await inspectArtefact(source);
  const files = await listFiles(source);
  const own = files.find(({ name }) => name === MANIFEST);
  if (own !== undefined && (await readManifest(source)) === undefined) {
    const message = `${join(source, MANIFEST)} is not a manifest of ours, and would be replaced by one.`;
    throw new InferenceError('InvalidArtefact', message);
  }
  const made = new Set([resolve(outFile), resolve(`${outFile}.sha256`)]);
  return files
    .filter(({ name }) => name !== MANIFEST && !made.has(resolve(source, name)))
    .map(({ name }) => ({ path: name, file: join(source, name) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function describeEntry({ path, file }: ArtefactEntry): Promise<ManifestFile> {
  return { path, bytes: (await stat(file)).size, sha256: await sha256Of(file) };
}

/** What holding an artefact against its manifest found. */
export interface Verified {
  /** Files that are as the manifest has them. */
  readonly files: number;
  /** What is not, each in one line; files that the manifest does not name among them. */
  readonly problems: readonly string[];
}

/** Undefined where the artefact has no manifest of ours: not every one is packed by `models pack`. */
export async function verifyManifest(folder: string): Promise<Verified | undefined> {
  const manifest = await readManifest(folder);
  if (manifest === undefined) return undefined;
  const found = new Map((await listFiles(folder)).map(({ name, bytes }) => [name, bytes]));
  found.delete(MANIFEST);
  const problems: string[] = [];
  for (const file of manifest.files) {
    const problem = await verifyFile(folder, file, found.get(file.path));
    if (problem !== undefined) problems.push(`${file.path} ${problem}`);
    found.delete(file.path);
  }
  for (const name of found.keys()) problems.push(`${name} is not in the manifest`);
  return { files: manifest.files.length, problems };
}

async function verifyFile(
  folder: string,
  { path, bytes, sha256 }: ManifestFile,
  found: number | undefined,
): Promise<string | undefined> {
  if (found === undefined) return 'is missing';
  if (found !== bytes) return `has ${found} bytes, not ${bytes}`;
  const actual = await sha256Of(join(folder, path));
  return actual === sha256 ? undefined : `has the checksum ${actual}, not ${sha256}`;
}

/** A model may bring a `manifest.json` of another kind. */
async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    const manifest = JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')) as Partial<Manifest> | null;
    return Array.isArray(manifest?.files) && manifest.files.every(isManifestFile)
      ? { files: manifest.files }
      : undefined;
  } catch {
    return undefined;
  }
}

function isManifestFile(value: unknown): value is ManifestFile {
  const { path, bytes, sha256 } = (value ?? {}) as Partial<ManifestFile>;
  return typeof path === 'string' && typeof bytes === 'number' && typeof sha256 === 'string';
}

/** The archive's own checksum, from the file that lies beside it; undefined where there is none. */
export async function verifyArchive(archive: string): Promise<Verified | undefined> {
  const text = await readFile(`${archive}.sha256`, 'utf8').catch(() => undefined);
  const expected = text === undefined ? undefined : /^[\da-f]{64}/.exec(text)?.[0];
  if (expected === undefined || !(await stat(archive)).isFile()) return undefined;
  const actual = await sha256Of(archive);
  const problem = `${basename(archive)} has the checksum ${actual}, not ${expected} as ${basename(archive)}.sha256 says`;
  return { files: 1, problems: actual === expected ? [] : [problem] };
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
