// Loads and evictions of target models, from the lines that hosting writes to an endpoint's log group:
// `model-load target=… name=… cold;total-ms=…;download-ms=…;load-ms=…;evicted=a,b` and `model-unload target=… …`, in
// streams named `<variant>/<instance>[/<container>]`. What is loaded where follows from them. Pure.
import type { CacheEvent } from '../api.ts';

export interface LogLine {
  readonly timeMs: number;
  readonly message: string;
  readonly stream: string;
}

/** `undefined` for any other line of the group. */
export function readCacheEvent({ timeMs, message, stream }: LogLine): CacheEvent | undefined {
  const [, what, targetModel, rest = ''] = /^model-(load|unload) target=(\S+)(.*)$/.exec(message) ?? [];
  if (what === undefined || targetModel === undefined) return;
  const [variant, instance, container] = stream.split('/');
  const facts = new Map(
    rest.split(/[;\s]+/).map((fact) => fact.split('=', 2) as [string, string | undefined]),
  );
  const evicted = facts.get('evicted')?.split(',').map(decodeURIComponent);
  return {
    time: new Date(timeMs).toISOString(),
    what: what as CacheEvent['what'],
    targetModel,
    ...(variant ? { variant } : {}),
    ...(instance ? { instance } : {}),
    ...(container ? { container } : {}),
    ...milliseconds('totalMs', facts.get('total-ms')),
    ...milliseconds('downloadMs', facts.get('download-ms')),
    ...milliseconds('loadMs', facts.get('load-ms')),
    ...(evicted === undefined ? {} : { evicted }),
  };
}

function milliseconds<Name extends string>(
  name: Name,
  text: string | undefined,
): { readonly [N in Name]?: number } {
  const known = text !== undefined && Number.isFinite(Number(text));
  return (known ? { [name]: Number(text) } : {}) as { readonly [N in Name]?: number };
}

/** @param events oldest first; @returns what is in memory of a variant's container, in the order of loading */
export function loadedModels(
  events: readonly CacheEvent[],
  variant: string,
  container: string | undefined,
): string[] {
  const loaded = new Map<string, Set<string>>();
  for (const event of events) {
    if (event.variant !== variant || (event.container ?? container) !== container) continue;
    const instance = event.instance ?? '';
    const models = loaded.get(instance) ?? new Set<string>();
    loaded.set(instance, models);
    if (event.what === 'load') models.add(event.targetModel);
    else models.delete(event.targetModel);
  }
  return [...new Set([...loaded.values()].flatMap((models) => [...models]))];
}
