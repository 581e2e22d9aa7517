// The page's addresses, which are its state: what is shown can be linked to, and a link to a stage or an attempt lasts.
// `#/executions/<id>/stages/<name>/attempts/<n>`; a later visit of a stage is `?visit=2`, a tab `?view=graph`.

export type Route =
  | { readonly page: 'executions' }
  | ExecutionRoute
  | { readonly page: 'send'; readonly pipeline: string | undefined }
  | { readonly page: 'endpoints' }
  | { readonly page: 'metrics'; readonly pipeline: string | undefined }
  | { readonly page: 'compare' }
  | { readonly page: 'unknown' };

export interface ExecutionRoute {
  readonly page: 'execution';
  readonly id: string;
  readonly stage?: StageAddress;
}

/** A stage as the view names it, and perhaps one of its attempts, counted from 1 in the view's order. */
export interface StageAddress {
  readonly name: string;
  readonly visit: number;
  readonly attempt?: number;
}

export interface Location {
  readonly route: Route;
  readonly query: URLSearchParams;
}

/** @param hash with or without its `#` */
export function readHash(hash: string): Location {
  const [path = '', search = ''] = hash.replace(/^#/, '').split('?', 2);
  const query = new URLSearchParams(search);
  const [page, ...rest] = path.split('/').filter(Boolean).map(decode);
  return { route: routeOf(page, rest, query), query };
}

function routeOf(page: string | undefined, rest: readonly string[], query: URLSearchParams): Route {
  if (page === undefined) return { page: 'executions' };
  if (page === 'executions') return rest[0] === undefined ? { page } : executionRoute(rest, query);
  if (page === 'send' || page === 'metrics') return { page, pipeline: rest[0] };
  if (page === 'endpoints' || page === 'compare') return { page };
  return { page: 'unknown' };
}

function executionRoute(rest: readonly string[], query: URLSearchParams): ExecutionRoute {
  const [id, stages, name, attempts, number] = rest;
  if (stages !== 'stages' || name === undefined) return { page: 'execution', id: id! };
  const attempt = attempts === 'attempts' ? whole(number) : undefined;
  const stage = { name, visit: whole(query.get('visit')) ?? 1 };
  return { page: 'execution', id: id!, stage: attempt === undefined ? stage : { ...stage, attempt } };
}

function whole(text: string | null | undefined): number | undefined {
  return text != null && /^[1-9]\d{0,6}$/.test(text) ? Number(text) : undefined;
}

/** A link that somebody cut in the middle of an escape is shown as it came. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `#/executions/<id>…`, keeping the tab that is open. */
export function executionHref(id: string, stage?: StageAddress, view?: string | null): string {
  const path = ['executions', id];
  if (stage !== undefined) path.push('stages', stage.name);
  if (stage?.attempt !== undefined) path.push('attempts', String(stage.attempt));
  const query = new URLSearchParams();
  if (stage !== undefined && stage.visit > 1) query.set('visit', String(stage.visit));
  if (view != null) query.set('view', view);
  return pathHref(path, query);
}

/** A hash of path segments, each escaped, and a query; empty parameters are left out. */
export function pathHref(path: readonly string[], query: URLSearchParams = new URLSearchParams()): string {
  const kept = new URLSearchParams([...query].filter(([, value]) => value !== ''));
  const search = kept.size === 0 ? '' : `?${kept}`;
  return `#/${path.map(encodeURIComponent).join('/')}${search}`;
}
