// The project's own files and their imports, read from disk.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const ROOMS = [
  'bench',
  'cli',
  'console',
  'container',
  'docs',
  'functions',
  'layers',
  'local',
  'models',
  'packaging',
  'statemachines',
  'test',
];
const SKIPPED = new Set(['node_modules', '.build', '.serverless', '.seriatim', '.git']);

/** Paths from the project's root with forward slashes, of files that end in one of these. */
export function projectFiles(...endings: readonly string[]): string[] {
  const top = readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
  return [...top, ...ROOMS.flatMap((room) => filesBelow(join(ROOT, room)))].filter((file) =>
    endings.some((ending) => file.endsWith(ending)),
  );
}

function filesBelow(folder: string): string[] {
  return entriesOf(folder).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [relative(ROOT, path).replaceAll('\\', '/')] : [];
  });
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (thrown) {
    // A room that does not exist yet.
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw thrown;
  }
}

export function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

export interface Import {
  readonly file: string;
  readonly specifier: string;
  /** The imported file, when it is one of the project. */
  readonly target: string | undefined;
}

const IMPORT =
  /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;

/** Static imports, re-exports and `import('…')`, types included. */
export function importsOf(file: string): Import[] {
  const text = read(file).replaceAll(/^\s*(\/\/|\/?\*).*$/gm, '');
  return [...text.matchAll(IMPORT)].map((match) => {
    const specifier = match[1] ?? match[2] ?? match[3]!;
    const target = specifier.startsWith('.') ? posix.join(dirname(file), specifier) : undefined;
    return { file, specifier, target };
  });
}

export function roomOf(file: string): string {
  return file.split('/', 1)[0]!;
}

/** `@scope/name` or `name` of a package's specifier; `undefined` for Node's own modules and for the layer. */
export function packageOf({ specifier, target }: Import): string | undefined {
  if (target !== undefined || specifier.startsWith('node:') || specifier.startsWith('/opt/')) return;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
