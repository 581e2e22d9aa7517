// Writes the container as JavaScript: `node build.ts <folder>`. Node runs the TypeScript as it is, except below
// node_modules, where a package lies; and without types to strip a process needs 20 MB less. Types are blanked out in
// place, so lines and columns stay what they are in the source. With `--types` the declarations of what handlers are
// written against are added, by the TypeScript of the project: the package has them, the image needs none.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = dirname(fileURLToPath(import.meta.url));

/** Relative imports, and the worker's URL, name the files that are written. */
const TS_SPECIFIER = /(['"])(\.{1,2}\/[^'"]+)\.ts\1/g;

export function buildContainer(outFolder: string): void {
  for (const entry of readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })) {
    if (!entry.endsWith('.ts') || entry.startsWith('dist') || entry === 'build.ts') continue;
    const source = readFileSync(join(SOURCE, entry), 'utf8');
    const target = join(outFolder, entry.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, stripTypeScriptTypes(source).replaceAll(TS_SPECIFIER, '$1$2.js$1'));
  }
}

const COMPILER_OPTIONS = [
  ...['--ignoreConfig', '--declaration', '--emitDeclarationOnly', '--allowImportingTsExtensions'],
  ...['--module', 'nodenext', '--target', 'es2024', '--lib', 'es2024,esnext.float16', '--types', 'node'],
];

/** What a program that compiles with an older library needs to know: Buffer and Float16Array. */
const REFERENCES = '/// <reference types="node" />\n/// <reference lib="esnext.float16" />\n';

/** @throws Error where the TypeScript compiler finds fault */
export function buildTypes(outFolder: string): void {
  const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
  const args = [join(dirname(compiler), 'bin/tsc'), join(SOURCE, 'handlers/api.ts'), '--rootDir', SOURCE];
  execFileSync(process.execPath, [...args, '--outDir', outFolder, ...COMPILER_OPTIONS], { stdio: 'inherit' });
  for (const entry of readdirSync(outFolder, { recursive: true, encoding: 'utf8' })) {
    if (!entry.endsWith('.d.ts')) continue;
    const file = join(outFolder, entry);
    const text = readFileSync(file, 'utf8').replaceAll(TS_SPECIFIER, '$1$2.js$1');
    writeFileSync(file, REFERENCES + text);
  }
}

if (import.meta.main) {
  const [folder = join(SOURCE, 'dist'), flag] = process.argv.slice(2);
  buildContainer(folder);
  if (flag === '--types') buildTypes(folder);
}
