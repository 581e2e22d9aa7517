// Which route a request takes. The most specific one wins: a full match before a greedy path variable before
// `$default`, a given method before `ANY`.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
import type { HttpRoute } from './api.ts';

export interface RouteMatch {
  readonly route: HttpRoute;
  readonly pathParameters: Readonly<Record<string, string>> | undefined;
}

interface CompiledRoute {
  readonly route: HttpRoute;
  readonly method: string;
  readonly pattern: RegExp;
  readonly names: readonly string[];
  /** Sorts routes from the most to the least specific. */
  readonly rank: string;
}

export type FindRoute = (method: string, path: string) => RouteMatch | undefined;

/** @throws TypeError for a route key that is none */
export function compileRoutes(routes: readonly HttpRoute[]): FindRoute {
  const fallback = routes.find((route) => route.routeKey === '$default');
  const compiled = routes
    .filter((route) => route !== fallback)
    .map(compileRoute)
    .sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return (method, path) => {
    for (const candidate of compiled) {
      if (candidate.method !== 'ANY' && candidate.method !== method) continue;
      const match = candidate.pattern.exec(path);
      if (match !== null) return { route: candidate.route, pathParameters: readParameters(candidate, match) };
    }
    return fallback === undefined ? undefined : { route: fallback, pathParameters: undefined };
  };
}

const ROUTE_KEY = /^(ANY|GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (\/\S*)$/;

function compileRoute(route: HttpRoute): CompiledRoute {
  const [, method, path] = ROUTE_KEY.exec(route.routeKey) ?? [];
  if (method === undefined || path === undefined)
    throw new TypeError(`The route key ${route.routeKey} is neither a method and a path nor $default`);
  const names: string[] = [];
  const segments = path.slice(1).split('/');
  const pattern = segments.map((segment) => {
    const [, name, greedy] = /^\{([^}+]+)(\+)?\}$/.exec(segment) ?? [];
    if (name === undefined) return escapeExpression(segment);
    names.push(name);
    return greedy === undefined ? '([^/]+)' : '(.+)';
  });
  return {
    route,
    method,
    names,
    pattern: new RegExp(`^/${pattern.join('/')}$`),
    rank: segments.map(rankSegment).join('') + (method === 'ANY' ? '1' : '0'),
  };
}

/** A fixed segment before a variable before a greedy one, from the left. */
function rankSegment(segment: string): string {
  if (!segment.startsWith('{')) return '0';
  return segment.endsWith('+}') ? '3' : '2';
}

function escapeExpression(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function readParameters(
  { names }: CompiledRoute,
  match: RegExpExecArray,
): Readonly<Record<string, string>> | undefined {
  if (names.length === 0) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, name] of names.entries()) parameters[name] = decodeSegment(match[index + 1]!);
  return parameters;
}

/** What is not well-formed percent-encoding stays as it came. */
function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
