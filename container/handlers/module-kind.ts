// Makes an artefact's code load alike wherever the artefact lies. On SageMaker no package.json stands above it, and Node
// tells a module by its syntax; on a developer's disk one with `"type": "commonjs"` may stand above, and Node would take
// `export` for a mistake. So a file of an artefact that can only be a module is loaded as one.
import { readFileSync } from 'node:fs';
import { type LoadHookSync, registerHooks } from 'node:module';
import { extname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';

const artefacts = new Set<string>();

/** From here on the artefact's files are modules where their syntax says so. */
export function readModulesBySyntax(artefactFolder: string): void {
  if (artefacts.size === 0) registerHooks({ load: loadBySyntax });
  artefacts.add(artefactFolder);
}

const MODULE_FORMATS: Readonly<Record<string, string>> = {
  commonjs: 'module',
  'commonjs-typescript': 'module-typescript',
};

/** `.cts` and `.cjs` say what they are. */
const UNDECIDED = new Set(['.ts', '.js']);

const loadBySyntax: LoadHookSync = (url, context, nextLoad) => {
  const format = MODULE_FORMATS[context.format ?? ''];
  if (format === undefined || !url.startsWith('file:')) return nextLoad(url, context);
  const file = fileURLToPath(url);
  if (!UNDECIDED.has(extname(file)) || !isOfArtefact(file) || !isModule(file)) return nextLoad(url, context);
  return nextLoad(url, { ...context, format });
};

function isOfArtefact(file: string): boolean {
  return [...artefacts].some((folder) => isBelow(file, folder));
}

function isBelow(file: string, folder: string): boolean {
  const path = relative(folder, file);
  return !path.startsWith('..') && !path.includes('node_modules');
}

const WRAPPER = ['exports', 'require', 'module', '__filename', '__dirname'];
/** V8's words for the syntax that only modules have: what Node itself goes by. */
const MODULE_SYNTAX =
  /^(Cannot use import statement outside a module|Unexpected token 'export'|Cannot use 'import\.meta' outside a module)/;

/** TypeScript is told by its statements: Node strips types for a program only with a warning. Types are in either kind. */
const MODULE_STATEMENT =
  /^\s*(import(\s+(?!type\b)\w|\s*[{*'"])|export(\s+(?!(type|interface|declare)\b)\w|\s*[{*]))|\bimport\.meta\b/m;

function isModule(file: string): boolean {
  const source = readFileSync(file, 'utf8');
  if (file.endsWith('.ts')) return MODULE_STATEMENT.test(source);
  try {
    compileFunction(source, WRAPPER);
    return false;
  } catch (thrown) {
    return MODULE_SYNTAX.test((thrown as Error).message);
  }
}
