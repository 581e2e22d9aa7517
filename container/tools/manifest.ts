// Packs a folder, or one `.onnx` file, with a manifest of what is in it. The manifest lies in the archive as
// `manifest.json`; the archive's own checksum stands beside it in the form that `sha256sum -c` reads.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { inspectArtefact, listFiles } from '../artefact.ts';
import { packArtefact } from '../pack.ts';

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
  const entries = await listEntries(source);
  const manifest = { files: await Promise.all(entries.map(describeEntry)) };
  const scratch = await mkdtemp(join(tmpdir(), 'seriatim-pack-'));
  try {
    const manifestFile = join(scratch, MANIFEST);
    await writeFile(manifestFile, `${JSON.stringify(manifest, undefined, 2)}\n`);
    await packArtefact([...entries, { path: MANIFEST, file: manifestFile }], outFile);
  } finally {
    await rm(scratch, { recursive: true });
  }
  const sha256 = await sha256Of(outFile);
  await writeFile(`${outFile}.sha256`, `${sha256}  ${basename(outFile)}\n`);
  return { manifest, sha256, bytes: (await stat(outFile)).size };
}

interface Entry {
  readonly path: string;
  readonly file: string;
}

async function listEntries(source: string): Promise<Entry[]> {
  if ((await stat(source)).isFile()) return [{ path: 'model.onnx', file: source }];
  await inspectArtefact(source);
  const files = await listFiles(source);
  return files
    .filter(({ name }) => name !== MANIFEST)
    .map(({ name }) => ({ path: name, file: join(source, name) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function describeEntry({ path, file }: Entry): Promise<ManifestFile> {
  return { path, bytes: (await stat(file)).size, sha256: await sha256Of(file) };
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
