// Finds a function's handler: `path/in/package.exportName`, as `.js`, `.mjs` or `.cjs`, in the order in which the
// Node.js runtime of Lambda tries them.
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RuntimeError } from './errors.ts';

export type Handler = (event: unknown, context: unknown, callback?: unknown) => unknown;

const EXTENSIONS = ['.js', '.mjs', '.cjs'];

/** @throws RuntimeError, or whatever the module throws while it loads */
export async function loadHandler(codeFolder: string, handler: string): Promise<Handler> {
  const [, moduleName, exportName] = /^([^.]*)\.(.+)$/.exec(basename(handler)) ?? [];
  if (moduleName === undefined || exportName === undefined || handler.includes('..'))
    throw new RuntimeError('Runtime.MalformedHandlerName', `Bad handler ${handler}`);
  const stem = join(codeFolder, dirname(handler), moduleName);
  const found = memberAt(await importModule(stem, moduleName), exportName.split('.'));
  if (found === undefined)
    throw new RuntimeError('Runtime.HandlerNotFound', `${handler} is undefined or not exported`);
  if (typeof found !== 'function')
    throw new RuntimeError('Runtime.HandlerNotFound', `${handler} is not a function`);
  return found as Handler;
}

async function importModule(stem: string, moduleName: string): Promise<unknown> {
  const file = EXTENSIONS.map((extension) => stem + extension).find((candidate) => existsSync(candidate));
  if (file === undefined)
    throw new RuntimeError('Runtime.ImportModuleError', `Error: Cannot find module '${moduleName}'`);
  try {
    return await import(pathToFileURL(file).href);
  } catch (thrown) {
    throw asRuntimeError(thrown);
  }
}

function asRuntimeError(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return thrown;
  const code = (thrown as NodeJS.ErrnoException).code;
  const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  if (!missing && !(thrown instanceof SyntaxError)) return thrown;
  const name = missing ? 'Runtime.ImportModuleError' : 'Runtime.UserCodeSyntaxError';
  return new RuntimeError(name, `${missing ? 'Error' : thrown.name}: ${thrown.message}`, {
    stack: thrown.stack,
  });
}

/** The member itself, or that of a CommonJS module's exports object. */
function memberAt(module: unknown, path: readonly string[]): unknown {
  const found = path.reduce(memberOf, module);
  return found ?? path.reduce(memberOf, memberOf(module, 'default'));
}

function memberOf(value: unknown, name: string): unknown {
  return value === null || value === undefined ? undefined : (value as Record<string, unknown>)[name];
}
