// Loads an artefact's handlers and refuses what cannot work: unknown combinations, exports that are no functions, no
// handler at all. The message names the file, because it is read in a log far from it.
import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InferenceError } from '../errors.ts';
import type { Handlers } from './api.ts';
import { readModulesBySyntax } from './module-kind.ts';

const NAMES = ['modelFn', 'inputFn', 'predictFn', 'outputFn', 'transformFn', 'warmupFn'] as const;
const REPLACED_BY_TRANSFORM = ['inputFn', 'predictFn', 'outputFn'] as const;

let loads = 0;

/** @throws InferenceError InvalidArtefact, naming the file */
export async function loadHandlers(codeFile: string): Promise<Handlers> {
  const module = await importFresh(codeFile);
  const exported = { ...(module.default as object | undefined), ...module } as Record<string, unknown>;
  const handlers: Record<string, unknown> = {};
  for (const name of NAMES) {
    if (exported[name] === undefined) continue;
    if (typeof exported[name] !== 'function') throw refused(codeFile, `${name} is not a function`);
    handlers[name] = exported[name];
  }
  refuseMisspelt(codeFile, Object.keys(exported));
  if (exported.streamsInput === true) handlers.streamsInput = true;
  checkCombination(codeFile, handlers);
  return handlers;
}

/** A handler under nearly its name, such as Python's `predict_fn`, would be passed over without a word. */
function refuseMisspelt(codeFile: string, exported: readonly string[]): void {
  const plain = (name: string) => name.replaceAll('_', '').toLowerCase();
  for (const found of exported) {
    const meant = NAMES.find((name) => name !== found && plain(name) === plain(found));
    if (meant !== undefined) throw refused(codeFile, `it exports ${found}; the handler's name is ${meant}`);
  }
}

/** A changed file under the same name is read anew. */
async function importFresh(codeFile: string): Promise<Record<string, unknown>> {
  try {
    const { mtimeMs } = await stat(codeFile);
    // The handlers lie in the artefact's `code/`; Node imports files by their real paths.
    readModulesBySyntax(dirname(dirname(await realpath(codeFile))));
    return await import(`${pathToFileURL(codeFile).href}?load=${mtimeMs}-${loads++}`);
  } catch (thrown) {
    throw refused(codeFile, (thrown as Error).message, thrown);
  }
}

function checkCombination(codeFile: string, handlers: Handlers): void {
  if (Object.keys(handlers).length === 0) throw refused(codeFile, `it exports none of ${NAMES.join(', ')}`);
  if (handlers.streamsInput && handlers.inputFn === undefined && handlers.transformFn === undefined) {
    throw refused(codeFile, 'streamsInput needs an inputFn or transformFn to take the stream');
  }
  if (handlers.transformFn === undefined) return;
  const both = REPLACED_BY_TRANSFORM.filter((name) => handlers[name] !== undefined);
  if (both.length > 0)
    throw refused(codeFile, `transformFn takes the place of ${both.join(', ')}: export one or the other`);
}

function refused(codeFile: string, reason: string, cause?: unknown): InferenceError {
  return new InferenceError('InvalidArtefact', `The handlers in ${codeFile} cannot be used: ${reason}.`, {
    cause,
  });
}
