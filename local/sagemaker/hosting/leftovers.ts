// Containers that outlived a host that was killed: ours end when their standard input closes, a stranger's may not. Each
// start leaves a note beside the volumes, and the next host ends what is still there; only on systems that tell a
// process's environment, by which it is known to be ours beyond doubt.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const NOTES = '.processes';

export function noteProcess(volumesFolder: string, pid: number): () => void {
  const file = join(volumesFolder, NOTES, String(pid));
  mkdirSync(join(volumesFolder, NOTES), { recursive: true });
  writeFileSync(file, '');
  return () => rmSync(file, { force: true });
}

/** Ends every noted process that still runs with a base folder on these volumes. */
export async function endLeftovers(volumesFolder: string): Promise<void> {
  const pids = await readdir(join(volumesFolder, NOTES)).catch(() => []);
  for (const pid of pids) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (!environment.split('\0').some((entry) => entry.startsWith(`SAGEMAKER_BASE_DIR=${volumesFolder}/`)))
      continue;
    try {
      process.kill(-Number(pid), 'SIGKILL');
    } catch {
      // It ended in the meantime.
    }
  }
}
