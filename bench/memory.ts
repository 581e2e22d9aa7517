// Resident memory of a process and everything it started, from `ps`.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface ProcessMemory {
  readonly processes: number;
  readonly residentMb: number;
}

interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly kb: number;
}

/** Pages that processes share are counted in each. */
export async function memoryOf(pid: number): Promise<ProcessMemory> {
  const tree = descendants(await processes(), pid);
  const kb = tree.reduce((sum, row) => sum + row.kb, 0);
  return { processes: tree.length, residentMb: Math.round(kb / 1024) };
}

/** The process and everything it started. */
export async function processTree(pid: number): Promise<number[]> {
  return descendants(await processes(), pid).map((row) => row.pid);
}

async function processes(): Promise<Row[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,rss=']);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .map(([own, parent, kb]): Row => ({ pid: own!, parent: parent!, kb: kb! }));
}

function descendants(rows: readonly Row[], pid: number): Row[] {
  const own = rows.filter((row) => row.pid === pid);
  return [...own, ...rows.filter((row) => row.parent === pid).flatMap((row) => descendants(rows, row.pid))];
}
