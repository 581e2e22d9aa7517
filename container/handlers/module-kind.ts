// Makes an artefact's code load alike wherever the artefact lies. On SageMaker no package.json stands above it, and Node
// tells a module by its syntax; on a developer's disk one with `"type": "commonjs"` may stand above, and Node would take
// `export` for a mistake. So for files of an artefact only a package.json of the artefact's own counts.
import { existsSync, readFileSync } from 'node:fs';
import { type LoadHookSync, registerHooks, stripTypeScriptTypes } from 'node:module';
import { dirname, extname, join, relative } from 'node:path';
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
  if (!UNDECIDED.has(extname(file)) || !isDecidedOutside(file) || !isModule(file))
    return nextLoad(url, context);
  return nextLoad(url, { ...context, format });
};

/** Whether the file is an artefact's, and no package.json of that artefact stands above it. */
function isDecidedOutside(file: string): boolean {
  const folder = [...artefacts].find((candidate) => isBelow(file, candidate));
  if (folder === undefined) return false;
  for (let at = dirname(file); isBelow(join(at, 'x'), folder); at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return false;
  }
  return true;
}

function isBelow(file: string, folder: string): boolean {
  const path = relative(folder, file);
  return !path.startsWith('..') && !path.includes('node_modules');
}

const WRAPPER = ['exports', 'require', 'module', '__filename', '__dirname'];
/** V8's words for the syntax that only modules have: what Node itself goes by. */
const MODULE_SYNTAX =
  /^(Cannot use import statement outside a module|Unexpected token 'export'|Cannot use 'import\.meta' outside a module)/;

function isModule(file: string): boolean {
  try {
    const source = readFileSync(file, 'utf8');
    compileFunction(file.endsWith('.ts') ? stripTypeScriptTypes(source) : source, WRAPPER);
    return false;
  } catch (thrown) {
    return MODULE_SYNTAX.test((thrown as Error).message);
  }
}
