// What a process and everything it started take: memory with each page counted once, and processor time. Pages that
// processes share, such as Node's own program, are in the resident size of each, so a sum of `ps` counts them several
// times; the proportional size (PSS) divides them among all processes of the machine, strangers too, and counts too
// little. Here a page of a file counts once for the tree, and what is nobody's file counts where it is. Linux alone
// tells this (`/proc/<pid>/smaps`); elsewhere it is the sum of `ps`.
import { readFile } from 'node:fs/promises';
import { memoryOf, processTree } from './memory.ts';

export interface Footprint {
  readonly memoryMb: number;
  /** In user and kernel mode, of all threads; undefined where it cannot be told. */
  readonly cpuMs: number | undefined;
}

/** Of one process's mappings, in kB. */
interface Mapped {
  readonly anonymous: number;
  /** Pages of files by file and offset. */
  readonly files: ReadonlyMap<string, number>;
}

/** Processor time is told in hundredths of a second: `getconf CLK_TCK` of every Linux that Node runs on. */
const TICK_MS = 10;

export async function footprintOf(pid: number): Promise<Footprint> {
  const pids = await processTree(pid);
  try {
    const [mapped, cpuMs] = await Promise.all([
      Promise.all(pids.map(mappedBy)),
      Promise.all(pids.map(cpuOf)),
    ]);
    return { memoryMb: Math.round(countedOnce(mapped) / 1024), cpuMs: sum(cpuMs) };
  } catch {
    return { memoryMb: (await memoryOf(pid)).residentMb, cpuMs: undefined };
  }
}

function countedOnce(processes: readonly Mapped[]): number {
  const files = new Map<string, number>();
  for (const { files: own } of processes)
    for (const [name, kb] of own) files.set(name, Math.max(kb, files.get(name) ?? 0));
  return sum(processes.map(({ anonymous }) => anonymous)) + sum([...files.values()]);
}

const HEADER = /^[0-9a-f]+-[0-9a-f]+ \S+ ([0-9a-f]+) (\S+) (\d+)/;

/** A process that has ended meanwhile has nothing. */
async function mappedBy(pid: number): Promise<Mapped> {
  const files = new Map<string, number>();
  let anonymous = 0;
  let file: string | undefined;
  for (const line of (await procFile(pid, 'smaps')).split('\n')) {
    const header = HEADER.exec(line);
    if (header !== null) {
      const [, offset, device, inode] = header;
      file = inode === '0' ? undefined : `${device} ${inode} ${offset}`;
      continue;
    }
    const [, name, text] = /^(Rss|Anonymous):\s+(\d+)/.exec(line) ?? [];
    const kb = Number(text ?? 0);
    // What a process has written to a mapping of a file is its own.
    if (name === 'Anonymous') anonymous += kb;
    if (file === undefined) continue;
    files.set(file, (files.get(file) ?? 0) + (name === 'Anonymous' ? -kb : kb));
  }
  return { anonymous, files };
}

async function cpuOf(pid: number): Promise<number> {
  const stat = await procFile(pid, 'stat');
  // The name in brackets may hold anything; user and kernel time are the 12th and 13th after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return stat === '' ? 0 : (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

async function procFile(pid: number, name: string): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/${name}`, 'utf8');
  } catch (thrown) {
    if (
      ['ENOENT', 'ESRCH'].includes((thrown as NodeJS.ErrnoException).code ?? '') &&
      process.platform === 'linux'
    )
      return '';
    throw thrown;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
