// A copy of what packaging needs of this project, so that tests leave the project's own bundles alone.
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const project = join(import.meta.dirname, '../..');
const COPIED = [
  'container',
  'functions',
  'layers',
  'package-lock.json',
  'package.json',
  'packaging',
  'serverless.yml',
  'statemachines',
];

export async function copyProject(): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'packaging-'));
  for (const name of COPIED) await cp(join(project, name), join(folder, name), { recursive: true });
  await symlink(join(project, 'node_modules'), join(folder, 'node_modules'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
